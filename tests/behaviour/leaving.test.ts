import { pingAck } from '@swimkit/detector-pingack'
import { describe, expect, test } from 'vitest'
import { VirtualNetwork, type VirtualNetworkOptions, type VirtualNode } from './virtual-network.ts'

function quiet(n: number, options: Partial<VirtualNetworkOptions> = {}): [VirtualNetwork, VirtualNode[]] {
  const net = new VirtualNetwork({ detector: () => pingAck(), ...options })
  const nodes = net.form(n)
  net.run(10_000)
  return [net, nodes]
}

const leave = (net: VirtualNetwork, node: VirtualNode) => net.call(node, (engine, now) => engine.leave(now))

describe('a node that has left and goes on running', () => {
  test('stays left at all others, and is forgotten in time: it does not come back by itself', () => {
    const [net, nodes] = quiet(4, { settings: { leftRetention: 20_000 } })
    const leaver = nodes[1]!
    const others = nodes.filter((node) => node !== leaver)
    leave(net, leaver)
    net.run(1_000)
    for (const node of others) expect(net.statusAt(node, 'n1')).toBe('left')
    for (const node of others) node.events.length = 0
    net.run(300_000)
    for (const node of others) {
      expect(net.statusAt(node, 'n1')).toBeUndefined()
      expect(net.eventsOf(node, 'n1')).toEqual(['reap'])
    }
    expect(net.statusAt(leaver, 'n1')).toBe('left')
  })

  test('leaves its name to another process for good', () => {
    const [net, nodes] = quiet(4)
    const leaver = nodes[1]!
    leave(net, leaver)
    net.run(1_000)
    // The network holds one node a name: the earlier one goes on under another there, and under its own everywhere else.
    net.nodes.set('n1 that left', Object.assign(leaver, { name: 'n1 that left' }))
    const heir = net.add('n1', { port: 4_444 })
    net.join(heir, nodes[0]!)
    net.run(300_000)
    for (const node of [nodes[0]!, nodes[2]!, nodes[3]!, heir]) {
      expect(net.statusAt(node, 'n1')).toBe('alive')
      const ref = node.engine.members.find('n1')!
      expect(node.engine.members.record(ref).address.port).toBe(4_444)
      expect(node.engine.lostTo).toBeUndefined()
    }
    expect(
      [heir, leaver].flatMap((node) => net.eventsOf(node, 'n1')).filter((type) => type === 'conflict'),
    ).toEqual([])
    expect(net.statusAt(leaver, 'n1')).toBe('left')
  })

  test.each([0, 1, 2, 4, 8, 16, 50, 200, 1_000])(
    'is no member %i ms after it joined: who was about to introduce it does not',
    (ms) => {
      const [net, nodes] = quiet(3)
      const brief = net.add('brief')
      net.join(brief, nodes[0]!)
      net.run(ms)
      leave(net, brief)
      net.run(10_000)
      for (const node of nodes) expect(net.statusAt(node, 'brief') ?? 'left').toBe('left')
      expect(net.statusAt(brief, 'brief')).toBe('left')
    },
  )
})
