import { describe, expect, test } from 'vitest'
import { network, quiet, recordOf, statusAt } from './cluster.ts'

describe('a record that no packet can carry', () => {
  test('reaches everybody over streams, is counted, and stays in nobody’s queue; its operation ends', () => {
    const [net, nodes] = quiet(4, { settings: { packetBytes: 576, maxDataBytes: 2_000 } })
    const data = new Uint8Array(1_000).fill(7)
    const operation = net.call(nodes[1]!, (engine, now) => engine.setRecord({ data }, now))
    net.run(120_000)
    for (const { engine } of nodes) expect(recordOf(engine, 'n1').data).toEqual(data)
    expect(nodes[1]!.results.get(operation)).toEqual({ kind: 'disseminated' })
    for (const { engine } of nodes) expect(engine.stats().backlog).toBe(0)
    expect(nodes[1]!.engine.stats().oversize).toBeGreaterThan(0)
  })
})

describe('a member that is forgotten at once when it leaves', () => {
  test('while another looks at it harms nobody', () => {
    // The least that news of it takes: one transmission.
    const settings = { leftRetention: 0, retransmitMult: 1, gossipInterval: 10 }
    // n0 gets no packet to n2, so its looks at n2 go on to helpers: some of them as n2 is gone already.
    for (let at = 0; at < 4_000; at += 100) {
      const [net, nodes] = quiet(3, { settings })
      net.links([nodes[0]!], [nodes[2]!], { cut: 'packets' })
      net.run(3_000 + at)
      net.leave(nodes[2]!)
      net.run(100)
      net.crash(nodes[2]!)
      net.run(5_000)
      expect(statusAt(nodes[0]!, 'n2')).toBeUndefined()
      expect(net.agreed(2)).toBe(true)
    }
  })
})

describe('updates in a large group', () => {
  test('that joins all at once are queued no longer than they are told, and all queues drain', () => {
    const net = network({ seed: 5 })
    const nodes = Array.from({ length: 120 }, () => net.add())
    for (const node of nodes.slice(1)) net.join(node, nodes[0]!)
    net.until(() => net.agreed(120), 60_000)
    net.run(30_000)
    for (const { engine } of nodes) {
      expect(engine.stats().backlog).toBe(0)
      expect(engine.stats().timers).toBeLessThan(20)
    }
  })
})
