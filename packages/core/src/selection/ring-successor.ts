import { Round } from './round.ts'
import type { ProbeStrategy } from './strategy.ts'
import { Successors } from './successors.ts'

/**
 * Turn and turn about: the next of a round over everybody ({@link roundRobin}), and the member that comes next on the ring of all
 * names' hashes. Where all hold the same members, each has one predecessor on that ring, which looks at it every second period: whoever
 * crashes alone is looked at within two periods (with equal periods), for as many probes as any other selection takes. Of the others each looks
 * at it half as often as by `roundRobin`, so after t periods nobody has with probability (1 − t/2) · e^(−t/2): after 2/e ≈ 0.74
 * periods on average, instead of 1.
 *
 * A member that is there throughout waits at most 2 · (2n − 1) of this node's looks, n as for `roundRobin`.
 */
export const ringSuccessor: ProbeStrategy = (members, random) => {
  const everyone = new Round(random)
  everyone.reserve(members.active)
  const successors = new Successors(members)
  // Nodes that start together should not all turn to their successors together.
  let turn = random.below(2)
  return {
    next() {
      successors.step()
      turn = 1 - turn
      const successor = turn === 0 ? successors.turn() : undefined
      return successor ?? everyone.next()
    },
    added(ref) {
      everyone.add(ref)
      successors.added(ref)
    },
    removed(ref) {
      everyone.remove(ref)
      successors.removed(ref)
    },
  }
}
