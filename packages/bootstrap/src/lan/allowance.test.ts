import { expect, it } from 'vitest'
import { Allowance } from './allowance.ts'

const taken = (allowance: Allowance, now: number, asked: number): number =>
  Array.from({ length: asked }, () => allowance.take(now)).filter(Boolean).length

it.each([10, 500])(
  '%i a second are that many at once, and one more as soon as its share of a second is over',
  (perSecond) => {
    const allowance = new Allowance(perSecond)
    expect(taken(allowance, 0, perSecond)).toBe(perSecond)
    const each = 1_000 / perSecond
    expect([0, each / 2, each, each].map((now) => allowance.take(now))).toEqual([false, false, true, false])
  },
)

it('what was not taken is saved up for a second, and no longer', () => {
  const allowance = new Allowance(10)
  taken(allowance, 0, 10)
  expect([taken(allowance, 500, 20), taken(allowance, 3_600_000, 20)]).toEqual([5, 10])
})
