import type { Delivery, OperationResult, Ref } from '@swimkit/core'
import type { SimNode, Simulation } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { quiet } from './cluster.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (body: Uint8Array): string => new TextDecoder().decode(body)

/** The broadcasts that a node was told of, in order. */
const told = (node: SimNode): string[] =>
  node.deliveries.flatMap((each) =>
    each.kind === 'event' ? [`${each.event.origin} ${each.event.name} ${text(each.event.body)}`] : [],
  )

const received = (node: SimNode): Extract<Delivery, { kind: 'direct' }>[] =>
  node.deliveries.filter((each) => each.kind === 'direct')

const broadcast = (net: Simulation, node: SimNode, name: string, body = ''): number =>
  net.call(node, (engine, now) => engine.broadcast(name, bytes(body), now))

const refOf = (node: SimNode, other: SimNode): Ref => node.engine.members.find(other.name)!

const everybody = (node: SimNode): Ref[] =>
  Array.from({ length: node.engine.members.active }, (_, i) => node.engine.members.activeAt(i))

const ask = (
  net: Simulation,
  node: SimNode,
  { expected = everybody(node), timeout = 5_000, names = [] as readonly string[] } = {},
): number =>
  net.call(node, (engine, now) =>
    engine.query({ name: 'who', body: bytes('?'), timeout, names, tags: [], expected }, now),
  )

const answersTo = (node: SimNode, operation: number): string[] =>
  node.deliveries.flatMap((each) =>
    each.kind === 'answer' && each.operation === operation ? [text(each.body)] : [],
  )

const outcome = (net: Simulation, node: SimNode, operation: number, limit = 60_000): OperationResult => {
  net.until(() => node.results.has(operation), limit)
  return node.results.get(operation)!
}

describe('a broadcast', () => {
  test('is told to every member once, its teller too, and ends when it has been handed on', () => {
    const [net, nodes] = quiet(20)
    const operation = broadcast(net, nodes[3]!, 'deploy', 'v2')
    net.run(10_000)
    for (const node of nodes) expect(told(node)).toEqual(['n3 deploy v2'])
    expect(nodes[3]!.results.get(operation)).toEqual({ kind: 'disseminated' })
  })

  test('reaches 200 members within log₃ n gossip intervals, half of them long before', () => {
    const [net, nodes] = quiet(200)
    const start = net.now
    const at: number[] = []
    net.observe({ delivered: (_node, _delivery, now) => at.push(now - start) })
    broadcast(net, nodes[0]!, 'deploy')
    net.run(5_000)
    expect(at.length).toBe(200)
    const limit = net.settings.gossipInterval * (Math.log(200) / Math.log(3))
    expect(at.sort((a, b) => a - b)[100]).toBeLessThan(limit)
    expect(at[199]).toBeLessThan(4 * limit)
  })

  test('of each of many at once reaches all of them once, where a third of the packets is lost and many come twice', () => {
    const [net, nodes] = quiet(12, { network: { loss: 0.3, duplicate: 0.3 } })
    for (const node of nodes) for (let i = 0; i < 10; i++) broadcast(net, node, `e${i}`, node.name)
    net.run(240_000)
    for (const node of nodes) {
      expect(told(node).length).toBe(120)
      expect(new Set(told(node)).size).toBe(120)
    }
  })

  test('that a partition kept from half of them reaches them once it has healed', () => {
    const [net, nodes] = quiet(10)
    const heal = net.partition([nodes.slice(0, 5), nodes.slice(5)])
    net.run(60_000)
    broadcast(net, nodes[0]!, 'left')
    broadcast(net, nodes[9]!, 'right')
    net.run(30_000)
    expect([told(nodes[1]!), told(nodes[8]!)]).toEqual([['n0 left '], ['n9 right ']])
    heal()
    net.run(180_000)
    for (const node of nodes) expect(told(node).toSorted()).toEqual(['n0 left ', 'n9 right '])
  })

  test('from before a node came is none of its business, and what is told after that is', () => {
    const [net, nodes] = quiet(5)
    broadcast(net, nodes[0]!, 'before')
    net.run(5_000)
    const late = net.add()
    const operation = net.join(late, nodes[1]!)
    net.until(() => late.results.has(operation), 10_000)
    broadcast(net, nodes[2]!, 'after')
    net.run(120_000)
    expect(told(late)).toEqual(['n2 after '])
    for (const node of nodes) expect(told(node)).toEqual(['n0 before ', 'n2 after '])
  })

  test('from before it came is replayed to one that asks for it, as long as it is kept', () => {
    const [net, nodes] = quiet(5, { settings: { eventRetention: 60_000 } })
    broadcast(net, nodes[0]!, 'old')
    net.run(50_000)
    broadcast(net, nodes[1]!, 'recent')
    net.run(20_000)
    const late = net.add()
    net.call(late, (engine, now) => engine.join(nodes[3]!.address, now, true))
    net.run(10_000)
    expect(told(late)).toEqual(['n1 recent '])
    const [recent] = late.deliveries as Extract<Delivery, { kind: 'event' }>[]
    expect(recent!.at - recent!.told).toBeGreaterThan(19_000)
    net.run(120_000)
    for (const node of nodes) expect(told(node)).toEqual(['n0 old ', 'n1 recent '])
  })

  test('of a node that was alone stays with it', () => {
    const [net, nodes] = quiet(3)
    const loner = net.add()
    const operation = broadcast(net, loner, 'alone')
    expect(loner.results.get(operation)).toEqual({ kind: 'disseminated' })
    net.join(loner, nodes[0]!)
    net.run(180_000)
    expect([told(loner), ...nodes.map(told)]).toEqual([['n3 alone '], [], [], []])
  })

  test('that only an exchange brings is told to the founder of a cluster as well, which has joined nobody', () => {
    const [net, nodes] = quiet(3, { settings: { syncInterval: 10_000 } })
    const [founder, second, third] = nodes as [SimNode, SimNode, SimNode]
    // All packets are lost, and streams are not.
    const undo = net.links(undefined, undefined, { cut: 'packets' })
    broadcast(net, second, 'by-stream')
    net.until(() => told(founder).length === 1 && told(third).length === 1, 120_000)
    undo()
    net.run(60_000)
    for (const node of nodes) expect(told(node)).toEqual(['n1 by-stream '])
  })

  test('is told to who has come through several, once, whether it was told before or after', () => {
    const [net, nodes] = quiet(6)
    broadcast(net, nodes[5]!, 'before')
    net.run(5_000)
    const late = net.add()
    for (const node of nodes.slice(0, 3)) net.join(late, node)
    net.until(() => late.engine.members.active === 7, 10_000)
    broadcast(net, nodes[4]!, 'after')
    net.run(120_000)
    expect(told(late)).toEqual(['n4 after '])
  })

  test('that was told while a node was away is not for it when it comes back', () => {
    const [net, nodes] = quiet(4)
    const [a, , , d] = nodes as [SimNode, SimNode, SimNode, SimNode]
    net.leave(d)
    net.run(5_000)
    broadcast(net, a, 'without-it')
    net.run(5_000)
    d.leaving = false
    net.join(d, a)
    net.run(60_000)
    broadcast(net, a, 'with-it')
    net.run(60_000)
    expect(told(d)).toEqual(['n0 with-it '])
  })

  test('that somebody has recorded is no news to who starts when it is kept no more, whenever it is sent again', () => {
    const [net, nodes] = quiet(3)
    const [a] = nodes as [SimNode, SimNode, SimNode]
    const recorded: Uint8Array[] = []
    const recorder = {
      packet: (_: SimNode, __: unknown, packet: Uint8Array) => recorded.push(packet.slice()),
    }
    net.observe(recorder)
    broadcast(net, a, 'deploy', 'v1')
    net.run(10_000)
    const packets = recorded.splice(0)
    net.run(301_000)
    broadcast(net, a, 'deploy', 'v2')
    net.run(10_000)
    const late = net.add()
    const again = () => {
      for (const packet of packets) net.call(late, (engine, now) => engine.receive(a.address, packet, now))
    }
    again()
    expect(told(late)).toEqual([])
    net.join(late, a)
    net.until(() => late.engine.members.active > 1, 5_000)
    net.run(30_000)
    const heard = late.engine.stats().rumoursOld
    again()
    expect(late.engine.stats().rumoursOld).toBeGreaterThan(heard)
    broadcast(net, a, 'deploy', 'v3')
    net.run(10_000)
    expect(told(late)).toEqual(['n0 deploy v3'])
  })

  test('has a Lamport time above that of all that its teller has heard', () => {
    const [net, nodes] = quiet(4)
    const times: number[] = []
    for (const node of [...nodes, ...nodes]) {
      broadcast(net, node, 'tick')
      net.run(2_000)
      const last = node.deliveries.at(-1)!
      times.push(last.kind === 'event' ? last.event.time : Number.NaN)
    }
    expect(times).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  })

  test('is kept in bounded memory, and nothing that is older than what is remembered comes again', () => {
    const [net, nodes] = quiet(2)
    const apart = net.add()
    net.join(apart, nodes[0]!)
    net.run(30_000)
    const heal = net.partition([[apart], nodes])
    for (let i = 0; i < 6_000; i++) {
      broadcast(net, nodes[0]!, 'many')
      if (i % 10 === 0) net.run(50)
    }
    net.run(10_000)
    heal()
    net.run(200_000)
    const counts = nodes.map((node) => told(node).length)
    expect(counts[0]).toBe(6_000)
    expect(nodes[0]!.engine.stats().eventsKept).toBe(512)
    // Those that were still kept have reached the one that was away, once each.
    expect(told(apart).length).toBe(512)
  })
})

test('a broadcast that nobody is left to be told of has been told, and whoever comes later hears nothing of it', () => {
  const [net, nodes] = quiet(4)
  const [a, ...others] = nodes as [SimNode, ...SimNode[]]
  for (const node of others) net.crash(node)
  const operation = broadcast(net, a, 'x')
  expect(outcome(net, a, operation, 60_000)).toEqual({ kind: 'disseminated' })
  const late = net.add()
  net.join(late, a)
  net.until(() => net.agreed(2), 120_000)
  net.run(60_000)
  expect(told(late)).toEqual([])
})

describe('a message to one member', () => {
  test('arrives there over a stream, and its sender knows', () => {
    const [net, nodes] = quiet(3)
    const [a, b, c] = nodes as [SimNode, SimNode, SimNode]
    const operation = net.call(a, (engine, now) => engine.send(refOf(a, b), bytes('hello'), true, now))
    expect(outcome(net, a, operation)).toEqual({ kind: 'sent' })
    expect(received(b)).toMatchObject([{ from: 'n0', body: bytes('hello'), reliable: true }])
    expect([received(a), received(c)]).toEqual([[], []])
  })

  test.each([true, false])(
    'is delivered once where the network repeats all packets (waited for: %s)',
    (reliable) => {
      const [net, nodes] = quiet(3, { network: { duplicate: 1, reorder: 0.5, reorderBy: 300 } })
      const [a, b] = nodes as [SimNode, SimNode]
      for (let i = 0; i < 50; i++) {
        net.call(a, (engine, now) => engine.send(refOf(a, b), bytes(`${i}`), reliable, now))
        net.run(20)
      }
      net.run(5_000)
      const heard = received(b).map(({ body }) => new TextDecoder().decode(body))
      expect(heard.toSorted()).toEqual(Array.from({ length: 50 }, (_, i) => `${i}`).toSorted())
      if (!reliable) expect(b.engine.stats().directsAgain).toBe(50)
    },
  )

  test('that is kept and sent again by somebody is not delivered again, nor is one that is older than what is remembered', () => {
    const [net, nodes] = quiet(2)
    const [a, b] = nodes as [SimNode, SimNode]
    const packets: Uint8Array[] = []
    const unwatch = { packet: (_: SimNode, __: unknown, packet: Uint8Array) => packets.push(packet.slice()) }
    net.observe(unwatch)
    net.call(a, (engine, now) => engine.send(refOf(a, b), bytes('pay'), false, now))
    const kept = packets.at(-1)!
    net.run(1_000)
    for (let i = 0; i < 3; i++) net.call(b, (engine, now) => engine.receive(a.address, kept, now))
    for (let i = 0; i < 2_000; i++) {
      net.call(a, (engine, now) => engine.send(refOf(a, b), bytes('more'), false, now))
      net.run(1)
    }
    net.run(1_000)
    net.call(b, (engine, now) => engine.receive(a.address, kept, now))
    expect(received(b).filter(({ body }) => body.length === 3).length).toBe(1)
    expect(received(b).length).toBe(2_001)
  })

  test('is sent in a packet without being waited for, and in a stream where it fits none', () => {
    const [net, nodes] = quiet(2)
    const [a, b] = nodes as [SimNode, SimNode]
    for (const size of [10, 5_000]) {
      const body = new Uint8Array(size).fill(7)
      const operation = net.call(a, (engine, now) => engine.send(refOf(a, b), body, false, now))
      expect(a.results.get(operation)).toEqual({ kind: 'sent' })
    }
    net.run(1_000)
    expect(received(b).map(({ body, reliable }) => [body.length, reliable])).toEqual([
      [10, false],
      [5_000, true],
    ])
  })

  test('to oneself arrives as well', () => {
    const [net, [a]] = quiet(2) as [Simulation, [SimNode]]
    net.call(a, (engine, now) => engine.send(refOf(a, a), bytes('note'), true, now))
    expect(received(a)).toMatchObject([{ from: 'n0', body: bytes('note') }])
  })

  test('that cannot arrive is said to have failed, and why', () => {
    const [net, nodes] = quiet(3)
    const [a, b, c] = nodes as [SimNode, SimNode, SimNode]
    const [refB, refC] = [refOf(a, b), refOf(a, c)]
    net.crash(b)
    net.crash(c, true)
    const send = (ref: Ref): number => net.call(a, (engine, now) => engine.send(ref, bytes('?'), true, now))
    const operations = [send(refB), send(refC)]
    expect(operations.map((each) => outcome(net, a, each))).toEqual([
      { kind: 'send-failed', code: 'refused' },
      { kind: 'send-failed', code: 'timeout' },
    ])
  })

  test('is not taken in by another process at that address', () => {
    const [net, nodes] = quiet(3)
    const [a, b] = nodes as [SimNode, SimNode]
    const ref = refOf(a, b)
    const again = net.restart(b)
    const operation = net.call(a, (engine, now) => engine.send(ref, bytes('for the first'), true, now))
    expect(outcome(net, a, operation)).toEqual({ kind: 'send-failed', code: 'rejected' })
    expect([received(again), again.engine.stats().directsMisaddressed]).toEqual([[], 1])
  })
})

describe('a query', () => {
  test('is answered by all, and ends when they have', () => {
    const [net, nodes] = quiet(30)
    for (const node of nodes) node.answers = (query) => bytes(`${node.name}${text(query.body)}`)
    const start = net.now
    const operation = ask(net, nodes[4]!)
    expect(outcome(net, nodes[4]!, operation)).toEqual({ kind: 'queried', silent: [], unfinished: [] })
    expect(answersTo(nodes[4]!, operation).toSorted()).toEqual(nodes.map(({ name }) => `${name}?`).toSorted())
    expect(net.now - start).toBeLessThan(3_000)
  })

  test('is answered by all where a fifth of the packets is lost, and many come twice', () => {
    const [net, nodes] = quiet(30, { network: { loss: 0.2, duplicate: 0.2 } })
    for (const node of nodes) node.answers = () => bytes(node.name)
    for (let round = 0; round < 5; round++) {
      const operation = ask(net, nodes[round]!, { timeout: 10_000 })
      expect(outcome(net, nodes[round]!, operation)).toEqual({ kind: 'queried', silent: [], unfinished: [] })
      expect(new Set(answersTo(nodes[round]!, operation)).size).toBe(30)
      expect(answersTo(nodes[round]!, operation).length).toBe(30)
    }
  })

  test('to some is for them alone', () => {
    const [net, nodes] = quiet(6)
    for (const node of nodes) node.answers = () => bytes(node.name)
    const [a, b, c] = nodes as [SimNode, SimNode, SimNode]
    const operation = ask(net, a, { names: ['n1', 'n2'], expected: [refOf(a, b), refOf(a, c)] })
    outcome(net, a, operation)
    expect(answersTo(a, operation).toSorted()).toEqual(['n1', 'n2'])
    const asked = nodes.filter((node) => node.deliveries.some(({ kind }) => kind === 'query'))
    expect(asked.map(({ name }) => name)).toEqual(['n1', 'n2'])
  })

  test('brings answers that fit no packet over streams', () => {
    const [net, nodes] = quiet(4)
    for (const node of nodes) node.answers = () => new Uint8Array(20_000).fill(65)
    const operation = ask(net, nodes[0]!)
    expect(outcome(net, nodes[0]!, operation)).toMatchObject({ silent: [], unfinished: [] })
    expect(answersTo(nodes[0]!, operation).map(({ length }) => length)).toEqual([
      20_000, 20_000, 20_000, 20_000,
    ])
  })

  test('ends with the names of those that were not heard, and of those that were not done', () => {
    const [net, nodes] = quiet(5)
    const [a, b, c] = nodes as [SimNode, SimNode, SimNode]
    net.pause(b)
    // One that has said that it is at it, and is then cut off.
    c.answers = () => {
      net.partition([[c], nodes.filter((node) => node !== c)])
      return bytes('too late')
    }
    const start = net.now
    const operation = ask(net, a, { timeout: 2_000 })
    const result = outcome(net, a, operation)
    expect(result).toEqual({ kind: 'queried', silent: ['n1'], unfinished: ['n2'] })
    expect(net.now - start).toBeLessThanOrEqual(2_001)
  })

  test('does not wait for members that fail meanwhile', () => {
    const [net, nodes] = quiet(5)
    for (const node of nodes) node.answers = () => bytes(node.name)
    net.crash(nodes[4]!)
    const start = net.now
    const operation = ask(net, nodes[0]!, { timeout: 60_000 })
    expect(outcome(net, nodes[0]!, operation, 120_000)).toMatchObject({ silent: [], unfinished: [] })
    expect(net.now - start).toBeLessThan(60_000)
    expect(answersTo(nodes[0]!, operation).length).toBe(4)
  })

  test('that nobody waits for any more does not end, and leaves nothing behind', () => {
    const [net, nodes] = quiet(3)
    const operation = ask(net, nodes[0]!)
    net.call(nodes[0]!, (engine) => engine.abandon(operation))
    net.run(20_000)
    expect(nodes[0]!.results.has(operation)).toBe(false)
  })
})
