import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../engine/random.ts'
import { Directory } from '../model/directory.ts'
import { MemberTable } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import { activeStatuses, Status, statusBit } from '../model/status.ts'
import { aRecord } from '../model/testing/a-record.ts'
import { createSampler } from './sampler.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

/** A node and n others, of these statuses in turn. */
function group(n: number, statuses: readonly Status[] = [Status.Alive]): [MemberTable, Ref[]] {
  const table = new MemberTable(new Directory())
  table.add(aRecord('self'), 1, 0)
  const refs = Array.from({ length: n }, (_, i) => {
    const { ref } = table.add(aRecord(`n${i}`), 1, 0)!
    table.set(ref, statuses[i % statuses.length]!, 1, 0)
    return ref
  })
  return [table, refs]
}

const anyStatus = fc.constantFrom<Status>(0, 1, 2, 3)

describe('a sample', () => {
  test('is distinct, of the statuses asked for, and neither this node nor the exception; never more than k', () => {
    fc.assert(
      fc.property(
        fc.nat(60),
        fc.nat(8),
        fc.array(anyStatus, { minLength: 1, maxLength: 7 }),
        fc.integer({ min: 0, max: 15 }),
        fc.nat(),
        (n, k, statuses, mask, seed) => {
          const [table, refs] = group(n, statuses)
          const except = refs[seed % Math.max(1, n)]
          const out: Ref[] = []
          createSampler(table, createRandom([seed])).sample(k, mask, out, except)
          expect(new Set(out).size).toBe(out.length)
          expect(out.length).toBeLessThanOrEqual(k)
          expect(out).not.toContain(table.self)
          expect(out).not.toContain(except)
          for (const ref of out) {
            expect(mask & activeStatuses & statusBit(table.status(ref))).not.toBe(0)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('is everyone where there are no more than k, and k where there are', () => {
    fc.assert(
      fc.property(fc.nat(40), fc.integer({ min: 0, max: 12 }), fc.nat(), (n, k, seed) => {
        const [table, refs] = group(n)
        const out: Ref[] = []
        createSampler(table, createRandom([seed])).sample(k, activeStatuses, out)
        expect(out.length).toBe(Math.min(n, k))
        if (n <= k) expect(new Set(out)).toEqual(new Set(refs))
      }),
    )
  })

  test('finds the few that fit in a group of fewer than 3k', () => {
    const [table, refs] = group(7, [Status.Suspect])
    table.set(refs[4]!, Status.Alive, 2, 0)
    for (let seed = 0; seed < 50; seed++) {
      const out: Ref[] = []
      createSampler(table, createRandom([seed])).sample(3, statusBit(Status.Alive), out)
      expect(out).toEqual([refs[4]])
    }
  })

  test('goes behind what is there already, which counts neither as drawn nor as excluded', () => {
    const [table, refs] = group(3)
    const out: Ref[] = [refs[0]!]
    createSampler(table, createRandom([1])).sample(3, activeStatuses, out)
    expect(out[0]).toBe(refs[0])
    expect(new Set(out.slice(1))).toEqual(new Set(refs))
  })

  // One group below 3k and one far above: the two ways to draw.
  test.each([
    [7, 3],
    [20, 3],
  ])('of %i members and k = %i holds each equally often, at each place', (n, k) => {
    const [table, refs] = group(n)
    const sampler = createSampler(table, createRandom([n]))
    const draws = 20_000
    const first = new Map<Ref, number>()
    const all = new Map<Ref, number>()
    for (let draw = 0; draw < draws; draw++) {
      const out: Ref[] = []
      sampler.sample(k, activeStatuses, out)
      first.set(out[0]!, (first.get(out[0]!) ?? 0) + 1)
      for (const ref of out) all.set(ref, (all.get(ref) ?? 0) + 1)
    }
    const chi = (counts: Map<Ref, number>, expected: number) =>
      refs.reduce((sum, ref) => sum + ((counts.get(ref) ?? 0) - expected) ** 2 / expected, 0)
    // With 19 degrees of freedom 43.8 is exceeded with probability 0.001; with 6, 22.5.
    const bound = n === 20 ? 43.8 : 22.5
    expect(chi(first, draws / n)).toBeLessThan(bound)
    expect(chi(all, (draws * k) / n)).toBeLessThan(bound)
  })

  test('does not favour pairs of neighbours', () => {
    const [table, refs] = group(6)
    const sampler = createSampler(table, createRandom([9]))
    const pairs = new Map<string, number>()
    for (let draw = 0; draw < 15_000; draw++) {
      const out: Ref[] = []
      sampler.sample(2, activeStatuses, out, undefined)
      const key = out
        .map((ref) => refs.indexOf(ref))
        .sort()
        .join()
      pairs.set(key, (pairs.get(key) ?? 0) + 1)
    }
    // Chi-square with 14 degrees of freedom: beyond 36.1 with probability 0.001.
    const chi = [...pairs.values()].reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)
    expect(pairs.size).toBe(15)
    expect(chi).toBeLessThan(36.1)
  })
})
