import { describe, expect, test } from 'vitest'
import { detectionBound, entriesOf, graceOf, renewal } from './bound.ts'

const group = { n: 16, interval: 1_000, fanout: 1, digestBytes: 1_100, probeInterval: 1_000 }

test('a digest holds an entry for each seven bytes, but for its head and its sender', () => {
  expect([8, 15, 22, 1_100].map(entriesOf)).toEqual([1, 1, 2, 156])
})

test('heartbeats are renewed once an interval, and in proportion to the group where digests do not hold it', () => {
  expect(renewal({ ...group, n: 2 })).toBe(1_000)
  expect(renewal({ ...group, n: 314 })).toBe(2_000)
  expect(renewal({ ...group, n: 314, fanout: 2 })).toBe(1_500)
  expect(renewal({ ...group, n: 314, interval: 200 })).toBe(400)
})

describe('the bound', () => {
  test.each([
    [2, 1_000 + 7_000 + 1_000 + 4_000],
    [16, 4_000 + 7_000 * (1 + 14 / 312) + 1_000 + 4_000],
    [17, 5_000 + 7_000 * (1 + 15 / 312) + 1_000 + 4_000],
    [1_000, 10_000 + 7_000 * (1 + 998 / 312) + 1_000 + 4_000],
  ])('for %i members is what its formula says', (n, expected) => {
    expect(detectionBound({ ...group, n })).toBeCloseTo(expected, 6)
  })

  test('is in intervals, but for what waits for looks', () => {
    const twice = detectionBound({ ...group, interval: 2_000 })
    expect(twice - 4_000).toBeCloseTo(2 * (detectionBound(group) - 4_000), 6)
  })
})

test('after a start silence counts once heartbeats have had the time to get around', () => {
  expect(graceOf({ ...group, n: 1 })).toBe(7_000)
  expect(graceOf({ ...group, n: 256 })).toBeCloseTo(8_000 + 6_000 * (1 + 254 / 312), 6)
})
