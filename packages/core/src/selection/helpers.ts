import type { Random } from '../engine/random.ts'
import type { MemberView } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import type { Sampler } from './sampler.ts'

/** Whom to ask to ping a member that did not answer. Told of every member that becomes or ceases to be active, this node excepted. */
export interface HelperScheduler {
  /**
   * Puts up to `k` helpers for looking at `target` at the end of `out`: distinct, alive, neither this node nor the target.
   * O(k) expected.
   */
  choose(target: Ref, k: number, out: Ref[]): void
  added(ref: Ref): void
  removed(ref: Ref): void
  /** What it says of itself, its tags perhaps, has changed. */
  changed?(ref: Ref): void
}

/** Makes one for a node: `zoneHelpers`, or one's own. `sampler` draws at random. */
export type HelperStrategy = (members: MemberView, random: Random, sampler: Sampler) => HelperScheduler
