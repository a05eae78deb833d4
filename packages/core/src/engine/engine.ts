import type { Disseminator } from '../dissemination/disseminator.ts'
import type { Address } from '../model/address.ts'
import type { Directory } from '../model/directory.ts'
import type { MemberView } from '../model/member-table.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import type { Roster } from '../model/roster.ts'
import type { Codec, Fault, StreamMessage } from '../wire/codec.ts'
import type { ClusterConfig, Query } from '../wire/message.ts'
import type { SwitchOutcome } from './configuration.ts'
import type { EngineHooks } from './core-state.ts'
import type { CounterName } from './counters.ts'
import type { Detector } from './detector.ts'
import type { Effects, RequestOutcome } from './effects.ts'
import type { Memory } from './memory.ts'
import type { Question } from './messaging/queries.ts'
import type { PayloadHash, RecordChange } from './payloads.ts'
import type { Random } from './random.ts'
import type { Settings } from './settings.ts'
import type { Suspicion } from './suspicions.ts'
import { SwimEngine } from './swim-engine.ts'
import type { Millis } from './time.ts'
import type { TraceEntry } from './trace.ts'

export interface EngineOptions {
  /** What the node says of itself at the start. */
  readonly record: PeerRecord
  /** Incarnation of that record: the wall clock's seconds, or one above what a snapshot remembers if that is more. */
  readonly incarnation: number
  readonly settings: Settings
  readonly codec: Codec
  /** The first one runs; the others can be switched to. At least one. */
  readonly detectors: readonly Detector[]
  readonly effects: Effects
  readonly random: Random
  /** Largest packet, sealing included; the transport's limit and the settings' `packetBytes`, whichever is less. */
  readonly maxPacketBytes: number
  /** What the transport carries. */
  readonly packets: boolean
  readonly streams: boolean
  /** Wall-clock seconds at `now`. */
  readonly wallSeconds: number
  readonly now: Millis
  readonly hooks?: EngineHooks
  /** Shared by the nodes of one process or simulation. Default: the roster's, else one of its own. */
  readonly directory?: Directory
  /**
   * Members known already, this node among them with the `record` and `incarnation` above: a simulation need not form the
   * cluster that it looks at. Nothing is told or reported of them. Default: none but this node.
   */
  readonly roster?: Roster
  /** This node's payload, where it is too large for the record's data; needs `hash`. Default: none. */
  readonly payload?: Uint8Array
  /** SHA-256, or in a simulation any that its nodes share. Without it, payloads of others that are not in their records are not fetched. */
  readonly hash?: PayloadHash
  /** What an earlier process of this node knew. The `incarnation` above has to be higher than its. Default: nothing. */
  readonly memory?: Memory
  /**
   * Whether a member that is held against is told so in every packet to it (Lifeguard §4.3). For comparisons: without it a
   * live suspect hears of its suspicion by chance alone. Default true.
   */
  readonly buddy?: boolean
  /**
   * Whether acks to packets say where this node is in the space of round trips, and those of others are taken in (Vivaldi): without it
   * {@link Engine.rtt} knows only what was measured. 23 bytes on each such ack. Default true.
   */
  readonly coordinates?: boolean
  /**
   * Whether a node of whose looks most fail suspects itself first (see docs/protocol.md, "Doubting oneself"). For comparisons, like `buddy`.
   * Default true.
   */
  readonly doubt?: boolean
  readonly disseminator?: Disseminator
  /** Entries of evidence kept for `explain`, 1..65,536. Default 512. */
  readonly traceCapacity?: number
}

/** How often a member has come back from suspicion or failure since it is held, and whether it does so again and again. */
export interface FlapView {
  readonly count: number
  readonly flapping: boolean
}

/** A suspicion, as it stands. */
export interface SuspicionView extends Pick<Suspicion, 'incarnation' | 'start' | 'accusations'> {
  readonly ref: Ref
  readonly deadline: Millis
}

/**
 * What is known of the way between two members. `measured`: the mean of this node's own direct pings. `estimated`: what the
 * coordinates of both say. `no-coordinate`: none has come from `ref` yet.
 */
export type RoundTripView =
  | { readonly kind: 'measured' | 'estimated'; readonly rtt: Millis }
  | { readonly kind: 'unknown-member' | 'no-coordinate'; readonly ref: Ref }

/**
 * The protocol without I/O. Every input carries `now`; everything that follows comes out through `Effects` before the
 * input returns, after the state has settled. Instants must not go back.
 */
export interface Engine {
  /** A packet arrived. Returns what was wrong with it, if it was not understood; that is counted here. */
  receive(from: Address, packet: Uint8Array, now: Millis): Fault | undefined
  /** A whole request arrived over a stream, from that address if it is known; the answer in bounded chunks, made as they are taken. */
  exchange(request: StreamMessage, now: Millis, from?: Address): Iterable<Uint8Array>
  /** A stream brought something that is no request: counts it, and says what to answer. */
  refuse(fault: Fault): Iterable<Uint8Array>
  /** A request of this node ended. */
  settled(token: number, outcome: RequestOutcome, now: Millis): void
  /** Runs what is due. Let packets that have already arrived in first, should this come late. */
  tick(now: Millis): void
  /** When `tick` is due next; Infinity while idle. One host timer per node is enough. */
  nextWake(): Millis

  /** Begins to probe, gossip and sync. */
  start(now: Millis): void
  /**
   * Asks the node there to introduce this one. `replay`: user events that are still kept there are delivered, which were told before this node came;
   * default false. Ends in `Effects.done`.
   */
  join(address: Address, now: Millis, replay?: boolean): number
  /** Tells the cluster. Ends in `Effects.done`; until `join` this node answers, but does not probe. */
  leave(now: Millis): number
  /** Ends in `Effects.done`. */
  ping(ref: Ref, now: Millis): number
  /** Changes what this node says of itself. Ends in `Effects.done` once it has been handed on as often as any update. */
  setRecord(change: RecordChange, now: Millis): number
  /**
   * Says of another member that it is gone for good: one that lives refutes that. `prune`: it is forgotten as soon as all have been told, and
   * not kept for its retention. Ends in `Effects.done` once it has been told as often as any update, at once where there is nothing to
   * say, as it has left already.
   */
  forceLeave(ref: Ref, prune: boolean, now: Millis): number
  /**
   * Tells every member of something that happened: each is told once, those that miss it when tables are compared. Ends in `Effects.done` once
   * it has been handed on as often as any update.
   */
  broadcast(name: string, body: Uint8Array, now: Millis): number
  /** Sends a message to a member, which may be this node; with `reliable` over a stream, which ends in `Effects.done` when it has been taken in there. */
  send(ref: Ref, body: Uint8Array, reliable: boolean, now: Millis): number
  /** Asks members something. Answers are delivered as they come; ends in `Effects.done` when all that are expected have answered, or the time is over. */
  query(question: Question, now: Millis): number
  /** Answers a query that was delivered; `undefined`: there will be no answer. Does nothing once its time is over. */
  answer(query: Query, body: Uint8Array | undefined, now: Millis): void
  /** Bytes that an event or query of that name and body takes in a packet of its own at most, and how many there are. */
  rumourSize(question: Pick<Question, 'name' | 'body' | 'names' | 'tags'>): {
    readonly bytes: number
    readonly limit: number
  }
  /** Bytes that this node's claim about itself would take in a packet of its own, and how many there are. */
  recordSize(change: RecordChange): {
    readonly bytes: number
    readonly limit: number
  }
  /**
   * Switches the cluster to another detector, or, with the same, its suspicion phase on or off; `suspicion` undefined leaves that as it is.
   * Spreads like any update; other nodes' switches at the same time and this one come to one end (see `Configuration`).
   */
  switchDetector(detector: string, suspicion: boolean | undefined, now: Millis): SwitchOutcome
  setSeeds(seeds: readonly Address[]): void
  /** Forgets an operation: its end is not reported. */
  abandon(operation: number): void
  /** Gives back what a shared directory holds for this engine. Nothing may be called after it. */
  close(): void

  /** The payload of a member that is not in its record's data; undefined where it has none, or it is not here yet. */
  payload(ref: Ref): Uint8Array | undefined
  /** Fetches it now, if it is not here. Ends in `Effects.done`. */
  fetchPayload(ref: Ref, now: Millis): number

  readonly members: MemberView
  readonly health: number
  /** Most of its latest looks, at different members, failed: it is more likely cut off than all of them gone. */
  readonly doubtful: boolean
  readonly digest: string
  readonly config: ClusterConfig
  /** What this node knows that should outlive its process: to be read before anything else is asked of the engine. */
  memory(now: Millis): Memory
  suspicion(ref: Ref): SuspicionView | undefined
  /** How often a member has come back. */
  flaps(ref: Ref): FlapView
  explain(ref: Ref): readonly TraceEntry[]
  /** Round trip between two members, milliseconds; `b` is this node by default. */
  rtt(a: Ref, b?: Ref): RoundTripView
  stats(): Record<CounterName, number> & Record<string, number>
  /** Updates that are queued, as in `stats()`, which copies every counter. */
  readonly backlog: number
  /** Timers that are armed, as there. */
  readonly timers: number
  /** Where the process is that this node's name belongs to, if that is another. */
  readonly lostTo: Address | undefined
}

export function createEngine(options: EngineOptions): Engine {
  return new SwimEngine(options)
}
