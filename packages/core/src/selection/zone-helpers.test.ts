import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../engine/random.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { createSampler } from './sampler.ts'
import { Group } from './testing/group.ts'
import { zoneHelpers } from './zone-helpers.ts'

function helpersOf(group: Group, seed = 1) {
  const random = createRandom([seed])
  const sampler = createSampler(group.table, random.fork('sampler'))
  const scheduler = group.tell(zoneHelpers('zone')(group.table, random, sampler))
  return (target: Ref, k: number): Ref[] => {
    const out: Ref[] = []
    scheduler.choose(target, k, out)
    return out
  }
}

/** Two in each of these zones, and twenty in none. */
function spread(...zones: string[]): Group {
  const group = new Group('eu/fra/r1')
  for (const zone of zones) for (const i of [1, 2]) group.add(`${zone}#${i}`, zone)
  for (let i = 0; i < 20; i++) group.add(`n${i}`)
  return group
}

describe('helpers by zone', () => {
  test('are one of the target’s own zone, and others at random', () => {
    const group = spread('us/nyc/r1', 'us/nyc/r2', 'us/sfo/r1', 'eu/fra/r1')
    const choose = helpersOf(group)
    const [target, neighbour] = [group.table.find('us/nyc/r1#1')!, group.table.find('us/nyc/r1#2')!]
    const others = new Set<Ref>()
    for (let i = 0; i < 100; i++) {
      const [first, ...rest] = choose(target, 3)
      expect(first).toBe(neighbour)
      expect(rest).toHaveLength(2)
      for (const ref of rest) others.add(ref)
    }
    expect(others.size).toBeGreaterThan(20)
  })

  test('come from the narrowest zone around the target in which one is alive', () => {
    const group = spread('us/nyc/r1', 'us/nyc/r2', 'us/sfo/r1')
    const choose = helpersOf(group)
    const ref = (name: string) => group.table.find(name)!
    const target = ref('us/nyc/r1#1')
    const first = () => new Set(Array.from({ length: 60 }, () => choose(target, 1)[0]))
    expect(first()).toEqual(new Set([ref('us/nyc/r1#2')]))
    group.suspect(ref('us/nyc/r1#2'))
    expect(first()).toEqual(new Set([ref('us/nyc/r2#1'), ref('us/nyc/r2#2')]))
    group.fail(ref('us/nyc/r2#1'))
    group.move(ref('us/nyc/r2#2'), 'eu')
    expect(first()).toEqual(new Set([ref('us/sfo/r1#1'), ref('us/sfo/r1#2')]))
    group.remove(ref('us/sfo/r1#1'))
    group.remove(ref('us/sfo/r1#2'))
    expect(first().size).toBeGreaterThan(10)
    group.comeBack(ref('us/nyc/r2#1'))
    group.move(ref('n7'), 'us/nyc/r1')
    expect(first()).toEqual(new Set([ref('n7')]))
  })

  test('are random where the target has no zone, or nobody shares it', () => {
    const group = spread()
    const alone = group.add('alone', 'us')
    const choose = helpersOf(group)
    for (const target of [alone, group.table.find('n0')!]) {
      const seen = new Set(Array.from({ length: 100 }, () => choose(target, 3)).flat())
      expect(seen.size).toBe(20)
    }
  })

  test('are drawn evenly from a large zone', () => {
    const group = new Group('eu')
    const zone = Array.from({ length: 20 }, (_, i) => group.add(`us${i}`, 'us'))
    const choose = helpersOf(group)
    const counts = new Map<Ref, number>()
    for (let i = 0; i < 19_000; i++) {
      const [first] = choose(zone[0]!, 1)
      counts.set(first!, (counts.get(first!) ?? 0) + 1)
    }
    // Chi-square with 18 degrees of freedom: beyond 42.3 with probability 0.001.
    const chi = [...counts.values()].reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)
    expect([counts.size, counts.has(zone[0]!)]).toEqual([19, false])
    expect(chi).toBeLessThan(42.3)
  })

  test('are distinct, alive, neither the node nor the target, no more than k, and k where there are so many', () => {
    const zones = [undefined, 'eu', 'eu/fra', 'us']
    fc.assert(
      fc.property(
        fc.array(fc.record({ zone: fc.constantFrom(...zones), fate: fc.nat(5) }), {
          minLength: 1,
          maxLength: 25,
        }),
        fc.nat(6),
        fc.nat(),
        (members, k, seed) => {
          const group = new Group(zones[seed % 4])
          const choose = helpersOf(group, seed)
          const refs = members.map(({ zone }, i) => group.add(`n${i}`, zone))
          for (const [i, { fate }] of members.entries()) {
            if (i === 0) continue
            const ref = refs[i]!
            if (fate === 0) group.suspect(ref)
            if (fate === 1) group.fail(ref)
            if (fate === 2) group.remove(ref)
            if (fate === 3) group.move(ref, zones[(i + seed) % 4])
          }
          const target = refs[0]!
          const alive = group.others.filter(
            (ref) => group.table.status(ref) === Status.Alive && ref !== target,
          )
          const chosen = choose(target, k)
          expect(new Set(chosen).size).toBe(chosen.length)
          for (const ref of chosen) expect(alive).toContain(ref)
          expect(chosen.length).toBeLessThanOrEqual(k)
          // Below 3k the sampler tries each; above it is likely to find enough.
          if (group.table.active < 3 * k) expect(chosen.length).toBe(Math.min(k, alive.length))
        },
      ),
      { numRuns: 500, seed: 5 },
    )
  })

  test('go behind what is there already', () => {
    const group = spread('us')
    const scheduler = group.tell(
      zoneHelpers('zone')(group.table, createRandom([1]), createSampler(group.table, createRandom([2]))),
    )
    const [target, other] = [group.table.find('us#1')!, group.table.find('us#2')!]
    const out = [other]
    scheduler.choose(target, 1, out)
    scheduler.choose(target, 0, out)
    expect(out).toEqual([other, other])
  })
})
