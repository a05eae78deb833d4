import { describe, expect, test } from 'vitest'
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
import { ringAhead, ringLength, ringPosition, upperWord } from './ring-position.ts'
import { Group } from './testing/group.ts'

const names = Array.from({ length: 3_000 }, (_, i) => `n${i}`)

/** Class of each of three thousand members. */
function classes(distance: Distance): Map<string, number> {
  const group = new Group()
  const refs = names.map((name) => group.add(name))
  const classOf = distance(group.table, group.paths)
  return new Map(refs.map((ref, i) => [names[i]!, classOf(ref)]))
}

const countsOf = (found: Map<string, number>): number[] => {
  const counts = new Array<number>(distanceClasses).fill(0)
  for (const each of found.values()) counts[each]!++
  return counts
}

describe('the ring of names', () => {
  test('has a place for each, and the way round is the whole ring', () => {
    expect(new Set(names.map(ringPosition)).size).toBe(names.length)
    for (const [i, name] of names.entries()) {
      const [a, b] = [ringPosition(name), ringPosition(names[(i + 1) % names.length]!)]
      expect(a).toBeGreaterThanOrEqual(0)
      expect(a).toBeLessThan(ringLength)
      expect(ringAhead(a, b) + ringAhead(b, a)).toBe(ringLength)
      expect(ringAhead(a, a)).toBe(ringLength)
    }
  })

  test('spreads names that differ in a digit evenly', () => {
    const eighths = new Array<number>(8).fill(0)
    for (const name of names) eighths[Math.floor((8 * ringPosition(name)) / ringLength)]!++
    // Chi-square with 7 degrees of freedom: beyond 24.3 with probability 0.001.
    expect(eighths.reduce((sum, count) => sum + (count - 375) ** 2 / 375, 0)).toBeLessThan(24.3)
  })
})

describe.each([
  ['ring', ringDistance],
  ['xor', xorDistance],
])('the distance by %s', (_name, distance) => {
  test('has half of the members in the farthest class, a quarter in the one before it, and so on', () => {
    const counts = countsOf(classes(distance))
    for (const [i, share] of [0.5, 0.25, 0.125, 0.0625].entries()) {
      const expected = share * names.length
      const deviation = Math.sqrt(expected * (1 - share))
      expect(Math.abs(counts[farthest - i]! - expected)).toBeLessThan(4 * deviation)
    }
  })
})

describe('the distance by ring', () => {
  test('grows with the way ahead', () => {
    const found = classes(ringDistance)
    const self = ringPosition('self')
    const byWay = [...names].sort(
      (a, b) => ringAhead(self, ringPosition(a)) - ringAhead(self, ringPosition(b)),
    )
    const inOrder = byWay.map((name) => found.get(name)!)
    expect(inOrder).toEqual([...inOrder].sort((a, b) => a - b))
  })
})

describe('the distance by xor', () => {
  test('is the number of leading bits in common, from 31 down', () => {
    const bits = (name: string) => upperWord(ringPosition(name)).toString(2).padStart(32, '0')
    const self = bits('self')
    for (const [name, found] of classes(xorDistance)) {
      const common = [...bits(name)].findIndex((bit, i) => bit !== self[i])
      expect(found).toBe(farthest - common)
    }
  })
})

describe('the distance by finger', () => {
  test('is that from the last power of two before a member', () => {
    for (const [name, found] of classes(fingerDistance)) {
      const ahead = upperWord(ringAhead(ringPosition('self'), ringPosition(name)))
      const finger = 2 ** Math.floor(Math.log2(ahead))
      expect(found).toBe(Math.floor(Math.log2(Math.max(1, ahead - finger))))
    }
  })

  test('has its nearest in each of the largest parts of the ring', () => {
    const found = classes(fingerDistance)
    const parts = [...names]
      .sort((a, b) => found.get(a)! - found.get(b)!)
      .slice(0, 48)
      .map((name) => Math.floor(Math.log2(ringAhead(ringPosition('self'), ringPosition(name)) / ringLength)))
    for (const part of [-1, -2, -3, -4, -5]) {
      const share = parts.filter((each) => each === part).length / parts.length
      expect([share > 0, share < 0.3]).toEqual([true, true])
    }
  })

  test('counts nobody as farthest, as everyone is behind some finger', () => {
    expect([...classes(fingerDistance).values()]).not.toContain(farthest)
  })
})

describe('the distance by round trip', () => {
  test.each([
    [undefined, farthest],
    [0, 0],
    [0.125, 0],
    [0.249, 0],
    [0.25, 1],
    [0.5, 2],
    [1, 3],
    [1.9, 3],
    [2, 4],
    [150, 10],
    [8_000, 15],
    [1e12, 30],
  ])('of %s ms is %i', (rtt, expected) => {
    const group = new Group()
    const ref = group.add('a')
    if (rtt !== undefined) group.rtts.set('a', rtt)
    expect(roundTripDistance(group.table, group.paths)(ref)).toBe(expected)
  })
})

describe('the distance by zone', () => {
  test.each([
    ['eu', 'eu', 0],
    ['eu', 'us', farthest],
    ['eu/fra/rack1', 'eu/fra/rack1', 0],
    ['eu/fra/rack1', 'eu/fra/rack2', 1],
    ['eu/fra/rack1', 'eu/ams/rack1', 2],
    ['eu/fra/rack1', 'us/fra/rack1', farthest],
    ['eu/fra', 'eu/fra/rack1', 1],
    ['eu/fra/rack1', 'eu/fra', 1],
    ['eu/fra/rack1', 'eu', 2],
    ['eu', 'europe', farthest],
    ['eu', undefined, farthest],
    [undefined, 'eu', farthest],
    [undefined, undefined, farthest],
    ['', '', farthest],
    ['1/2/3/4/5/6/7/8/9', '1/2/3/4/5/6/7/8/10', 0],
    ['1/2/3/4/5/6/7/8', '1/b/c/d/e/f/g/h', 7],
  ])('from %s to %s is %i', (own, other, expected) => {
    const group = new Group(own)
    const ref = group.add('a', other)
    expect(zoneDistance('zone')(group.table, group.paths)(ref)).toBe(expected)
  })

  test('follows the node itself when it moves', () => {
    const group = new Group('eu')
    const [a, b] = [group.add('a', 'eu'), group.add('b', 'us')]
    const classOf = zoneDistance('zone')(group.table, group.paths)
    expect([classOf(a), classOf(b)]).toEqual([0, farthest])
    group.move(group.table.self, 'us')
    expect([classOf(a), classOf(b)]).toEqual([farthest, 0])
  })

  test('takes no other tag, and nothing that objects have of their own', () => {
    const group = new Group('eu')
    const ref = group.add('a', 'eu')
    for (const tag of ['rack', 'constructor', '__proto__']) {
      expect(zoneDistance(tag)(group.table, group.paths)(ref)).toBe(farthest)
    }
  })
})
