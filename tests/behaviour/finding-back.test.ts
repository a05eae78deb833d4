import { describe, expect, test } from 'vitest'
import { failedAt, network, quiet, statusAt, without } from './cluster.ts'

// The limits are far below what comparing tables with random members takes, once in a `syncInterval` of 30 s.
const seeds = Array.from({ length: 40 }, (_, i) => i + 1)

describe('a process that is started again with nobody to join', () => {
  test.each([0, 200, 1_000])('%i ms after it was killed is back within 6 s', (ms) => {
    for (const seed of seeds) {
      const [net, nodes] = quiet(5, { seed })
      net.crash(nodes[0]!)
      net.run(ms)
      net.restart(nodes[0]!)
      net.until(() => net.agreed(5), 6_000)
    }
  })

  test('before anybody noticed, and that a newcomer has joined, is back within 12 s, with the newcomer', () => {
    for (const seed of seeds) {
      const [net, nodes] = quiet(5, { seed })
      net.crash(nodes[0]!)
      net.run(100)
      const again = net.restart(nodes[0]!)
      net.join(net.add('late'), again)
      net.until(() => net.agreed(6), 12_000)
    }
  })

  test.each([5, 20])('after all of %i hold it failed is back within 20 s', (n) => {
    for (const seed of seeds) {
      const [net, nodes] = quiet(n, { seed })
      net.crash(nodes[0]!)
      net.until(() => failedAt(without(nodes, nodes[0]), 'n0'), 60_000)
      net.restart(nodes[0]!)
      net.until(() => net.agreed(n), 20_000)
    }
  })

  test('as one of three of five is back within 30 s', () => {
    for (const seed of seeds) {
      const [net, nodes] = quiet(5, { seed })
      const gone = nodes.slice(0, 3)
      for (const node of gone) net.crash(node)
      net.run(5_000)
      for (const node of gone) net.restart(node)
      net.until(() => net.agreed(5), 30_000)
    }
  })

  test('at a machine that was silent, is back within 20 s', () => {
    for (const seed of seeds) {
      const [net, nodes] = quiet(5, { seed })
      net.crash(nodes[0]!, true)
      net.until(() => failedAt(without(nodes, nodes[0]), 'n0'), 60_000)
      net.run(5_000)
      net.restart(nodes[0]!)
      net.until(() => net.agreed(5), 20_000)
    }
  })

  test('in a cluster of another label is none of theirs', () => {
    const [net, nodes] = quiet(5)
    net.crash(nodes[0]!)
    net.run(100)
    const other = net.restart(nodes[0]!, { cluster: 'other' })
    net.run(120_000)
    expect(other.engine.members.size).toBe(1)
    expect(failedAt(without(nodes, nodes[0]), 'n0')).toBe(true)
  })
})

describe('a partition of a minute', () => {
  test.each([2, 10])('of %i has its halves find each other within 10 s', (n) => {
    for (const seed of seeds.slice(0, 20)) {
      const net = network({ seed })
      const nodes = net.form(n)
      const heal = net.partition([nodes.slice(0, n / 2), nodes.slice(n / 2)])
      net.run(60_000)
      heal()
      net.until(() => nodes.some(({ engine }) => engine.members.active === n), 10_000)
    }
  })
})

describe('one that was cut off for half a minute', () => {
  test('fails nobody for it two seconds after it is back: whom it suspects is told, and refutes', () => {
    for (const seed of seeds) {
      const net = network({ seed })
      const nodes = net.populate(20)
      net.run(10_000 + 500 * seed)
      const apart = nodes[0]!
      const heal = net.partition([[apart], nodes.slice(1)])
      net.run(30_000)
      heal()
      net.until(() => nodes.slice(1).some((node) => statusAt(node, 'n0') === 'alive'), 30_000)
      const late = net.now + 2_000
      net.run(60_000)
      expect(apart.events.filter(({ at, type }) => type === 'failed' && at > late)).toEqual([])
      expect(net.agreed(20)).toBe(true)
    }
  })
})

describe('one that is gone for good', () => {
  test('costs a cluster of any size some hundred tries in five minutes, and then one in ten seconds', () => {
    const tries = (n: number): number[] => {
      const [net, nodes] = quiet(n)
      const others = without(nodes, nodes[0])
      net.crash(nodes[0]!)
      net.until(() => failedAt(others, 'n0'), 60_000)
      const sum = (): number => others.reduce((total, { engine }) => total + engine.stats().rejoinsTried, 0)
      net.run(300_000)
      const first = sum()
      net.run(1_000_000)
      return [first, sum() - first]
    }
    // 30 in the first 30 s, and 30 × ln 10 in what follows; three standard deviations of a Poisson distribution either way.
    for (const n of [3, 10, 30]) {
      const [first, later] = tries(n) as [number, number]
      expect(first).toBeGreaterThan(70)
      expect(first).toBeLessThan(130)
      expect(later).toBeGreaterThan(70)
      expect(later).toBeLessThan(130)
    }
  })
})
