import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom, type Random } from './random.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const take = (random: Random, count: number) => Array.from({ length: count }, () => random.u32())
const seed = fc.array(fc.nat(0xffff_ffff), { maxLength: 4 })

describe('seeded randomness', () => {
  test('never changes: every recorded run depends on it', () => {
    expect(take(createRandom([1, 2, 3, 4]), 4)).toEqual([
      1_510_539_903, 2_613_094_832, 2_895_314_609, 3_861_949_318,
    ])
    expect(take(createRandom([]), 2)).toEqual([24_724_473, 838_574_162])
    expect(take(createRandom([1, 2, 3, 4]).fork('detector:pingack'), 2)).toEqual([
      2_808_648_212, 1_744_355_309,
    ])
    const mixed = createRandom([42])
    expect([mixed.below(10), mixed.below(1_000_000), mixed.fraction(), mixed.u32()]).toEqual([
      8, 726_219, 0.004049275768920779, 4_170_202_760,
    ])
  })

  test('the same seed gives the same sequence, another seed another', () => {
    fc.assert(
      fc.property(seed, seed, (a, b) => {
        const same = a.length === b.length && a.every((word, i) => word === b[i])
        expect(take(createRandom(a), 4)).toEqual(take(createRandom(a), 4))
        expect(take(createRandom(a), 4).join() === take(createRandom(b), 4).join()).toBe(same)
      }),
    )
  })

  test('neither forking nor drawing from a fork shifts the one that was forked', () => {
    const alone = take(createRandom([5]), 8)
    const random = createRandom([5])
    const drawn: number[] = []
    for (let i = 0; i < 8; i++) {
      const fork = random.fork(`plugin ${i}`)
      take(fork, i)
      fork.fork('deeper').u32()
      drawn.push(random.u32())
    }
    expect(drawn).toEqual(alone)
  })

  test('a fork depends on the seed and its label alone, not on what was drawn before', () => {
    const early = createRandom([5]).fork('x')
    const late = createRandom([5])
    take(late, 100)
    late.fork('y')
    expect(take(late.fork('x'), 5)).toEqual(take(early, 5))
  })

  test('forks with different labels, by different ways, and their origin are different sequences', () => {
    const root = createRandom([5])
    const forks = [
      root,
      root.fork(''),
      root.fork('a'),
      root.fork('b'),
      root.fork('ab'),
      root.fork('ba'),
      root.fork('a').fork('b'),
      root.fork('b').fork('a'),
      createRandom([6]).fork('a'),
    ]
    expect(new Set(forks.map((random) => take(random, 2).join())).size).toBe(forks.length)
  })

  test('below stays below, whatever the bound', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 2 ** 32 })),
        (s, bound) => {
          const random = createRandom([s])
          for (let i = 0; i < 20; i++) {
            const value = random.below(bound)
            expect(Number.isInteger(value) && value >= 0 && value < bound).toBe(true)
          }
        },
      ),
    )
  })

  test('below(2³²) is a plain draw, and below(1) is 0', () => {
    expect(createRandom([9]).below(2 ** 32)).toBe(createRandom([9]).u32())
    expect(createRandom([9]).below(1)).toBe(0)
  })

  test('below is unbiased also where the bound does not divide 2³²', () => {
    // With a plain remainder the lower half of this bound would come up twice as often.
    const bound = 3 * 2 ** 30
    const random = createRandom([17])
    const draws = 30_000
    const thirds = [0, 0, 0]
    for (let i = 0; i < draws; i++) thirds[Math.floor(random.below(bound) / 2 ** 30)]!++
    // Chi-square with 2 degrees of freedom: beyond 13.8 with probability 0.001.
    expect(thirds.reduce((sum, count) => sum + (count - draws / 3) ** 2 / (draws / 3), 0)).toBeLessThan(13.8)
  })

  test('fractions are in [0, 1), and spread', () => {
    const random = createRandom([21])
    const tenths = new Array<number>(10).fill(0)
    for (let i = 0; i < 10_000; i++) tenths[Math.floor(random.fraction() * 10)]!++
    expect(tenths.length).toBe(10)
    // Chi-square with 9 degrees of freedom: beyond 27.9 with probability 0.001.
    expect(tenths.reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)).toBeLessThan(27.9)
  })
})
