import type { EngineHooks } from '../engine/core-state.ts'
import type { Detector } from '../engine/detector.ts'
import type { EngineEventType } from '../engine/effects.ts'
import type { Settings } from '../engine/settings.ts'
import type { Millis } from '../engine/time.ts'
import type { Address } from '../model/address.ts'
import type { Directory } from '../model/directory.ts'
import type { StatusName } from '../model/status.ts'
import type { CodecPlugin } from '../wire/codec.ts'
import type { EvidenceKind } from '../wire/message.ts'
import type { Sealer } from '../wire/sealer.ts'
import type { Host } from './host.ts'
import type { SnapshotStore } from './snapshot-store.ts'
import type { Transport, TransportStats } from './transport.ts'

/** A service that a member offers. */
export interface Service {
  readonly name: string
  /** 1..65535; absent where the service has no port of its own. */
  readonly port?: number
}

/** One member that offers a service. A snapshot: it does not change. */
export interface ServiceInstance {
  readonly service: string
  /** Name of the member. */
  readonly member: string
  /** Of the member: `host:port`. */
  readonly address: string
  /** Of the service; undefined where it has no port of its own. */
  readonly port: number | undefined
  /** Where the service is: the member's host with the service's port; undefined where it has none. */
  readonly endpoint: string | undefined
  readonly status: 'alive' | 'suspect'
  readonly tags: Readonly<Record<string, string>>
}

/** Which instances of a service count. */
export interface ServiceOptions {
  /** Suspects too: they may well be there. Default false: those alone that are alive. */
  readonly suspects?: boolean
}

/** When a list counts as settled. */
export interface WatchOptions {
  /** Milliseconds without a change, 0..600,000. Default: two gossip intervals, in which what belongs together has arrived. */
  readonly quiet?: number
  /** Milliseconds after which a list is shown although it goes on changing, `quiet`..6,000,000. Default: ten times `quiet`. */
  readonly longest?: number
  /** Ends the iteration. */
  readonly signal?: AbortSignal
}

/** A payload that does not ride in its member's record, but is fetched over a stream by whoever lacks it. */
export interface LargePayload {
  readonly bytes: number
  /** SHA-256, 64 hexadecimal digits. */
  readonly hash: string
  /** Whether it is in `payload`; else `Node.payload` fetches it. */
  readonly here: boolean
}

/** A member as this node holds it. A snapshot: it does not change. */
export interface Member {
  readonly name: string
  /** `host:port`, IPv6 in brackets. */
  readonly address: string
  readonly status: StatusName
  /** Alive and draining: not to be picked for new work. */
  readonly leaving: boolean
  readonly incarnation: number
  /** 16 hexadecimal digits that differ at every start of its process. */
  readonly boot: string
  /** When it took this status here, by this node's clock. */
  readonly since: Date
  readonly tags: Readonly<Record<string, string>>
  readonly services: readonly Service[]
  /** Empty where it is a large one that is not here: see `largePayload`. */
  readonly payload: Uint8Array
  /** With a payload that is too large for a record: which one it is, and whether it has come here. */
  readonly largePayload?: LargePayload
  /** Streams have reached it at its address in this boot. */
  readonly streams: boolean
  readonly capabilities: readonly string[]
}

/**
 * What a change to the membership was. unknown, failed or left → alive is `join`; suspect → alive `alive`; alive →
 * suspect `suspect`; → failed `failed`; → left `leave`; address, data or boot changed while active `update`;
 * removed from the table `reap`; two live processes claim one name `conflict`; reachable by one path and not
 * another `degraded`, and by both again `restored`; back from suspicion or failure again and again `flapping`, until it has kept still
 * for long enough, `calm`; its large payload has come here `payload`; `detector-missing`: it cannot run the cluster's detector. `switch`, of the node itself: it follows another
 * configuration of the cluster.
 */
export type MemberEventType = EngineEventType

/** One change, after it was committed. Ids rise by one per event of this node. */
export interface MemberEvent {
  readonly id: number
  readonly type: MemberEventType
  readonly member: Member
  readonly at: Date
  /** With `update`, `join` and `alive`: it is another process than before. */
  readonly restarted?: boolean
  /** With `conflict`, `degraded`, `detector-missing` and `switch`: what was seen, for a person. */
  readonly detail?: string
}

/**
 * Delivered in place of events that a slow consumer's buffer had no room for. Whoever follows what the members are takes `members`, and passes
 * over events up to `asOf`; whoever keeps a log goes on with what comes.
 */
export interface GapEvent {
  readonly type: 'gap'
  /** How many events were dropped. */
  readonly missed: number
  /** Id of the next event that will be delivered. */
  readonly nextId: number
  /** All members as they are at the time that this is taken. */
  readonly members: readonly Member[]
  /** Id of the latest event that is in `members`; 0: none. */
  readonly asOf: number
}

export interface EventsOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  /** Events kept for a consumer that is behind; beyond it the oldest go and a {@link GapEvent} takes their place. 1..1,000,000, default 1,024. */
  readonly buffer?: number
  /**
   * Leaves out how members that flap go from suspect to alive and back, until they are calm; then comes what they have become in the
   * meantime, with the id of that. Default false.
   */
  readonly damped?: boolean
  /** Replays kept events after this id first, as far as they are still kept (see `eventHistory`). */
  readonly after?: number
}

/** Why a seed could not be joined. */
export interface SeedFailure {
  readonly seed: string
  /** `refused`, `timeout`, `reset`, `unreachable`, `self`, `address`, `cluster-mismatch`, `name-conflict`, `unreachable-address`, `version`, `detector-missing`, `rejected`, `malformed`, `busy`, … */
  readonly code: string
  readonly message: string
}

export interface JoinOptions {
  readonly signal?: AbortSignal
  /**
   * Also delivers the broadcasts that were told before this node came and are still kept, `settings.eventRetention` long. Default false. Only the first join
   * of a node that was alone makes a difference: one that knows others is told what it missed in any case.
   */
  readonly replay?: boolean
}

export interface JoinResult {
  /** The seeds that introduced this node, as given. */
  readonly joined: readonly string[]
  readonly failed: readonly SeedFailure[]
}

export interface LeaveOptions {
  readonly signal?: AbortSignal
  /**
   * Ends what this node still does for others. Called once the others have been told that it is about to leave, which takes the node out of
   * `services` and `pick` everywhere. It then leaves whether this resolves, rejects, or takes longer than `drainTimeout`, when the signal is aborted.
   */
  readonly drain?: (signal: AbortSignal) => Promise<void> | void
  /** Milliseconds, 0..3,600,000. Default 30,000. */
  readonly drainTimeout?: number
}

export interface ForceLeaveOptions {
  readonly signal?: AbortSignal
  /** Forgets the member as soon as all have been told, and not only when its retention is over. Default false. */
  readonly prune?: boolean
}

export interface LeaveResult {
  /** Members that confirmed over a stream that they know. Empty when alone. */
  readonly acknowledgedBy: readonly string[]
}

export interface PingOutcome {
  readonly name: string
  /** Round trip, milliseconds. */
  readonly rtt: number
  readonly path: 'direct' | 'stream'
  readonly payload: Uint8Array | undefined
}

/** The round trip between two members. */
export interface RttResult {
  readonly a: string
  readonly b: string
  /** Milliseconds. */
  readonly rtt: number
  /** `measured`: the mean of this node's own pings, the later ones weighing more. `estimated`: from the coordinates of both. */
  readonly source: 'measured' | 'estimated'
}

/** A suspicion under way. */
export interface SuspectInfo {
  readonly name: string
  readonly incarnation: number
  readonly since: Date
  /** When it will be held failed, unless it refutes. */
  readonly deadline: Date
  readonly accusers: readonly string[]
}

/** One thing that was seen or heard about a member. */
export interface EvidenceEntry {
  readonly at: Date
  /** Who looked: this node's name, a helper's, or an accuser's. */
  readonly by: string
  /** How: `direct` (a packet), `indirect` (through `by`), `stream`, `gossip` (heard of), `sync`, `judgement` (this node drew a conclusion). */
  readonly path: string
  /** What came back: `ack`, `nack`, `timeout`, `refused`, `reset`, `unreachable`, or the new status, or a kind of evidence. */
  readonly outcome: string
  readonly incarnation: number
}

export interface Explanation {
  readonly name: string
  readonly status: StatusName
  /** How often it has come back from suspicion or failure since it is known here, and whether it does so again and again. */
  readonly flaps: number
  readonly flapping: boolean
  /** Oldest first; as far as the node's one ring of traces reaches back. */
  readonly evidence: readonly EvidenceEntry[]
}

/** Counters and gauges, pulled. All since start unless said otherwise. */
export interface NodeStats {
  readonly engine: Readonly<Record<string, number>>
  readonly transport: TransportStats
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** Where a node tells what it does. Called with `enabled` first, so that nothing is built that nobody reads. */
export interface Logger {
  enabled(level: LogLevel): boolean
  log(level: LogLevel, message: string, fields?: Readonly<Record<string, unknown>>): void
}

export interface NodeOptions {
  /** 1 to 128 bytes of UTF-8 without spaces or control characters; unique in the cluster. A function is given the advertised address, once it is known. Default: `host:port` as advertised. */
  readonly name?: string | ((address: Address) => string)
  /** Label on every packet and stream; nodes of another cluster are refused. Default `default`. */
  readonly cluster?: string
  /** Where to listen: `host:port`. Default `0.0.0.0:7946`; port 0 picks a free one. */
  readonly bind?: string
  /** What others are told: `host` or `host:port`. Default: the bound address, or, where that is a wildcard, an interface's (see {@link Node.advertiseReason}). */
  readonly advertise?: string
  /**
   * Networks and addresses of those who may speak to this node and be members, as `10.0.0.0/8`: what comes from elsewhere is dropped before any of it is read.
   * This node's own address must be among them. Default: anybody.
   */
  readonly allow?: readonly string[]
  readonly host: Host
  readonly transport: Transport
  /** Runs first; further ones can be switched to. */
  readonly detector: Detector | readonly Detector[]
  /** Default: `swimCodec()`. */
  readonly codec?: CodecPlugin
  readonly sealer?: Sealer
  /** Timings for a local network, a wide area, or one machine. Default `lan`. */
  readonly profile?: 'lan' | 'wan' | 'local'
  /** Single timings, over the profile's. */
  readonly settings?: Partial<Settings>
  readonly tags?: Readonly<Record<string, string>>
  readonly services?: readonly Service[]
  readonly payload?: Uint8Array
  /** Share of packets, in and out, that are dropped on purpose, 0..1. Default 0. */
  readonly dropRate?: number
  /**
   * Whether this node takes part in the network coordinates (Vivaldi), from which `rtt` estimates round trips that nobody measured.
   * 23 bytes on each ack to a packet; nodes with and without get on. Default true.
   */
  readonly coordinates?: boolean
  /**
   * Where the node keeps what it knows over a restart: who the members are, failed ones too, its own incarnation and the Lamport time. Read at the
   * start, written when something has changed and at the end. Default: nowhere.
   */
  readonly snapshots?: SnapshotStore
  /** Past events kept for `events({ after })`, 0..100,000. Default 0: each costs memory at every node. */
  readonly eventHistory?: number
  /** Where names and records are kept. Default: one for all nodes of the process, so that they keep what they know of the same members once. */
  readonly directory?: Directory
  readonly hooks?: EngineHooks
  readonly logger?: Logger
}

/** Something that a member has told all members. */
export interface Broadcast {
  readonly type: 'broadcast'
  readonly name: string
  readonly body: Uint8Array
  /** Name of the member that told it; it may be this node. */
  readonly from: string
  /** Lamport time: higher than that of all that its teller had heard by then. */
  readonly time: number
  /** When it was told, as far as this node knows. */
  readonly toldAt: Date
}

/** A message from one member to this one. */
export interface DirectMessage {
  readonly type: 'message'
  /** What the sender says its name is. */
  readonly from: string
  readonly body: Uint8Array
  /** It came over a stream, and the sender knows that it has arrived. */
  readonly reliable: boolean
  readonly at: Date
}

/** Delivered in place of broadcasts or messages that a slow consumer's buffer had no room for. They do not come again. */
export interface MissedGap {
  readonly type: 'gap'
  /** How many were dropped. */
  readonly missed: number
}

export interface FeedOptions {
  /** Ends the iteration. */
  readonly signal?: AbortSignal
  /** Kept for a consumer that is behind; beyond it the oldest go and a {@link MissedGap} takes their place. 1..1,000,000, default 1,024. */
  readonly buffer?: number
}

/** A question from a member. */
export interface IncomingQuery {
  readonly name: string
  readonly body: Uint8Array
  readonly from: string
  /** Until then an answer is waited for. */
  readonly deadline: Date
}

/** Answers a query, now or later; with undefined there is no answer. At most 65,536 bytes. */
export type QueryHandler = (query: IncomingQuery) => Uint8Array | undefined | Promise<Uint8Array | undefined>

export interface QueryAnswer {
  readonly member: string
  readonly body: Uint8Array
  readonly at: Date
}

export interface QueryResult {
  /** In the order in which they came; one of a member. */
  readonly answers: readonly QueryAnswer[]
  /** Members that were asked and of which nothing was heard, and names that are no member's. */
  readonly silent: readonly string[]
  /** Members that have heard the question and had not answered when the time was over. */
  readonly unfinished: readonly string[]
}

export interface QueryOptions {
  /** Names of members to ask, at most 64. Default: all. */
  readonly members?: readonly string[]
  /** Tags that a member must have to be asked, at most 16. Default: none. */
  readonly tags?: Readonly<Record<string, string>>
  /**
   * Milliseconds that are waited for answers, 10..600,000. Default: `16 × gossipInterval × ceil(log10(n + 1))`, as Serf. It ends earlier once all
   * that were asked have answered.
   */
  readonly timeout?: Millis
  /** Called with each answer as it comes. */
  readonly onAnswer?: (answer: QueryAnswer) => void
  readonly signal?: AbortSignal
}

/** A running or stopped node. Made by `createNode`. */
export interface Node {
  readonly name: string
  /** Advertised. Before `start`, undefined. */
  readonly address: Address | undefined
  /** Why that address: for a log line. */
  readonly advertiseReason: string
  readonly cluster: string
  readonly profile: string
  readonly transport: string
  readonly codec: string
  readonly runtime: string
  readonly settings: Settings
  readonly state: 'new' | 'running' | 'leaving' | 'left' | 'stopped'

  /** Binds and serves. Rejects with a `BindError`. */
  start(options?: { signal?: AbortSignal }): Promise<void>
  /** Asks each seed (IP literal with port) to introduce this node. Resolves when each has answered or failed; rejects only with a `NameConflictError`, an abort, or a `NodeStateError`. */
  join(seeds: readonly string[], options?: JoinOptions): Promise<JoinResult>
  /**
   * Tells the cluster, and resolves with who confirmed; bounded by `settings.leaveTimeout`. The node goes on answering pings until `stop`; `join`
   * brings it back. With `drain` it first says that it is about to leave, so that nobody picks it any more, and waits for what is under way.
   */
  leave(options?: LeaveOptions): Promise<LeaveResult>
  /**
   * Tells the cluster that another member is gone for good, instead of waiting until it is forgotten; should it live, it refutes that and stays.
   * Resolves once that has been told as often as any update. Rejects with a `ForceLeaveError`.
   */
  forceLeave(name: string, options?: ForceLeaveOptions): Promise<void>
  /** Ends everything and frees the port, without a word to the cluster. Every promise settles. Harmless when called again. */
  stop(): Promise<void>
  [Symbol.asyncDispose](): Promise<void>

  /** This node as the cluster should see it. */
  readonly self: Member
  /** All members held, the node itself included. */
  members(): Member[]
  member(name: string): Member | undefined
  counts(): Record<StatusName, number>
  suspects(): SuspectInfo[]
  /** Why a member has its status; undefined for a name that is not known. */
  explain(name: string): Explanation | undefined
  /** Names of the services that anybody offers, sorted. */
  serviceNames(): string[]
  /**
   * Who offers a service, by name; empty where nobody does. Whoever leaves, has failed or left is not in it. The same array until it
   * changes: neither the members nor the list are gone through.
   */
  services(service: string, options?: ServiceOptions): readonly ServiceInstance[]
  /**
   * One instance of a service; undefined where nobody offers it. With a key always the same one while it is there, and the same at all nodes that
   * know the same members; when it goes, its keys alone move, evenly to all others (rendezvous hashing, in proportion to the instances). Without
   * one, each in turn.
   */
  pick(service: string, key?: string, options?: ServiceOptions): ServiceInstance | undefined
  /** The members now, and each time they have changed and settled. Whoever is slow finds the latest, and misses those in between. */
  watchMembers(options?: WatchOptions): AsyncIterableIterator<readonly Member[]>
  /** The same of who offers a service. */
  watchService(
    service: string,
    options?: WatchOptions & ServiceOptions,
  ): AsyncIterableIterator<readonly ServiceInstance[]>
  /** Over a packet and, should that fail, a stream. Rejects with a `PingError`. */
  ping(name: string, options?: { signal?: AbortSignal }): Promise<PingOutcome>
  /**
   * The payload of a member, which is fetched if it is a large one that is not here: it is on its way, or there is no room to keep it (`settings.payloadMemory`). Rejects with a
   * `PayloadError`.
   */
  payload(member: string, options?: { signal?: AbortSignal }): Promise<Uint8Array>
  /**
   * The round trip between two members, `b` being this node by default: as this node measured it where it did, else estimated from
   * coordinates, typically to within a few percent once both have run for some minutes. Sends nothing. Throws an `RttError`.
   */
  rtt(a: string, b?: string): RttResult

  /** Resolves once the change has been handed to as many members as every update is. Rejects with a `TooLargeError` and changes nothing. */
  setTags(tags: Readonly<Record<string, string>>, options?: { signal?: AbortSignal }): Promise<void>
  /**
   * Together with tags and services up to `settings.maxDataBytes` it rides in every claim about this node. A larger one, up to `settings.maxPayloadBytes`, is only named in it,
   * and fetched over a stream by each member, which takes a little longer.
   */
  setPayload(payload: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>
  setServices(services: readonly Service[], options?: { signal?: AbortSignal }): Promise<void>
  /** Adds a service, or changes its port. */
  registerService(service: Service, options?: { signal?: AbortSignal }): Promise<void>
  /** Takes a service off; without one of that name there is nothing to do. */
  unregisterService(name: string, options?: { signal?: AbortSignal }): Promise<void>

  /**
   * Switches the whole cluster to another detector, and with `suspicion` its suspicion phase on or off; with the same detector only that.
   * Holds here at once, and elsewhere as fast as any news spreads; of two switches at once the same one holds everywhere in the end.
   * Throws a `SwitchError` where this node or any active member does not have that detector: those are the ones its process was
   * started with.
   */
  switchDetector(detector: string, options?: { suspicion?: boolean }): Node['config']

  /**
   * Tells every member of something that happened, this one among them: each is told once, as fast as any news. Who misses it learns of it when tables
   * are compared (`settings.syncInterval`); who comes later if it joins with `replay`. Resolves once it has been handed on as often as any update, or
   * nobody is left to be told. What is told before this node has come to others is for itself alone. Name and body together take at most
   * `settings.maxEventBytes`; rejects with a `TooLargeError`.
   */
  broadcast(name: string, body?: Uint8Array, options?: { signal?: AbortSignal }): Promise<void>
  /**
   * Sends a message to one member, at most `settings.maxMessageBytes`. With `reliable`, the default, over a stream: resolves when it has arrived, and
   * rejects with a `SendError` where that is not known; sent again by its caller it would be another message, but of itself it is never delivered twice. Without, in a packet, or where it fits none in a stream that nobody waits for: resolves when it is sent.
   */
  send(
    member: string,
    body: Uint8Array,
    options?: { reliable?: boolean; signal?: AbortSignal },
  ): Promise<void>
  /**
   * Asks members something, this one among them, and gathers their answers. The question spreads like a broadcast; who has not answered is asked again
   * in packets of its own, at every eighth of the timeout. Name and body together take at most `settings.maxEventBytes`. Rejects with a `SendError`, `busy`, where
   * 256 queries of this node are under way.
   */
  query(name: string, body?: Uint8Array, options?: QueryOptions): Promise<QueryResult>
  /** Calls back with each broadcast; returns how to stop. A handler that throws is logged and does no harm. */
  onBroadcast(handler: (broadcast: Broadcast) => void): () => void
  /** Calls back with each message for this node; returns how to stop. */
  onMessage(handler: (message: DirectMessage) => void): () => void
  /** Every broadcast from here on. */
  broadcasts(options?: FeedOptions): AsyncIterableIterator<Broadcast | MissedGap>
  /** Every message for this node from here on. */
  messages(options?: FeedOptions): AsyncIterableIterator<DirectMessage | MissedGap>
  /** Answers queries of that name; returns how to stop. One handler for each name: throws an `OptionError` where there is one. */
  onQuery(name: string, handler: QueryHandler): () => void

  /**
   * Where the members were, this one aside, when the snapshot was saved that the node read at its start: `host:port`, those first that were alive.
   * Of use for a `join` where there are no seeds, or none answers; the node also tries them by itself, as it does any that it misses, one now and then. Empty
   * without a snapshot.
   */
  readonly remembered: readonly string[]
  /** Addresses to go on trying while they are not members, for life. Replaces the earlier ones. IP literals with ports. */
  setSeeds(seeds: readonly string[]): void

  /** Every change from here on. */
  events(options?: EventsOptions): AsyncIterableIterator<MemberEvent | GapEvent>
  /** Calls back after each change; returns how to stop. A handler that throws is logged and does no harm. */
  on(type: MemberEventType | '*', handler: (event: MemberEvent) => void): () => void
  /** Resolves when the node has stopped as its name belongs to another process; with undefined when it stopped otherwise. */
  readonly conflict: Promise<NameConflictInfo | undefined>
  /** Resolves when the transport has failed for good and nothing reaches this node any more; with undefined when it stopped otherwise. */
  readonly failed: Promise<Error | undefined>

  /** 0 (healthy) to `settings.healthMax`: how much this node distrusts its own view (Lifeguard). */
  readonly health: number
  /** Order-independent digest of the active members, 16 hexadecimal digits: equal at nodes that agree. */
  readonly digest: string
  readonly config: { readonly epoch: number; readonly detector: string; readonly suspicion: boolean }
  dropRate: number
  stats(): NodeStats
}

export interface NameConflictInfo {
  readonly name: string
  /** This node's address and the other's. */
  readonly own: string
  readonly other: string
}

export type { Detector, EngineHooks as Hooks, EvidenceKind, Settings }
