import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Ref } from '../model/ref.ts'
import { ringAhead, ringPosition } from './ring-position.ts'
import { ringSuccessor } from './ring-successor.ts'
import { expectCoverage } from './testing/coverage.ts'
import { Group } from './testing/group.ts'

/** All others, next on the ring first. */
function inOrder({ others, table }: Group): Ref[] {
  const ahead = (ref: Ref) => ringAhead(ringPosition('self'), ringPosition(table.name(ref)))
  return others.sort((a, b) => ahead(a) - ahead(b))
}

function groupOf(n: number, seed = 1) {
  const group = new Group()
  for (let i = 0; i < n; i++) group.add(`n${i}`)
  return { group, scheduler: group.schedule(ringSuccessor, seed) }
}

describe('the ring successor', () => {
  test('without members is nobody', () => {
    expect(groupOf(0).scheduler.next()).toBeUndefined()
  })

  test('is looked at every second turn, and in the others everyone once per round', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.nat(), (n, seed) => {
        const { group, scheduler } = groupOf(n, seed)
        const looks = Array.from({ length: 6 * n }, () => scheduler.next()!)
        const [successor] = inOrder(group)
        const even = looks.filter((_, i) => i % 2 === 0)
        const odd = looks.filter((_, i) => i % 2 === 1)
        // Which of them begins is drawn.
        const ring = even.every((ref) => ref === successor) ? even : odd
        const others = ring === even ? odd : even
        expect(new Set(ring)).toEqual(new Set([successor]))
        for (let round = 0; round < 3; round++) {
          expect(new Set(others.slice(n * round, n * (round + 1)))).toEqual(new Set(group.others))
        }
      }),
    )
  })

  test('begins with either, by the seed, and the same seed gives the same looks', () => {
    const first = (seed: number) => {
      const { group, scheduler } = groupOf(100, seed)
      return [scheduler.next() === inOrder(group)[0], ...Array.from({ length: 50 }, () => scheduler.next())]
    }
    const begins = Array.from({ length: 40 }, (_, seed) => first(seed)[0])
    expect(new Set(begins)).toEqual(new Set([true, false]))
    expect(first(3)).toEqual(first(3))
  })

  test('of a whole group gives each member exactly one predecessor', () => {
    const names = Array.from({ length: 50 }, (_, i) => `n${i}`)
    const successorOf = (name: string) =>
      names
        .filter((other) => other !== name)
        .sort(
          (a, b) =>
            ringAhead(ringPosition(name), ringPosition(a)) - ringAhead(ringPosition(name), ringPosition(b)),
        )[0]
    expect(new Set(names.map(successorOf)).size).toBe(50)
  })

  test('a member that is there throughout waits at most 2 · (2n − 1) looks', () => {
    expectCoverage(ringSuccessor, (n) => 2 * (2 * n - 1))
  })

  test('that is suspect is looked at once more, and then whoever comes next, until it is alive again', () => {
    const { group, scheduler } = groupOf(20)
    const [first, second, third] = inOrder(group) as [Ref, Ref, Ref]
    const ringLooks = (count: number) =>
      Array.from({ length: 2 * count }, () => scheduler.next()!).filter((_, i) => i % 2 === 0)
    if (scheduler.next() !== first) expect(scheduler.next()).toBe(first)
    scheduler.next()
    group.suspect(first)
    expect(ringLooks(3)).toEqual([first, second, second])
    group.suspect(second)
    expect(ringLooks(3)).toEqual([second, third, third])
    group.refute(first)
    expect(ringLooks(2)).toEqual([first, first])
    group.suspect(first)
    expect(ringLooks(3)).toEqual([first, third, third])
  })

  test('is another one’s turn where all that are left are suspects', () => {
    const { group, scheduler } = groupOf(3)
    for (const ref of group.others) group.suspect(ref)
    const looks = Array.from({ length: 30 }, () => scheduler.next()!)
    for (const ref of group.others) expect(looks.filter((look) => look === ref).length).toBeGreaterThan(7)
  })

  test('is the right one as long as no more than four of the eight next have gone, and the newcomers among them count', () => {
    const { group, scheduler } = groupOf(300)
    for (const ref of inOrder(group).slice(0, 4)) group.fail(ref)
    expect(looksAtSuccessor()).toBe(true)
    group.add('newcomer-7')
    for (let i = 0; i < 50; i++) {
      group.add(`more${i}`)
      expect(looksAtSuccessor()).toBe(true)
    }

    function looksAtSuccessor(): boolean {
      const [successor] = inOrder(group)
      return [scheduler.next(), scheduler.next()].includes(successor)
    }
  })

  test('whoever comes and goes, is found again within a turn for each 64 members', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 20, max: 300 }),
        fc.array(
          fc.record({ type: fc.constantFrom('near', 'any', 'join', 'back', 'turn'), which: fc.nat() }),
          {
            minLength: 10,
            maxLength: 120,
          },
        ),
        (n, steps) => {
          const { group, scheduler } = groupOf(n)
          const failed: Ref[] = []
          let named = 0
          const fail = (ref: Ref | undefined) => {
            if (ref === undefined) return
            group.fail(ref)
            failed.push(ref)
          }
          for (const { type, which } of steps) {
            if (type === 'near') for (const ref of inOrder(group).slice(0, 1 + (which % 5))) fail(ref)
            else if (type === 'any') fail(group.others[which % Math.max(1, group.others.length)])
            else if (type === 'join') group.add(`j${named++}`)
            else if (type === 'back' && failed.length > 0) {
              group.comeBack(failed.splice(which % failed.length, 1)[0]!)
            } else scheduler.next()
          }
          // One search may be under way that began earlier, and another be needed after it.
          const turns = 2 * (Math.ceil(group.table.active / 64) + 1)
          for (let i = 0; i < turns; i++) scheduler.next()
          const [successor] = inOrder(group)
          expect([scheduler.next(), scheduler.next()]).toContain(successor)
        },
      ),
      { numRuns: 200, seed: 11 },
    )
  })

  test('looks at a bounded number of members in each turn', () => {
    const { group, scheduler } = groupOf(1_000)
    for (const ref of inOrder(group).slice(0, 8)) group.fail(ref)
    const { table } = group
    let reads = 0
    const activeAt = table.activeAt.bind(table)
    table.activeAt = (index) => {
      reads++
      return activeAt(index)
    }
    const each = Array.from({ length: 30 }, () => {
      const before = reads
      scheduler.next()
      return reads - before
    })
    expect(Math.max(...each)).toBe(64)
    expect(reads).toBe(993)
  })
})
