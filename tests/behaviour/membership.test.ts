import { uniform } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import type { SimNode } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import {
  eventsOf,
  ever,
  failedAt,
  network,
  otherPort,
  quiet,
  recordOf,
  statusAt,
  without,
} from './cluster.ts'

describe('forming', () => {
  test.each([2, 3, 10, 50])('%i nodes that join one seed agree, and nobody was suspected', (n) => {
    const [net, nodes] = quiet(n)
    expect(net.agreed(n)).toBe(true)
    expect(ever(nodes, 'suspect')).toEqual([])
    expect(nodes.every((node) => recordOf(node.engine, node.name).streams)).toBe(true)
  })

  test('25 nodes that start at once with one another as seeds become one cluster', () => {
    const net = network()
    const nodes = Array.from({ length: 25 }, () => net.add())
    for (const node of nodes) for (const seed of nodes) if (seed !== node) net.join(node, seed)
    net.until(() => net.agreed(25), 30_000)
    net.run(20_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('a newcomer whose advertised address is wrong is told so, and never becomes a member', () => {
    const [net, nodes] = quiet(3)
    const lost = net.add('lost', { advertise: { host: '10.9.9.9', port: 9_000 } })
    const joining = net.join(lost, nodes[0]!)
    net.until(() => lost.results.has(joining), 10_000)
    expect(lost.results.get(joining)).toMatchObject({ kind: 'join-failed', code: 'unreachable-address' })
    net.run(30_000)
    expect(ever(nodes, 'join')).not.toContain('lost')
  })

  test('nor does it by anything that it says of itself', () => {
    const [net, nodes] = quiet(3)
    const lost = net.add('lost', { advertise: { host: '10.9.9.9', port: 9_000 } })
    net.join(lost, nodes[0]!)
    for (let second = 0; second < 30; second++) {
      net.run(1_000)
      net.call(lost, (engine, now) => engine.setRecord({ data: Uint8Array.of(second) }, now))
    }
    expect(ever(nodes, 'join')).not.toContain('lost')
  })
})

describe('failing', () => {
  test('a crash is suspected, then failed, at every survivor, and nobody else is', () => {
    const [net, nodes] = quiet(10)
    net.crash(nodes[3]!)
    const survivors = without(nodes, nodes[3])
    net.until(() => failedAt(survivors, 'n3'), 60_000)
    net.run(60_000)
    for (const node of survivors) expect(eventsOf(node, 'n3').slice(-2)).toEqual(['suspect', 'failed'])
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
      for (const node of nodes.slice(1)) net.join(net.restart(node), last)
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
    expect(statusAt(nodes[0]!, 'n1')).toBe('failed')
    net.resume(nodes[1]!)
    net.until(() => net.agreed(5), 30_000)
    expect(ever([nodes[1]!], 'failed')).toEqual([])
    expect(new Set(ever(nodes, 'failed'))).toEqual(new Set(['n1']))
  })

  test.each([1_500, 10_000])('a crash after all stood still for %i ms is found within 5 s', (ms) => {
    for (let seed = 1; seed <= 20; seed++) {
      const [net, nodes] = quiet(5, { seed })
      for (const node of nodes) net.pause(node)
      net.run(ms)
      for (const node of nodes) net.resume(node)
      net.run(1_000)
      net.crash(nodes[3]!)
      const survivors = without(nodes, nodes[3])
      net.until(() => failedAt(survivors, 'n3'), 5_000)
      expect(new Set(ever(survivors, 'failed'))).toEqual(new Set(['n3']))
    }
  })

  test('a crash among members that stand still now and then is found within 15 s, and nobody else is failed', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const [net, nodes] = quiet(5, { seed })
      const survivors = without(nodes, nodes[3])
      const random = net.random.fork('stalls')
      const stall = (node: SimNode): void =>
        net.after(10_000 * random.fraction(), () => {
          net.pause(node)
          net.after(2_000 * random.fraction(), () => {
            net.resume(node)
            stall(node)
          })
        })
      for (const node of survivors) stall(node)
      net.run(30_000)
      net.crash(nodes[3]!)
      net.until(() => failedAt(survivors, 'n3'), 15_000)
      expect(new Set(ever(survivors, 'failed'))).toEqual(new Set(['n3']))
    }
  })

  test('5 % of packets lost at 30 nodes for five minutes fails nobody', () => {
    const [net, nodes] = quiet(30, { network: { loss: 0.05 }, seed: 7 })
    net.run(300_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('uniform selection finds a crash as well', () => {
    const [net, nodes] = quiet(10, { detectors: () => [pingAck({ strategy: uniform })] })
    net.crash(nodes[3]!)
    net.until(() => failedAt(without(nodes, nodes[3]), 'n3'), 90_000)
  })

  test('a node that packets do not reach, but streams do, is not failed', () => {
    const [net, nodes] = quiet(4)
    net.links([nodes[2]!], undefined, { cut: 'packets' })
    net.links(undefined, [nodes[2]!], { cut: 'packets' })
    net.run(60_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('a one-way cut between two nodes is bridged by helpers', () => {
    const [net, nodes] = quiet(6)
    net.links([nodes[0]!], [nodes[1]!], { cut: 'everything' })
    net.run(120_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('a failed member is reaped after its retention, and its address is kept for rejoining', () => {
    const [net, nodes] = quiet(3, { settings: { failedRetention: 20_000 } })
    net.crash(nodes[2]!)
    net.until(() => statusAt(nodes[0]!, 'n2') === 'failed', 60_000)
    net.run(21_000)
    expect(statusAt(nodes[0]!, 'n2')).toBeUndefined()
    expect(eventsOf(nodes[0]!, 'n2').at(-1)).toBe('reap')
    // It is tried for life: a process that starts there, and asks nobody, is found.
    const tried = (): number => nodes[0]!.engine.stats().rejoinsTried + nodes[1]!.engine.stats().rejoinsTried
    const before = tried()
    net.restart(nodes[2]!)
    net.until(() => net.agreed(3), 120_000)
    expect(tried()).toBeGreaterThan(before)
  })

  test('a quorum of reports fails a suspect before its timeout', () => {
    const settings = { suspicionMult: 20, suspicionQuorum: 2 }
    const [net, nodes] = quiet(5, { settings })
    net.crash(nodes[4]!)
    const took = net.until(() => failedAt(without(nodes, nodes[4]), 'n4'), 60_000)
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
    net.until(() => failedAt(without(nodes, old), 'n2'), 60_000)
    const address = port === undefined ? old.address : otherPort(old, port)
    net.join(net.restart(old, { address, wallOffset }), nodes[0]!)
    net.until(() => net.agreed(3), 3_000)
    for (const node of without(nodes, old)) expect(eventsOf(node, 'n2').at(-1)).not.toBe('failed')
  })

  test.each([undefined, 5_555])(
    'one that starts again before anybody noticed (port %s) takes its place within 3 s',
    (port) => {
      const [net, nodes] = quiet(3)
      const old = nodes[2]!
      const { boot } = recordOf(old.engine, 'n2')
      net.crash(old)
      net.run(100)
      const again = net.restart(old, { address: port === undefined ? old.address : otherPort(old, port) })
      net.join(again, nodes[0]!)
      net.until(
        () => net.agreed(3) && recordOf(nodes[0]!.engine, 'n2').boot === recordOf(again.engine, 'n2').boot,
        3_000,
      )
      net.run(20_000)
      const failures = without(nodes, old).flatMap(({ events }) =>
        events.filter(({ type }) => type === 'failed'),
      )
      // At another port the old one is closed: the process that was there may be found dead before its successor is introduced.
      const allowed = port === undefined ? [] : [boot]
      for (const { record } of failures) expect(allowed).toContain(record.boot)
    },
  )
})

describe('leaving', () => {
  test('a node that leaves is left everywhere, never suspect or failed, and knows who heard it', () => {
    const [net, nodes] = quiet(8)
    const leaver = nodes[5]!
    const operation = net.leave(leaver)
    net.until(() => leaver.results.has(operation), 5_000)
    const result = leaver.results.get(operation)!
    expect(result.kind === 'left' && result.acknowledgedBy.length).toBe(3)
    net.run(1_000)
    net.crash(leaver)
    net.run(120_000)
    for (const node of without(nodes, leaver)) {
      expect(statusAt(node, 'n5')).toBe('left')
      expect(eventsOf(node, 'n5').filter((type) => type !== 'update')).toEqual(['join', 'leave'])
    }
  })

  test('the last one leaves at once', () => {
    const net = network()
    const alone = net.add('alone')
    const operation = net.leave(alone)
    expect(alone.results.get(operation)).toEqual({ kind: 'left', acknowledgedBy: [] })
  })

  test('it may come back with the same process', () => {
    const [net, nodes] = quiet(4)
    net.leave(nodes[1]!)
    net.run(5_000)
    net.join(nodes[1]!, nodes[0]!)
    net.until(() => net.agreed(4), 5_000)
  })

  test('its name is free at once, for another process at another address', () => {
    const [net, nodes] = quiet(4)
    net.leave(nodes[1]!)
    net.run(1_000)
    net.crash(nodes[1]!)
    const other = net.add('n1', { address: otherPort(nodes[1]!, 4_444), wallOffset: -1_000 })
    net.join(other, nodes[0]!)
    net.until(() => net.agreed(4), 3_000)
  })
})

describe('two processes with one name', () => {
  test('the earlier keeps it, the later is told, and nobody else notices', () => {
    const [net, nodes] = quiet(4)
    const later = net.add('n2', { address: otherPort(nodes[2]!, 7_777) })
    net.join(later, nodes[0]!)
    net.until(() => later.engine.lostTo !== undefined, 3_000)
    expect(later.engine.lostTo).toEqual(nodes[2]!.address)
    net.crash(later)
    net.run(60_000)
    for (const node of [nodes[0]!, nodes[1]!, nodes[3]!]) {
      expect(eventsOf(node, 'n2')).not.toContain('suspect')
      expect(recordOf(node.engine, 'n2').address).toEqual(nodes[2]!.address)
    }
    expect(nodes[2]!.engine.lostTo).toBeUndefined()
  })
})

describe('a partition', () => {
  test.each([2_000, 20_000, 300_000])('of %i ms heals', (ms) => {
    const [net, nodes] = quiet(10)
    const heal = net.partition([nodes.slice(0, 5), nodes.slice(5)])
    net.run(ms)
    heal()
    net.until(() => net.agreed(10), 120_000)
  })

  test('that is over leaves nobody trying the addresses of members that are back', () => {
    const [net, nodes] = quiet(3, { settings: { failedRetention: 5_000 } })
    net.crash(nodes[2]!)
    net.until(() => statusAt(nodes[0]!, 'n2') === undefined, 60_000)
    net.join(net.restart(nodes[2]!), nodes[0]!)
    net.until(() => net.agreed(3), 10_000)
    const tried = (): number =>
      [nodes[0]!, nodes[1]!].reduce((sum, { engine }) => sum + engine.stats().rejoinsTried, 0)
    const before = tried()
    net.run(600_000)
    expect(tried()).toBe(before)
  })

  test('that outlives the retention of failed members heals too', () => {
    const [net, nodes] = quiet(6, { settings: { failedRetention: 30_000 } })
    const heal = net.partition([nodes.slice(0, 3), nodes.slice(3)])
    net.run(200_000)
    expect(nodes[0]!.engine.members.size).toBe(3)
    heal()
    net.until(() => net.agreed(6), 120_000)
  })
})

describe('bounds', () => {
  test('an idle cluster lets its queues drain and sends about two packets per member and period', () => {
    const [net, nodes] = quiet(20)
    net.run(60_000)
    for (const { engine } of nodes) expect(engine.stats().backlog).toBe(0)
    const before = net.traffic.packets
    net.run(60_000)
    expect((net.traffic.packets - before) / 20 / 60).toBeCloseTo(2, 1)
  })

  test('the same seed gives the same run, another seed another', () => {
    const trace = (seed: number): string => {
      const [net, nodes] = quiet(10, { seed, network: { loss: 0.02 } })
      net.crash(nodes[1]!)
      net.run(30_000)
      return nodes
        .map((node) => node.events.map(({ at, record, type }) => `${at} ${type} ${record.name}`).join())
        .join('\n')
    }
    expect(trace(42)).toBe(trace(42))
    expect(trace(42)).not.toBe(trace(43))
  })
})
