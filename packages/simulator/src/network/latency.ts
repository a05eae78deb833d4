import type { LinkDraw } from './draw.ts'

/**
 * How long a packet is under way, one way, in milliseconds. `exponential` is `min` and an exponentially distributed rest with
 * the given mean, cut at 20 times that mean: most are quick and a few are late, as on real networks. `quantiles` is a
 * distribution as it was measured: values at equal steps of probability from 0 to 1, between them a straight line.
 */
export type Latency =
  | { readonly kind: 'constant'; readonly ms: number }
  | { readonly kind: 'uniform'; readonly min: number; readonly max: number }
  | { readonly kind: 'exponential'; readonly min: number; readonly mean: number }
  | { readonly kind: 'quantiles'; readonly ms: readonly number[] }

/** Draws one latency; in [0, ∞). */
export function drawLatency(latency: Latency, draw: LinkDraw): number {
  switch (latency.kind) {
    case 'constant':
      return latency.ms
    case 'uniform':
      return latency.min + draw.fraction() * (latency.max - latency.min)
    case 'exponential':
      return latency.min + latency.mean * exponential(draw)
    case 'quantiles': {
      const { ms } = latency
      const at = draw.fraction() * (ms.length - 1)
      const below = Math.floor(at)
      const low = ms[below]!
      return low + (at - below) * ((ms[below + 1] ?? low) - low)
    }
  }
}

/**
 * Exponentially distributed with mean 1, by John von Neumann's method of comparisons: it takes no logarithm, which
 * engines need not compute to the last bit alike.
 */
function exponential(draw: LinkDraw): number {
  for (let whole = 0; whole < 20; whole++) {
    const first = draw.fraction()
    let last = first
    let odd = true
    for (;;) {
      const next = draw.fraction()
      if (next >= last) break
      last = next
      odd = !odd
    }
    if (odd) return whole + first
  }
  return 20
}

/** The longest that a latency can be drawn. */
export function highestLatency(latency: Latency): number {
  switch (latency.kind) {
    case 'constant':
      return latency.ms
    case 'uniform':
      return latency.max
    case 'exponential':
      return latency.min + 20 * latency.mean
    case 'quantiles':
      return Math.max(...latency.ms)
  }
}

/** What is wrong with a latency; undefined for a good one. */
export function latencyFault(latency: Latency): string | undefined {
  const { kind, ...numbers } = latency
  const values = Object.values(numbers).flat() as number[]
  if (values.length === 0 || !values.every((ms) => Number.isFinite(ms) && ms >= 0)) {
    return `${kind} latency needs milliseconds from 0 on`
  }
  if (latency.kind === 'uniform' && latency.max < latency.min) return 'max is below min'
  return undefined
}
