import { createRandom, type Detector, type Millis } from '@swimkit/core'
import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { type SimNode, Simulation } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { eventsOf, ever, quiet, statusAt, without } from './cluster.ts'

const both = (): Detector[] => [pingAck(), gossip()]

const cluster = (n: number) => quiet(n, { detectors: both })

const configs = (nodes: readonly SimNode[]): string[] => [
  ...new Set(
    nodes.map(({ engine }) => {
      const { detector, epoch, suspicion } = engine.config
      return `${epoch} ${detector}${suspicion ? '' : ' without suspicion'}`
    }),
  ),
]

const switchTo = (net: Simulation, node: SimNode, detector: string, suspicion?: boolean) =>
  net.call(node, (engine, now) => engine.switchDetector(detector, suspicion, now))

describe('a switch', () => {
  test.each([2, 5, 30])('at one of %i is everybody’s within two seconds, and fails nobody', (n) => {
    const [net, nodes] = cluster(n)
    switchTo(net, nodes[n - 1]!, 'gossip')
    net.until(() => configs(nodes).length === 1, 2_000)
    net.run(60_000)
    expect([configs(nodes), ever(nodes, 'suspect')]).toEqual([['1 gossip'], []])
  })

  test('at two nodes at once comes to one end everywhere', () => {
    const [net, nodes] = cluster(20)
    switchTo(net, nodes[3]!, 'gossip', false)
    switchTo(net, nodes[9]!, 'gossip', true)
    switchTo(net, nodes[15]!, 'pingack', false)
    net.run(3_000)
    // The greater name wins, before there is a question of suspicion.
    expect(configs(nodes)).toEqual(['1 pingack without suspicion'])
  })

  test('on both sides of a partition comes to one end when that is over', () => {
    const [net, nodes] = cluster(10)
    const heal = net.partition([nodes.slice(0, 5), nodes.slice(5)])
    net.run(40_000)
    switchTo(net, nodes[0]!, 'gossip')
    switchTo(net, nodes[0]!, 'pingack')
    switchTo(net, nodes[9]!, 'gossip')
    net.run(5_000)
    expect(configs(nodes)).toEqual(['2 pingack', '1 gossip'])
    heal()
    net.until(() => net.agreed(10), 120_000)
    net.until(() => configs(nodes).length === 1, 60_000)
    expect(configs(nodes)).toEqual(['2 pingack'])
  })

  test.each(['pingack', 'gossip'])('to %s finds who crashes right after it', (detector) => {
    const [net, nodes] = cluster(12)
    if (detector === 'pingack') switchTo(net, nodes[0]!, 'gossip')
    net.run(30_000)
    switchTo(net, nodes[0]!, detector)
    net.run(100)
    const gone = nodes[7]!
    net.crash(gone, true)
    const left = without(nodes, gone)
    net.until(() => left.every((node) => statusAt(node, gone.name) === 'failed'), 60_000)
    for (const node of left) expect(eventsOf(node, nodes[1]!.name)).not.toContain('suspect')
  })
})

describe('one that joins', () => {
  test('alone with a high epoch takes what the cluster runs', () => {
    const [net, nodes] = cluster(5)
    switchTo(net, nodes[0]!, 'gossip')
    const late = net.add('late')
    for (let i = 0; i < 9; i++) switchTo(net, late, i % 2 === 0 ? 'gossip' : 'pingack')
    switchTo(net, late, 'pingack')
    expect(late.engine.config.epoch).toBe(10)
    net.join(late, nodes[2]!)
    net.run(5_000)
    expect(configs([...nodes, late])).toEqual(['1 gossip'])
  })

  test('without the cluster’s detector is told so, and is no member', () => {
    const [net, nodes] = cluster(5)
    switchTo(net, nodes[0]!, 'gossip')
    net.run(2_000)
    const poor = net.add('poor', { engine: { detectors: [pingAck()] } })
    const operation = net.join(poor, nodes[2]!)
    net.run(5_000)
    expect(poor.results.get(operation)).toEqual({
      kind: 'join-failed',
      code: 'detector-missing',
      message: 'the cluster runs detector "gossip", which poor does not have',
    })
    expect(statusAt(nodes[0]!, 'poor')).toBeUndefined()
  })

  test('keeps the cluster from being switched to what it does not have, with its name', () => {
    const [net, nodes] = cluster(5)
    const poor = net.add('poor', { engine: { detectors: [pingAck()] } })
    net.join(poor, nodes[2]!)
    net.until(() => net.agreed(6), 10_000)
    expect(switchTo(net, nodes[4]!, 'gossip')).toEqual({ kind: 'missing', members: ['poor'] })
  })

  test('as the cluster is switched slips in: it is watched by pings, is not failed, and is found when it is gone', () => {
    const [net, nodes] = cluster(8)
    // The switch is made where nobody has heard of the newcomer yet.
    const poor = net.add('poor', { engine: { detectors: [pingAck()] } })
    net.join(poor, nodes[2]!)
    net.until(() => statusAt(nodes[2]!, 'poor') === 'alive', 5_000)
    switchTo(net, nodes[7]!, 'gossip')
    net.until(() => net.agreed(9), 10_000)
    net.run(90_000)
    const all = [...nodes, poor]
    expect([configs(all), ever(all, 'suspect')]).toEqual([['1 gossip'], []])
    expect(eventsOf(nodes[0]!, 'poor')).toContain('detector-missing')
    expect(eventsOf(poor, 'poor')).toContain('detector-missing')
    net.crash(poor, true)
    net.until(() => nodes.every((node) => statusAt(node, 'poor') === 'failed'), 60_000)
  })
})

/** Failures that nodes report of members whose very process runs. */
function wrongVerdicts(net: Simulation): string[] {
  const wrong: string[] = []
  for (const node of net.live()) {
    for (const { record, type } of node.events.splice(0)) {
      const subject = type === 'failed' ? net.nodes.get(record.name) : undefined
      if (subject === undefined || subject.state === 'gone') continue
      const { members } = subject.engine
      if (members.record(members.self).boot === record.boot) wrong.push(`${record.name} at ${node.name}`)
    }
  }
  return wrong
}

test('200 nodes that are switched back and forth every 10 s for ten minutes, with 10 % loss and churn, fail nobody that lives', () => {
  const net = new Simulation({ detectors: both, seed: 4, network: { loss: 0.1 } })
  net.populate(200)
  const random = createRandom([4])
  const anybody = (): SimNode => {
    const live = net.live()
    return live[random.below(live.length)]!
  }
  const away: { readonly name: string; readonly until: number }[] = []
  const wrong: string[] = []
  let failed = 0
  for (let second = 1; second <= 600; second++) {
    if (second % 10 === 0) switchTo(net, anybody(), second % 20 === 0 ? 'pingack' : 'gossip')
    // Every 20 s a process dies, every other time with its machine, and is back after half a minute.
    if (second % 20 === 5) {
      const gone = anybody()
      net.crash(gone, second % 40 === 5)
      away.push({ name: gone.name, until: second + 30 })
    }
    while (away[0]?.until === second) net.join(net.restart(away.shift()!.name), anybody())
    net.run(1_000)
    for (const node of net.live()) failed += node.events.filter(({ type }) => type === 'failed').length
    wrong.push(...wrongVerdicts(net))
  }
  expect(wrong).toEqual([])
  // Nearly all have heard of nearly all of the thirty that died.
  expect(failed).toBeGreaterThan(5_000)
  net.run(10_000)
  expect(configs(net.live())).toHaveLength(1)
})

test.each(['pingack', 'gossip'])(
  'pauses of 5 s at a tenth of 60 nodes, again and again, fail nobody with %s',
  (detector) => {
    const net = new Simulation({ detectors: both, seed: 6 })
    const nodes = net.populate(60)
    if (detector === 'gossip') switchTo(net, nodes[0]!, detector)
    net.run(30_000)
    const wrong: string[] = []
    const pause: Millis = 5_000
    for (let round = 0; round < 10; round++) {
      const still = nodes.filter((_, i) => i % 10 === round)
      for (const node of still) net.pause(node)
      net.run(pause)
      for (const node of still) net.resume(node)
      net.run(10_000)
      wrong.push(...wrongVerdicts(net))
    }
    expect(wrong).toEqual([])
  },
)
