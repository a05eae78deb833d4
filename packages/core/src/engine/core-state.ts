import type { Disseminator } from '../dissemination/disseminator.ts'
import type { HealthScore } from '../model/local-health.ts'
import type { MemberTable } from '../model/member-table.ts'
import type { PeerRecord, Sender } from '../model/peer.ts'
import { Status } from '../model/status.ts'
import type { Sampler } from '../selection/sampler.ts'
import type { Codec } from '../wire/codec.ts'
import type { ClusterConfig } from '../wire/message.ts'
import type { Coordinates } from './coordinates.ts'
import type { Counters } from './counters.ts'
import type { NewNames } from './new-names.ts'
import type { Random } from './random.ts'
import type { RoundTrips } from './round-trips.ts'
import type { SelfDoubt } from './self-doubt.ts'
import type { Settings } from './settings.ts'
import type { Millis } from './time.ts'
import type { TimerHeap } from './timers.ts'
import type { Trace } from './trace.ts'

/** Kinds of the engine's timers; `arg` in parentheses. */
export const TimerKind = {
  /** (the detector's own number; its tag is the timer's) */
  Detector: 0,
  /** (ping's sequence number) */
  PingTimeout: 1,
  /** (ping's sequence number) */
  RelayNack: 2,
  Gossip: 3,
  Urgent: 4,
  Sync: 5,
  Rejoin: 6,
  /** (member) */
  Suspicion: 7,
  /** (member) */
  Reap: 8,
  Refute: 9,
  /** (join operation) */
  Join: 11,
  Leave: 12,
  /** (look) */
  Look: 13,
  PingWatch: 14,
  Judgement: 15,
  /** (member) */
  Calm: 16,
  Stranger: 17,
  Settle: 18,
  /** (Lamport time) */
  Query: 19,
  /** (number of a query that waits for an answer) */
  Answer: 20,
  /** (member) */
  Payload: 21,
} as const

/**
 * What an input has left to be done before it returns: bits of `CoreState.due`, set by whoever leaves it and cleared by
 * whoever does it. Most inputs leave one or two; to ask each part in turn costs a process of many nodes more than the work.
 */
export const Due = {
  /** Claims of other boots to this node's name wait. */
  Contest: 1,
  /** Pings or looks ended. */
  Reports: 2,
  /** Helpers were asked. */
  Helpers: 4,
  /** Something was queued that should not wait for the next gossip period. */
  Urgent: 8,
  /** Members were removed. */
  Reaped: 16,
  /** Something is to be let out. */
  Outbox: 32,
  /** Something is queued, and no gossip period is armed. */
  Gossip: 64,
  /** Others found the ports of suspects closed. */
  Witness: 128,
  /** Members turned out not to have the cluster's detector. */
  Lacking: 256,
  /** A configuration has been told as often as any update. */
  Config: 512,
} as const

/** Synchronous vetoes and additions of an application, as memberlist's delegates. A hook that throws counts as a veto where it may veto, else it is logged. */
export interface EngineHooks {
  /** Whether a newcomer may become a member here, or one that comes back, starts anew or moves go on as one. Called before it does. */
  admit?(peer: PeerRecord): boolean
  /** Whether to take part in a sync with a node that knows these members. Where it is given, single claims about others are taken from members alone. */
  admitMerge?(peers: readonly PeerRecord[]): boolean
  /** The application's bytes to send with every full sync; at most 1 MiB. */
  syncState?(join: boolean): Uint8Array | undefined
  /** The other node's bytes. */
  onSyncState?(state: Uint8Array, join: boolean): void
  /** The application's bytes on every ack; at most 256 bytes. */
  ackPayload?(): Uint8Array | undefined
  /** A direct ping was answered: the round trip in milliseconds and the other's `ackPayload`. */
  onPing?(name: string, rtt: Millis, payload: Uint8Array | undefined): void
}

/** What the parts of one engine share: plain state, none of whose methods calls back into a part. */
export interface CoreState {
  readonly settings: Settings
  readonly table: MemberTable
  readonly timers: TimerHeap
  readonly health: HealthScore
  readonly roundTrips: RoundTrips
  readonly doubt: SelfDoubt
  /** Undefined: turned off. */
  readonly coordinates: Coordinates | undefined
  readonly trace: Trace
  readonly counters: Counters
  readonly random: Random
  readonly sampler: Sampler
  readonly codec: Codec
  readonly queue: Disseminator
  /** What is told to all once: behind all that is in `queue`. Undefined until there was any. */
  rumours: Disseminator | undefined
  readonly hooks: EngineHooks
  readonly newNames: NewNames
  readonly maxPacketBytes: number
  readonly packets: boolean
  readonly streams: boolean
  /** What every packet and stream says of its sender; follows the own incarnation. */
  sender: Sender
  config: ClusterConfig
  /** Bits of {@link Due}. */
  due: number
  /** Wall-clock seconds at an instant, counted from the start: the clock may be set without harm. */
  wallSeconds(now: Millis): number
}

/** Updates and rumours that wait to be told. */
export const backlogOf = ({ queue, rumours }: CoreState): number =>
  rumours === undefined ? queue.backlog : queue.backlog + rumours.backlog

/** Active members other than this node, which has left perhaps. */
export const othersActive = (table: MemberTable): number =>
  table.active - (table.status(table.self) < Status.Failed ? 1 : 0)
