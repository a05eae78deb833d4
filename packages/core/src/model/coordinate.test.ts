import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createRandom } from '../engine/random.ts'
import {
  type Coordinate,
  dimensions,
  distance,
  errorMax,
  errorMin,
  farthest,
  heightMin,
  isPlausible,
  isValid,
  originCoordinate,
  ownCoordinate,
  Part,
  startOver,
  update,
} from './coordinate.ts'

interface Given {
  readonly vector?: readonly number[]
  readonly height?: number
  readonly error?: number
  readonly adjustment?: number
}

function at({ adjustment = 0, error = errorMax, height = heightMin, vector = [] }: Given): Coordinate {
  const made = originCoordinate()
  made.set(vector)
  made[Part.Height] = height
  made[Part.Error] = error
  made[Part.Adjustment] = adjustment
  return made
}

const vectorOf = (coordinate: Coordinate): number[] => [...coordinate.subarray(0, dimensions)]

/** What a table of round trips makes of as many nodes, each of which looks at one other a second. */
function settle(n: number, rounds: number, rtt: (a: number, b: number) => number) {
  const random = createRandom([7])
  const nodes = Array.from({ length: n }, () => ownCoordinate())
  for (let round = 0; round < rounds; round++) {
    for (const [a, own] of nodes.entries()) {
      const b = (a + 1 + random.below(n - 1)) % n
      update(own, nodes[b]!, rtt(a, b), a)
    }
  }
  const errors = nodes
    .flatMap((own, a) =>
      nodes.slice(a + 1).map((other, i) => {
        const truth = rtt(a, a + 1 + i)
        return Math.abs(distance(own, other) - truth) / truth
      }),
    )
    .sort((x, y) => x - y)
  return { nodes, median: errors[errors.length >> 1]!, worst: errors.at(-1)! }
}

describe('a distance', () => {
  test('is that of the places, and both heights, and both adjustments', () => {
    const a = at({ vector: [3], height: 1, adjustment: 0.5 })
    const b = at({ vector: [0, 4], height: 2, adjustment: -0.25 })
    expect(distance(a, b)).toBe(5 + 1 + 2 + 0.5 - 0.25)
    expect(distance(b, a)).toBe(distance(a, b))
  })

  test('leaves out adjustments that would bring it to 0 or below', () => {
    expect(distance(at({ vector: [3], adjustment: -9 }), at({}))).toBeCloseTo(3 + 2 * heightMin, 12)
  })
})

describe('an update', () => {
  test('moves a node to where the round trip says, and less, the surer it is', () => {
    const far = at({ vector: [10], error: 0.1 })
    const moved = (error: number): number => {
      const own = ownCoordinate()
      own[Part.Error] = error
      update(own, far, 110, 1)
      return distance(own, far)
    }
    expect(moved(1)).toBeGreaterThan(moved(0.1))
    expect(moved(0.1)).toBeGreaterThan(10 + 10)
    expect(moved(1)).toBeLessThan(110)
  })

  test('parts two at the same place, in a direction that the seed gives', () => {
    const parted = (seed: number): number[] => {
      const own = ownCoordinate()
      update(own, originCoordinate(), 40, seed)
      return vectorOf(own)
    }
    expect(parted(1).every((part) => part !== 0)).toBe(true)
    expect(parted(1)).toEqual(parted(1))
    expect(parted(1)).not.toEqual(parted(2))
  })

  test('lets no single sample move a settled node by more than what is usual, and follows what all say', () => {
    const { nodes } = settle(12, 600, (a, b) => 20 + 3 * Math.abs(a - b))
    const own = nodes[0]!
    const before = vectorOf(own)
    const liar = at({ vector: new Array(dimensions).fill(farthest), height: farthest, error: errorMin })
    update(own, liar, 20, 1)
    const step = Math.sqrt(vectorOf(own).reduce((sum, part, i) => sum + (part - before[i]!) ** 2, 0))
    // A share of 28 s, were it taken at its word: 7 s.
    expect(step).toBeLessThan(2)
    // The whole network is 300 ms farther, all of a sudden.
    const moved = nodes
      .slice(1)
      .map((node) =>
        at({ vector: vectorOf(node), height: node[Part.Height]! + 300, error: node[Part.Error]! }),
      )
    for (let i = 0; i < 60; i++) update(own, moved[i % moved.length]!, 320 + (i % moved.length), 1)
    expect(Math.abs(distance(own, moved[0]!) - 320)).toBeLessThan(60)
  })

  test('of round trips on a plane ends within a percent; where each link is slow by itself, in heights, within five', () => {
    const places = Array.from({ length: 16 }, (_, i) => [(i % 4) * 25, (i >> 2) * 20] as const)
    const plane = settle(16, 900, (a, b) => {
      const [x, y] = [places[a]![0] - places[b]![0], places[a]![1] - places[b]![1]]
      return 1 + Math.sqrt(x * x + y * y)
    })
    expect(plane.median).toBeLessThan(0.01)
    const star = settle(16, 900, (a, b) => 2 + a + b)
    expect(star.median).toBeLessThan(0.05)
    expect(star.nodes[15]![Part.Height]).toBeGreaterThan(star.nodes[1]![Part.Height]! + 3)
  })

  test('of whatever is valid leaves a coordinate finite, its height and error within their bounds', () => {
    const number = fc.double({ min: -farthest, max: farthest, noNaN: true })
    const coordinate = fc.record({
      vector: fc.array(number, { minLength: dimensions, maxLength: dimensions }),
      height: fc.double({ min: 0, max: farthest, noNaN: true }),
      error: fc.double({ min: errorMin, max: errorMax, noNaN: true }),
      adjustment: number,
    })
    const rtt = fc.oneof(
      fc.double({ min: 1e-9, max: farthest, noNaN: true }),
      fc.constantFrom(5e-324, farthest),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(coordinate, rtt), { minLength: 1, maxLength: 60 }), (samples) => {
        const own = ownCoordinate()
        for (const [other, took] of samples) {
          update(own, at(other), took, 1)
          expect(own.every(Number.isFinite)).toBe(true)
          expect(own[Part.Height]).toBeGreaterThanOrEqual(heightMin)
          expect(own[Part.Error]).toBeGreaterThanOrEqual(errorMin)
          expect(own[Part.Error]).toBeLessThanOrEqual(errorMax)
          if (!isValid(own)) startOver(own)
          expect(distance(own, at(other))).toBeGreaterThan(0)
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('what cannot be', () => {
  test.each([
    ['a vector that is no number', { vector: [1, Number.NaN] }],
    ['an infinite vector', { vector: [0, 0, Number.NEGATIVE_INFINITY] }],
    ['a place more than 10 s out', { vector: [farthest + 1] }],
    ['a negative height', { height: -1 }],
    ['a height that is no number', { height: Number.NaN }],
    ['a height of more than 10 s', { height: farthest + 1 }],
    ['no error at all', { error: 0 }],
    ['an error that is no number', { error: Number.NaN }],
    ['an error above the highest', { error: 2 }],
    ['an endless adjustment', { adjustment: Number.POSITIVE_INFINITY }],
  ])('%s is not valid', (_, change) => {
    expect(isValid(at({}))).toBe(true)
    expect(isValid(at(change))).toBe(false)
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, farthest + 1])('a round trip of %d ms', (rtt) => {
    expect(isPlausible(rtt)).toBe(false)
  })
})
