import { expect, test } from 'vitest'
import { aftermath, Touched } from './touched.ts'

test('a node is touched as long as one of its faults lasts, and for the aftermath of the last', () => {
  let now = 100_000
  const touched = new Touched(() => now)
  expect(touched.lately('a')).toBe(false)
  const first = touched.begin(['a', 'b'])
  const second = touched.begin(['a'])
  first()
  first()
  expect([touched.since('a'), touched.since('b')]).toEqual([Number.POSITIVE_INFINITY, 100_000])
  now += 1_000
  second()
  now += aftermath - 1
  expect([touched.lately('a'), touched.lately('b')]).toEqual([true, false])
  now += 1
  expect(touched.lately('a')).toBe(false)
})

test('once all agree the aftermath is over in five seconds, but for a fault that lasts', () => {
  let now = 100_000
  const touched = new Touched(() => now)
  touched.now(['a'])
  touched.begin(['b'])
  touched.rest()
  now += 4_999
  expect(touched.lately('a')).toBe(true)
  now += 1
  expect([touched.lately('a'), touched.lately('b')]).toEqual([false, true])
})
