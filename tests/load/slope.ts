/** The gain per unit of the first coordinate: Theil and Sen's median of the slopes between all pairs, which one odd sample does not move. */
export function slopePerHour(points: readonly (readonly [hours: number, value: number])[]): number {
  const slopes = points.flatMap(([at, value], i) =>
    points.slice(i + 1).map(([later, then]) => (then - value) / (later - at)),
  )
  const sorted = slopes.toSorted((a, b) => a - b)
  const middle = sorted.length / 2
  if (sorted.length === 0) return 0
  return (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2
}
