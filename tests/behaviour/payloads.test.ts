import type { SimNode } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { ever, quiet, without } from './cluster.ts'

const large = (size: number, fill: number): Uint8Array => new Uint8Array(size).fill(fill)

const payloadAt = ({ engine }: SimNode, name: string): Uint8Array | undefined => {
  const ref = engine.members.find(name)
  return ref === undefined ? undefined : engine.payload(ref)
}

const set = (net: ReturnType<typeof quiet>[0], node: SimNode, payload: Uint8Array): number =>
  net.call(node, (engine, now) => engine.setRecord({ payload }, now))

const haveIt = (nodes: readonly SimNode[], name: string, payload: Uint8Array): boolean =>
  nodes.every((node) => {
    const held = payloadAt(node, name)
    return held !== undefined && held.length === payload.length && held[0] === payload[0]
  })

describe('a payload of 64 KiB', () => {
  test.each([
    [3, 0],
    [30, 0],
    [30, 0.1],
    [100, 0.05],
  ])(
    'reaches all %i members, %d of whose packets are lost, and in a large group most have it of others than its owner',
    (n, loss) => {
      const [net, nodes] = quiet(n, { network: { loss } })
      const payload = large(65_536, 7)
      set(net, nodes[1]!, payload)
      net.until(() => haveIt(nodes, 'n1', payload), 60_000)
      const served = nodes.map(({ engine }) => engine.stats().payloadsServed)
      expect(served.reduce((sum, each) => sum + each, 0)).toBeGreaterThanOrEqual(n - 1)
      if (n >= 100) expect(served[1]!).toBeLessThan(0.8 * n)
      expect(ever(nodes, 'failed')).toEqual([])
    },
  )

  test('that is changed again and again ends as the last one everywhere', () => {
    const [net, nodes] = quiet(20)
    for (let i = 1; i <= 20; i++) {
      set(net, nodes[0]!, large(20_000 + i, i))
      net.run(300)
    }
    net.until(() => haveIt(nodes, 'n0', large(20_020, 20)), 60_000)
    for (const { engine } of nodes.slice(1)) expect(engine.stats().payloadBytes).toBe(20_020)
  })

  test('that was set in a partition is everywhere once that is over', () => {
    const [net, nodes] = quiet(12)
    const heal = net.partition([nodes.slice(0, 6), nodes.slice(6)])
    net.run(40_000)
    const [a, b] = [large(30_000, 1), large(40_000, 2)]
    set(net, nodes[0]!, a)
    set(net, nodes[11]!, b)
    net.run(30_000)
    expect([payloadAt(nodes[11]!, 'n0'), payloadAt(nodes[0]!, 'n11')]).toEqual([undefined, undefined])
    heal()
    net.until(() => haveIt(nodes, 'n0', a) && haveIt(nodes, 'n11', b), 180_000)
  })

  test('of a process that starts again is the new one, whatever the others remember', () => {
    const [net, nodes] = quiet(8)
    set(net, nodes[3]!, large(50_000, 1))
    net.until(() => haveIt(nodes, 'n3', large(50_000, 1)), 30_000)
    net.crash(nodes[3]!)
    const again = net.restart(nodes[3]!, { engine: { payload: large(10_000, 2) } })
    net.join(again, nodes[0]!)
    const all = [...without(nodes, nodes[3]), again]
    net.until(() => net.agreed(8) && haveIt(all, 'n3', large(10_000, 2)), 60_000)
    net.crash(again)
    const bare = net.restart(again)
    net.join(bare, nodes[0]!)
    net.until(() => net.agreed(8), 60_000)
    net.run(20_000)
    for (const node of without(nodes, nodes[3])) {
      expect([payloadAt(node, 'n3'), node.engine.stats().payloadBytes]).toEqual([undefined, 0])
    }
  })

  test('is had from others where its owner takes no streams', () => {
    const [net, nodes] = quiet(10)
    const payload = large(60_000, 3)
    set(net, nodes[0]!, payload)
    net.until(() => haveIt(nodes.slice(0, 5), 'n0', payload), 30_000)
    net.links(undefined, [nodes[0]!], { streams: 'stalled' })
    const late = net.add()
    net.join(late, nodes[7]!)
    net.until(() => haveIt([...nodes, late], 'n0', payload), 120_000)
  })

  test('of each of 40 members takes no more memory than is allowed, and the others are still to be had', () => {
    const [net, nodes] = quiet(40, { settings: { payloadMemory: 500_000 } })
    for (const [i, node] of nodes.entries()) set(net, node, large(60_000, i + 1))
    net.run(60_000)
    for (const { engine } of nodes) {
      expect(engine.stats().payloadBytes).toBeLessThanOrEqual(500_000)
      expect(engine.stats().payloadBytes).toBeGreaterThan(400_000)
    }
    const [asker] = nodes as [SimNode]
    const missing = nodes.findIndex((node, i) => i > 0 && payloadAt(asker, node.name) === undefined)
    const ref = asker.engine.members.find(`n${missing}`)!
    const operation = net.call(asker, (engine, now) => engine.fetchPayload(ref, now))
    net.until(() => asker.results.has(operation), 10_000)
    expect(asker.results.get(operation)).toEqual({ kind: 'fetched', payload: large(60_000, missing + 1) })
  })
})
