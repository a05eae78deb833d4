import { describe, expect, test } from 'vitest'
import { Directory } from '../model/directory.ts'
import type { Node } from './api.ts'
import { NodeStateError, OptionError } from './errors.ts'
import { cluster, make, rejection, seed } from './testing/cluster.ts'
import { World } from './testing/world.ts'
import { BindError } from './transport.ts'

describe('the life of a node', () => {
  test('is new, running, leaving, left, running again after a join, stopped', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const made = make(world, 9)
    const { node } = made
    const seen: string[] = [node.state]
    await node.start()
    seen.push(node.state)
    await world.outcome(node.join([seed(first!)]))
    await world.run(1_000)
    const leaving = node.leave()
    seen.push(node.state)
    expect(await world.outcome(leaving)).toEqual({ acknowledgedBy: ['n1'] })
    seen.push(node.state)
    expect(first!.node.member('n9')!.status).toBe('left')
    expect((await world.outcome(node.join([seed(first!)]))).joined).toEqual(['10.0.0.1:1'])
    seen.push(node.state)
    await world.run(1_000)
    expect(first!.node.member('n9')!.status).toBe('alive')
    await node.stop()
    seen.push(node.state)
    expect(seen).toEqual(['new', 'running', 'leaving', 'left', 'running', 'stopped'])
    expect(world.ports.has(9)).toBe(false)
  })

  test('begins once', async () => {
    const { node } = make(new World(), 1)
    await node.start()
    expect(await rejection(node.start())).toBeInstanceOf(NodeStateError)
    await node.stop()
    expect(await rejection(node.start())).toBeInstanceOf(NodeStateError)
  })

  test('ends once, and may end before it began', async () => {
    const { node, transport } = make(new World(), 1)
    await Promise.all([node.stop(), node.stop()])
    expect([node.state, transport.closes]).toEqual(['stopped', 1])
  })

  test.each<[string, (node: Node) => Promise<unknown>]>([
    ['join', (node) => node.join(['10.0.0.1:5'])],
    ['leave', (node) => node.leave()],
    ['ping', (node) => node.ping('x')],
    ['setTags', (node) => node.setTags({})],
    ['setPayload', (node) => node.setPayload(new Uint8Array(1))],
    ['setServices', (node) => node.setServices([])],
  ])('%s needs a running node, and says what it is instead', async (_, call) => {
    const { node } = make(new World(), 1)
    const before = await rejection(call(node))
    expect(before).toBeInstanceOf(NodeStateError)
    expect(String(before)).toContain('not started')
    await node.start()
    await node.stop()
    const after = await rejection(call(node))
    expect(after).toBeInstanceOf(NodeStateError)
    expect(String(after)).toContain('stopped')
  })

  test('what may be read may be read at any time', async () => {
    const { node } = make(new World(), 1)
    const read = () => [
      node.members(),
      node.counts().alive,
      node.member('n1')?.name,
      node.suspects(),
      node.explain('x'),
      node.health,
      node.digest,
      node.config.detector,
    ]
    const nothing = [[], 0, undefined, [], undefined, 0, '0000000000000000', 'idle']
    expect([read(), node.address]).toEqual([nothing, undefined])
    expect(() => node.self).toThrow(NodeStateError)
    await node.start()
    expect(node.self).toMatchObject({ name: 'n1', address: '10.0.0.1:1', status: 'alive', leaving: false })
    await node.stop()
    expect(read()).toEqual(nothing)
    expect(node.stats().engine).toMatchObject({ packetsDroppedIn: 0 })
  })

  test('that cannot bind ends with the error, and stop does no harm', async () => {
    const world = new World()
    await make(world, 1).node.start()
    const { node } = make(world, 1)
    expect(await rejection(node.start())).toBeInstanceOf(BindError)
    expect(node.state).toBe('stopped')
    await node.stop()
    expect(world.ports.size).toBe(1)
  })

  test('that could advertise nothing is not bound in the first place', async () => {
    const world = new World()
    world.interfaces = []
    const { node } = make(world, 1, { bind: '0.0.0.0:1' })
    expect(await rejection(node.start())).toBeInstanceOf(OptionError)
    expect(world.ports.size).toBe(0)
  })

  test('gives a shared directory all that it held', async () => {
    const directory = new Directory()
    const all = await cluster(new World(), 3, { directory })
    expect(directory.size).toBe(3)
    for (const { node } of all) await node.stop()
    expect(directory.size).toBe(0)
  })

  test('ends with its block', async () => {
    const { node } = make(new World(), 1)
    await node.start()
    await node[Symbol.asyncDispose]()
    expect(node.state).toBe('stopped')
  })
})
