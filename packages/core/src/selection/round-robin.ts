import type { Ref } from '../model/ref.ts'
import { ActiveSet } from './active-set.ts'
import type { ProbeStrategy } from './strategy.ts'

/**
 * Everyone once per round, in an order drawn anew each round (SWIM §4.3): a member that is there throughout waits at most
 * 2n − 1 periods between two looks, n being the members other than this node. The shuffle is done one draw per look, so that
 * no look costs more than another; a newcomer takes a random place in what is left of the round.
 */
export const roundRobin: ProbeStrategy = (_members, random) => {
  const set = new ActiveSet()
  /** Those before it have been looked at in this round. */
  let cursor = 0
  return {
    next(): Ref | undefined {
      if (set.size === 0) return undefined
      if (cursor >= set.size) cursor = 0
      set.swap(cursor, cursor + random.below(set.size - cursor))
      return set.at(cursor++)
    },
    added(ref) {
      set.push(ref)
    },
    removed(ref) {
      let place = set.placeOf(ref)
      if (place < 0) return
      if (place < cursor) {
        // The gap moves to the border first: taking the last one into the part that was looked at would cost it its turn.
        cursor--
        set.swap(place, cursor)
        place = cursor
      }
      set.swap(place, set.size - 1)
      set.pop()
    },
  }
}
