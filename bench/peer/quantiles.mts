/** Seconds after which the first, half, 99 of 100 and the last of those who saw something saw it. */
export interface Quantiles {
  readonly first: number
  readonly p50: number
  readonly p99: number
  readonly last: number
}

/** Of nothing there are none. The memberlist peer takes them at the same places. */
export function quantiles(seconds: readonly number[]): Quantiles | undefined {
  if (seconds.length === 0) return undefined
  const sorted = [...seconds].sort((a, b) => a - b)
  const at = (q: number): number => sorted[Math.floor(q * (sorted.length - 1))]!
  return { first: at(0), p50: at(0.5), p99: at(0.99), last: at(1) }
}

/** For each quantile the median over several sets of them. */
export function medianQuantiles(sets: readonly Quantiles[]): Quantiles | undefined {
  if (sets.length === 0) return undefined
  const middle = (key: keyof Quantiles): number => median(sets.map((set) => set[key]))
  return { first: middle('first'), p50: middle('p50'), p99: middle('p99'), last: middle('last') }
}

/** The middle of at least one number; of an even count the mean of the two in the middle. */
export function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}
