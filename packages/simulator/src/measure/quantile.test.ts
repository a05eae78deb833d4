import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { shareCurve } from './curve.ts'
import { pooled, quantile, spreadOf } from './quantile.ts'
import { TimeBins } from './time-bins.ts'

describe('a quantile', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => i + 1)
  it.each([
    [[7], 0, 7],
    [[7], 0.5, 7],
    [[7], 1, 7],
    [[1, 2, 3, 4], 0.5, 2],
    [[1, 2, 3, 4, 5], 0.5, 3],
    [[1, 2, 3, 4], 0.99, 4],
    [hundred, 0, 1],
    [hundred, 0.07, 7],
    [hundred, 0.5, 50],
    [hundred, 0.99, 99],
    [hundred, 0.991, 100],
    [hundred, 1, 100],
  ])('of %j at %d is %d', (sorted, q, value) => {
    expect(quantile(sorted, q)).toBe(value)
  })

  it('is NaN of nothing, and none beyond 0..1', () => {
    expect(quantile([], 0.5)).toBeNaN()
    for (const q of [-0.1, 1.1, Number.NaN]) expect(() => quantile([1], q)).toThrow(RangeError)
  })

  it('is the least value that a share q does not exceed', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 0, max: 100 }),
        (values, percent) => {
          const sorted = [...values].sort((a, b) => a - b)
          const found = quantile(sorted, percent / 100)
          const notAbove = (limit: number) => sorted.filter((value) => value <= limit).length * 100
          expect(sorted).toContain(found)
          expect(notAbove(found)).toBeGreaterThanOrEqual(percent * sorted.length)
          const below = sorted.filter((value) => value < found).at(-1)
          if (below !== undefined) expect(notAbove(below)).toBeLessThan(percent * sorted.length)
        },
      ),
    )
  })
})

describe('a spread', () => {
  it('is in seconds, of values in any order, and leaves NaN out', () => {
    expect(spreadOf([3_000, Number.NaN, 1_000, 2_000.5])).toEqual({
      count: 3,
      first: 1,
      p50: 2.0005,
      p99: 3,
      last: 3,
    })
  })

  it('of nothing is null throughout', () => {
    expect(spreadOf([])).toEqual({ count: 0, first: null, p50: null, p99: null, last: null })
  })

  it('of several series is that of all of them', () => {
    expect([...pooled([Float64Array.of(1, 2), new Float64Array(0), Float64Array.of(3)])]).toEqual([1, 2, 3])
  })
})

describe('a curve of shares', () => {
  it('rises from nothing by the share of each', () => {
    expect(shareCurve([500, 1_000, 4_000], 4)).toEqual([
      [0, 0],
      [0.5, 0.25],
      [1, 0.5],
      [4, 0.75],
    ])
    expect(shareCurve([], 0)).toEqual([[0, 0]])
  })

  it('keeps its ends and its shape when it is thinned out', () => {
    const times = Array.from({ length: 10_000 }, (_, i) => i)
    const curve = shareCurve(times, 10_000, 50)
    expect(curve).toHaveLength(51)
    expect(curve[1]).toEqual([0, 0.0001])
    expect(curve.at(-1)).toEqual([9.999, 1])
    for (const [at, share] of curve.slice(1)) expect(share).toBeCloseTo((at * 1_000 + 1) / 10_000, 9)
  })
})

describe('bins of time', () => {
  it('count everything, in a bounded number of bins of one width', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100_000 }), { maxLength: 50 }), (instants) => {
        const bins = new TimeBins(10, 8)
        for (const at of instants) bins.add(at)
        const curve = bins.curve()
        expect(curve.length).toBeLessThanOrEqual(8)
        for (const [begin, count] of curve) {
          const end = begin * 1_000 + bins.width
          const inside = instants.filter((at) => at >= begin * 1_000 && at < end).length
          expect(count).toBe(inside)
        }
        expect(curve.reduce((sum, [, count]) => sum + count, 0)).toBe(instants.length)
      }),
    )
  })
})
