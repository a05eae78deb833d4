import fc from 'fast-check'
import { expect, it } from 'vitest'
import { RateLimit } from './rate-limit.ts'

let now = 0
const limit = (more: { perSecond?: number; burst?: number; sources?: number } = {}) =>
  new RateLimit({ perSecond: 2, burst: 3, sources: 8, now: () => now, ...more })

it('lets a burst through, then one for each period, and says how long to wait', () => {
  const bucket = limit()
  expect([1, 2, 3].map(() => bucket.take('a'))).toEqual([0, 0, 0])
  expect(bucket.take('a')).toBe(500)
  now += 400
  expect(bucket.take('a')).toBeCloseTo(100)
  now += 100
  expect(bucket.take('a')).toBe(0)
  expect(bucket.take('a')).toBe(500)
})

it('saves up no more than a burst', () => {
  const bucket = limit()
  bucket.take('a')
  now += 1e9
  expect([1, 2, 3, 4].map(() => bucket.take('a') > 0)).toEqual([false, false, false, true])
})

it('keeps sources apart', () => {
  const bucket = limit({ burst: 1 })
  expect([bucket.take('a'), bucket.take('b'), bucket.take('a')]).toEqual([0, 0, 500])
})

it('takes nothing by being asked', () => {
  const bucket = limit({ burst: 1 })
  for (let i = 0; i < 10; i++) expect(bucket.wait('a')).toBe(0)
  bucket.take('a')
  expect(bucket.wait('a')).toBe(500)
})

it('remembers as many sources as it may, and forgets the one it has not seen for the longest time', () => {
  const bucket = limit({ burst: 1, sources: 3 })
  for (const source of ['a', 'b', 'c']) expect(bucket.take(source)).toBe(0)
  expect(bucket.take('a')).toBe(500)
  expect(bucket.take('d')).toBe(0) // b goes
  expect([bucket.wait('a') > 0, bucket.wait('c') > 0, bucket.wait('d') > 0]).toEqual([true, true, true])
  expect(bucket.wait('b')).toBe(0)
})

it('never lets more through than a burst and the rate, whatever the times', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3_000 }), { maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      fc.integer({ min: 1, max: 20 }),
      (pauses, perSecond, burst) => {
        const begin = now
        const bucket = limit({ perSecond, burst })
        let through = 0
        for (const pause of pauses) {
          now += pause
          if (bucket.take('a') === 0) through++
          expect(through).toBeLessThanOrEqual(burst + ((now - begin) * perSecond) / 1_000 + 1e-3)
        }
      },
    ),
  )
})
