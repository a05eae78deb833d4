import { uniform } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { describe, expect, test } from 'vitest'
import { VirtualNetwork, type VirtualNetworkOptions, type VirtualNode } from './virtual-network.ts'

const network = (options: Partial<VirtualNetworkOptions> = {}) =>
  new VirtualNetwork({ detector: () => pingAck(), ...options })

/** Formed, and quiet: every update has been told. */
function quiet(n: number, options: Partial<VirtualNetworkOptions> = {}): [VirtualNetwork, VirtualNode[]] {
  const net = network(options)
  const nodes = net.form(n)
  net.run(10_000)
  return [net, nodes]
}

const without = (nodes: readonly VirtualNode[], ...gone: readonly (VirtualNode | undefined)[]) =>
  nodes.filter((node) => !gone.includes(node))

const ever = (nodes: readonly VirtualNode[], type: string) =>
  nodes.flatMap((node) => node.events.filter((event) => event.type === type).map(({ record }) => record.name))

describe('forming', () => {
  test.each([2, 3, 10, 50])('%i nodes that join one seed agree, and nobody was suspected', (n) => {
    const [net, nodes] = quiet(n)
    expect(net.agreed(n)).toBe(true)
    expect(ever(nodes, 'suspect')).toEqual([])
    expect(nodes.every((node) => node.engine.members.record(node.engine.members.self).streams)).toBe(true)
  })

  test('25 nodes that start at once with one another as seeds become one cluster', () => {
    const net = network()
    const nodes = Array.from({ length: 25 }, (_, i) => net.add(`n${i}`))
    for (const node of nodes) for (const seed of nodes) if (seed !== node) net.join(node, seed)
    net.until(() => net.agreed(25), 30_000)
    net.run(20_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('a newcomer whose advertised address is wrong is told so, and never becomes a member', () => {
    const [net, nodes] = quiet(3)
    const lost = net.add('lost', { advertise: 9_000 })
    const joining = net.join(lost, nodes[0]!)
    net.until(() => lost.results.has(joining), 10_000)
    expect(lost.results.get(joining)).toMatchObject({ kind: 'join-failed', code: 'unreachable-address' })
    net.run(30_000)
    expect(ever(nodes, 'join')).not.toContain('lost')
  })
})

describe('failing', () => {
  test('a crash is suspected, then failed, at every survivor, and nobody else is', () => {
    const [net, nodes] = quiet(10)
    net.crash(nodes[3]!)
    const survivors = without(nodes, nodes[3])
    net.until(() => survivors.every((node) => net.statusAt(node, 'n3') === 'failed'), 60_000)
    net.run(60_000)
    for (const node of survivors) {
      expect(net.eventsOf(node, 'n3').slice(-2)).toEqual(['suspect', 'failed'])
    }
    expect(new Set(ever(survivors, 'failed'))).toEqual(new Set(['n3']))
    expect(new Set(ever(survivors, 'suspect'))).toEqual(new Set(['n3']))
  })

  test.each([2, 5])(
    'the last survivor of %i fails all the others in bounded time, and all come back',
    (n) => {
      const [net, nodes] = quiet(n)
      for (const node of nodes.slice(1)) net.crash(node)
      const last = nodes[0]!
      const took = net.until(() => last.engine.members.count(2) === n - 1, 120_000)
      expect(took).toBeLessThan(n * 15_000)
      const back = nodes.slice(1).map((node) => net.add(node.name, { port: node.address.port }))
      for (const node of back) net.join(node, last)
      net.until(() => net.agreed(n), 10_000)
    },
  )

  test('a pause shorter than the suspicion timeout may lead to a suspicion, never to a failure, and its node fails nobody', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [net, nodes] = quiet(3, { seed })
      net.pause(nodes[1]!)
      net.run(3_000)
      net.resume(nodes[1]!)
      net.run(30_000)
      expect(ever(nodes, 'failed')).toEqual([])
      expect(net.agreed(3)).toBe(true)
    }
  })

  test('a node that was paused for a minute, and failed meanwhile, comes back by itself and fails nobody', () => {
    const [net, nodes] = quiet(5)
    net.pause(nodes[1]!)
    net.run(60_000)
    expect(net.statusAt(nodes[0]!, 'n1')).toBe('failed')
    net.resume(nodes[1]!)
    net.until(() => net.agreed(5), 30_000)
    expect(ever([nodes[1]!], 'failed')).toEqual([])
    expect(new Set(ever(nodes, 'failed'))).toEqual(new Set(['n1']))
  })

  test('5 % of packets lost at 30 nodes for five minutes fails nobody', () => {
    const [net, nodes] = quiet(30, { loss: 0.05, seed: 7 })
    net.run(300_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('uniform selection finds a crash as well', () => {
    const [net, nodes] = quiet(10, { detector: () => pingAck({ strategy: uniform }) })
    net.crash(nodes[3]!)
    net.until(() => without(nodes, nodes[3]).every((node) => net.statusAt(node, 'n3') === 'failed'), 90_000)
  })

  test('a node that packets do not reach, but streams do, is not suspected', () => {
    const [net, nodes] = quiet(4)
    net.link = (from, to, kind) => kind === 'stream' || (from !== nodes[2] && to !== nodes[2])
    net.run(60_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('a one-way cut between two nodes is bridged by helpers', () => {
    const [net, nodes] = quiet(6)
    net.link = (from, to) => !(from === nodes[0] && to === nodes[1])
    net.run(120_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('a failed member is reaped after its retention, and its address is kept for rejoining', () => {
    const [net, nodes] = quiet(3, { settings: { failedRetention: 20_000 } })
    net.crash(nodes[2]!)
    net.until(() => net.statusAt(nodes[0]!, 'n2') === 'failed', 60_000)
    net.run(21_000)
    expect(net.statusAt(nodes[0]!, 'n2')).toBeUndefined()
    expect(net.eventsOf(nodes[0]!, 'n2').at(-1)).toBe('reap')
  })

  test('a quorum of reports fails a suspect before its timeout', () => {
    const settings = { suspicionMult: 20, suspicionQuorum: 2 }
    const [net, nodes] = quiet(5, { settings })
    net.crash(nodes[4]!)
    const took = net.until(
      () => without(nodes, nodes[4]).every((node) => net.statusAt(node, 'n4') === 'failed'),
      60_000,
    )
    expect(took).toBeLessThan(18_000)
  })
})

describe('restarting', () => {
  test.each([
    ['at the same port', undefined, 0],
    ['at another port', 5_555, 0],
    ['with a clock set back by an hour', undefined, -3_600],
    ['at another port with a clock set back', 5_556, -3_600],
  ])('a crashed node that starts again %s is alive everywhere within 3 s', (_, port, wallOffset) => {
    const [net, nodes] = quiet(3)
    const old = nodes[2]!
    net.crash(old)
    net.until(() => without(nodes, old).every((node) => net.statusAt(node, 'n2') === 'failed'), 60_000)
    const again = net.add('n2', { port: port ?? old.address.port, wallOffset })
    net.join(again, nodes[0]!)
    net.until(() => net.agreed(3), 3_000)
    for (const node of without(nodes, old)) expect(net.eventsOf(node, 'n2').at(-1)).not.toBe('failed')
  })

  test.each([undefined, 5_555])(
    'one that starts again before anybody noticed (port %s) takes its place within 3 s',
    (port) => {
      const [net, nodes] = quiet(3)
      const old = nodes[2]!
      net.crash(old)
      net.run(100)
      const again = net.add('n2', { port: port ?? old.address.port })
      net.join(again, nodes[0]!)
      net.until(
        () =>
          net.agreed(3) &&
          nodes[0]!.engine.members.record(nodes[0]!.engine.members.find('n2')!).boot ===
            again.engine.members.record(again.engine.members.self).boot,
        3_000,
      )
      net.run(20_000)
      expect(ever(without(nodes, old), 'failed')).toEqual([])
    },
  )
})

describe('leaving', () => {
  test('a node that leaves is left everywhere, never suspect or failed, and knows who heard it', () => {
    const [net, nodes] = quiet(8)
    const leaver = nodes[5]!
    const operation = net.call(leaver, (engine, now) => engine.leave(now))
    net.until(() => leaver.results.has(operation), 5_000)
    const result = leaver.results.get(operation)!
    expect(result.kind === 'left' && result.acknowledgedBy.length).toBe(3)
    net.run(1_000)
    net.crash(leaver)
    net.run(120_000)
    const others = without(nodes, leaver)
    for (const node of others) {
      expect(net.statusAt(node, 'n5')).toBe('left')
      expect(net.eventsOf(node, 'n5').filter((type) => type !== 'update')).toEqual(['join', 'leave'])
    }
  })

  test('the last one leaves at once', () => {
    const net = network()
    const alone = net.add('alone')
    const operation = net.call(alone, (engine, now) => engine.leave(now))
    expect(alone.results.get(operation)).toEqual({ kind: 'left', acknowledgedBy: [] })
  })

  test('it may come back with the same process', () => {
    const [net, nodes] = quiet(4)
    net.call(nodes[1]!, (engine, now) => engine.leave(now))
    net.run(5_000)
    net.join(nodes[1]!, nodes[0]!)
    net.until(() => net.agreed(4), 5_000)
  })

  test('its name is free at once, for another process at another address', () => {
    const [net, nodes] = quiet(4)
    net.call(nodes[1]!, (engine, now) => engine.leave(now))
    net.run(1_000)
    net.crash(nodes[1]!)
    const other = net.add('n1', { port: 4_444, wallOffset: -1_000 })
    net.join(other, nodes[0]!)
    net.until(() => net.agreed(4), 3_000)
  })
})

describe('two processes with one name', () => {
  test('the earlier keeps it, the later is told, and nobody else notices', () => {
    const [net, nodes] = quiet(4)
    const later = net.add('n2', { port: 7_777 })
    net.join(later, nodes[0]!)
    net.until(() => later.engine.lostTo !== undefined, 3_000)
    expect(later.engine.lostTo).toEqual(nodes[2]!.address)
    net.crash(later)
    net.run(60_000)
    for (const node of [nodes[0]!, nodes[1]!, nodes[3]!]) {
      expect(net.eventsOf(node, 'n2')).not.toContain('suspect')
      expect(node.engine.members.record(node.engine.members.find('n2')!).address).toEqual(nodes[2]!.address)
    }
    expect(nodes[2]!.engine.lostTo).toBeUndefined()
  })
})

describe('a partition', () => {
  test.each([2_000, 20_000, 300_000])('of %i ms heals', (ms) => {
    const [net, nodes] = quiet(10)
    const half = new Set(nodes.slice(0, 5))
    net.link = (from, to) => half.has(from) === half.has(to)
    net.run(ms)
    net.link = () => true
    net.until(() => net.agreed(10), 120_000)
  })

  test('that is over leaves nobody trying the addresses of members that are back', () => {
    const [net, nodes] = quiet(3, { settings: { failedRetention: 5_000 } })
    net.crash(nodes[2]!)
    net.until(() => net.statusAt(nodes[0]!, 'n2') === undefined, 60_000)
    const again = net.add('n2', { port: nodes[2]!.address.port })
    net.join(again, nodes[0]!)
    net.until(() => net.agreed(3), 10_000)
    const tried = (): number =>
      [nodes[0]!, nodes[1]!].reduce((sum, { engine }) => sum + engine.stats().rejoinsTried, 0)
    const before = tried()
    net.run(600_000)
    expect(tried()).toBe(before)
  })

  test('that outlives the retention of failed members heals too', () => {
    const [net, nodes] = quiet(6, { settings: { failedRetention: 30_000 } })
    const half = new Set(nodes.slice(0, 3))
    net.link = (from, to) => half.has(from) === half.has(to)
    net.run(200_000)
    expect(nodes[0]!.engine.members.size).toBe(3)
    net.link = () => true
    net.until(() => net.agreed(6), 120_000)
  })
})

describe('bounds', () => {
  test('an idle cluster lets its queues drain and sends about two packets per member and period', () => {
    const [net, nodes] = quiet(20)
    net.run(60_000)
    for (const { engine } of nodes) expect(engine.stats().backlog).toBe(0)
    const before = net.packets
    net.run(60_000)
    expect((net.packets - before) / 20 / 60).toBeCloseTo(2, 1)
  })

  test('the same seed gives the same run', () => {
    const trace = (): string => {
      const [net, nodes] = quiet(10, { seed: 42, loss: 0.02 })
      net.crash(nodes[1]!)
      net.run(30_000)
      return nodes
        .map((node) => node.events.map(({ at, record, type }) => `${at} ${type} ${record.name}`).join())
        .join('\n')
    }
    expect(trace()).toBe(trace())
  })
})
