import type { Column, ColumnKind } from '../model/column.ts'
import type { LocalHealth } from '../model/local-health.ts'
import type { MemberView } from '../model/member-table.ts'
import type { Boot, PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import type { Status } from '../model/status.ts'
import type { Sampler } from '../selection/sampler.ts'
import type { ProbeStrategy } from '../selection/strategy.ts'
import type { ByteReader } from '../wire/byte-reader.ts'
import type { EvidenceKind } from '../wire/message.ts'
import type { Random } from './random.ts'
import type { Settings } from './settings.ts'
import type { Millis } from './time.ts'

/** How a ping travels: a packet to the member, a packet through a helper, or a stream to the member. */
export type PingPath = 'direct' | 'indirect' | 'stream'

/**
 * What became of a ping. `nack`: the helper is there and has heard nothing yet; an `ack` or `timeout` may still follow.
 * `void`: this node stalled while it waited, so it says nothing. Every other outcome is the last word.
 */
export type PingOutcomeKind = 'ack' | 'nack' | 'timeout' | 'refused' | 'reset' | 'unreachable' | 'void'

export interface PingResult {
  /** The detector's own number, as it was given. */
  readonly arg: number
  readonly ref: Ref
  readonly path: PingPath
  /** The helper of an indirect ping. */
  readonly via: Ref | undefined
  readonly outcome: PingOutcomeKind
  /** With `ack`: milliseconds from asking to hearing. */
  readonly rtt: Millis
  /** What was known of the member when the ping was sent; evidence is about that. */
  readonly incarnation: number
  readonly boot: Boot
}

export interface PingOptions {
  readonly path: PingPath
  /** Whom to ask, for an indirect ping. */
  readonly via?: Ref
  /** How long to wait; a helper sends its nack after 80 % of it (Lifeguard §4.1). */
  readonly timeout: Millis
  /** Comes back with the result: to tell the pings of one look from those of another. Default 0. */
  readonly arg?: number
}

/** What was observed: of which incarnation and boot, as they were when the look began. */
export interface Observation {
  readonly ref: Ref
  readonly incarnation: number
  readonly boot: Boot
}

export interface LookOptions {
  /** How long an answer counts, by whichever way it comes. */
  readonly timeout: Millis
  /** Packet and stream at once, and nobody else is asked. Default false: others, and a stream, once the direct ping is late. */
  readonly urgent?: boolean
  /** Who is asked to help, as far as they are alive, up to `indirectProbes`. Default: random members. */
  readonly helpers?: (k: number, out: Ref[]) => void
  /** Comes back with the result. Default 0. */
  readonly arg?: number
}

/** `void`: this node stalled meanwhile, so it says nothing. */
export type LookOutcome = 'reached' | 'unreached' | 'void'

export interface LookResult {
  /** The detector's own number, as it was given. */
  readonly arg: number
  /** Of which incarnation and boot, as they were when the look began. */
  readonly seen: Observation
  readonly outcome: LookOutcome
  /** With `reached`: by which way the first answer came. */
  readonly path: PingPath | undefined
  /** With `reached`: milliseconds from asking that way to hearing. */
  readonly rtt: Millis
  /** With `unreached`: what to report. */
  readonly evidence: EvidenceKind
}

/** A timer that is armed: for `disarm`, which is harmless once it has fired. */
export interface DetectorTimer {
  readonly at: Millis
}

/** What a detector may use of its node. */
export interface DetectorContext {
  readonly members: MemberView
  readonly settings: Settings
  readonly random: Random
  readonly health: LocalHealth
  readonly sampler: Sampler
  /** Whether the transport carries packets, and streams. */
  readonly packets: boolean
  readonly streams: boolean
  /** Bytes that `send` takes at most: what fits one packet with nothing else in it. 0 where there are no packets. */
  readonly bodyBytes: number
  /** Updates that wait to be told, and ride on whatever is sent. */
  backlog(): number
  /** A scheduler that is kept up to date with the members. */
  schedule(strategy: ProbeStrategy): { next(): Ref | undefined }
  /** One number per member. */
  column(kind: ColumnKind, initial: number): Column
  /** Calls `onTimer(tag, arg, …)` once at the instant; returns what `disarm` takes. Timers end with `stop`. */
  arm(at: Millis, tag: number, arg?: number): DetectorTimer
  disarm(timer: DetectorTimer): void
  /** Starts a ping; the result comes to `onPing`. `false`: none will come, as too many are under way, or the member or helper is no longer known. */
  ping(ref: Ref, options: PingOptions, now: Millis): boolean
  /**
   * Looks at a member by every way there is: directly, through helpers, over a stream; the result comes to `onLook`, and local health
   * has been moved by it. `false`: none will come. Ends without a result where the member fails or goes meanwhile, and with `stop`.
   */
  look(ref: Ref, options: LookOptions, now: Millis): boolean
  /** On the detector's own channel: `onMessage` of the same detector there. The core adds piggyback up to the budget. The bytes are copied. */
  send(to: Ref, body: Uint8Array, now: Millis): void
  /**
   * How long an answer to a direct ping of this member may take before something is likely to be wrong, milliseconds: the mean
   * round trip of that path and four times its deviation (RFC 6298), of all paths where this one was not measured yet, within
   * `probeTimeoutMin` and `probeTimeout`, times the local health's factor.
   */
  patience(ref: Ref): Millis
  /**
   * Whether the member has this detector, by what it says of itself. One that has not is watched by pings of the core, and
   * `unreachable` of it is ignored.
   */
  equipped(ref: Ref): boolean
  /** It is there. Changes no status: only a higher incarnation clears a suspicion. */
  reachable(seen: Observation, now: Millis, rtt?: Millis): void
  /** It did not answer. The core decides what that means; a member that has since refuted is not touched. */
  unreachable(seen: Observation, evidence: EvidenceKind, now: Millis): void
  /** Moves this node's health score, by `healthDelta` as a rule. */
  adjustHealth(delta: number): void
}

export interface DetectorHooks {
  start(now: Millis): void
  /** Timers, pings and looks of the detector are ended by the core. */
  stop(now: Millis): void
  onTimer(tag: number, arg: number, now: Millis): void
  onPing?(result: PingResult, now: Millis): void
  onLook?(result: LookResult, now: Millis): void
  /** Something from the same detector of another member. `from` is undefined for one that is not known. */
  onMessage?(from: Ref | undefined, body: ByteReader, now: Millis): void
  /** `before` is undefined for a new member, `after` for one that was removed. */
  onStatus?(ref: Ref, before: Status | undefined, after: Status | undefined, now: Millis): void
  /** What an active member says of itself changed, its boot perhaps, while its status did not. Comes after `onStatus` where both changed. */
  onRecord?(ref: Ref, before: PeerRecord, now: Millis): void
}

/** Decides whom to look at, when, and what it means. Stateless until attached: one detector object can serve many nodes. */
export interface Detector {
  readonly kind: 'detector'
  /** Its name in the cluster's configuration, in capabilities and on the wire as its channel: 1 to 32 bytes. */
  readonly name: string
  readonly api: 1
  /**
   * It judges by pings and looks of the core alone, which every node answers whatever its detector. Default false: it needs the same
   * detector at the others, so a member that has it not is watched by pings of the core, and what this one reports of it is ignored.
   */
  readonly byPings?: boolean
  attach(context: DetectorContext): DetectorHooks
}
