import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { profiles } from '../engine/settings.ts'
import { confirmationsWanted, suspicionMin, suspicionTimeout } from './suspicion.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const { probeInterval, suspicionMaxMult, suspicionMult } = profiles.lan

describe('the bounds of a suspicion at lan, in seconds', () => {
  test.each([
    // n, min, max: mult 4, at most 6 times, interval 1 s
    [1, 4, 24],
    [2, 4, 24],
    [8, 4, 24],
    [10, 4, 24],
    [100, 8, 48],
    [128, 8.429, 50.574],
    [1_000, 12, 72],
    [10_000, 16, 96],
  ])('in a group of %i are %d and %d', (n, least, most) => {
    const min = suspicionMin(n, suspicionMult, probeInterval)
    expect(min / 1_000).toBe(least)
    expect((min * suspicionMaxMult) / 1_000).toBe(most)
  })

  test('grow with the group, never shrink', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.nat(100_000), (a, b) => {
        const [fewer, more] = [Math.min(a, b), Math.max(a, b)]
        expect(suspicionMin(more, 4, 1_000)).toBeGreaterThanOrEqual(suspicionMin(fewer, 4, 1_000))
      }),
    )
  })

  test('are whole milliseconds, so that every runtime arms the same timer', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 100_000 }),
        fc.double({ min: 1, max: 100, noNaN: true }),
        (n, mult) => {
          expect(Number.isInteger(suspicionMin(n, mult, 1_000))).toBe(true)
          const max = 6 * suspicionMin(n, mult, 1_000)
          expect(Number.isInteger(suspicionTimeout(1, 3, suspicionMin(n, mult, 1_000), max))).toBe(true)
        },
      ),
    )
  })
})

describe('confirmations that are waited for', () => {
  test.each([
    // n, as set, K: 0 where fewer others than that could confirm
    [1, 2, 0],
    [2, 2, 0],
    [3, 2, 0],
    [4, 2, 2],
    [5, 2, 2],
    [1_000, 2, 2],
    [3, 1, 1],
    [2, 1, 0],
    [7, 6, 0],
    [8, 6, 6],
    [100, 0, 0],
  ])('in a group of %i with %i set are %i', (n, set, wanted) => {
    expect(confirmationsWanted(n, set)).toBe(wanted)
  })
})

describe('the timeout of a suspicion', () => {
  test.each([
    // The table of memberlist's suspicion_test.go: K = 3, min 2 s, max 30 s.
    [0, 30_000],
    [1, 16_000],
    [2, 7_810],
    [3, 2_000],
    [4, 2_000],
    [16, 2_000],
  ])('after %i confirmations, with K = 3 between 2 s and 30 s, is %i ms', (confirmations, expected) => {
    expect(Math.abs(suspicionTimeout(confirmations, 3, 2_000, 30_000) - expected)).toBeLessThanOrEqual(1)
  })

  test('is the shortest one where nobody could confirm', () => {
    for (const confirmations of [0, 1, 5])
      expect(suspicionTimeout(confirmations, 0, 4_000, 24_000)).toBe(4_000)
  })

  test('falls with every confirmation, from the longest to the shortest', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 30 }),
        fc.integer({ min: 1, max: 100_000 }),
        fc.integer({ min: 1, max: 100 }),
        (wanted, min, mult) => {
          const max = min * mult
          const timeouts = Array.from({ length: wanted + 3 }, (_, c) => suspicionTimeout(c, wanted, min, max))
          expect(timeouts[0]).toBe(max)
          for (let c = 1; c < timeouts.length; c++) expect(timeouts[c]).toBeLessThanOrEqual(timeouts[c - 1]!)
          expect(timeouts.slice(wanted)).toEqual([min, min, min])
        },
      ),
    )
  })
})
