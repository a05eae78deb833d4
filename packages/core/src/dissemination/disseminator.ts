import type { Ref } from '../model/ref.ts'

/** Encoded claims of two kinds ride on their own: newer data of a member must not replace news of its status. */
export type UpdateSubject = 'status' | 'record'

/** An update as it is queued: encoded once, sent many times. */
export interface QueuedUpdate {
  /** Whom it is about. With `subject` the key: a newer update replaces one of the same key. */
  readonly ref: Ref
  readonly subject: UpdateSubject
  readonly bytes: Uint8Array
  /** Called once: after its last transmission, or when it was replaced or dropped. */
  readonly done?: (() => void) | undefined
}

/** Decides which updates ride on a packet. */
export interface Disseminator {
  /** Queues an update; one of the same key is replaced, in O(1). */
  push(update: QueuedUpdate): void
  /**
   * Puts updates that together fit `budget` bytes (`partOverhead` for each included) at the end of `out`, counts one
   * transmission of each, and returns the bytes used. Least sent first; an update is let go after `limit`
   * transmissions; gives up early when little fits. Nothing about `to` itself: it is told by the buddy rule.
   */
  fill(to: Ref | undefined, budget: number, partOverhead: number, limit: number, out: Uint8Array[]): number
  /** Forgets what is queued about a member. */
  drop(ref: Ref, subject?: UpdateSubject): void
  /** Updates queued. */
  readonly backlog: number
}
