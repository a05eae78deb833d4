import { describe, expect, test } from 'vitest'
import { swimCodec } from '../wire/swim-codec.ts'
import { OptionError } from './errors.ts'
import { cluster, make, seed } from './testing/cluster.ts'
import { ends } from './testing/fake-transport.ts'
import { World } from './testing/world.ts'

describe('a node that allows some addresses', () => {
  const codec = swimCodec().open({
    cluster: 'default',
    sealer: undefined,
    maxPacketBytes: 65_535,
    maxStreamBytes: 65_535,
  })
  const sender = { name: 'x', boot: 1n, incarnation: 1 }
  const nack = () => codec.bundle(sender, [codec.encode({ type: 'nack', seq: 1 })], undefined)
  const outside = { host: '192.0.2.1', port: 7_946 }

  test('reads nothing of what comes from elsewhere, counts it, and says it once', async () => {
    const world = new World()
    const [first] = await cluster(world, 1, { allow: ['10.0.0.0/8'] })
    const { logged, node, transport } = first!
    const { packetsIn, streamsIn } = node.stats().engine
    for (let i = 0; i < 5; i++) transport.arrive(outside, nack())
    const [near, far] = ends({ host: '10.0.0.1', port: 1 }, outside)
    transport.handlers.connection(far)
    await world.settle()
    expect(far.state).toBe('destroyed')
    await expect(near.read()).rejects.toMatchObject({ kind: 'reset' })
    expect(node.stats().engine).toMatchObject({
      packetsNotAllowed: 5,
      connectionsNotAllowed: 1,
      packetsIn,
      streamsIn,
    })
    expect(logged.filter((line) => line.startsWith('warn') && line.includes('192.0.2.1'))).toEqual([
      'warn: refused a peer: 192.0.2.1 is not among the addresses that are allowed',
    ])
    transport.arrive({ host: '10.0.0.9', port: 9 }, nack())
    expect(node.stats().engine.packetsIn).toBe(packetsIn! + 1)
  })

  test('takes nobody for a member who is elsewhere, whoever tells of it', async () => {
    const world = new World()
    const [open, picky] = [make(world, 1), make(world, 2, { allow: ['10.0.0.1'] })]
    const far = make(world, 3, { name: 'far', bind: '10.0.0.7:3' })
    for (const { node } of [open, picky, far]) await node.start()
    for (const { node } of [picky, far]) await world.outcome(node.join([seed(open)]))
    await world.run(60_000)
    expect(open.node.members().map(({ name }) => name)).toEqual(['n1', 'n2', 'far'])
    expect(
      picky.node
        .members()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(['n1', 'n2'])
    expect(picky.node.stats().engine.claimsRejected).toBeGreaterThan(0)
  })

  test('asks the application about those that are in the list', async () => {
    const world = new World()
    const asked: string[] = []
    const hooks = {
      admit: ({ name }: { name: string }) => {
        asked.push(name)
        return name !== 'n3'
      },
    }
    const all = [make(world, 1, { allow: ['10.0.0.1'], hooks }), make(world, 2), make(world, 3)]
    for (const { node } of all) await node.start()
    expect((await world.outcome(all[1]!.node.join([seed(all[0]!)]))).failed).toEqual([])
    expect((await world.outcome(all[2]!.node.join([seed(all[0]!)]))).failed).toMatchObject([
      { code: 'rejected' },
    ])
    expect([...new Set(asked)]).toEqual(['n2', 'n3'])
  })

  test('must be among them itself, and there must be some', async () => {
    const world = new World()
    await expect(make(world, 1, { allow: ['192.0.2.0/24'] }).node.start()).rejects.toThrow(
      "allow is 192.0.2.0/24: this node's own address 10.0.0.1 is not in it",
    )
    expect(() => make(world, 1, { allow: [] })).toThrow('allow names nobody')
    expect(() => make(world, 1, { allow: ['10.0.0.5/8'] })).toThrow(OptionError)
    expect(() => make(world, 1, { allow: ['10.0.0.5/8'] })).toThrow('bits set beyond its first 8')
  })
})
