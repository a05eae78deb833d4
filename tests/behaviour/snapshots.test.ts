import type { SimNode, Simulation } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { ever, network, quiet, recordOf, statusAt, without } from './cluster.ts'

const saving = { snapshots: 5_000 } as const
const text = (value: string): Uint8Array => new TextEncoder().encode(value)

/** Starts processes again at once, of which each knows no more than its snapshot. */
const restartAll = (net: Simulation, nodes: readonly SimNode[]): SimNode[] =>
  nodes.map((node) => net.restart(node))

/** Joins at what the snapshot has, as a driver does: a few at a time, until there is somebody. */
function rejoin(net: Simulation, nodes: readonly SimNode[]): void {
  for (const node of nodes) {
    if (node.state !== 'up' || node.engine.members.active > 1) continue
    const known = [...(node.memory?.members ?? [])].map(({ record }) => record.address)
    for (let i = 0; i < 5 && known.length > 0; i++) {
      const [address] = known.splice(net.random.below(known.length), 1)
      net.call(node, (engine, now) => engine.join(address!, now))
    }
  }
  net.after(5_000, () => rejoin(net, nodes))
}

const told = ({ deliveries }: SimNode): string[] =>
  deliveries.flatMap((delivery) => (delivery.kind === 'event' ? [delivery.event.name] : []))

describe('after a whole outage', () => {
  test.each([
    [3, 0, false],
    [30, 0, true],
    [30, 0.2, false],
    [100, 0.1, true],
  ])('%i nodes that lose %d of all packets find each other by what they saved', (n, loss, silent) => {
    const [net, nodes] = quiet(n, { ...saving, network: { loss } })
    for (const node of nodes) net.crash(node, silent)
    net.run(60_000)
    const again = restartAll(net, nodes)
    rejoin(net, again)
    net.until(() => net.agreed(n), 120_000)
    net.run(30_000)
    expect(ever(again, 'failed')).toEqual([])
  })

  test('those that are back find each other, one after the other, whoever is not back', () => {
    const [net, nodes] = quiet(20, saving)
    for (const node of nodes) net.crash(node, true)
    const again: SimNode[] = []
    for (const node of nodes.slice(0, 12)) {
      net.run(7_000)
      again.push(net.restart(node))
      rejoin(net, again.slice(-1))
    }
    net.until(() => net.agreed(12), 120_000)
    expect(again.map((node) => statusAt(node, 'n15'))).toEqual(again.map(() => undefined))
  })

  test('who they are is what they say now, not what was saved of them', () => {
    const [net, nodes] = quiet(5, saving)
    net.call(nodes[1]!, (engine, now) => engine.setRecord({ data: text('old') }, now))
    net.run(20_000)
    for (const node of nodes) net.crash(node)
    const again = nodes.map((node, i) => net.restart(node, i === 1 ? { data: text('new') } : {}))
    rejoin(net, again)
    net.until(() => net.agreed(5), 60_000)
    for (const { engine } of again) expect(recordOf(engine, 'n1').data).toEqual(text('new'))
  })

  test('nobody is told again what it had heard before, and what is told from then on comes later', () => {
    const [net, nodes] = quiet(10, saving)
    for (const name of ['a', 'b', 'c']) {
      net.call(nodes[0]!, (engine, now) => engine.broadcast(name, text(''), now))
      net.run(2_000)
    }
    net.run(10_000)
    for (const node of nodes) expect(told(node)).toEqual(['a', 'b', 'c'])
    // One keeps running, and what was told with it: whoever comes back asks for all there is.
    for (const node of nodes.slice(1)) net.crash(node)
    const again = restartAll(net, nodes.slice(1))
    for (const node of again) net.call(node, (engine, now) => engine.join(nodes[0]!.address, now, true))
    net.until(() => net.agreed(10), 60_000)
    net.call(again[3]!, (engine, now) => engine.broadcast('d', text(''), now))
    net.run(60_000)
    for (const node of again) expect(told(node)).toEqual(['d'])
    expect(told(nodes[0]!)).toEqual(['a', 'b', 'c', 'd'])
  })
})

describe('a process that starts with what an earlier one saved', () => {
  test('still looks for those that had failed, and finds them when the network is whole again', () => {
    const [net, nodes] = quiet(8, saving)
    const [far, near] = [nodes.slice(0, 3), nodes.slice(3)]
    const heal = net.partition([far, near])
    net.run(60_000)
    for (const node of far) net.crash(node)
    const again = restartAll(net, far)
    rejoin(net, again)
    net.run(60_000)
    for (const node of again) expect(statusAt(node, 'n5')).toBe('failed')
    heal()
    net.until(() => net.agreed(8), 120_000)
  })

  test('forgets those that had failed when it would have done so anyway', () => {
    const [net, nodes] = quiet(4, { ...saving, settings: { failedRetention: 60_000 } })
    net.crash(nodes[3]!, true)
    net.run(40_000)
    net.crash(nodes[0]!)
    const [again] = restartAll(net, nodes.slice(0, 1))
    expect(statusAt(again!, 'n3')).toBe('failed')
    net.run(60_000)
    expect(statusAt(again!, 'n3')).toBeUndefined()
  })

  test('is a member at once although its clock was set back by a year', () => {
    const [net, nodes] = quiet(5, saving)
    net.crash(nodes[2]!)
    const again = net.restart(nodes[2]!, { wallOffset: -31_536_000 })
    rejoin(net, [again])
    net.until(() => net.agreed(5), 10_000)
    expect(ever(without(nodes, nodes[2]), 'conflict')).toEqual([])
  })

  test('brings nobody back who is gone, and makes nobody fail who lives', () => {
    const [net, nodes] = quiet(12, saving)
    // n11 fails in the tables and snapshots of those that cannot reach it, and refutes that when they can.
    const heal = net.partition([[nodes[11]!], nodes.slice(0, 11)])
    net.run(60_000)
    net.crash(nodes[4]!)
    net.crash(nodes[5]!, true)
    heal()
    const again = net.restart(nodes[4]!)
    rejoin(net, [again])
    net.until(() => net.agreed(11), 120_000)
    net.run(60_000)
    for (const node of without([...nodes.slice(0, 4), ...nodes.slice(6), again])) {
      expect([statusAt(node, 'n11'), statusAt(node, 'n5')]).toEqual(['alive', 'failed'])
    }
  })

  test('keeps no more addresses than 256, whatever the size of the group', () => {
    const net = network(saving)
    const nodes = net.populate(400)
    net.run(6_000)
    net.crash(nodes[0]!)
    const again = net.restart(nodes[0]!)
    expect([...again.memory!.members].length).toBe(399)
    net.run(1_000)
    expect(again.engine.memory(again.clock.local(net.now)).addresses.length).toBe(256)
  })
})
