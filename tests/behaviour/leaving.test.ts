import { describe, expect, test } from 'vitest'
import { eventsOf, otherPort, quiet, recordOf, statusAt } from './cluster.ts'

describe('a node that has left and goes on running', () => {
  test('stays left at all others, and is forgotten in time: it does not come back by itself', () => {
    const [net, nodes] = quiet(4, { settings: { leftRetention: 20_000 } })
    const leaver = nodes[1]!
    const others = nodes.filter((node) => node !== leaver)
    net.leave(leaver)
    net.run(1_000)
    for (const node of others) expect(statusAt(node, 'n1')).toBe('left')
    for (const node of others) node.events.length = 0
    net.run(300_000)
    for (const node of others) {
      expect(statusAt(node, 'n1')).toBeUndefined()
      expect(eventsOf(node, 'n1')).toEqual(['reap'])
    }
    expect(statusAt(leaver, 'n1')).toBe('left')
  })

  test('leaves its name to another process for good', () => {
    const [net, nodes] = quiet(4)
    const leaver = nodes[1]!
    net.leave(leaver)
    net.run(1_000)
    const heir = net.add('n1', { address: otherPort(leaver, 4_444) })
    net.join(heir, nodes[0]!)
    net.run(300_000)
    for (const node of [nodes[0]!, nodes[2]!, nodes[3]!, heir]) {
      expect(statusAt(node, 'n1')).toBe('alive')
      expect(recordOf(node.engine, 'n1').address.port).toBe(4_444)
      expect(node.engine.lostTo).toBeUndefined()
    }
    expect([heir, leaver].flatMap((node) => eventsOf(node, 'n1'))).not.toContain('conflict')
    expect(leaver.state).toBe('up')
    expect(statusAt(leaver, 'n1')).toBe('left')
  })

  test.each([0, 1, 2, 4, 8, 16, 50, 200, 1_000])(
    'is no member %i ms after it joined: who was about to introduce it does not',
    (ms) => {
      const [net, nodes] = quiet(3)
      const brief = net.add('brief')
      net.join(brief, nodes[0]!)
      net.run(ms)
      net.leave(brief)
      net.run(10_000)
      for (const node of nodes) expect(statusAt(node, 'brief') ?? 'left').toBe('left')
      expect(statusAt(brief, 'brief')).toBe('left')
    },
  )
})
