import type { Ref } from '../model/ref.ts'
import { ActiveSet } from './active-set.ts'
import type { ProbeStrategy } from './strategy.ts'

/**
 * Everyone once per round, in an order drawn anew each round (SWIM §4.3): a member that is there throughout waits at most
 * 2n − 1 looks, n being the most members other than this node that were there at once. The shuffle is done one draw per look,
 * so that no look costs more than another.
 *
 * A newcomer takes a random place, which may be in the part of the round that is over; but never one that would make the round
 * longer than there are members, or a stream of newcomers that come and go could keep the others waiting for ever.
 */
export const roundRobin: ProbeStrategy = (members, random) => {
  const set = new ActiveSet()
  set.reserve(members.active)
  /** Those before it have been looked at in this round, or wait for the next. */
  let cursor = 0
  /** Looks in this round, at members that have gone since as well. */
  let looks = 0
  return {
    next(): Ref | undefined {
      if (set.size === 0) return undefined
      if (cursor >= set.size) {
        cursor = 0
        looks = 0
      }
      looks++
      set.swap(cursor, cursor + random.below(set.size - cursor))
      return set.at(cursor++)
    },
    added(ref) {
      if (set.placeOf(ref) >= 0) return
      const left = set.size - cursor
      set.push(ref)
      // Before the first look of a round every place in it is as good as any other.
      if (looks === 0) return
      const fits = looks + left + 1 <= set.size
      if (fits && random.below(set.size) >= cursor) return
      set.swap(cursor, set.size - 1)
      cursor++
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
