import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decimalDigits, ln, log2, log10 } from './logarithm.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

describe('ln', () => {
  test('is within 1e−12 of Math.log, relative to it', () => {
    const x = fc.oneof(
      fc.double({ min: 1, max: 2, noNaN: true }),
      fc.double({ min: 1, max: 1e12, noNaN: true }),
      fc.integer({ min: 1, max: 1_048_576 }),
    )
    fc.assert(
      fc.property(x, (value) => {
        expect(Math.abs(ln(value) - Math.log(value))).toBeLessThanOrEqual(
          1e-12 * Math.max(1, Math.log(value)),
        )
      }),
      { numRuns: 2_000 },
    )
  })

  test('of 1 is 0, and of a power of two that many times ln 2, to the bit', () => {
    for (let e = 0; e <= 60; e++) expect(ln(2 ** e)).toBe(e * Math.LN2)
  })

  test.each([10, 100, 1_000, 10_000, 1_000_000])('log10(%i) is whole to 1e−12', (x) => {
    expect(Math.abs(log10(x) - Math.round(Math.log10(x)))).toBeLessThan(1e-12)
  })

  test('log2 is that of Math', () => {
    for (const x of [1, 3, 33, 1_000, 65_537]) expect(Math.abs(log2(x) - Math.log2(x))).toBeLessThan(1e-12)
  })
})

describe('decimalDigits', () => {
  test.each([
    [1, 1],
    [9, 1],
    [10, 2],
    [99, 2],
    [100, 3],
    [999, 3],
    [1_000, 4],
    [9_999, 4],
    [10_000, 5],
    [1_048_576, 7],
  ])('of %i is %i', (n, digits) => {
    expect(decimalDigits(n)).toBe(digits)
  })

  test('is the number of characters, which is ceil(log10(n + 1)) without its rounding errors', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 }), (n) => {
        expect(decimalDigits(n)).toBe(String(n).length)
      }),
    )
  })
})
