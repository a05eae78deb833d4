import { describe, expect, test } from 'vitest'
import { Quiet } from './quiet.ts'
import { World } from './testing/world.ts'

function quiet(longest = 1_000) {
  const world = new World()
  const begin = world.now
  const rests: number[] = []
  const quiet = new Quiet(world.host, 100, longest, () => rests.push(world.now - begin))
  const touchAfter = async (...pauses: number[]) => {
    for (const pause of pauses) {
      await world.run(pause)
      quiet.touch()
    }
  }
  return { world, quiet, rests, touchAfter }
}

describe('a quiet period', () => {
  test('is over so long after the last change, once', async () => {
    const { rests, touchAfter, world } = quiet()
    await touchAfter(0, 60, 60, 60)
    await world.run(500)
    expect(rests).toEqual([280])
  })

  test('does not begin without a change', async () => {
    const { rests, world } = quiet()
    await world.run(5_000)
    expect(rests).toEqual([])
  })

  test('is not waited for longer than allowed', async () => {
    const { rests, touchAfter, world } = quiet(250)
    await touchAfter(0, ...Array.from({ length: 9 }, () => 60))
    await world.run(500)
    expect(rests).toEqual([250, 550])
  })

  test('begins anew after it was over', async () => {
    const { rests, touchAfter, world } = quiet()
    await touchAfter(0)
    await touchAfter(300)
    await world.run(300)
    expect(rests).toEqual([100, 400])
  })

  test('ends with a stop, and may begin again', async () => {
    const { quiet: one, rests, touchAfter, world } = quiet()
    await touchAfter(0)
    one.stop()
    await world.run(500)
    expect(rests).toEqual([])
    one.touch()
    await world.run(500)
    expect(rests).toEqual([600])
  })

  test('has one timer, however often there is a change', async () => {
    const { quiet: one, world } = quiet()
    let timers = 0
    const { wake } = world.host
    Object.assign(world.host, {
      wake: (at: number, fn: () => void) => {
        timers++
        return wake(at, fn)
      },
    })
    for (let i = 0; i < 1_000; i++) one.touch()
    expect(timers).toBe(1)
    await world.run(500)
    expect(timers).toBe(1)
  })
})
