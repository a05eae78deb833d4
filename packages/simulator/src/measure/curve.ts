import { seconds } from './quantile.ts'

/** A value that stays until the next point: seconds, and the value from then on. */
export type Curve = readonly (readonly [seconds: number, value: number])[]

/**
 * The share of `total` that had happened by when: from 0 at 0. `times` are milliseconds, ascending. More than `points` are thinned out
 * by rank and not by time, so that the steep part keeps its shape; the first and the last stay.
 */
export function shareCurve(times: ArrayLike<number>, total: number, points = 100): Curve {
  const curve: [number, number][] = [[0, 0]]
  const count = times.length
  const steps = Math.min(count, Math.max(2, points))
  for (let step = 1; step <= steps; step++) {
    const rank = steps === count ? step : 1 + Math.round(((step - 1) * (count - 1)) / (steps - 1))
    curve.push([seconds(times[rank - 1]!), rank / total])
  }
  return curve
}
