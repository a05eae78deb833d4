import { describe, expect, test } from 'vitest'
import { PingError } from './errors.ts'
import { cluster, make, rejection } from './testing/cluster.ts'
import { World } from './testing/world.ts'

describe('pinging', () => {
  test('tells the round trip and what the other’s application adds', async () => {
    const world = new World()
    const pinged: unknown[] = []
    const hooks = {
      ackPayload: () => Uint8Array.of(42),
      onPing: (name: string, rtt: number) => pinged.push([name, rtt]),
    }
    const [first] = await cluster(world, 2, { hooks })
    pinged.length = 0
    expect(await world.outcome(first!.node.ping('n2'))).toEqual({
      name: 'n2',
      rtt: 2,
      path: 'direct',
      payload: Uint8Array.of(42),
    })
    expect(pinged).toEqual([['n2', 2]])
  })

  test('goes over a stream where no packet comes through', async () => {
    const world = new World()
    const [first] = await cluster(world, 2)
    world.passes = () => false
    expect(await world.outcome(first!.node.ping('n2'))).toMatchObject({ path: 'stream' })
  })

  test('tells why not: nobody of that name, nobody there, no answer', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const { node } = first!
    const code = async (promise: Promise<unknown>) => {
      const error = await world.outcome(rejection(promise))
      expect(error).toBeInstanceOf(PingError)
      return (error as PingError).code
    }
    expect(await code(node.ping('nobody'))).toBe('unknown-member')
    await second!.node.stop()
    expect(await code(node.ping('n2'))).toBe('refused')
    world.silent.add(2)
    expect(await code(node.ping('n2'))).toBe('timeout')
  })

  test('a node does not outlive its words: another process at that address does not answer for it', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    await second!.node.stop()
    await make(world, 2, { name: 'other' }).node.start()
    const error = await world.outcome(rejection(first!.node.ping('n2')))
    expect(error).toBeInstanceOf(PingError)
  })
})
