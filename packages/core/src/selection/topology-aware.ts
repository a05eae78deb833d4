import type { Ref } from '../model/ref.ts'
import { type Distance, farthest } from './distance.ts'
import { Neighbourhood } from './neighbourhood.ts'
import { Round } from './round.ts'
import type { ProbeStrategy } from './strategy.ts'

export interface TopologyOptions {
  /** d: `zoneDistance`, `roundTripDistance`, `ringDistance`, `xorDistance`, `fingerDistance`, or one's own. */
  readonly distance: Distance
  /**
   * r: members in the neighbourhood. It is made of whole classes of distance, the nearest first, as many as it takes to hold so many, so
   * there may be more in it; `Infinity`: all within `reach`. 1 or more. Default 16, about log2 of the largest group.
   */
  readonly radius?: number
  /** The farthest class that may be near, however few are nearer: with zones 0 is the very same zone. 0..30. Default 30: all but the farthest. */
  readonly reach?: number
  /**
   * s: of every s + 1 looks so many go to the neighbourhood. More find what happens there sooner, and what happens elsewhere later, as everyone
   * else is looked at by (s + 1)-times fewer. 1..31. Default 1.
   */
  readonly neighbours?: number
}

/**
 * Looks at near members more often than at others (the parameters are go-swim's, M. Phan-Ba 2015): of every s + 1 looks s go to the neighbourhood, and one
 * to the next of a round over everybody. Where nobody is near, all go to the round. In the neighbourhood the classes of distance have their turns one
 * after the other, and within each its members: where nearer classes are smaller, the nearer are looked at more often.
 *
 * A member that is there throughout waits at most (s + 1) · (2n − 1) looks, n as for `roundRobin`, wherever it is.
 *
 * No look scans the members. A member whose tags change is put where it belongs at once; one whose round trip changes, or all when this node itself
 * moves, as each is looked at: within one round.
 *
 * Throws a RangeError for an option out of its range.
 */
export function topologyAware(options: TopologyOptions): ProbeStrategy {
  const { distance, neighbours = 1, radius = 16, reach = farthest - 1 } = options
  if (!(radius >= 1)) throw new RangeError(`radius is ${radius}: must be 1 or more`)
  if (!within(reach, 0, farthest - 1)) {
    throw new RangeError(`reach is ${reach}: must be a whole number 0..${farthest - 1}`)
  }
  if (!within(neighbours, 1, 31)) {
    throw new RangeError(`neighbours is ${neighbours}: must be a whole number 1..31`)
  }
  return (members, random, paths) => {
    const everyone = new Round(random)
    everyone.reserve(members.active)
    const near = new Neighbourhood(random)
    const classOf = distance(members, paths)
    // Nodes that start together should not all look at everyone's next one together.
    let turn = random.below(neighbours + 1)
    let last: Ref | undefined
    const place = (ref: Ref): void => {
      if (everyone.has(ref)) near.put(ref, classOf(ref))
    }
    return {
      next() {
        // What was measured by the last look is known by now.
        if (last !== undefined) place(last)
        turn = (turn + 1) % (neighbours + 1)
        last = (turn === 0 ? undefined : near.next(radius, reach)) ?? everyone.next()
        return last
      },
      added(ref) {
        everyone.add(ref)
        place(ref)
      },
      removed(ref) {
        everyone.remove(ref)
        near.remove(ref)
      },
      changed: place,
    }
  }
}

const within = (value: number, min: number, max: number): boolean =>
  Number.isInteger(value) && value >= min && value <= max
