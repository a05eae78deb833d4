import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Once } from './once.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

describe('numbers of a sender', () => {
  test('are new once, whatever their order', () => {
    const once = new Once()
    const verdicts = [0, 2, 1, 2, 0, 5, 5, 3].map((number) => once.take(1n, number))
    expect(verdicts).toEqual(['new', 'new', 'new', 'again', 'again', 'new', 'again', 'new'])
  })

  test('are those of that sender alone', () => {
    const once = new Once()
    expect([once.take(1n, 7), once.take(2n, 7), once.take(1n, 7)]).toEqual(['new', 'new', 'again'])
  })

  test('so far behind that nobody knows are old', () => {
    const once = new Once()
    once.take(1n, 5_000)
    expect([5_000 - 1_024, 5_000 - 1_023].map((number) => once.take(1n, number))).toEqual(['old', 'new'])
  })

  test('may be as large as numbers go', () => {
    const once = new Once()
    const most = Number.MAX_SAFE_INTEGER
    const numbers = [1, most, most, most - 1_023, most - 1_024, 1]
    expect(numbers.map((number) => once.take(1n, number))).toEqual([
      'new',
      'new',
      'again',
      'new',
      'old',
      'old',
    ])
  })

  test('are never new a second time, and new the first time within the window', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(3_000), { maxLength: 300 }), (numbers) => {
        const once = new Once()
        const taken = new Set<number>()
        let highest = -1
        for (const number of numbers) {
          const expected = number <= highest - 1_024 ? 'old' : taken.has(number) ? 'again' : 'new'
          expect(once.take(9n, number)).toBe(expected)
          if (expected === 'new') taken.add(number)
          highest = Math.max(highest, number)
        }
      }),
    )
  })

  test('of the senders that were heard longest ago are forgotten', () => {
    const once = new Once()
    for (let sender = 0n; sender < 4_096n; sender++) once.take(sender, 1)
    once.take(0n, 1)
    once.take(9_999n, 1)
    expect(once.size).toBe(4_096)
    expect([once.take(0n, 1), once.take(1n, 1)]).toEqual(['again', 'new'])
  })
})
