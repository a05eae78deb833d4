import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviationsAt, nextMean, nextVariance, phiOf, weight } from './accrual.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_201 })

/** As Akka computes it: with the logistic approximation as it stands, for silences above the mean. */
function akkaPhi(y: number): number {
  const e = Math.exp(-y * (1.5976 + 0.070566 * y * y))
  return -Math.log10(e / (1 + e))
}

/** φ of the normal distribution itself, by the continued fraction of its tail (Abramowitz and Stegun 26.2.14). */
function normalPhi(y: number): number {
  let fraction = y
  for (let k = 60; k >= 1; k--) fraction = y + k / fraction
  return -Math.log10(Math.exp((-y * y) / 2) / Math.sqrt(2 * Math.PI) / fraction)
}

describe('φ', () => {
  test('is that of Akka’s formula from 1 on, but for 0.05', () => {
    for (let y = 1.3; y < 8; y += 0.1) {
      expect(akkaPhi(y)).toBeGreaterThan(1)
      expect(Math.abs(phiOf(y) - akkaPhi(y))).toBeLessThan(0.05)
    }
  })

  test('is that of the normal tail up to 6, but for a tenth', () => {
    for (let y = 1.3; normalPhi(y) < 6; y += 0.1) {
      expect(Math.abs(phiOf(y) / normalPhi(y) - 1)).toBeLessThan(1 / 10)
    }
  })

  test('is 0 up to the mean', () => {
    expect([phiOf(-3), phiOf(0)]).toEqual([0, 0])
  })

  test('is crossed where it says', () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 64, noNaN: true }), (phi) => {
        expect(phiOf(deviationsAt(phi))).toBeCloseTo(phi, 9)
      }),
    )
  })
})

describe('mean and variance', () => {
  test('are those of all silences so far, each weighed a sixteenth less than the one after it', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0, max: 10_000, noNaN: true }), { maxLength: 40 }),
        (silences) => {
          let mean = 1_000
          let variance = 250_000
          for (const silence of silences) {
            variance = nextVariance(variance, mean, silence)
            mean = nextMean(mean, silence)
          }
          // The prior counts as one with a variance of its own.
          const weights = silences.map((_, i) => weight * (1 - weight) ** (silences.length - 1 - i))
          const prior = (1 - weight) ** silences.length
          const average = weights.reduce((sum, each, i) => sum + each * silences[i]!, prior * 1_000)
          const spread = weights.reduce(
            (sum, each, i) => sum + each * (silences[i]! - average) ** 2,
            prior * (250_000 + (1_000 - average) ** 2),
          )
          expect(mean).toBeCloseTo(average, 5)
          expect(Math.abs(variance - spread)).toBeLessThan(1e-6 * (1 + spread))
        },
      ),
    )
  })

  test('come to those of what goes on', () => {
    let [mean, variance] = [5_000, 9e6]
    for (let i = 0; i < 300; i++) {
      const silence = i % 2 === 0 ? 900 : 1_100
      variance = nextVariance(variance, mean, silence)
      mean = nextMean(mean, silence)
    }
    expect(mean).toBeGreaterThan(990)
    expect(mean).toBeLessThan(1_010)
    expect(Math.sqrt(variance)).toBeGreaterThan(95)
    expect(Math.sqrt(variance)).toBeLessThan(105)
  })
})
