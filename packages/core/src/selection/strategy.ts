import type { Random } from '../engine/random.ts'
import type { Millis } from '../engine/time.ts'
import type { MemberView } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'

/** Whom to probe next. Told of every member that becomes or ceases to be active, this node excepted. Each call is O(1). */
export interface ProbeScheduler {
  /** The next member to look at; undefined when there is none. */
  next(): Ref | undefined
  added(ref: Ref): void
  removed(ref: Ref): void
  /** What it says of itself, its tags perhaps, has changed. */
  changed?(ref: Ref): void
}

/** What is known of the ways to other members. */
export interface PathView {
  /** Estimated round trip, milliseconds; undefined where nothing is known of it yet. O(1). */
  rtt(ref: Ref): Millis | undefined
}

/** Where nothing is known of any way. */
export const unknownPaths: PathView = { rtt: () => undefined }

/** Makes a scheduler for one node. Interchangeable: `roundRobin`, `uniform`, or one's own. */
export type ProbeStrategy = (members: MemberView, random: Random, paths: PathView) => ProbeScheduler
