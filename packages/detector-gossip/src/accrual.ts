/**
 * The accrual detector of Hayashibara, Défago, Yared and Katayama ("The φ accrual failure detector", SRDS 2004): how
 * unlikely it is that a member which lives has been silent for so long, as φ = −log10 of that probability, with silences
 * taken as normally distributed. Mean and variance are running (exponentially weighted), so that a member costs two
 * numbers and not a window of arrivals.
 *
 * The normal tail is the logistic approximation that Akka and Cassandra use: P(later) = e / (1 + e) with
 * e = exp(−y (1.5976 + 0.070566 y²)), y deviations above the mean. In the tail, from φ = 1 on, that is e but for 0.05 of φ, so
 * that φ(y) = y (1.5976 + 0.070566 y²) / ln 10: a cubic, which is computed exactly alike on every engine. `Math.exp` and `Math.log` are not.
 */

const linear = 1.5976
const cubic = 0.070566

/** φ of a silence that is `y` deviations longer than the mean; 0 up to the mean. */
export const phiOf = (y: number): number => (y <= 0 ? 0 : (y * (linear + cubic * y * y)) / Math.LN10)

/** Deviations above the mean at which a silence has this φ: the inverse of {@link phiOf}. */
export function deviationsAt(phi: number): number {
  const target = phi * Math.LN10
  // The curve bends upwards, so that from above Newton's steps come down to the root and never pass it.
  let y = target / linear
  for (let step = 0; step < 16; step++) {
    const next = y - (y * (linear + cubic * y * y) - target) / (linear + 3 * cubic * y * y)
    if (next >= y) break
    y = next
  }
  return y
}

/** Share of the newest silence in mean and variance: they follow about the last sixteen. */
export const weight = 1 / 16

/** The mean after one more silence. */
export const nextMean = (mean: number, silence: number): number => mean + weight * (silence - mean)

/**
 * The variance after one more silence (Welford's update with a constant weight: Finch, "Incremental calculation of weighted mean and
 * variance", 2009, §9); `mean` is the one before it.
 */
export function nextVariance(variance: number, mean: number, silence: number): number {
  const off = silence - mean
  return (1 - weight) * (variance + weight * off * off)
}
