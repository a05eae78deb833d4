/**
 * The smallest of the values that at least a share `q` of them does not exceed (nearest rank; definition 1 of Hyndman and Fan, 1996):
 * always a value that occurred, where interpolation would make one up out of few. 0 is the least, 1 the greatest. NaN of
 * nothing. `sorted`: ascending.
 */
export function quantile(sorted: ArrayLike<number>, q: number): number {
  if (!(q >= 0 && q <= 1)) throw new RangeError(`a quantile of ${q}: must be 0..1`)
  const count = sorted.length
  if (count === 0) return Number.NaN
  // 0.07 × 100 is a little more than 7 in floating point.
  const rank = Math.ceil(q * count - 1e-9)
  return sorted[Math.max(0, rank - 1)]!
}

/** How some times lie, in seconds: the least, two quantiles, the greatest. Null where there are none. */
export interface Spread {
  readonly count: number
  readonly first: number | null
  readonly p50: number | null
  readonly p99: number | null
  readonly last: number | null
}

/** Of values in milliseconds, in any order; NaN is no value. */
export function spreadOf(values: ArrayLike<number>): Spread {
  const sorted = Float64Array.from(values)
    .filter((value) => !Number.isNaN(value))
    .sort()
  const at = (q: number): number | null => (sorted.length === 0 ? null : seconds(quantile(sorted, q)))
  return { count: sorted.length, first: at(0), p50: at(0.5), p99: at(0.99), last: at(1) }
}

/** Several series as one. */
export function pooled(parts: readonly Float64Array[]): Float64Array {
  const all = new Float64Array(parts.reduce((sum, { length }) => sum + length, 0))
  let end = 0
  for (const part of parts) {
    all.set(part, end)
    end += part.length
  }
  return all
}

/** Milliseconds as seconds, to the microsecond: what is below that is noise of floating point. */
export const seconds = (ms: number): number => Math.round(ms * 1_000) / 1_000_000
