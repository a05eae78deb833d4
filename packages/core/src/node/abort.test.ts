import { describe, expect, test } from 'vitest'
import type { Node } from './api.ts'
import { cluster, make, rejection } from './testing/cluster.ts'
import { World } from './testing/world.ts'

describe('an AbortSignal', () => {
  const reason = new Error('enough')

  test.each<[string, (node: Node, signal: AbortSignal) => Promise<unknown>]>([
    ['join', (node, signal) => node.join(['10.0.0.1:3'], { signal })],
    ['leave', (node, signal) => node.leave({ signal })],
    ['ping', (node, signal) => node.ping('n2', { signal })],
    ['setTags', (node, signal) => node.setTags({ a: 'b' }, { signal })],
    ['setPayload', (node, signal) => node.setPayload(Uint8Array.of(1), { signal })],
    ['setServices', (node, signal) => node.setServices([{ name: 'web' }], { signal })],
  ])('ends %s with its reason, before or while it runs', async (_, call) => {
    const world = new World()
    const [first] = await cluster(world, 2)
    world.silent.add(2).add(3)
    world.passes = () => false
    const { node } = first!
    expect(await rejection(call(node, AbortSignal.abort(reason)))).toBe(reason)
    expect(node.state).toBe('running')
    const abort = new AbortController()
    const running = rejection(call(node, abort.signal))
    await world.settle()
    abort.abort(reason)
    expect(await running).toBe(reason)
    // What comes in the end is nobody's any more.
    world.passes = () => true
    await world.run(30_000)
    await node.stop()
  })

  test('that is aborted keeps start from binding', async () => {
    const world = new World()
    const { node, transport } = make(world, 1)
    expect(await rejection(node.start({ signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect([transport.bound, world.ports.size]).toEqual([undefined, 0])
  })

  test('ends start while the transport is being opened, and nothing stays open', async () => {
    const world = new World()
    const { node, transport } = make(world, 1)
    let open: () => void = () => undefined
    transport.gate = new Promise((resolve) => {
      open = resolve
    })
    const abort = new AbortController()
    let ended: unknown
    const starting = rejection(node.start({ signal: abort.signal })).then((error) => {
      ended = error
    })
    await world.settle()
    abort.abort(reason)
    await world.settle()
    expect(ended).toBe(reason)
    open()
    await starting
    await world.settle()
    expect([node.state, world.ports.size]).toEqual(['stopped', 0])
  })

  test('ends an iteration', async () => {
    const { node } = make(new World(), 1)
    await node.start()
    const abort = new AbortController()
    const next = node.events({ signal: abort.signal }).next()
    abort.abort()
    expect((await next).done).toBe(true)
    await node.stop()
  })
})
