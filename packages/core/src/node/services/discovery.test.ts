import { describe, expect, test } from 'vitest'
import { swimCodec } from '../../wire/swim-codec.ts'
import { cluster, make, seed } from '../testing/cluster.ts'
import { World } from '../testing/world.ts'

const web = (port: number) => ({ name: 'web', port })
const members = (instances: readonly { readonly member: string }[]): string[] =>
  instances.map(({ member }) => member)

describe('services of a cluster', () => {
  test('are found at every node, follow what members set, and leave with them', async () => {
    const world = new World()
    const all = await cluster(world, 3, { services: [web(80)] })
    const [first, second, third] = all.map(({ node }) => node) as [
      (typeof all)[0]['node'],
      (typeof all)[0]['node'],
      (typeof all)[0]['node'],
    ]
    for (const { node } of all) expect(members(node.services('web'))).toEqual(['n1', 'n2', 'n3'])
    expect(first.serviceNames()).toEqual(['web'])

    await world.outcome(second.registerService({ name: 'db', port: 5432 }))
    await world.outcome(second.registerService(web(81)))
    expect(third.services('web').map(({ endpoint }) => endpoint)).toEqual([
      '10.0.0.1:80',
      '10.0.0.1:81',
      '10.0.0.1:80',
    ])
    expect(third.serviceNames()).toEqual(['db', 'web'])

    await world.outcome(second.unregisterService('web'))
    await world.outcome(second.unregisterService('nothing of it'))
    expect(members(third.services('web'))).toEqual(['n1', 'n3'])
    await world.outcome(first.leave())
    expect(members(third.services('web'))).toEqual(['n3'])
    expect([third.pick('web')?.member, third.pick('web', 'any key')?.member]).toEqual(['n3', 'n3'])
  })

  test('are none before the start and after the stop', async () => {
    const world = new World()
    const { node } = make(world, 1, { services: [web(80)] })
    expect([node.services('web'), node.serviceNames(), node.pick('web')]).toEqual([[], [], undefined])
    await node.start()
    expect(members(node.services('web'))).toEqual(['n1'])
    await node.stop()
    expect([node.services('web'), node.serviceNames(), node.pick('web', 'k')]).toEqual([[], [], undefined])
  })
})

describe('a watch', () => {
  test('of a service shows its list now, and when it has settled again', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2, { services: [web(80)] })
    const watch = first!.node.watchService('web', { quiet: 1_000 })
    expect(members((await watch.next()).value)).toEqual(['n1', 'n2'])
    const next = watch.next()
    const third = make(world, 3, { services: [web(80)] })
    await third.node.start()
    await world.outcome(third.node.join([seed(first!)]))
    await world.outcome(second!.node.unregisterService('web'))
    await world.run(5_000)
    // Both changes, and neither by itself.
    expect(members((await next).value)).toEqual(['n1', 'n3'])
    await world.outcome(second!.node.setTags({ nothing: 'to do with it' }))
    const none = watch.next()
    await world.run(60_000)
    await first!.node.stop()
    expect(await none).toEqual({ value: undefined, done: true })
  })

  test('of a thousand joins within a second shows a few lists, and all of them at the end', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const { node, transport } = first!
    const codec = swimCodec().open({
      cluster: 'default',
      sealer: undefined,
      maxPacketBytes: 65_535,
      maxStreamBytes: 65_536,
    })
    const counts: number[] = []
    const watching = (async () => {
      for await (const list of node.watchMembers()) counts.push(list.length)
    })()
    await world.settle()
    const record = node.self
    for (let packet = 0; packet < 100; packet++) {
      const claims = Array.from({ length: 10 }, (_, i) =>
        codec.encode({
          type: 'alive',
          incarnation: record.incarnation,
          record: {
            name: `m${packet * 10 + i}`,
            boot: BigInt(1 + packet * 10 + i),
            startedAt: 1,
            address: { host: '10.1.0.1', port: 1 + packet * 10 + i },
            streams: true,
            leaving: false,
            protocolMin: 1,
            protocolMax: 1,
            capabilities: [],
            data: new Uint8Array(0),
            opaque: undefined,
          },
        }),
      )
      const bytes = codec.bundle({ name: 'teller', boot: 9n, incarnation: 1 }, claims, undefined)
      transport.handlers.packet({ host: '10.1.0.1', port: 1 }, bytes)
      await world.run(10)
    }
    await world.run(2_000)
    await node.stop()
    await watching
    // One as it was; then every ten quiet periods of two gossip intervals, and when it has settled.
    expect(counts[0]).toBe(1)
    expect(counts.at(-1)).toBe(1_001)
    expect(counts.length).toBeLessThanOrEqual(3)
  })

  test('that began before the start shows what the node itself offers', async () => {
    const world = new World()
    const { node } = make(world, 1, { services: [web(80)] })
    const watch = node.watchService('web')
    expect((await watch.next()).value).toEqual([])
    const next = watch.next()
    await node.start()
    await world.run(5_000)
    expect(members((await next).value)).toEqual(['n1'])
  })

  test('of the members shows a burst of joins in a few lists', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const sizes: number[] = []
    const seen = (async () => {
      for await (const list of first!.node.watchMembers()) sizes.push(list.length)
    })()
    const others = Array.from({ length: 40 }, (_, i) => make(world, 2 + i))
    for (const { node } of others) await node.start()
    await Promise.all(others.map(({ node }) => world.outcome(node.join([seed(first!)]))))
    await world.run(5_000)
    expect(sizes.at(-1)).toBe(41)
    expect(sizes.length).toBeLessThanOrEqual(5)
    await first!.node.stop()
    await seen
  })
})
