import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../engine/random.ts'
import type { MemberView } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import { roundRobin } from './round-robin.ts'
import { unknownPaths } from './strategy.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const member = (n: number) => n as Ref
/** No strategy here looks at the members: it is told of them. */
const noMembers = {} as MemberView
const scheduler = (seed: number, members: Iterable<number> = []) => {
  const made = roundRobin(noMembers, createRandom([seed]), unknownPaths)
  for (const each of members) made.added(member(each))
  return made
}
const range = (count: number) => Array.from({ length: count }, (_, i) => i)

/** What happens before and between looks. `replace`: whoever was looked at last leaves, and a newcomer joins. */
type Churn =
  | { readonly type: 'look' | 'join' | 'replace' }
  | { readonly type: 'leave'; readonly which: number }

const only = (type: 'look' | 'join' | 'replace') => fc.constant({ type } as const)
const churn: fc.Arbitrary<readonly Churn[]> = fc
  .array(
    fc.oneof(
      { arbitrary: fc.array(only('look'), { maxLength: 5 }), weight: 2 },
      { arbitrary: fc.array(only('join'), { maxLength: 3 }), weight: 1 },
      {
        arbitrary: fc.record({ type: fc.constant('leave' as const), which: fc.nat() }).map((step) => [step]),
        weight: 1,
      },
      {
        arbitrary: fc
          .integer({ min: 1, max: 12 })
          .map((times) =>
            Array.from({ length: times }, (): Churn[] => [{ type: 'look' }, { type: 'replace' }]).flat(),
          ),
        weight: 2,
      },
    ),
    { maxLength: 40 },
  )
  .map((parts) => parts.flat())

describe('round robin', () => {
  test('without members looks at nobody', () => {
    expect(scheduler(1).next()).toBeUndefined()
  })

  test('looks at everyone once in each round of a group that stays as it is', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (n, seed) => {
        const each = scheduler(seed, range(n))
        for (let round = 0; round < 4; round++) {
          const looks = range(n).map(() => each.next()!)
          expect([...looks].sort((a, b) => a - b)).toEqual(range(n))
        }
      }),
    )
  })

  test('draws the order of each round anew', () => {
    const each = scheduler(3, range(10))
    const rounds = range(20).map(() =>
      range(10)
        .map(() => each.next()!)
        .join(),
    )
    expect(new Set(rounds).size).toBe(20)
  })

  test('every order of a round is equally likely', () => {
    const each = scheduler(5, range(3))
    const counts = new Map<string, number>()
    for (let round = 0; round < 6_000; round++) {
      const order = range(3)
        .map(() => each.next()!)
        .join('')
      counts.set(order, (counts.get(order) ?? 0) + 1)
    }
    // Chi-square with 5 degrees of freedom: beyond 20.5 with probability 0.001.
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)
    expect(counts.size).toBe(6)
    expect(chi).toBeLessThan(20.5)
  })

  test('a member that is there throughout waits at most 2n − 1 looks, n being the largest size meanwhile', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), churn, fc.nat(), (stay, steps, seed) => {
        const staying = range(stay)
        const each = scheduler(seed, staying)
        let guests: number[] = []
        let next = stay
        let looked: number | undefined
        const join = () => {
          each.added(member(next))
          guests.push(next++)
        }
        const leave = (gone: number | undefined) => {
          if (gone === undefined || !guests.includes(gone)) return
          each.removed(member(gone))
          guests = guests.filter((guest) => guest !== gone)
        }
        // For each who stays: looks since the last at it, and the largest group in that time.
        const waits = staying.map(() => ({ looks: 0, n: stay }))
        for (const step of steps) {
          if (step.type === 'join') join()
          else if (step.type === 'leave') leave(guests[step.which % Math.max(1, guests.length)])
          else if (step.type === 'replace') {
            leave(looked)
            join()
          } else {
            looked = each.next()
            for (const [who, wait] of waits.entries()) {
              wait.looks++
              if (looked === who) Object.assign(wait, { looks: 0, n: stay + guests.length })
            }
          }
          for (const wait of waits) {
            wait.n = Math.max(wait.n, stay + guests.length)
            // The look that ends the wait is the last of the 2n − 1.
            expect(wait.looks).toBeLessThanOrEqual(2 * wait.n - 2)
          }
        }
      }),
      { numRuns: 1_000, seed: 7 },
    )
  })

  test('a stream of newcomers, each gone after its look, keeps nobody waiting for longer than 2n − 1 looks', () => {
    // One who stays and one guest at a time: n is 2.
    for (let seed = 0; seed < 20; seed++) {
      const each = scheduler(seed, [0, 1])
      let guest = 1
      let waited = 0
      let longest = 0
      for (let look = 0; look < 500; look++) {
        if (each.next() === 0) waited = 0
        else {
          waited++
          each.removed(member(guest))
          each.added(member(++guest))
        }
        longest = Math.max(longest, waited)
      }
      expect(longest).toBeLessThanOrEqual(2)
    }
  })

  test('a removal costs nobody else a turn: the rest of the round is everyone not yet looked at', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(), fc.nat(), fc.nat(), (n, seed, looks, which) => {
        const each = scheduler(seed, range(n))
        const seen = range(looks % n).map(() => each.next()!)
        const gone = which % n
        each.removed(member(gone))
        const rest = range(n).filter((other) => other !== gone && !seen.includes(member(other)))
        expect(rest.map(() => each.next()!).sort((a, b) => a - b)).toEqual(rest)
      }),
    )
  })

  test('is not upset by a member that is added twice, or removed twice', () => {
    const each = scheduler(1, [0, 1, 1])
    each.removed(member(0))
    each.removed(member(0))
    each.removed(member(9))
    expect([each.next(), each.next()]).toEqual([1, 1])
  })

  test('knows a new handle of a slot from the old one', () => {
    const [old, next] = [member(5), member(5 | (1 << 20))]
    const each = scheduler(1, [5])
    each.removed(old)
    each.added(next)
    each.removed(old)
    expect(each.next()).toBe(next)
  })
})
