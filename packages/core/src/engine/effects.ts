import type { Address } from '../model/address.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Status } from '../model/status.ts'
import type { Fault, StreamMessage } from '../wire/codec.ts'
import type { Query, UserEvent } from '../wire/message.ts'
import type { Millis } from './time.ts'

/** See `MemberEventType` of the node for what each means. */
export type EngineEventType =
  | 'join'
  | 'alive'
  | 'suspect'
  | 'failed'
  | 'leave'
  | 'update'
  | 'reap'
  | 'conflict'
  | 'degraded'
  | 'restored'
  | 'flapping'
  | 'calm'
  | 'detector-missing'
  | 'switch'
  | 'payload'

/** One committed change. Holds what was true at that moment, as the table may have moved on. */
export interface EngineEvent {
  readonly type: EngineEventType
  readonly record: PeerRecord
  readonly status: Status
  readonly incarnation: number
  readonly since: Millis
  readonly at: Millis
  /** Another process than before under this name. */
  readonly restarted: boolean
  readonly detail: string | undefined
}

/** How an operation that took time ended. */
export type OperationResult =
  | { readonly kind: 'joined' }
  | { readonly kind: 'join-failed'; readonly code: string; readonly message: string }
  | { readonly kind: 'left'; readonly acknowledgedBy: readonly string[] }
  | {
      readonly kind: 'pong'
      readonly rtt: Millis
      readonly path: 'direct' | 'stream'
      readonly payload: Uint8Array | undefined
    }
  | { readonly kind: 'ping-failed'; readonly code: string }
  | { readonly kind: 'disseminated' }
  | { readonly kind: 'sent' }
  | { readonly kind: 'send-failed'; readonly code: string }
  | { readonly kind: 'fetched'; readonly payload: Uint8Array }
  /** `changed`: it has another by now, or none; `unreachable`; `too-large`: for this node. */
  | { readonly kind: 'fetch-failed'; readonly code: string }
  /** Names of those that were expected to answer and did not: of which nothing was heard, and which were at it. */
  | {
      readonly kind: 'queried'
      readonly silent: readonly string[]
      readonly unfinished: readonly string[]
    }
  /** `busy`: too many of this node's are under way. */
  | { readonly kind: 'query-failed'; readonly code: string }

/** What others say to the application. */
export type Delivery =
  /** `told`: when it was told, as far as this node knows; a while ago for one that it had missed. */
  | { readonly kind: 'event'; readonly event: UserEvent; readonly told: Millis; readonly at: Millis }
  | {
      readonly kind: 'direct'
      readonly from: string
      readonly body: Uint8Array
      readonly reliable: boolean
      readonly at: Millis
    }
  /** To be answered by `Engine.answer` within the query's timeout. */
  | { readonly kind: 'query'; readonly query: Query; readonly at: Millis }
  /** To a query of this node's, that operation. */
  | {
      readonly kind: 'answer'
      readonly operation: number
      readonly from: string
      readonly body: Uint8Array
      readonly at: Millis
    }

/** What came of a request over a stream. */
export type RequestOutcome =
  | { readonly kind: 'reply'; readonly reply: StreamMessage }
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'refused' | 'reset' | 'timeout' | 'unreachable' }

/** What a driver gives. Called only after the engine's state has settled; calling the engine from here throws. */
export interface Effects {
  /** Sends a packet; the bytes are the driver's own. */
  send(to: Address, packet: Uint8Array): void
  /**
   * Dials, writes the parts, reads one message, and calls `settled` with the token; bounded by `streamTimeout`. `limit`, in
   * milliseconds, is shorter for some.
   */
  request(to: Address, parts: Iterable<Uint8Array>, token: number, limit: Millis): void
  event(event: EngineEvent): void
  /** Something for the application. Called once for each, in the order in which it came. */
  deliver(delivery: Delivery): void
  /** An operation ended. Called once for each. */
  done(operation: number, result: OperationResult): void
}
