import { describe, expect, test } from 'vitest'
import type { WatchOptions } from './api.ts'
import { OptionError } from './errors.ts'
import { SettledView } from './settled-view.ts'
import { World } from './testing/world.ts'

function view(options: WatchOptions = {}) {
  const world = new World()
  let value = 0
  let reads = 0
  let ends = 0
  const viewed = {
    read: () => {
      reads++
      return value
    },
    same: (a: number, b: number) => a === b,
  }
  const settled = new SettledView(world.host, viewed, options, 100, () => ends++)
  return {
    world,
    settled,
    set: (to: number) => {
      value = to
      settled.touch()
    },
    reads: () => reads,
    ends: () => ends,
  }
}

describe('a view', () => {
  test('shows what is there at once, and what it has become once that has settled', async () => {
    const { set, settled, world } = view()
    expect(await settled.next()).toEqual({ value: 0, done: false })
    const next = settled.next()
    for (let i = 1; i <= 50; i++) {
      set(i)
      await world.run(10)
    }
    await world.run(100)
    expect(await next).toEqual({ value: 50, done: false })
  })

  test('shows whoever is slow the latest alone, and keeps nothing else', async () => {
    const { reads, set, settled, world } = view()
    await settled.next()
    for (let i = 1; i <= 5; i++) {
      set(i)
      await world.run(1_000)
    }
    expect(reads()).toBe(1)
    expect(await settled.next()).toEqual({ value: 5, done: false })
    expect(reads()).toBe(2)
  })

  test('shows nothing where all has come back to what it was', async () => {
    const { set, settled, world } = view()
    await settled.next()
    let shown: number | undefined
    void settled.next().then(({ value }) => {
      shown = value
    })
    set(1)
    await world.run(50)
    set(0)
    await world.run(5_000)
    expect(shown).toBeUndefined()
    set(2)
    await world.run(5_000)
    expect(shown).toBe(2)
  })

  test('serves those that wait in their order, one for each time', async () => {
    const { set, settled, world } = view()
    await settled.next()
    const waiting = [settled.next(), settled.next()]
    set(1)
    await world.run(1_000)
    set(2)
    await world.run(1_000)
    expect((await Promise.all(waiting)).map(({ value }) => value)).toEqual([1, 2])
  })

  test.each(['return', 'end', 'signal'] as const)(
    'ends by %s, for those that wait as well, once',
    async (how) => {
      const abort = new AbortController()
      const { ends, set, settled, world } = view({ signal: abort.signal })
      await settled.next()
      const waiting = settled.next()
      if (how === 'signal') abort.abort()
      else settled[how]()
      settled.end()
      expect([await waiting, await settled.next(), ends(), settled.ended]).toEqual([
        { value: undefined, done: true },
        { value: undefined, done: true },
        1,
        true,
      ])
      set(1)
      await world.run(1_000)
    },
  )

  test('with a signal that is aborted shows nothing', async () => {
    const { settled } = view({ signal: AbortSignal.abort() })
    expect(await settled.next()).toEqual({ value: undefined, done: true })
  })

  test.each([
    [{ quiet: -1 }, 'quiet is -1: must be 0..600000'],
    [{ quiet: 600_001 }, 'quiet is 600001: must be 0..600000'],
    [{ quiet: 100, longest: 99 }, 'longest is 99: must be 100..6000000'],
    [{ longest: Number.NaN }, 'longest is NaN: must be 100..6000000'],
  ])('of %j is refused', (options, message) => {
    expect(() => view(options)).toThrow(OptionError)
    expect(() => view(options)).toThrow(message)
  })
})
