import { describe, expect, test } from 'vitest'
import type { Ref } from '../model/ref.ts'
import {
  type Distance,
  distanceClasses,
  farthest,
  fingerDistance,
  ringDistance,
  roundTripDistance,
  xorDistance,
  zoneDistance,
} from './distance.ts'
import { expectCoverage } from './testing/coverage.ts'
import { Group } from './testing/group.ts'
import { type TopologyOptions, topologyAware } from './topology-aware.ts'

/** Looks at each, by name. */
function looks(group: Group, options: TopologyOptions, count: number): Map<string, number> {
  const scheduler = group.schedule(topologyAware(options), 5)
  const found = new Map<string, number>()
  for (let i = 0; i < count; i++) {
    const name = group.table.name(scheduler.next()!)
    found.set(name, (found.get(name) ?? 0) + 1)
  }
  return found
}

/** Members at given distances. */
function placed(distances: Readonly<Record<string, number>>): [Group, Distance] {
  const group = new Group()
  for (const name of Object.keys(distances)) group.add(name)
  return [group, (members) => (ref) => distances[members.name(ref)]!]
}

const zone = zoneDistance('zone')

describe.each([
  ['ring', ringDistance],
  ['xor', xorDistance],
  ['finger', fingerDistance],
  ['round trip', roundTripDistance],
  ['zone', zone],
])('with the distance by %s', (_name, distance) => {
  test.each([
    [1, 16, undefined],
    [3, 1, undefined],
    [2, 2, 1],
  ])(
    'and %i neighbours of %i a member that is there throughout waits at most (s + 1) · (2n − 1) looks',
    (neighbours, radius, reach) => {
      const options = { distance, neighbours, radius, ...(reach === undefined ? {} : { reach }) }
      expectCoverage(topologyAware(options), (n) => (neighbours + 1) * (2 * n - 1), 100)
    },
  )
})

describe('of s + 1 looks', () => {
  test.each([1, 2, 5])('%i go to the neighbourhood, and one to the round', (neighbours) => {
    const group = new Group('eu')
    for (let i = 0; i < 4; i++) group.add(`near${i}`, 'eu')
    for (let i = 0; i < 12; i++) group.add(`far${i}`, 'us')
    const rounds = 100
    const found = looks(group, { distance: zone, neighbours }, rounds * 16 * (neighbours + 1))
    for (let i = 0; i < 12; i++) expect(found.get(`far${i}`)).toBe(rounds)
    for (let i = 0; i < 4; i++) expect(found.get(`near${i}`)).toBe(rounds + (rounds * 16 * neighbours) / 4)
  })

  test('all go to the round where nobody is near', () => {
    const group = new Group('eu')
    for (let i = 0; i < 10; i++) group.add(`far${i}`, 'us')
    const found = looks(group, { distance: zone, neighbours: 7 }, 100)
    expect(new Set(found.values())).toEqual(new Set([10]))
  })

  test('there is none where there is nobody', () => {
    expect(new Group().schedule(topologyAware({ distance: zone }), 1).next()).toBeUndefined()
  })
})

describe('the neighbourhood', () => {
  const distances = { a: 0, b: 1, c: 1, d: 1, e: 2, f: 5, g: 30, h: farthest }

  test.each([
    [{ radius: 1 }, 'a'],
    [{ radius: 2 }, 'abcd'],
    [{ radius: 4 }, 'abcd'],
    [{ radius: 5 }, 'abcde'],
    [{ radius: 7 }, 'abcdefg'],
    [{ radius: Number.POSITIVE_INFINITY }, 'abcdefg'],
    [{ reach: 0 }, 'a'],
    [{ reach: 1 }, 'abcd'],
    [{ reach: 4 }, 'abcde'],
    [{ reach: 4, radius: 3 }, 'abcd'],
  ])('with %o is %s: whole classes, the nearest first, never the farthest', (options, expected) => {
    const [group, distance] = placed(distances)
    const found = looks(group, { distance, neighbours: 31, ...options }, 32 * 8 * 4)
    const near = Object.keys(distances).filter((name) => found.get(name)! > 4)
    expect(near.join('')).toBe(expected)
  })

  test('is looked at class by class, so that members of small ones have more turns', () => {
    const [group, distance] = placed(distances)
    const found = looks(group, { distance, radius: 5 }, 2 * 900)
    const more = (name: string) => found.get(name)! - 900 / 8
    for (const name of 'ae') expect(Math.abs(more(name) - 300)).toBeLessThanOrEqual(1)
    for (const name of 'bcd') expect(Math.abs(more(name) - 100)).toBeLessThanOrEqual(1)
  })

  test('is that of a member’s new zone as soon as it has moved', () => {
    const group = new Group('eu')
    const near = group.add('near', 'eu')
    for (let i = 0; i < 30; i++) group.add(`far${i}`, 'us')
    const scheduler = group.schedule(topologyAware({ distance: zone, neighbours: 31 }), 1)
    const moved = group.table.find('far7')!
    group.move(near, undefined)
    group.move(moved, 'eu')
    // One of them may be the round's.
    const found = Array.from({ length: 8 }, () => scheduler.next())
    expect(found.filter((ref) => ref === near).length).toBeLessThanOrEqual(1)
    expect(found.filter((ref) => ref === moved).length).toBeGreaterThanOrEqual(7)
  })

  test('is another when the node itself has moved, within a round', () => {
    const group = new Group('eu')
    for (let i = 0; i < 10; i++) group.add(`eu${i}`, 'eu')
    for (let i = 0; i < 10; i++) group.add(`us${i}`, 'us')
    const scheduler = group.schedule(topologyAware({ distance: zone }), 1)
    const inUs = (count: number) =>
      Array.from({ length: count }, () => scheduler.next()!).filter((ref) =>
        group.table.name(ref).startsWith('us'),
      ).length
    expect(inUs(80)).toBe(20)
    group.move(group.table.self, 'us')
    inUs(80)
    expect(inUs(80)).toBe(60)
  })

  test('by round trip is empty until members were measured, and all of it is known after one round', () => {
    const group = new Group()
    const refs = Array.from({ length: 20 }, (_, i) => group.add(`n${i}`))
    const scheduler = group.schedule(topologyAware({ distance: roundTripDistance, radius: 4 }), 1)
    // Measured by each look, as the engine does it.
    const look = (): Ref => {
      const ref = scheduler.next()!
      group.rtts.set(group.table.name(ref), refs.indexOf(ref) < 4 ? 0.2 : 40)
      return ref
    }
    const first = Array.from({ length: 40 }, look)
    expect(new Set(first)).toEqual(new Set(refs))
    const then = Array.from({ length: 80 }, look)
    expect(then.filter((ref) => refs.indexOf(ref) < 4)).toHaveLength(40 + 8)
    // Now they are far away.
    for (const ref of refs) group.rtts.set(group.table.name(ref), 40)
    for (let i = 0; i < 80; i++) {
      const ref = scheduler.next()!
      group.rtts.set(group.table.name(ref), 40)
    }
    // Twice the whole group in either round, give or take one.
    const last = Array.from({ length: 80 }, () => scheduler.next()!)
    const counts = refs.map((ref) => last.filter((each) => each === ref).length)
    expect([Math.min(...counts) >= 2, Math.max(...counts) <= 6]).toEqual([true, true])
  })

  test('loses whoever goes, and gets who comes back', () => {
    const group = new Group('eu')
    const [a, b] = [group.add('a', 'eu'), group.add('b', 'eu')]
    const scheduler = group.schedule(topologyAware({ distance: zone, neighbours: 3 }), 1)
    const seen = () => new Set(Array.from({ length: 20 }, () => scheduler.next()))
    expect(seen()).toEqual(new Set([a, b]))
    group.fail(a)
    expect(seen()).toEqual(new Set([b]))
    group.comeBack(a)
    expect(seen()).toEqual(new Set([a, b]))
    group.remove(a)
    const c = group.add('c', 'us')
    group.remove(b)
    expect(seen()).toEqual(new Set([c]))
  })

  test('asks for the distance of no more than one member in each turn', () => {
    const group = new Group('eu')
    for (let i = 0; i < 500; i++) group.add(`n${i}`, i % 2 === 0 ? 'eu' : 'us')
    let asked = 0
    const counting: Distance = (members, paths) => {
      const classOf = zone(members, paths)
      return (ref) => {
        asked++
        return classOf(ref)
      }
    }
    const scheduler = group.schedule(topologyAware({ distance: counting }), 1)
    expect(asked).toBe(500)
    for (let i = 0; i < 100; i++) scheduler.next()
    expect(asked).toBeLessThanOrEqual(600)
  })
})

describe('an option out of its range is refused:', () => {
  test.each([
    [{ radius: 0 }, 'radius is 0: must be 1 or more'],
    [{ radius: Number.NaN }, 'radius is NaN: must be 1 or more'],
    [{ reach: -1 }, 'reach is -1: must be a whole number 0..30'],
    [{ reach: distanceClasses - 1 }, 'reach is 31: must be a whole number 0..30'],
    [{ neighbours: 0 }, 'neighbours is 0: must be a whole number 1..31'],
    [{ neighbours: 1.5 }, 'neighbours is 1.5: must be a whole number 1..31'],
  ])('%o', (options, message) => {
    expect(() => topologyAware({ distance: zone, ...options })).toThrow(new RangeError(message))
  })
})
