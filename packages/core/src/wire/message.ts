import type { Address } from '../model/address.ts'
import type { Boot, PeerRecord } from '../model/peer.ts'
import type { Status } from '../model/status.ts'

/**
 * Why a member is accused. `timeout`: nothing came back over any path. `refused`: its stream port is
 * closed, so the process is gone. `heard`: learned by a full sync, not looked at. `operator`: force-leave.
 */
export const evidenceKinds = ['timeout', 'refused', 'heard', 'operator'] as const
export type EvidenceKind = (typeof evidenceKinds)[number]

/** One independent report against a member. */
export interface Accusation {
  readonly accuser: string
  readonly evidence: EvidenceKind
}

/** Are you `target`? Answered by every node, whatever its detector, and only by the one that is named. */
export interface Ping {
  readonly type: 'ping'
  /** Correlates the answer; unsigned 32-bit. */
  readonly seq: number
  readonly target: string
  /** If given, only this boot may answer: a conflict check, or the dial-back of an introducer. */
  readonly boot: Boot | undefined
}

/** One of the members that a helper is asked to ping. */
export interface PingTarget {
  readonly seq: number
  readonly name: string
  readonly boot: Boot | undefined
  readonly address: Address
}

/** Ping these for me. A helper answers each with the relayed ack, or with a nack after `nackAfter`. */
export interface PingReq {
  readonly type: 'pingReq'
  /** Milliseconds a helper waits for the target before it sends a nack; 0: no nack wanted. */
  readonly nackAfter: number
  readonly targets: readonly PingTarget[]
}

export interface Ack {
  readonly type: 'ack'
  readonly seq: number
  /** The application's bytes, from the `ackPayload` hook. */
  readonly payload: Uint8Array | undefined
  /** Where the sender is in the space of round trips, see `packCoordinate`; at most 64 bytes, which no codec looks into. */
  readonly coordinate?: Uint8Array | undefined
}

/** I am here and heard nothing from your target: tells the asker that its own network works (Lifeguard). */
export interface Nack {
  readonly type: 'nack'
  readonly seq: number
}

/** A member's claim about itself. Also the owner's record at that incarnation when others hand it on. */
export interface AliveClaim {
  readonly type: 'alive'
  readonly incarnation: number
  readonly record: PeerRecord
}

export interface SuspectClaim {
  readonly type: 'suspect'
  readonly name: string
  readonly incarnation: number
  /** Independent accusers, at least one, at most 16, earliest first. */
  readonly accusations: readonly Accusation[]
}

export interface FailedClaim {
  readonly type: 'failed'
  readonly name: string
  readonly incarnation: number
  readonly accuser: string
  readonly evidence: EvidenceKind
}

/** `by` is the member itself, or whoever forced it out. */
export interface LeftClaim {
  readonly type: 'left'
  readonly name: string
  readonly incarnation: number
  readonly by: string
  /** It is to be forgotten as soon as all have been told, and not kept for its retention. */
  readonly prune?: true
}

export type Claim = AliveClaim | SuspectClaim | FailedClaim | LeftClaim

/** One member in a sync: its record, apart from the status that is held of it. */
export interface SyncEntry {
  readonly record: PeerRecord
  /** Incarnation that announced the record. */
  readonly recordIncarnation: number
  readonly status: Status
  /** Incarnation of the status; at or above that of the record. */
  readonly incarnation: number
  /** Whole seconds since it failed or left; 0 for the others. */
  readonly age: number
  /** Who accuses it, where it is a suspect; else empty. */
  readonly accusations: readonly Accusation[]
}

/**
 * Order-independent digest of a member table: 2 words for each of {@link digestBuckets} buckets by name,
 * over the active members, and 2 words over those that failed or left.
 */
export interface SyncDigest {
  readonly buckets: Uint32Array
  readonly terminal: readonly [number, number]
}

/** The cluster-wide configuration: compared by epoch, then detector, then suspicion. */
export interface ClusterConfig {
  readonly epoch: number
  readonly detector: string
  /** Whether the suspicion phase is on. */
  readonly suspicion: boolean
}

/**
 * Anti-entropy over a stream. A request carries the digest; the answer carries the entries of the buckets that
 * differ, or none; the asker pushes what the other lacked with a second request that has `entries` and no digest.
 * A codec without digests (see `Codec.digests`) sends all entries in the request and all in the answer.
 */
export interface Sync {
  readonly type: 'sync'
  /** The sender asks to be introduced: dial it back, then announce it. Its own record is `entries[0]`. */
  readonly join: boolean
  /** The sender knows of no other active member: its configuration has no say where others have agreed on theirs. */
  readonly alone: boolean
  readonly digest: SyncDigest | undefined
  readonly config: ClusterConfig
  /** Of a table on the way out (read while it is sent), an array on the way in. */
  readonly entries: Iterable<SyncEntry>
  /** Of the sender's user events; undefined: it has none, or knows of no such thing. */
  readonly events: EventsDigest | undefined
  /** The application's part, from `syncState`. */
  readonly state: Uint8Array | undefined
}

export interface Config extends ClusterConfig {
  readonly type: 'config'
}

/** The application's bytes. */
export interface User {
  readonly type: 'user'
  readonly body: Uint8Array
}

/** What a detector or plugin says on a channel that the core knows nothing about. */
export interface Custom {
  readonly type: 'custom'
  /** Name of the channel, 1 to 32 bytes; by convention the plugin's name. */
  readonly channel: string
  readonly body: Uint8Array
}

/** Which broadcast or query one is: Lamport times meet where two members speak at once, boots do not. */
export interface RumourId {
  /** Lamport time at which it was told: 1..2⁵³ − 1, higher than that of all that its origin had heard. */
  readonly time: number
  /** Of the process that told it. */
  readonly boot: Boot
}

/** What is told to every member once. */
export interface Rumour extends RumourId {
  /** Name of the member that told it. */
  readonly origin: string
  /** What it is called, by the rule for names. */
  readonly name: string
  /** At most 65,536 bytes; a node allows itself less. */
  readonly body: Uint8Array
}

/** Something that happened, for all members. */
export interface UserEvent extends Rumour {
  readonly type: 'event'
}

/** A question to all members, or to some of them. */
export interface Query extends Rumour {
  readonly type: 'query'
  /** Milliseconds from when it is heard until nobody waits for an answer any more. */
  readonly timeout: number
  /** Members that are asked; none: all that have the tags. At most 64. */
  readonly names: readonly string[]
  /** Tags that a member must have to be asked, each a key and its value. At most 16. */
  readonly tags: readonly (readonly [key: string, value: string])[]
}

/** `ack`: it was heard, and the answer follows; `answer`: here it is; `none`: there will be no answer. */
export const answerKinds = ['ack', 'answer', 'none'] as const

/** What a member says to a query. */
export interface Answer extends RumourId {
  readonly type: 'answer'
  readonly kind: (typeof answerKinds)[number]
  /** Empty but for an `answer`. At most 65,536 bytes. */
  readonly body: Uint8Array
}

/** The application's bytes from one member to another. */
export interface Direct {
  readonly type: 'direct'
  readonly target: string
  /** Of the process that is meant: an address may be another's by now. */
  readonly boot: Boot
  /** Which of its sender's messages it is, so that none is taken in twice: even numbers for those that are waited for, odd ones for the others. 0..2⁵³ − 1. */
  readonly number: number
  readonly body: Uint8Array
}

/** An event as it is handed to who has not heard it. */
export interface KeptEvent {
  readonly event: UserEvent
  /** Whole seconds since it was told, as far as the sender knows. */
  readonly age: number
  /** How many events the sender had heard when it heard this one, this one included. */
  readonly order: number
}

/** Where the events that two members keep differ, if this does. */
export interface EventsDigest {
  /** Highest Lamport time that was heard. */
  readonly clock: number
  /** Order-independent, over the ids of the events that are kept. */
  readonly mark: readonly [number, number]
  /** Events that were heard so far. */
  readonly count: number
  /** Highest time, at most `clock`, that was told so long ago that nobody keeps it, nor is it under way. */
  readonly settled: number
}

/**
 * Anti-entropy of events, over a stream, after a sync whose digests of events differ. A request says which events are `known`; the answer
 * says so as well, and brings the events that are not; what the other lacks then is pushed with a request that has `events`.
 */
export interface Events {
  readonly type: 'events'
  readonly clock: number
  /** At most 1,024. */
  readonly known: readonly RumourId[]
  /** At most 1,024. */
  readonly events: readonly KeptEvent[]
}

/** Asks, over a stream, for a member's payload that is too large for its record. Answered by a {@link Payload}, or an error. */
export interface Fetch {
  readonly type: 'fetch'
  readonly name: string
  /** SHA-256 of the one that is wanted. */
  readonly hash: Uint8Array
}

export interface Payload {
  readonly type: 'payload'
  /** At most 16,777,216 bytes. */
  readonly body: Uint8Array
}

/** Codes that a node answers a stream with when it refuses it. */
export const errorCodes = [
  'cluster-mismatch',
  'self',
  'name-conflict',
  'version',
  'detector-missing',
  'rejected',
  'malformed',
  'too-big',
  'busy',
  'leaving',
  'sealed',
  'internal',
] as const
export type ErrorCode = (typeof errorCodes)[number]

export interface ErrorReply {
  readonly type: 'error'
  readonly code: ErrorCode
  /** For a person; at most 512 bytes. */
  readonly message: string
}

export type Message =
  | Ping
  | PingReq
  | Ack
  | Nack
  | AliveClaim
  | SuspectClaim
  | FailedClaim
  | LeftClaim
  | Sync
  | Config
  | User
  | Custom
  | UserEvent
  | Query
  | Answer
  | Direct
  | Events
  | Fetch
  | Payload
  | ErrorReply

/** Whether a message is a claim about a member. */
export const isClaim = (message: Message): message is Claim =>
  message.type === 'alive' ||
  message.type === 'suspect' ||
  message.type === 'failed' ||
  message.type === 'left'

/** Whether a message is told to every member once. */
export const isRumour = (message: Message): message is UserEvent | Query =>
  message.type === 'event' || message.type === 'query'
