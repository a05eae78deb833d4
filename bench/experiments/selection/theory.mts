import type { StrategyName } from './job.mts'

/**
 * Share of crashes that nobody has looked at after t periods, in a large group whose nodes' periods do not keep step. With one look per node and
 * period, those of others at one member come like raindrops, one per period; of `ringSuccessor` half of them, and the predecessor's at
 * an instant within two periods that is as likely as any other.
 */
export function unseen(strategy: StrategyName, t: number): number {
  if (strategy !== 'ringSuccessor') return Math.exp(-t)
  return t >= 2 ? 0 : (1 - t / 2) * Math.exp(-t / 2)
}

/** Mean wait for the first look: the integral of {@link unseen}. */
export const meanWait = (strategy: StrategyName): number => (strategy === 'ringSuccessor' ? 2 / Math.E : 1)

/** When a share q of the crashes has been looked at; of several at once, of the groups in which all have. */
export function waitOf(strategy: StrategyName, q: number, victims = 1): number {
  let [low, high] = [0, 100]
  for (let i = 0; i < 60; i++) {
    const t = (low + high) / 2
    if ((1 - unseen(strategy, t)) ** victims < q) low = t
    else high = t
  }
  return high
}
