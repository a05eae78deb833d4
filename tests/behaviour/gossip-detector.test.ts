import type { Detector, LookOptions, LookResult, Millis, Ref } from '@swimkit/core'
import { detectionBound, type GossipOptions, gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { type SimNode, Simulation, type SimulationOptions } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { eventsOf, ever, failedAt, quiet as formed, recordOf, statusAt, without } from './cluster.ts'

const detectors = (): Detector[] => [gossip()]

const quiet = (n: number, options: Partial<SimulationOptions> = {}): [Simulation, SimNode[]] =>
  formed(n, { detectors, ...options })

/** Nodes that have known each other for long, without the invariants, which take their time where there are many. */
function many(n: number, options: Partial<SimulationOptions> = {}): [Simulation, SimNode[]] {
  const net = new Simulation({ detectors, ...options })
  return [net, net.populate(n)]
}

/** How long a group has to have run until silence counts everywhere. */
const settled: Millis = 40_000

const doubted = (nodes: readonly SimNode[]): number =>
  nodes.reduce((sum, { engine }) => sum + engine.stats().suspectedOthers!, 0)

describe('in a quiet network', () => {
  test.each([2, 5, 30])('nobody of %i is ever suspected', (n) => {
    const [net, nodes] = quiet(n)
    net.run(120_000)
    expect([ever(nodes, 'suspect'), doubted(nodes)]).toEqual([[], 0])
  })

  test('nobody of 200 is, and each sends no more than two packets and a quarter in a second', () => {
    const [net, nodes] = many(200)
    net.run(settled)
    const { packets } = net.traffic
    net.run(20_000)
    expect(doubted(nodes)).toBe(0)
    expect((net.traffic.packets - packets) / 200 / 20).toBeLessThan(2.25)
  })

  test('with digests that hold a tenth of the members nobody is either', () => {
    const [net, nodes] = many(100, { detectors: () => [gossip({ digestBytes: 139 })] })
    net.run(120_000)
    expect(doubted(nodes)).toBe(0)
  })
})

describe('a network that loses packets', () => {
  test('fails nobody that lives: 10 % at 20 nodes for three minutes', () => {
    const [net, nodes] = quiet(20, { network: { loss: 0.1 }, seed: 3 })
    net.run(180_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('or all those of one node, which streams still reach, does not fail it', () => {
    const [net, nodes] = quiet(4)
    net.links([nodes[2]!], undefined, { cut: 'packets' })
    net.links(undefined, [nodes[2]!], { cut: 'packets' })
    net.run(90_000)
    expect(ever(nodes, 'failed')).toEqual([])
  })

  test('or all those between two nodes, does not make them suspect each other: others pass on what they say', () => {
    const [net, nodes] = quiet(6)
    net.links([nodes[0]!], [nodes[1]!], { cut: 'everything' })
    net.links([nodes[1]!], [nodes[0]!], { cut: 'everything' })
    net.run(120_000)
    expect(ever(nodes, 'suspect')).toEqual([])
  })
})

describe('a member that is gone', () => {
  test.each([
    ['a process', false],
    ['a machine', true],
  ])('%s, is suspected and then failed by all, and nobody else is', (_, silent) => {
    const [net, nodes] = quiet(12)
    net.crash(nodes[5]!, silent)
    const others = without(nodes, nodes[5])
    net.until(() => failedAt(others, 'n5'), 60_000)
    net.run(60_000)
    expect(new Set(ever(others, 'suspect'))).toEqual(new Set(['n5']))
    for (const node of others) expect(eventsOf(node, 'n5').slice(-2)).toEqual(['suspect', 'failed'])
  })

  test('with half of the others is found as well, by all that are left', () => {
    const [net, nodes] = quiet(16)
    const gone = nodes.slice(8)
    for (const node of gone) net.crash(node, true)
    const left = nodes.slice(0, 8)
    net.until(() => gone.every(({ name }) => failedAt(left, name)), 180_000)
    expect(new Set(ever(left, 'failed'))).toEqual(new Set(gone.map(({ name }) => name)))
  })

  test('is looked at by few of 200, and failed by all', () => {
    const looks = new Set<string>()
    const [net, nodes] = many(200, {
      detectors: () => [watched(gossip(), (node, name) => looks.add(`${node} ${name}`))],
    })
    net.run(settled)
    looks.clear()
    net.crash(nodes[7]!, true)
    net.until(() => failedAt(without(nodes, nodes[7]), 'n7'), 60_000)
    const those = [...looks].filter((look) => look.endsWith(' n7'))
    expect(those.length).toBeGreaterThan(0)
    expect(those.length).toBeLessThan(25)
  })
})

describe('a member that comes and goes', () => {
  test('joins, leaves and is forgotten, and is never suspected', () => {
    const [net, nodes] = quiet(5)
    const guest = net.add('guest')
    net.join(guest, nodes[0]!)
    net.until(() => net.agreed(6), 10_000)
    net.run(30_000)
    net.leave(guest)
    net.run(2_000)
    net.crash(guest)
    net.run(60_000)
    expect(ever(nodes, 'suspect')).toEqual([])
    for (const node of nodes) expect(statusAt(node, 'guest')).toBe('left')
  })

  test('starts again under its name, and is judged by the heartbeats of its new process', () => {
    const [net, nodes] = quiet(5)
    // The old process is at a heartbeat that the new one does not reach for minutes.
    net.run(300_000)
    const again = net.restart(nodes[3]!)
    net.join(again, nodes[0]!)
    net.run(60_000)
    const others = without(nodes, nodes[3])
    expect(ever(others, 'failed')).toEqual([])
    for (const node of others) {
      expect(recordOf(node.engine, 'n3').boot).toBe(recordOf(again.engine, 'n3').boot)
    }
    net.crash(again, true)
    net.until(() => failedAt(others, 'n3'), 60_000)
  })

  test('is failed and comes back, again and again, and is still found when it is gone for good', () => {
    const [net, nodes] = quiet(6)
    const others = without(nodes, nodes[4])
    for (let turn = 0; turn < 4; turn++) {
      net.pause(nodes[4]!)
      net.until(() => failedAt(others, 'n4'), 90_000)
      net.resume(nodes[4]!)
      net.until(() => net.agreed(6), 30_000)
      net.run(20_000)
    }
    net.crash(nodes[4]!, true)
    net.until(() => failedAt(others, 'n4'), 120_000)
    expect(new Set(ever(others, 'failed'))).toEqual(new Set(['n4']))
  })

  test('is given more time each time that it comes back', () => {
    // When it is looked at depends on when it was last heard, too: the sums of several runs.
    const sums = [0, 0, 0]
    for (let seed = 1; seed <= 6; seed++) {
      let since = Number.POSITIVE_INFINITY
      let turn = 0
      const [net, nodes] = quiet(4, {
        seed,
        detectors: () => [
          watched(gossip(), (_, name) => {
            if (name !== 'n3' || since === Number.POSITIVE_INFINITY) return
            sums[turn]! += net.now - since
            since = Number.POSITIVE_INFINITY
          }),
        ],
      })
      net.run(60_000)
      for (; turn < 3; turn++) {
        since = net.now
        net.pause(nodes[3]!)
        net.until(() => failedAt(without(nodes, nodes[3]), 'n3'), 90_000)
        net.resume(nodes[3]!)
        net.until(() => net.agreed(4), 30_000)
        net.run(20_000)
      }
    }
    expect(sums[1]!).toBeGreaterThan(sums[0]!)
    expect(sums[2]!).toBeGreaterThan(sums[1]!)
  })
})

describe('members that stand still', () => {
  test('for five seconds, a tenth of 60, are failed by nobody and fail nobody', () => {
    for (const seed of [1, 2, 3]) {
      const [net, nodes] = many(60, { seed })
      net.run(settled)
      const still = nodes.filter((_, i) => i % 10 === 0)
      for (const node of still) net.pause(node)
      net.run(5_000)
      for (const node of still) net.resume(node)
      net.run(60_000)
      expect(ever(nodes, 'failed')).toEqual([])
      expect(doubted(still)).toBe(0)
      expect(net.agreed(60)).toBe(true)
    }
  })
})

describe('a cluster that switches while it runs', () => {
  const both = (): Detector[] => [pingAck(), gossip()]

  test('from pings to heartbeats and back, again and again, suspects nobody, and finds a crash in between', () => {
    const [net, nodes] = formed(8, { detectors: both })
    const switchTo = (detector: string): void => {
      net.call(nodes[0]!, (engine, now) => engine.switchDetector(detector, undefined, now))
      net.until(() => net.live().every(({ engine }) => engine.config.detector === detector), 5_000)
    }
    for (let turn = 0; turn < 3; turn++) {
      switchTo('gossip')
      net.run(20_000 + 1_000 * turn)
      switchTo('pingack')
      net.run(3_000)
    }
    switchTo('gossip')
    net.run(2_000)
    expect(ever(nodes, 'suspect')).toEqual([])
    net.crash(nodes[6]!, true)
    net.until(() => failedAt(without(nodes, nodes[6]), 'n6'), 60_000)
    expect(new Set(ever(nodes, 'suspect'))).toEqual(new Set(['n6']))
  })
})

describe('heartbeats that cannot be', () => {
  test('keep a dead member alive for no longer than a silence more, and harm no living one', () => {
    const [net, nodes] = quiet(6)
    net.run(30_000)
    const low = (node: SimNode): number =>
      Number(BigInt.asUintN(32, recordOf(nodes[0]!.engine, node.name).boot))
    // Others are told of heartbeats of the highest number there is: of one that lives, and of one that is about to be gone.
    const entry = (id: number): number[] => [
      id >>> 24,
      (id >>> 16) & 255,
      (id >>> 8) & 255,
      id & 255,
      255,
      255,
      255,
      255,
      15,
    ]
    const poison = Uint8Array.from([0x10, ...entry(low(nodes[4]!)), ...entry(low(nodes[5]!))])
    const spread = (): void => {
      for (const node of nodes.slice(0, 4)) {
        const part = node.codec.encode({ type: 'custom', channel: 'gossip', body: poison })
        const { members } = nodes[4]!.engine
        const { boot, name } = members.record(members.self)
        const packet = node.codec.bundle(
          { name, boot, incarnation: members.incarnation(members.self) },
          [part],
          undefined,
        )
        net.call(node, (engine, now) => engine.receive(nodes[4]!.address, packet, now))
      }
    }
    spread()
    net.crash(nodes[5]!, true)
    for (let second = 0; second < 30; second++) {
      spread()
      net.run(1_000)
    }
    net.until(() => failedAt(nodes.slice(0, 5), 'n5'), 30_000)
    net.run(60_000)
    expect(new Set(ever(nodes.slice(0, 5), 'suspect'))).toEqual(new Set(['n5']))
  })
})

describe('the first look at a crashed member comes within the bound', () => {
  test.each<[n: number, bytes: number, loss: number, options: GossipOptions, seeds: number]>([
    [2, 1_400, 0, {}, 6],
    [5, 1_400, 0, {}, 6],
    [16, 1_400, 0, {}, 4],
    [64, 1_400, 0, {}, 3],
    [200, 1_400, 0, {}, 1],
    // Digests of these have no room for all.
    [64, 576, 0, {}, 2],
    [120, 576, 0, {}, 1],
    [64, 576, 0, { digestBytes: 139 }, 2],
    [40, 1_400, 0, { interval: 500, fanout: 3, threshold: 8 }, 2],
    [16, 1_400, 0.1, {}, 4],
    [64, 576, 0.1, {}, 2],
  ])(
    'in groups of %i with packets of %i bytes, %f of them lost, and %j',
    (n, packetBytes, loss, options, seeds) => {
      // What is left of a packet for the body of the longest channel is 85 bytes less, and names may take more.
      const { digestBytes = Math.floor(0.85 * (packetBytes - 110)), fanout = 1, interval = 1_000 } = options
      const lossless = detectionBound({ n, interval, fanout, digestBytes, probeInterval: 1_000 })
      const bound = lossless / (1 - loss) ** 2
      for (let seed = 1; seed <= seeds; seed++) {
        let crashed = Number.POSITIVE_INFINITY
        let found = Number.NaN
        let gone = ''
        const [net, nodes] = many(n, {
          seed,
          settings: { packetBytes },
          network: { loss },
          detectors: () => [
            watched(gossip(options), (_, name) => {
              if (name === gone && net.now >= crashed && Number.isNaN(found)) found = net.now
            }),
          ],
        })
        net.run(settled + 370 * seed)
        for (const victim of nodes.slice(-Math.min(3, n - 1))) {
          gone = victim.name
          found = Number.NaN
          crashed = net.now
          net.crash(victim, true)
          net.until(() => !Number.isNaN(found), bound)
          net.run(15_000)
        }
      }
    },
  )
})

/** A detector whose looks are told: by whom and at whom. */
function watched(inner: Detector, looked: (node: string, name: string) => void): Detector {
  return {
    ...inner,
    attach(context) {
      const { members } = context
      const hooks = inner.attach({
        ...context,
        look: (ref: Ref, options: LookOptions, now: Millis) => {
          looked(members.name(members.self), members.name(ref))
          return context.look(ref, options, now)
        },
      })
      return {
        start: (now) => hooks.start(now),
        stop: (now) => hooks.stop(now),
        onTimer: (tag, arg, now) => hooks.onTimer(tag, arg, now),
        onLook: (result: LookResult, now) => hooks.onLook!(result, now),
        onMessage: (from, body, now) => hooks.onMessage!(from, body, now),
        onStatus: (ref, before, after, now) => hooks.onStatus!(ref, before, after, now),
        onRecord: (ref, before, now) => hooks.onRecord!(ref, before, now),
      }
    },
  }
}
