import type { Direct, KeptEvent, Message, Sync, SyncEntry, UserEvent } from '@swimkit/core'
import type { SimNode } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { recordOf, statusAt } from './cluster.ts'
import { betrayed, type Liar, wall } from './liar.ts'

const nothing = new Uint8Array(0)

/** Names of the broadcasts that a node was told of. */
const told = ({ deliveries }: SimNode): string[] =>
  deliveries.flatMap((delivery) => (delivery.kind === 'event' ? [delivery.event.name] : []))

const sync = (liar: Liar, change: Partial<Sync>): Sync => ({
  type: 'sync',
  join: false,
  alone: false,
  digest: undefined,
  config: liar.node.engine.config,
  entries: [],
  events: undefined,
  state: undefined,
  ...change,
})

describe('a member that carries as much as it can', () => {
  const largest = {
    // As much as is taken in of another, together.
    data: new Uint8Array(3_072).fill(7),
    opaque: new Uint8Array(1_024),
    capabilities: Array.from({ length: 32 }, (_, i) => `detector:${'x'.repeat(50)}${i}`),
    payload: { size: 16_777_216, hash: new Uint8Array(32).fill(9) },
  }
  const entry = (liar: Liar, name: string, more = {}): SyncEntry => ({
    record: liar.record(name, { ...largest, ...more }),
    recordIncarnation: wall + 5_000,
    incarnation: wall + 5_000,
    status: 0,
    age: 0,
    accusations: [],
  })

  test('and in the name of others, costs packets no more than a fault, and its real self corrects it', () => {
    const { liar, net, nodes } = betrayed(4)
    const own = recordOf(liar.node.engine, 'n4')
    const more = [1, 62_464].map((extra) => entry(liar, 'n4', { data: new Uint8Array(3_072 + extra) }))
    for (const node of nodes) liar.ask(node, sync(liar, { entries: more }))
    for (const { engine } of nodes) {
      expect(recordOf(engine, 'n4')).toEqual(own)
      expect(engine.stats().recordsTooLarge).toBe(2)
    }
    for (const node of nodes) liar.ask(node, sync(liar, { entries: [entry(liar, 'n4')] }))
    for (const node of nodes) expect(recordOf(node.engine, 'n4').data).toHaveLength(3_072)
    net.until(() => nodes.every((node) => recordOf(node.engine, 'n4').data.length === 0), 60_000)
    for (const { engine } of nodes) {
      expect(recordOf(engine, 'n4')).toEqual(own)
      expect(engine.stats().oversize).toBeGreaterThan(0)
      expect(engine.stats().payloadBytes).toBe(0)
    }
  })

  test('says of a payload that there is none of, is not asked for it without end', () => {
    const { liar, net, nodes } = betrayed(4)
    const ghosts = Array.from({ length: 40 }, (_, i) =>
      entry(liar, `ghost-${i}`, {
        data: nothing,
        boot: BigInt(i + 1),
        address: { host: `10.7.7.${i}`, port: 1 },
        payload: { size: 60_000, hash: new Uint8Array(32).fill(i) },
      }),
    )
    for (const node of nodes) liar.ask(node, sync(liar, { entries: ghosts }))
    net.run(60_000)
    const before = nodes.map(({ engine }) => engine.stats().payloadsAsked)
    net.run(60_000)
    for (const [i, { engine }] of nodes.entries()) {
      expect(before[i]).toBeGreaterThan(0)
      // Four at once, each once in a rejoin interval at most, whatever becomes of it.
      expect(engine.stats().payloadsAsked - before[i]!).toBeLessThanOrEqual(40 * 6)
      expect(engine.stats().payloadBytes).toBe(0)
    }
  })

  test('in a table without end, is believed up to the bound', () => {
    const { liar, nodes } = betrayed(4, { settings: { maxMembers: 50 } })
    const entries = Array.from({ length: 5_000 }, (_, i) =>
      entry(liar, `ghost-${i}`, {
        data: nothing,
        boot: BigInt(i + 1),
        address: { host: '10.7.7.7', port: i },
      }),
    )
    for (const node of nodes) {
      expect(liar.ask(node, sync(liar, { entries })).type).toBe('sync')
      expect(node.engine.stats().members).toBe(50)
      for (const { name } of nodes) expect(statusAt(node, name)).toBe('alive')
    }
  })
})

describe('a member that floods broadcasts', () => {
  let time = 1
  const spam = (count: number, change: Partial<UserEvent> = {}): UserEvent[] =>
    Array.from({ length: count }, () => ({
      type: 'event',
      time: time++,
      boot: 5n,
      origin: 'n0',
      name: 'spam',
      body: new Uint8Array(20),
      ...change,
    }))

  test('fills nobody’s memory, and is forgotten when it ends: who tells something then is heard by all, once', () => {
    const { liar, net, nodes } = betrayed(4)
    for (let i = 0; i < 300; i++) {
      liar.tell(nodes, ...spam(20))
      net.run(10)
    }
    for (const { engine } of nodes) {
      expect(engine.stats().eventsKept).toBe(512)
      expect(engine.stats().backlog).toBeLessThanOrEqual(1_024)
    }
    net.run(20_000)
    net.call(nodes[0]!, (engine, now) => engine.broadcast('deploy', nothing, now))
    net.run(3_000)
    for (const node of nodes) expect(told(node).filter((name) => name === 'deploy')).toEqual(['deploy'])
    for (const node of nodes) for (const { name } of nodes) expect(statusAt(node, name)).toBe('alive')
  })

  test('at times as high as it can, by packets and by streams, keeps nobody from telling and hearing', () => {
    const { liar, net, nodes } = betrayed(4)
    const latest = (): number => Math.floor((wall + net.now / 1_000) * 2 ** 20)
    for (let i = 0; i < 50; i++) {
      liar.tell(
        nodes,
        ...[2 ** 32, 2 ** 40, latest(), Number.MAX_SAFE_INTEGER].flatMap((time) => spam(1, { time })),
      )
      const kept: KeptEvent[] = spam(100, { time: 2 ** 41 + i * 2 ** 32 }).map((event, n) => ({
        event: { ...event, time: event.time + n * 2 ** 32 },
        age: 0,
        order: 1,
      }))
      const clock = Number.MAX_SAFE_INTEGER
      for (const node of nodes) liar.ask(node, { type: 'events', clock, known: [], events: kept })
      net.run(100)
    }
    net.run(1_000)
    for (let i = 0; i < 3; i++) {
      net.call(nodes[i]!, (engine, now) => engine.broadcast(`deploy-${i}`, nothing, now))
      net.run(2_000)
    }
    // Regression: one that came after the clock had been pushed far took nothing in.
    const fresh = net.add('fresh')
    net.join(fresh, nodes[0]!)
    net.run(5_000)
    net.call(nodes[3]!, (engine, now) => engine.broadcast('deploy-3', nothing, now))
    net.run(2_000)
    for (const node of nodes) {
      const heard = told(node).filter((name) => name.startsWith('deploy'))
      expect(heard.toSorted()).toEqual(['deploy-0', 'deploy-1', 'deploy-2', 'deploy-3'])
      expect(node.engine.stats().rumoursAhead).toBeGreaterThan(0)
    }
    expect(told(fresh)).toEqual(['deploy-3'])
  })

  test('of questions has so many of them remembered, and the rest told that there will be no answer', () => {
    const { liar, net, nodes } = betrayed(4)
    for (let i = 0; i < 50; i++) {
      const questions = spam(20).map(
        (event): Message => ({
          ...event,
          type: 'query',
          timeout: 0xffff_ffff,
          names: [],
          tags: [],
        }),
      )
      liar.tell(nodes, ...questions)
      net.run(10)
    }
    for (const { engine } of nodes) {
      expect(engine.stats()).toMatchObject({ queriesHeard: 1_000, queriesRefused: 744 })
    }
    // They are waited for no longer than ten minutes, whatever it says.
    net.run(600_000)
    for (const node of nodes) node.answers = () => Uint8Array.of(1)
    const operation = net.call(nodes[0]!, (engine, now) => {
      const expected = nodes.map(({ name }) => engine.members.find(name)!)
      return engine.query({ name: 'who', body: nothing, timeout: 5_000, names: [], tags: [], expected }, now)
    })
    net.run(6_000)
    expect(nodes[0]!.results.get(operation)).toEqual({ kind: 'queried', silent: [], unfinished: [] })
  })

  test('of messages to one, under names it makes up, is delivered each once; a member is heard beside them', () => {
    const { liar, net, nodes } = betrayed(4)
    const [node] = nodes
    const { boot } = recordOf(node!.engine, 'n0')
    const message: Direct = { type: 'direct', target: 'n0', boot, number: 1, body: nothing }
    for (let sender = 1n; sender <= 5_000n; sender++) {
      const packet = liar.packet([message, message], { name: 'n1', boot: sender, incarnation: wall })
      liar.throwAt(node!, packet)
    }
    expect(node!.deliveries).toHaveLength(5_000)
    net.call(nodes[1]!, (engine, now) => engine.send(engine.members.find('n0')!, nothing, true, now))
    net.run(1_000)
    expect(node!.deliveries).toHaveLength(5_001)
  })
})

describe('a member that lies about what the cluster runs', () => {
  const say = (epoch: number, detector: string): Message => ({
    type: 'config',
    epoch,
    detector,
    suspicion: true,
  })

  test('at the highest epoch, is not believed', () => {
    const { liar, net, nodes } = betrayed(4)
    liar.tell(nodes, say(Number.MAX_SAFE_INTEGER, 'gossip'), say(1_001, 'gossip'))
    net.run(1_000)
    for (const { engine } of nodes) {
      expect(engine.config).toMatchObject({ epoch: 0, detector: 'pingack' })
      expect(engine.stats().configsTooFarAhead).toBe(2)
    }
  })

  // What cannot be held against it: a member may switch.
  test('step by step, to a detector that nobody has, is undone by an operator, and newcomers follow', () => {
    const { liar, net, nodes } = betrayed(4)
    for (let epoch = 1_000; epoch <= 50_000; epoch += 1_000) liar.tell(nodes, say(epoch, 'nobody'))
    net.run(5_000)
    for (const { engine } of nodes) expect(engine.config).toMatchObject({ epoch: 50_000, detector: 'nobody' })
    // Whoever dies meanwhile is found all the same: nodes look at each other themselves.
    net.crash(nodes[3]!)
    const live = nodes.slice(0, 3)
    net.until(() => live.every((node) => statusAt(node, 'n3') === 'failed'), 120_000)
    const outcome = net.call(nodes[0]!, (engine, now) => engine.switchDetector('gossip', undefined, now))
    expect(outcome).toMatchObject({ kind: 'switched', config: { epoch: 50_001 } })
    net.run(2_000)
    const fresh = net.add('fresh')
    net.join(fresh, nodes[1]!)
    net.run(10_000)
    for (const { engine } of [...live, fresh]) {
      expect(engine.config).toMatchObject({ epoch: 50_001, detector: 'gossip' })
    }
  })

  test('to one that knows of nobody else, at the highest epoch, leaves it able to switch and to join', () => {
    const { liar, net, nodes } = betrayed(4)
    const fresh = net.add('fresh')
    liar.ask(
      fresh,
      sync(liar, { config: { epoch: Number.MAX_SAFE_INTEGER, detector: 'gossip', suspicion: true } }),
    )
    expect(fresh.engine.config.epoch).toBe(0)
    // Regression: it threw, as the next epoch cannot be said.
    net.call(fresh, (engine, now) => engine.switchDetector('gossip', undefined, now))
    net.join(fresh, nodes[0]!)
    net.run(10_000)
    expect([net.agreed(6), fresh.engine.config.detector]).toEqual([true, 'pingack'])
  })
})
