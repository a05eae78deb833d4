import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { HealthScore, healthDelta } from './local-health.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

describe('the local health score', () => {
  test('begins healthy, and scales nothing', () => {
    const health = new HealthScore(8)
    expect([health.score, health.scale(500)]).toEqual([0, 500])
  })

  test('is held between 0 and its highest, whatever moves it', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 32 }),
        fc.array(fc.integer({ min: -5, max: 5 })),
        (max, deltas) => {
          const health = new HealthScore(max)
          let expected = 0
          for (const delta of deltas) {
            health.apply(delta)
            expected = Math.max(0, Math.min(max, expected + delta))
            expect(health.score).toBe(expected)
          }
        },
      ),
    )
  })

  test('scales times by one more than it is', () => {
    const health = new HealthScore(8)
    health.apply(3)
    expect(health.scale(500)).toBe(2_000)
    health.apply(99)
    expect(health.scale(1_000)).toBe(9_000)
  })

  test('with a highest of 0 is switched off', () => {
    const health = new HealthScore(0)
    health.apply(5)
    expect([health.score, health.scale(700)]).toEqual([0, 700])
  })

  test('moves as Lifeguard Table I has it, and by one for a doubt of oneself', () => {
    const { doubt, ...lifeguard } = healthDelta
    expect(lifeguard).toEqual({ probeAnswered: -1, probeFailed: 1, nackMissed: 1, refuted: 1, loopLag: 1 })
    expect(doubt).toBe(1)
  })
})
