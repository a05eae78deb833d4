import { ActiveSet } from './active-set.ts'
import type { ProbeStrategy } from './strategy.ts'

/**
 * One at random, each time anew: the selection of SWIM's analysis (§3.1). First detection by anyone is expected after
 * e / (e − 1) periods, but there is no bound on how long one node does not look at another.
 */
export const uniform: ProbeStrategy = (members, random) => {
  const set = new ActiveSet()
  set.reserve(members.active)
  return {
    next: () => (set.size === 0 ? undefined : set.at(random.below(set.size))),
    added(ref) {
      set.push(ref)
    },
    removed(ref) {
      const place = set.placeOf(ref)
      if (place < 0) return
      set.swap(place, set.size - 1)
      set.pop()
    },
  }
}
