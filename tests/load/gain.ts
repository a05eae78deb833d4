/** By how much the peaks of memory may rise, bytes an hour. */
const mostPerHour = 24 * 2 ** 20
/** By how much peaks differ from one third of the time to the next, where nothing rises. */
const grain = 3 * 2 ** 20

/** What a gain may be that was seen in so many minutes: in less than 23 of them the grain of peaks is more than what is looked for. */
export function mostGain(minutes: number): number {
  return Math.max(mostPerHour, grain / (minutes / 180))
}

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
