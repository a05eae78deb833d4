/**
 * By how much the highest of the last third is above the highest of the middle one, for each unit of the first coordinate. Memory rises until the collector runs, and falls again: a slope through
 * all points tells where in that they begin and end. What is lost for good raises the peaks.
 */
export function gainOfPeaks(points: readonly (readonly [at: number, value: number])[]): number {
  const third = Math.floor(points.length / 3)
  const last = points.slice(points.length - third)
  const middle = points.slice(points.length - 2 * third, points.length - third)
  if (middle.length === 0) return 0
  const peak = (some: typeof points): number => Math.max(...some.map(([, value]) => value))
  return (peak(last) - peak(middle)) / (last[0]![0] - middle[0]![0])
}
