import { pingAck } from '@swimkit/detector-pingack'
import { describe, expect, test } from 'vitest'
import { VirtualNetwork, type VirtualNetworkOptions, type VirtualNode } from './virtual-network.ts'

function quiet(n: number, options: Partial<VirtualNetworkOptions> = {}): [VirtualNetwork, VirtualNode[]] {
  const net = new VirtualNetwork({ detector: () => pingAck(), ...options })
  const nodes = net.form(n)
  net.run(10_000)
  return [net, nodes]
}

describe('a record that no packet can carry', () => {
  test('reaches everybody over streams, is counted, and stays in nobody’s queue; its operation ends', () => {
    const [net, nodes] = quiet(4, { settings: { packetBytes: 576, maxDataBytes: 2_000 } })
    const data = new Uint8Array(1_000).fill(7)
    const operation = net.call(nodes[1]!, (engine, now) => engine.setRecord({ data }, now))
    net.run(120_000)
    for (const { engine } of nodes) {
      expect(engine.members.record(engine.members.find('n1')!).data).toEqual(data)
    }
    expect(nodes[1]!.results.get(operation)).toEqual({ kind: 'disseminated' })
    for (const { engine } of nodes) expect(engine.stats().backlog).toBe(0)
    expect(nodes[1]!.engine.stats().oversize).toBeGreaterThan(0)
  })
})

describe('a member that is forgotten at once when it leaves', () => {
  test('while another looks at it harms nobody', () => {
    // n0 gets no packet to n2, so its looks at n2 go on to helpers: some of them as n2 is gone already.
    for (let at = 0; at < 4_000; at += 100) {
      const [net, nodes] = quiet(3, { settings: { leftRetention: 0 } })
      net.link = (from, to, kind) => kind === 'stream' || !(from === nodes[0] && to === nodes[2])
      net.run(3_000 + at)
      net.call(nodes[2]!, (engine, now) => engine.leave(now))
      net.run(100)
      net.crash(nodes[2]!)
      net.run(5_000)
      expect(net.statusAt(nodes[0]!, 'n2')).toBeUndefined()
      expect(net.agreed(2)).toBe(true)
    }
  })
})

describe('updates in a large group', () => {
  test('that joins all at once are queued no longer than they are told, and all queues drain', () => {
    const net = new VirtualNetwork({ detector: () => pingAck(), seed: 5 })
    const nodes = Array.from({ length: 120 }, (_, i) => net.add(`n${i}`))
    for (const node of nodes.slice(1)) net.join(node, nodes[0]!)
    net.until(() => net.agreed(120), 60_000)
    net.run(30_000)
    for (const { engine } of nodes) {
      expect(engine.stats().backlog).toBe(0)
      expect(engine.stats().timers).toBeLessThan(20)
    }
  })
})
