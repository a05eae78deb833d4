import { describe, expect, test } from 'vitest'
import { swimCodec } from '../wire/swim-codec.ts'
import { cluster, make } from './testing/cluster.ts'
import { ends } from './testing/fake-transport.ts'
import { World } from './testing/world.ts'

describe('at the transport', () => {
  test('dropped packets are counted, in and out, and dropping can be switched', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const { node } = first!
    node.dropRate = 1
    const { length } = first!.transport.sent
    second!.node.ping('n1').catch(() => undefined)
    node.ping('n2').catch(() => undefined)
    await world.run(100)
    expect(first!.transport.sent.length).toBe(length)
    expect(node.stats().engine).toMatchObject({ packetsDroppedIn: 1, packetsDroppedOut: 1 })
    node.dropRate = 0
    await world.run(20_000)
    expect((await world.outcome(node.ping('n2'))).path).toBe('direct')
  })

  test('streams of one peer that are refused for one reason are told of once in ten minutes', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const { logged, node, transport } = first!
    const knock = async (label: string) => {
      const codec = swimCodec().open({
        cluster: label,
        sealer: undefined,
        maxPacketBytes: 65_535,
        maxStreamBytes: 65_535,
      })
      const [near, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
      transport.handlers.connection(far)
      const sender = { name: 'x', boot: 1n, incarnation: 1 }
      for (const part of codec.encodeStream(sender, { type: 'nack', seq: 1 })) await near.write(part)
      await world.settle()
    }
    const warned = () => logged.filter((line) => line.startsWith('warn: refused a stream')).length
    for (let i = 0; i < 5; i++) await knock(`other ${i}`)
    expect([warned(), node.stats().engine['fault:cluster']]).toEqual([1, 5])
    await world.run(600_000)
    await knock('other')
    expect(warned()).toBe(2)
  })

  test('a stream of nonsense is answered with an error and logged; one that ends early, with nothing', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const { logged, node, transport } = first!
    const [near, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
    transport.handlers.connection(far)
    await near.write(new Uint8Array(100).fill(7))
    const answer = await near.read()
    expect(answer!.length).toBeGreaterThan(0)
    expect(await near.read()).toBeUndefined()
    expect(logged.filter((line) => line.startsWith('warn: refused a stream'))).toHaveLength(1)
    const [early, served] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
    transport.handlers.connection(served)
    early.end()
    await world.settle()
    expect(served.state).toBe('destroyed')
    await node.stop()
  })

  test('a stream that says nothing is dropped after the limit, and at the stop', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const { node, transport } = first!
    const serve = () => {
      const [, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
      transport.handlers.connection(far)
      return far
    }
    const slow = serve()
    await world.run(9_999)
    expect(slow.state).toBe('open')
    await world.run(1)
    expect(slow.state).toBe('destroyed')
    const last = serve()
    await node.stop()
    await world.settle()
    expect(last.state).toBe('destroyed')
  })

  test('errors are counted, and a fatal one is told', async () => {
    const { logged, node, transport } = make(new World(), 1)
    await node.start()
    transport.handlers.fault(new Error('one'), false)
    expect(node.stats().engine.transportFaults).toBe(1)
    const error = new Error('two')
    transport.handlers.fault(error, true)
    expect(await node.failed).toBe(error)
    expect(logged).toContain('error: the transport failed')
  })

  test('what comes before or after its time is nothing', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const { handlers } = first!.transport
    await first!.node.stop()
    handlers.packet({ host: '10.0.0.1', port: 2 }, second!.transport.sent[0]!.packet)
    const [near, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
    handlers.connection(far)
    await near.write(new Uint8Array(100))
    await world.settle()
    expect(far.state).toBe('destroyed')
    expect(first!.node.members()).toEqual([])
  })
})
