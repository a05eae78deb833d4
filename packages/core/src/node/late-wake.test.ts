import { describe, expect, test } from 'vitest'
import type { Detector, DetectorContext } from '../engine/detector.ts'
import { swimCodec } from '../wire/swim-codec.ts'
import { make } from './testing/cluster.ts'
import { World } from './testing/world.ts'

describe('a late wake', () => {
  /** A node whose detector arms one timer, and writes down when it fires. */
  async function armed() {
    const world = new World()
    const happened: string[] = []
    let context!: DetectorContext
    const detector: Detector = {
      kind: 'detector',
      name: 'idle',
      api: 1,
      attach: (given) => {
        context = given
        return {
          start: (now) => void context.arm(now + 100, 0),
          stop: () => undefined,
          onTimer: () => happened.push('timer'),
          onMessage: (_, body) => happened.push(`packet ${body.u8()}`),
        }
      },
    }
    const made = make(world, 1, { detector })
    const codec = swimCodec().open({
      cluster: 'default',
      sealer: undefined,
      maxPacketBytes: 1_400,
      maxStreamBytes: 65_536,
    })
    const packet = (number: number) => {
      const body = codec.encode({ type: 'custom', channel: 'idle', body: Uint8Array.of(number) })
      made.transport.arrive(
        { host: '10.0.0.9', port: 9 },
        codec.bundle({ name: 'x', boot: 1n, incarnation: 1 }, [body], undefined),
      )
    }
    await made.node.start()
    return { ...made, world, happened, packet }
  }

  test('lets packets in that have arrived, look by look, before it ticks', async () => {
    const { happened, node, packet, world } = await armed()
    world.polls = []
    await world.run(99)
    world.stall(50)
    await world.run(0)
    expect([world.polls.length, happened]).toEqual([1, []])
    packet(1)
    world.polls.shift()!()
    // There was one: there may be more.
    expect([world.polls.length, happened]).toEqual([1, ['packet 1']])
    packet(2)
    world.polls.shift()!()
    expect(happened).toEqual(['packet 1', 'packet 2'])
    world.polls.shift()!()
    expect(happened).toEqual(['packet 1', 'packet 2', 'timer'])
    expect([world.polls.length, node.stats().engine.latePolls]).toEqual([0, 3])
    await node.stop()
  })

  test('goes ahead after 16 looks, however many packets come', async () => {
    const { happened, node, packet, world } = await armed()
    world.polls = []
    world.stall(150)
    await world.run(0)
    let looks = 0
    while (world.polls.length > 0) {
      packet(looks++)
      world.polls.shift()!()
    }
    expect([looks, happened.length, happened.at(-1)]).toEqual([16, 17, 'timer'])
    await node.stop()
  })

  test('that is late by 3 ms at most ticks at once', async () => {
    const { happened, node, world } = await armed()
    world.polls = []
    await world.run(99)
    world.stall(4)
    await world.run(0)
    expect([world.polls, happened]).toEqual([[], ['timer']])
    await node.stop()
  })

  test('whose node is stopped meanwhile does nothing', async () => {
    const { happened, node, world } = await armed()
    world.polls = []
    world.stall(150)
    await world.run(0)
    await node.stop()
    world.polls.shift()!()
    expect([world.polls, happened]).toEqual([[], []])
  })
})
