import type { Random } from '../engine/random.ts'
import type { MemberView } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'

/** Whom to probe next. Told of every member that becomes or ceases to be active, this node excepted. Each call is O(1). */
export interface ProbeScheduler {
  /** The next member to look at; undefined when there is none. */
  next(): Ref | undefined
  added(ref: Ref): void
  removed(ref: Ref): void
}

/** Makes a scheduler for one node. Interchangeable: `roundRobin`, `uniform`, or one's own. */
export type ProbeStrategy = (members: MemberView, random: Random) => ProbeScheduler
