/** Waits between attempts that grow up to a limit. */
export interface Backoff {
  /** Milliseconds to wait before the next attempt. */
  next(): number
  /** It worked: the next wait is a short one again. */
  reset(): void
}

/**
 * Exponential backoff with jitter: each wait is drawn from the upper half of a span that doubles from `min` to `max`.
 * Half is kept so that a node never hammers; half is drawn so that nodes which started together come apart.
 */
export function exponentialBackoff(min: number, max: number, random: () => number): Backoff {
  let span = min
  return {
    next() {
      const wait = span / 2 + (random() * span) / 2
      span = Math.min(max, span * 2)
      return wait
    },
    reset() {
      span = min
    },
  }
}
