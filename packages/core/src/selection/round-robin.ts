import { Round } from './round.ts'
import type { ProbeStrategy } from './strategy.ts'

/**
 * Everyone once per round, in an order drawn anew each round (SWIM §4.3): a member that is there throughout waits at most
 * 2n − 1 looks, n being the most members other than this node that were there at once.
 */
export const roundRobin: ProbeStrategy = (members, random) => {
  const round = new Round(random)
  round.reserve(members.active)
  return {
    next: () => round.next(),
    added: (ref) => round.add(ref),
    removed: (ref) => round.remove(ref),
  }
}
