import type { Message, StreamMessage } from '@swimkit/core'
import type { SimNode, Simulation } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { eventsOf, recordOf, statusAt } from './cluster.ts'
import { alive, betrayed, failed, type Liar, left, suspect, wall } from './liar.ts'

/** What is believed of a member at most, now: of what it says itself, and of what others say. */
const highestAlive = (net: Simulation): number => Math.floor(wall + net.now / 1_000) + 2 ** 26
const highestAccusation = (net: Simulation): number => highestAlive(net) - 2 ** 16
const incarnationOf = ({ engine: { members } }: SimNode, name: string): number =>
  members.incarnation(members.find(name)!)

/** How long until all honest nodes and the liar's, which tells the truth from now on, agree again. */
const recovery = (net: Simulation, count: number, within: number): number =>
  net.until(() => net.agreed(count), within)

const holdAlive = (nodes: readonly SimNode[]): boolean =>
  nodes.every((at) => nodes.every(({ name }) => statusAt(at, name) === 'alive'))

describe('a member that lies about incarnations', () => {
  test.each([
    ['suspect', (name: string, incarnation: number) => suspect(name, incarnation, ['n5'])],
    ['failed', (name: string, incarnation: number) => failed(name, incarnation, 'n5')],
    ['left', (name: string, incarnation: number) => left(name, incarnation)],
  ] as const)(
    'and says that another is %s at the highest there is, is refuted within a gossip interval',
    (_, claim) => {
      const { liar, net, nodes } = betrayed(5)
      liar.tell(nodes, claim('n0', highestAccusation(net)))
      // Regression: others believed the next higher incarnation only when the wall clock had moved on, and it was not told again by then.
      expect(recovery(net, 6, 1_000)).toBeLessThan(500)
      expect(incarnationOf(nodes[1]!, 'n0')).toBe(highestAccusation(net) + 1)
    },
  )

  test('and says it above that, is not believed by anybody', () => {
    const { liar, net, nodes } = betrayed(5)
    // Its victim would refute it all the same.
    const others = nodes.slice(2)
    const above = highestAccusation(net) + 1
    liar.tell(others, suspect('n0', above, ['n5']), failed('n0', above, 'n5'), left('n1', above))
    for (const node of others) {
      expect(['n0', 'n1'].map((name) => incarnationOf(node, name))).toEqual([wall, wall])
      expect(node.engine.stats().claimsIncarnationTooHigh).toBe(3)
    }
    for (const incarnation of [highestAlive(net), 0xffff_ffff]) {
      liar.tell(nodes, failed('n0', incarnation, 'n5'), left('n1', incarnation))
    }
    liar.tell(nodes, alive(0xffff_ffff, liar.record('n2')), alive(highestAlive(net) + 1, liar.record('n3')))
    expect(holdAlive(nodes)).toBe(true)
    for (const node of nodes) {
      expect(['n2', 'n3'].map((name) => incarnationOf(node, name))).toEqual([wall, wall])
    }
    net.run(5_000)
    expect(net.agreed(6)).toBe(true)
  })

  test.each([
    ['as it is', {}],
    ['as another process that is somewhere else', { boot: 99n, address: { host: '10.9.9.9', port: 1 } }],
  ])('and tells of another, %s, at the highest there is, is corrected within two seconds', (_, change) => {
    const { liar, net, nodes } = betrayed(5)
    const own = recordOf(nodes[0]!.engine, 'n0')
    liar.tell(nodes, alive(highestAlive(net), liar.record('n0', change)))
    expect(recovery(net, 6, 5_000)).toBeLessThan(2_000)
    for (const node of nodes) expect(recordOf(node.engine, 'n0')).toEqual(own)
  })

  test('and claims the highest for itself, can be accused there like anybody', () => {
    const { liar, net, nodes } = betrayed(5)
    liar.tell(nodes, alive(highestAlive(net), liar.record('n5')))
    net.crash(liar.node)
    net.until(() => nodes.every((node) => statusAt(node, 'n5') === 'failed'), 60_000)
    expect(holdAlive(nodes)).toBe(true)
  })

  test('for a minute, each second as high as it goes, keeps its victim from nobody for longer than it goes on', () => {
    const { liar, net, nodes } = betrayed(5)
    for (let second = 0; second < 60; second++) {
      liar.tell(nodes, failed('n0', highestAccusation(net), 'n5'))
      net.run(1_000)
    }
    expect(recovery(net, 6, 60_000)).toBeLessThan(2_000)
    // Neither it nor anybody else is out of numbers.
    expect(incarnationOf(nodes[0]!, 'n0')).toBeLessThanOrEqual(highestAlive(net))
  })
})

describe('a member that fails everyone', () => {
  const failAll = (nodes: readonly SimNode[], liar: Liar): void => {
    for (const { name } of nodes) liar.tell(nodes, failed(name, incarnationOf(liar.node, name), 'n7'))
  }

  test('once, is refuted by all within a second', () => {
    const { liar, net, nodes } = betrayed(7)
    failAll(nodes, liar)
    expect(recovery(net, 8, 5_000)).toBeLessThan(1_000)
  })

  // What cannot be held against it: as long as it goes on, members are failed again as soon as they have refuted.
  test('ten times a second is heeded as long as it goes on, and forgotten two seconds after', () => {
    const { liar, net, nodes } = betrayed(7)
    let heldAlive = 0
    for (let tenth = 0; tenth < 300; tenth++) {
      failAll(nodes, liar)
      net.run(100)
      for (const node of nodes) expect(statusAt(node, node.name)).toBe('alive')
      if (nodes.some((at) => nodes.some(({ name }) => statusAt(at, name) === 'failed'))) continue
      heldAlive++
    }
    // It is heeded: nobody could tell it from one that looked.
    expect(heldAlive).toBeLessThan(300)
    expect(recovery(net, 8, 60_000)).toBeLessThan(2_000)
    // Each has refuted once in each probe interval, and not more often.
    for (const { engine } of nodes) expect(engine.stats().refutations).toBeLessThanOrEqual(32)
  })

  test('and is taken down and forced out, is forgotten within a minute, and who lives is alive', () => {
    const { liar, net, nodes } = betrayed(7)
    failAll(nodes, liar)
    net.run(2_000)
    net.crash(liar.node)
    net.call(nodes[0]!, (engine, now) => engine.forceLeave(engine.members.find('n7')!, true, now))
    net.until(() => nodes.every((node) => statusAt(node, 'n7') === undefined), 60_000)
    expect(holdAlive(nodes)).toBe(true)
  })
})

describe('a member that floods suspicions', () => {
  const accuse = (evidence: 'timeout' | 'refused', liar: Liar, nodes: readonly SimNode[], flood: number) => {
    const ghosts = Array.from({ length: 16 }, (_, i) => `ghost-${flood}-${i}`)
    liar.tell(nodes, suspect('n0', incarnationOf(liar.node, 'n0'), ghosts, evidence))
  }

  test('by accusers it makes up, shortens the suspicion to its shortest, which one that lives uses to refute', () => {
    const { liar, net, nodes } = betrayed(7)
    for (let flood = 0; flood < 100; flood++) {
      accuse('timeout', liar, nodes, flood)
      net.run(100)
    }
    expect(recovery(net, 8, 10_000)).toBeLessThan(2_000)
    net.run(10_000)
    for (const node of nodes.slice(1)) {
      expect(eventsOf(node, 'n0')).not.toContain('failed')
      expect(node.engine.stats().backlog).toBe(0)
    }
  })

  test('keeps no more accusers than sixteen, and none once it is refuted', () => {
    const { liar, net, nodes } = betrayed(7)
    net.links([nodes[0]!], undefined, { cut: 'packets' })
    const observer = nodes[1]!
    const ref = observer.engine.members.find('n0')!
    for (let flood = 0; flood < 10; flood++) accuse('timeout', liar, [observer], flood)
    const { accusations } = observer.engine.suspicion(ref)!
    expect(accusations.length).toBeGreaterThan(0)
    expect(accusations.length).toBeLessThanOrEqual(16)
  })

  // What cannot be held against it: a quorum is counted by name, and names of members serve as well as those that are made up.
  test('of closed ports fails its victim at once, until that has refuted, within a second', () => {
    const { liar, net, nodes } = betrayed(7)
    accuse('refused', liar, nodes, 0)
    expect(statusAt(nodes[1]!, 'n0')).toBe('failed')
    expect(recovery(net, 8, 5_000)).toBeLessThan(1_000)
  })
})

describe('old packets and requests that are sent again', () => {
  /** What a group said for a while, in which a member died, another changed what it carries, and all were told something. */
  function recorded() {
    const { net, nodes } = betrayed(5, { settings: { failedRetention: 600_000 } })
    const packets: { readonly at: SimNode; readonly from: SimNode; readonly bytes: Uint8Array }[] = []
    const requests: { readonly at: SimNode; readonly message: StreamMessage }[] = []
    net.observe({
      received: (at, bytes, from) => packets.push({ at, from, bytes: bytes.slice() }),
      heard: (at, message) => requests.push({ at, message }),
    })
    const body = Uint8Array.of(1)
    const to = nodes[1]!.engine.members.find('n2')!
    net.call(nodes[1]!, (engine, now) => {
      engine.broadcast('deploy', body, now)
      engine.send(to, body, false, now)
      engine.send(to, body, true, now)
      engine.setRecord({ data: body }, now)
    })
    net.run(3_000)
    net.call(nodes[1]!, (engine, now) => engine.setRecord({ data: Uint8Array.of(2) }, now))
    net.crash(nodes[0]!)
    net.run(120_000)
    const live = net.live()
    for (const node of live) expect(statusAt(node, 'n0')).toBe('failed')
    expect(nodes[2]!.deliveries).toHaveLength(3)
    const seen = live.map((node) => [node.engine.digest, node.events.length, node.deliveries.length])
    return { live, net, nodes, packets: packets.splice(0), requests: requests.splice(0), seen }
  }

  test('change nothing, whatever their order: nobody is back, no message comes twice', () => {
    const { live, net, nodes, packets, requests, seen } = recorded()
    expect(packets.length).toBeGreaterThan(500)
    for (let time = 0; time < 2; time++) {
      for (const { at, bytes, from } of packets.toReversed()) {
        if (at !== nodes[0]) net.call(at, (engine, now) => engine.receive(from.address, bytes, now))
      }
    }
    for (const { at, message } of requests) {
      if (at === nodes[0] || !isRequest(message.message)) continue
      for (const _ of net.call(at, (engine, now) => engine.exchange(message, now)));
    }
    net.run(5_000)
    expect(live.map((node) => [node.engine.digest, node.events.length, node.deliveries.length])).toEqual(seen)
  })

  // What cannot be held against them: what was forgotten is news.
  test('bring a member back that is forgotten, until it is looked at', () => {
    const { liar, net, nodes } = betrayed(4, { settings: { failedRetention: 60_000 } })
    const [dead, ...live] = nodes
    const old = liar.record('n0')
    net.crash(dead!)
    net.until(() => live.every((node) => statusAt(node, 'n0') === undefined), 200_000)
    liar.tell(live, alive(wall, old))
    expect(live.map((node) => statusAt(node, 'n0'))).toEqual(['alive', 'alive', 'alive'])
    net.until(() => live.every((node) => statusAt(node, 'n0') === 'failed'), 60_000)
    expect(holdAlive(live)).toBe(true)
  })
})

const isRequest = ({ type }: Message): boolean =>
  type === 'sync' || type === 'direct' || type === 'ping' || type === 'events'
