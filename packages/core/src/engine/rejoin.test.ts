import { describe, expect, test } from 'vitest'
import { failed, left, peer, Rig, type RigOptions } from './testing/rig.ts'

/** Alone, once all others have failed: every draw of whose turn it is is its own. */
class World {
  readonly rig: Rig
  /** When each was tried. */
  readonly tries: { readonly name: string; readonly at: number }[] = []
  readonly #names: readonly string[]

  constructor(names: readonly string[], options: RigOptions = {}) {
    this.#names = names
    this.rig = new Rig({ members: names, ...options })
  }

  /** Goes on for so long; whoever is tried refuses, unless it is to answer nothing. */
  run(ms: number, answers = true): void {
    const { rig } = this
    const end = rig.now + ms
    while (rig.now < end) {
      rig.run(Math.min(50, end - rig.now))
      for (const { message, to, token } of rig.requests.splice(0)) {
        if (message.type !== 'sync') continue
        const name = this.#names.find((each) => peer(each).address.port === to.port)
        // Who told of the failure is no member either, and is asked who it is.
        if (name !== undefined) this.tries.push({ name, at: rig.now })
        if (answers) rig.ended(token, 'refused')
      }
    }
  }

  tried(name: string): number {
    return this.tries.filter((each) => each.name === name).length
  }
}

describe('one that has failed', () => {
  test('is tried ten times per period at first, then each thirtieth of the time that it is gone, at last once per period', () => {
    const world = new World(['b'])
    const { rig, tries } = world
    const { rejoinInterval } = rig.settings
    const begin = rig.now
    rig.hear('x', failed('b', 5))
    world.run(3 * rejoinInterval)
    expect(tries[0]!.at - begin).toBeLessThanOrEqual(rejoinInterval / 10)
    // The first is at a random instant, and each is seen 50 ms late at most.
    expect(tries.length).toBeGreaterThanOrEqual(29)
    expect(tries.length).toBeLessThanOrEqual(31)
    world.run(597 * rejoinInterval)
    for (const [i, { at }] of tries.entries()) {
      const before = tries[i - 1]?.at
      if (before === undefined) continue
      const period = Math.min(rejoinInterval, Math.max(rejoinInterval / 10, (before - begin) / 30))
      expect(Math.abs(at - before - period)).toBeLessThanOrEqual(55)
    }
  })

  test('is tried soon again when another has failed since', () => {
    const world = new World(['b', 'c'])
    const { rig } = world
    rig.hear('x', failed('b', 5))
    world.run(1_000_000)
    const before = world.tries.length
    rig.hear('x', failed('c', 5))
    world.run(10_000)
    expect(world.tries.length - before).toBeGreaterThanOrEqual(9)
    expect(world.tried('c')).toBeGreaterThanOrEqual(8)
  })

  test('is tried in proportion to how lately it did', () => {
    const world = new World(['b', 'c'])
    const { rig } = world
    rig.hear('x', failed('b', 5))
    world.run(200_000)
    rig.hear('x', failed('c', 5))
    const [b, c] = [world.tried('b'), world.tried('c')]
    world.run(200_000)
    const share = (world.tried('b') - b) / (world.tried('b') - b + world.tried('c') - c)
    // The one is gone for twice as long as the other at the end, and for far longer at the beginning.
    expect(share).toBeGreaterThan(0.02)
    expect(share).toBeLessThan(0.3)
    world.run(3_000_000)
    expect(world.tried('b') / world.tried('c')).toBeGreaterThan(0.5)
  })

  test('is not tried beside a try that has not come to its end', () => {
    const world = new World(['b'])
    world.rig.hear('x', failed('b', 5))
    world.run(100_000, false)
    expect(world.tries).toHaveLength(1)
  })

  test('is tried by one that has left as little as one that has left is tried', () => {
    const world = new World(['b', 'c'])
    const { rig } = world
    rig.hear('x', left('b', 5))
    world.run(100_000)
    expect(world.tries.filter(({ name }) => name === 'b')).toEqual([])
    rig.hear('x', failed('c', 5))
    rig.engine.leave(rig.now)
    const before = world.tries.length
    world.run(100_000)
    expect(world.tries.length).toBe(before)
  })
})
