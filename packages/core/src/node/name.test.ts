import { describe, expect, test } from 'vitest'
import { createNode } from './create-node.ts'
import { OptionError } from './errors.ts'
import { idle, make, rejection } from './testing/cluster.ts'
import { FakeTransport } from './testing/fake-transport.ts'
import { World } from './testing/world.ts'

describe('the name', () => {
  test('is by default the advertised address', async () => {
    const world = new World()
    const transport = new FakeTransport(world)
    const node = createNode({ host: world.host, transport, detector: idle(), bind: '0.0.0.0:0' })
    expect(node.name).toBe('')
    await node.start()
    expect([node.name, node.self.address]).toEqual(['10.0.0.1:40000', '10.0.0.1:40000'])
    expect(node.advertiseReason).toContain('eth0')
    await node.stop()
  })

  test('may depend on it', async () => {
    const { node } = make(new World(), 7, { name: ({ port }) => `node-${port}` })
    await node.start()
    expect([node.name, node.self.name]).toEqual(['node-7', 'node-7'])
  })

  test.each<[string, () => string, new (...rest: never[]) => Error]>([
    ['gives no good name', () => 'a b', OptionError],
    [
      'throws',
      () => {
        throw new RangeError('oh')
      },
      RangeError,
    ],
  ])('a function that %s ends the start, and nothing stays open', async (_, name, kind) => {
    const world = new World()
    const { node } = make(world, 7, { name })
    expect(await rejection(node.start())).toBeInstanceOf(kind)
    expect([node.state, world.ports.size]).toEqual(['stopped', 0])
  })
})
