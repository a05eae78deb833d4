import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Penalties } from './penalties.ts'
import { aColumn, aRef } from './testing/rows.ts'

fc.configureGlobal({ seed: 20_260_207 })

const member = aRef(1)
const made = (): Penalties => new Penalties({ column: (_, initial) => aColumn(initial) }, 60_000)

test('each return counts one, three at the most, and is forgotten by half in each half-life', () => {
  const penalties = made()
  expect(penalties.of(member, 0)).toBe(0)
  penalties.add(member, 1_000)
  expect([1_000, 61_000, 121_000, 181_000].map((now) => penalties.of(member, now))).toEqual([
    1, 0.5, 0.25, 0.125,
  ])
  for (let i = 0; i < 5; i++) penalties.add(member, 181_000)
  expect(penalties.of(member, 181_000)).toBe(3)
  expect(penalties.of(member, 10 * 60_000)).toBe(0)
  expect(penalties.of(aRef(2), 181_000)).toBe(0)
})

test('it only ever falls, and stays close to the power of two that it stands for', () => {
  const penalties = made()
  penalties.add(member, 0)
  let before = 1
  for (let now = 0; now < 280_000; now += 500) {
    const penalty = penalties.of(member, now)
    expect(penalty).toBeLessThanOrEqual(before)
    expect(Math.abs(penalty / 2 ** (-now / 60_000) - 1)).toBeLessThan(0.07)
    before = penalty
  }
})
