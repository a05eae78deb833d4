/** NaN of nothing. */
export const mean = (values: readonly number[]): number => sum(values) / values.length

export const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)

export const ascending = (values: readonly number[]): Float64Array => Float64Array.from(values).sort()

/** What half of them, what 95 % of them, and what all of them stay within. */
export function spread(values: readonly number[]): {
  readonly median: number
  readonly most: number
  readonly longest: number
} {
  const sorted = ascending(values)
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!
  return { median: at(0.5), most: at(0.95), longest: at(1) }
}

/** Half the width of the 95 % confidence interval of the mean, by the normal approximation: for a hundred values and more. */
export function confidence(values: readonly number[]): number {
  const centre = mean(values)
  const variance = sum(values.map((value) => (value - centre) ** 2)) / (values.length - 1)
  return 1.96 * Math.sqrt(variance / values.length)
}

/** y = at0 + slope × x by least squares, and the share of the variance of y that it explains. */
export interface Line {
  readonly at0: number
  readonly slope: number
  readonly r2: number
}

export function fitLine(points: readonly (readonly [x: number, y: number])[]): Line {
  const mx = mean(points.map(([x]) => x))
  const my = mean(points.map(([, y]) => y))
  const xx = sum(points.map(([x]) => (x - mx) ** 2))
  const xy = sum(points.map(([x, y]) => (x - mx) * (y - my)))
  const slope = xy / xx
  const at0 = my - slope * mx
  const residual = sum(points.map(([x, y]) => (y - at0 - slope * x) ** 2))
  return { at0, slope, r2: 1 - residual / sum(points.map(([, y]) => (y - my) ** 2)) }
}

/** The slope of the fitted line, and half the width of its 95 % confidence interval. */
export function slopeWithConfidence(points: readonly (readonly [x: number, y: number])[]): {
  readonly slope: number
  readonly confidence: number
} {
  const { at0, slope } = fitLine(points)
  const mx = mean(points.map(([x]) => x))
  const xx = sum(points.map(([x]) => (x - mx) ** 2))
  const residual = sum(points.map(([x, y]) => (y - at0 - slope * x) ** 2))
  return { slope, confidence: 1.96 * Math.sqrt(residual / (points.length - 2) / xx) }
}

/** So many digits behind the point: what is stored is what is known. */
export function rounded(value: number, digits: number): number {
  const scale = 10 ** digits
  return Math.round(value * scale) / scale
}
