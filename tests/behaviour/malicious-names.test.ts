import type { SimNode } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { recordOf, statusAt } from './cluster.ts'
import { alive, betrayed, failed, type Liar, wall } from './liar.ts'

const ghost = (liar: Liar, number: number) =>
  alive(
    wall,
    liar.record(`ghost-${number}`, {
      boot: BigInt(1_000 + number),
      address: { host: `10.8.${number >> 8}.${number & 255}`, port: 1 },
    }),
  )

const invent = (liar: Liar, nodes: readonly SimNode[], first: number, count: number): void => {
  for (let i = first; i < first + count; i += 10) {
    liar.tell(nodes, ...Array.from({ length: 10 }, (_, more) => ghost(liar, i + more)))
  }
}

describe('a member that invents others', () => {
  test('a hundred thousand of them, fills a table up to its bound and no further; who lives stays alive', () => {
    const { liar, net, nodes } = betrayed(4, { settings: { maxMembers: 500, newNamesPerSource: 0 } })
    for (let i = 0; i < 100_000; i += 5_000) {
      invent(liar, nodes, i, 5_000)
      net.run(100)
      for (const node of nodes) {
        const { backlog, members } = node.engine.stats()
        expect(members).toBe(500)
        expect(backlog).toBeLessThanOrEqual(2 * 500)
      }
    }
    net.run(60_000)
    for (const at of nodes) {
      for (const { name } of nodes) expect(statusAt(at, name)).toBe('alive')
      expect(at.engine.stats().membersRefused).toBeGreaterThan(90_000)
    }
  })

  test('is held to so many in a second, and is not believed more of them', () => {
    const { liar, net, nodes } = betrayed(4, { settings: { newNamesPerSource: 10 } })
    const [node] = nodes
    invent(liar, [node!], 0, 1_000)
    // As many as in four seconds at once.
    expect(node!.engine.stats().members).toBe(5 + 40)
    net.run(1_000)
    invent(liar, [node!], 1_000, 1_000)
    expect(node!.engine.stats().newNamesLimited).toBeGreaterThan(1_900)
    expect(node!.engine.stats().members).toBeLessThanOrEqual(5 + 60)
  })

  // What it costs: news is told to random members, most of which are not there, so that each node has to find out for itself.
  test('is forgotten once each of them has been looked at: fifty within half an hour', () => {
    const { liar, net, nodes } = betrayed(4)
    invent(liar, nodes, 0, 50)
    const gone = () => [...nodes, liar.node].every(({ engine }) => engine.members.active === 5)
    expect(net.until(gone, 1_800_000)).toBeGreaterThan(0)
    for (const at of nodes) for (const { name } of nodes) expect(statusAt(at, name)).toBe('alive')
  })
})

describe('a member that claims the name of another', () => {
  test('for an address where nobody answers, is found out: the name stays with who has it', () => {
    const { liar, net, nodes } = betrayed(4)
    const own = recordOf(nodes[0]!.engine, 'n0')
    const claim = alive(wall + 1_000, {
      ...own,
      boot: 666n,
      startedAt: 0,
      address: { host: '10.66.0.1', port: 1 },
    })
    liar.tell(nodes, claim)
    net.until(() => net.agreed(5), 10_000)
    for (const node of nodes) expect(recordOf(node.engine, 'n0')).toEqual(own)
    expect(nodes[0]!.engine.lostTo).toBeUndefined()
  })

  // What cannot be held against it: when a process started it says itself, and nothing proves whose a name is.
  test('for a process of its own that answers, and says that it started first, takes it', () => {
    const { net, nodes } = betrayed(4)
    const address = { host: '10.66.0.1', port: 7_946 }
    const thief = net.add('n0', { address, wallOffset: -1_000 })
    const claim = alive(wall + 1_000, recordOf(thief.engine, 'n0'))
    net.call(nodes[0]!, (engine, now) => {
      const packet = thief.codec.bundle(
        { name: 'n4', boot: 1n, incarnation: 1 },
        [thief.codec.encode(claim)],
        undefined,
      )
      engine.receive(address, packet, now)
    })
    net.run(5_000)
    expect(nodes[0]!.engine.lostTo).toEqual(address)
  })

  test('for a process of its own that started later, does not', () => {
    const { net, nodes } = betrayed(4)
    const address = { host: '10.66.0.1', port: 7_946 }
    const own = recordOf(nodes[0]!.engine, 'n0')
    const rival = net.add('n0', { address })
    net.join(rival, nodes[1]!)
    net.run(30_000)
    expect([nodes[0]!.engine.lostTo, rival.engine.lostTo]).toEqual([undefined, own.address])
    for (const node of nodes) expect(recordOf(node.engine, 'n0').boot).toBe(own.boot)
  })
})

describe('a member that answers for others', () => {
  /** Whoever pings a dead member hears from the liar, in that one's name. */
  function covered() {
    const { liar, net, nodes } = betrayed(4)
    const [dead, ...live] = nodes
    const { boot } = recordOf(dead!.engine, 'n0')
    const cover = { lies: true }
    net.observe({
      packet: (from, to, packet) => {
        if (!cover.lies || to.host !== dead!.address.host) return
        const decoded = from.codec.decode(packet)
        for (const message of 'messages' in decoded ? decoded.messages : []) {
          if (message.type !== 'ping') continue
          const ack = { type: 'ack', seq: message.seq, payload: undefined } as const
          const forged = liar.packet([ack], { name: 'n0', boot, incarnation: wall })
          net.after(1, () => liar.throwAt(from, forged))
        }
      },
    })
    net.crash(dead!, true)
    net.run(120_000)
    return { cover, live, net }
  }

  // What cannot be held against it: who has the key can say that it is anybody.
  test('keeps a dead member alive as long as it does, and no longer', () => {
    const { cover, live, net } = covered()
    for (const node of live) expect(statusAt(node, 'n0')).toBe('alive')
    cover.lies = false
    net.until(() => live.every((node) => statusAt(node, 'n0') === 'failed'), 60_000)
  })

  test('by numbers that nobody is waiting for, changes nothing', () => {
    const { liar, net, nodes } = betrayed(4)
    net.crash(nodes[0]!, true)
    const live = nodes.slice(1)
    const stop = net.now + 60_000
    for (let seq = 0; net.now < stop; seq += 50) {
      liar.tell(
        live,
        ...Array.from({ length: 50 }, (_, i) => ({ type: 'ack', seq: seq + i, payload: undefined }) as const),
        ...Array.from({ length: 50 }, (_, i) => ({ type: 'nack', seq: seq + i }) as const),
      )
      net.run(500)
    }
    for (const node of live) {
      expect(statusAt(node, 'n0')).toBe('failed')
      expect(node.engine.stats().acksStray).toBeGreaterThan(1_000)
    }
  })

  test('where it is, with a coordinate that makes no sense, is not believed', () => {
    const { liar, net, nodes } = betrayed(4)
    const before = nodes.map(({ engine }) => engine.stats().coordinatesRefused)
    // Halves of ones: not a number.
    const nowhere = new Uint8Array(22).fill(0xff)
    net.observe({
      packet: (from, to, packet) => {
        if (from === liar.node || to.host !== liar.node.address.host) return
        const decoded = from.codec.decode(packet)
        for (const message of 'messages' in decoded ? decoded.messages : []) {
          if (message.type !== 'ping') continue
          const ack = { type: 'ack', seq: message.seq, payload: undefined, coordinate: nowhere } as const
          net.after(0, () => liar.throwAt(from, liar.packet([ack])))
        }
      },
    })
    net.run(60_000)
    for (const [i, { engine }] of nodes.entries()) {
      expect(engine.stats().coordinatesRefused).toBeGreaterThan(before[i]!)
      for (const { name } of nodes) {
        const { kind, ...view } = engine.rtt(engine.members.find(name)!, engine.members.find('n1')!)
        if (kind === 'measured' || kind === 'estimated') expect(view).toEqual({ rtt: expect.any(Number) })
        if ('rtt' in view) expect(Number.isFinite(view.rtt)).toBe(true)
      }
    }
  })
})

describe('a stranger that says it is somewhere else', () => {
  test('gets no more than one packet sent there for each of its own, however much there is to tell', () => {
    const { liar, net, nodes } = betrayed(4)
    const [node] = nodes
    const victim = { host: '198.51.100.7', port: 53 }
    const sent: number[] = []
    net.observe({
      packet: (_, to, packet) => {
        if (to.host === victim.host) sent.push(packet.length)
      },
    })
    invent(liar, nodes, 0, 100)
    const ping = { type: 'ping', seq: 1, target: 'n0', boot: undefined } as const
    const packet = liar.packet([ping], { name: 'stranger', boot: 3n, incarnation: 1 })
    for (let i = 0; i < 100; i++) net.call(node!, (engine, now) => engine.receive(victim, packet, now))
    net.run(1_000)
    expect(sent).toHaveLength(100)
    for (const length of sent) expect(length).toBeLessThanOrEqual(1_400)
  })

  test('gets one stream dialled there in six seconds, however many it says it is', () => {
    const { liar, net, nodes } = betrayed(4)
    const [node] = nodes
    const victim = { host: '198.51.100.7', port: 53 }
    const count = (): number => node!.engine.stats().streamsOut
    const quietly = count()
    net.run(60_000)
    const usual = count() - quietly
    const before = count()
    for (let i = 0; i < 600; i++) {
      const ping = { type: 'ping', seq: i, target: 'n0', boot: undefined } as const
      const sender = { name: `stranger${i}`, boot: BigInt(1_000 + i), incarnation: 1 }
      net.call(node!, (engine, now) => engine.receive(victim, liar.packet([ping], sender), now))
      net.run(100)
    }
    // And one to a member each time, to ask whether it knows them.
    expect(count() - before - usual).toBeGreaterThan(0)
    expect(count() - before - usual).toBeLessThanOrEqual(2 * 10 + 2)
    net.run(60_000)
    expect(net.agreed(5)).toBe(true)
  })
})

describe('a newcomer that lies', () => {
  test('about where it is becomes no member', () => {
    const { liar, net, nodes } = betrayed(4)
    const record = liar.record('stranger', { boot: 3n, address: { host: '10.66.0.1', port: 1 } })
    const sender = { name: 'stranger', boot: 3n, incarnation: wall }
    liar.throwAt(nodes[0]!, liar.packet([alive(wall, record), failed('n1', wall, 'stranger')], sender))
    expect(statusAt(nodes[0]!, 'stranger')).toBeUndefined()
    net.run(10_000)
    expect(net.agreed(5)).toBe(true)
  })
})
