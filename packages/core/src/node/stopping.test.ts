import { describe, expect, test } from 'vitest'
import { Directory } from '../model/directory.ts'
import { StoppedError } from './errors.ts'
import { cluster, make, rejection } from './testing/cluster.ts'
import { World } from './testing/world.ts'

describe('stopping settles every promise:', () => {
  test('join, ping, a change of data, leave and an iteration', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    for (const port of [1, 2, 3]) world.silent.add(port)
    world.passes = () => false
    const events = first!.node.events()
    const next = events.next()
    const open = [
      first!.node.join(['10.0.0.1:3']),
      first!.node.ping('n2'),
      first!.node.setTags({ a: 'b' }),
      second!.node.leave(),
    ].map(rejection)
    await world.settle()
    await Promise.all([first!.node.stop(), second!.node.stop()])
    for (const each of await Promise.all(open)) expect(each).toBeInstanceOf(StoppedError)
    // The change of data above is an event too; after it comes the end.
    let result = await next
    while (!result.done) result = await events.next()
    expect(result.done).toBe(true)
  })

  test('start, while the transport is being opened; what comes up late is closed again', async () => {
    const world = new World()
    const directory = new Directory()
    const { node, transport } = make(world, 1, { directory })
    let open: () => void = () => undefined
    transport.gate = new Promise((resolve) => {
      open = resolve
    })
    const starting = rejection(node.start())
    await world.settle()
    await node.stop()
    open()
    await world.settle()
    expect(await starting).toBeInstanceOf(StoppedError)
    expect([node.state, world.ports.size, directory.size]).toEqual(['stopped', 0, 0])
  })

  test('after that no timer fires and nothing is sent', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    await first!.node.stop()
    const { length } = first!.transport.sent
    await world.run(60_000)
    expect(first!.transport.sent.length).toBe(length)
    expect(first!.node.counts().alive).toBe(0)
    await second!.node.stop()
  })
})
