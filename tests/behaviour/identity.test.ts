import { type Address, type PeerRecord, sameAddress } from '@swimkit/core'
import type { AddOptions, SimNode, Simulation } from '@swimkit/simulator'
import { describe, expect, test } from 'vitest'
import { eventsOf, ever, network, quiet, recordOf, statusAt, without } from './cluster.ts'

const elsewhere: Address = { host: '10.9.9.9', port: 7_946 }
const seeds = [1, 2, 3]

/** Whether a node holds this very process alive, and where it is. */
function holds({ engine: { members } }: SimNode, { address, engine, name }: SimNode): boolean {
  const ref = members.find(name)
  if (ref === undefined || members.status(ref) !== 0) return false
  const held = members.record(ref)
  return held.boot === recordOf(engine, name).boot && sameAddress(held.address, address)
}

const agree = (nodes: readonly SimNode[]): boolean =>
  nodes.every((at) => nodes.every((who) => holds(at, who)))

/** How often an observer took a name for another process than before. */
const turns = (observer: SimNode, name: string): number =>
  observer.events.filter(({ record, restarted }) => record.name === name && restarted).length

const heldAs = (observers: readonly SimNode[], name: string, status: string): boolean =>
  observers.every((node) => statusAt(node, name) === status)

const forget = (nodes: readonly SimNode[]): void => {
  for (const node of nodes) node.events.length = 0
}

describe('a process that starts again under its name at another address', () => {
  const ends = {
    'whose machine is silent': (net: Simulation, node: SimNode) => net.crash(node, true),
    'whose machine refuses': (net: Simulation, node: SimNode) => net.crash(node),
    'after it left': (net: Simulation, node: SimNode) => {
      const operation = net.leave(node)
      net.until(() => node.results.has(operation), 10_000)
      net.crash(node)
    },
  }
  const cases = Object.entries(ends).flatMap(([how, end]) =>
    ['before anybody noticed', 'when all have noticed'].flatMap((when) =>
      [0, 10, 20].map((percent) => [how, when, percent, end] as const),
    ),
  )

  test.each(cases)(
    '%s, %s, with a loss of %d %%, is held by all, and nobody else is failed',
    (_, when, percent, end) => {
      const loss = percent / 100
      for (const seed of seeds) {
        const [net, nodes] = quiet(10, { seed })
        net.rules.changeBase({ loss })
        const old = nodes[1]!
        const { boot } = recordOf(old.engine, 'n1')
        const others = without(nodes, old)
        end(net, old)
        if (when === 'before anybody noticed') net.run(100)
        else net.until(() => heldAs(others, 'n1', 'failed') || heldAs(others, 'n1', 'left'), 300_000)
        forget(others)

        const again = net.restart(old, { address: elsewhere })
        net.join(again, nodes[0]!)
        net.until(() => others.every((at) => holds(at, again)), loss === 0 ? 1_000 : 30_000)
        net.run(60_000)
        expect(others.every((at) => holds(at, again))).toBe(true)
        for (const at of others) {
          expect(turns(at, 'n1')).toBe(1)
          const failed = at.events.filter(({ type }) => type === 'failed')
          // The process that is gone may be found so.
          expect(failed.every(({ record }) => record.boot === boot)).toBe(true)
          if (loss > 0) continue
          const suspects = at.events.filter(({ type }) => type === 'suspect')
          expect(suspects.every(({ record }) => record.boot === boot)).toBe(true)
        }
      }
    },
  )

  test.each([
    ['its own side of a partition, before the other noticed', 0, 1_000],
    ['its own side of a partition, when the other had failed it', 0, 60_000],
    ['the other side of a partition, before its own noticed', 9, 1_000],
    ['the other side of a partition, when that had failed it', 9, 60_000],
  ])('on %s, is held by all once that has healed', (_, by, ms) => {
    for (const seed of seeds) {
      const [net, nodes] = quiet(10, { seed })
      const heal = net.partition([nodes.slice(0, 5), nodes.slice(5)])
      const [introducer, old] = [nodes[by]!, nodes[1]!]
      net.run(ms)
      net.crash(old, true)
      const again = net.restart(old, { address: elsewhere, beside: introducer })
      net.join(again, introducer)
      const all = [...without(nodes, old), again]
      const near = all.filter(
        (node) => node === again || net.rules.of(node.place, again.place).cut === 'nothing',
      )
      expect(near.length).toBe(by === 0 ? 5 : 6)
      net.until(() => near.every((at) => holds(at, again)), 3_000)
      net.run(20_000)
      heal()
      net.until(() => agree(all), 120_000)
      net.run(60_000)
      expect(agree(all)).toBe(true)
    }
  })
})

describe('of two live processes with one name', () => {
  test.each([
    ['the same introducer', 0],
    ['another introducer', 5],
    ['the one that has the name', 1],
  ] as const)('the later, which joins by %s, is told who has it, and no member takes it in', (_, by) => {
    for (const seed of seeds) {
      const [net, nodes] = quiet(10, { seed })
      const first = nodes[1]!
      forget(nodes)
      const later = net.add('n1', { address: elsewhere })
      net.join(later, nodes[by]!)
      net.until(() => later.engine.lostTo !== undefined, 1_000)
      expect(later.engine.lostTo).toEqual(first.address)
      expect(later.events.find(({ type }) => type === 'conflict')?.detail).toBe(
        '10.0.0.1:7946 claims the name of this node at 10.9.9.9:7946; the other started first and keeps it',
      )
      net.crash(later)
      net.run(120_000)
      expect([first.engine.lostTo, agree(nodes)]).toEqual([undefined, true])
      expect(nodes.flatMap((at) => eventsOf(at, 'n1'))).toEqual([])
    }
  })

  test('the later may be taken for it where a fifth of all packets is lost, and no member turns more than there and back', () => {
    let most = 0
    for (let seed = 1; seed <= 20; seed++) {
      const [net, nodes] = quiet(10, { seed })
      net.rules.changeBase({ loss: 0.2 })
      const later = net.add('n1', { address: elsewhere })
      net.join(later, nodes[0]!)
      net.until(() => later.engine.lostTo !== undefined, 60_000)
      net.crash(later)
      net.until(() => nodes.every((at) => holds(at, nodes[1]!)), 60_000)
      net.run(60_000)
      expect([nodes[1]!.engine.lostTo, ever(nodes, 'failed')]).toEqual([undefined, []])
      most = Math.max(most, ...nodes.map((at) => turns(at, 'n1')))
    }
    expect(most).toBeLessThanOrEqual(2)
  })

  /** Two that start at one instant: the one with the smaller boot is first. */
  function twins(net: Simulation, by: readonly [SimNode, SimNode]): [winner: SimNode, loser: SimNode] {
    const join = (node: SimNode, at: SimNode): void => {
      if (node.state === 'gone') return
      const operation = net.join(node, at)
      // Whoever was told to try again does, as swim-cli would.
      net.after(1_000, () => {
        const result = node.results.get(operation)
        if (result?.kind === 'join-failed' && result.code === 'busy') join(node, at)
      })
    }
    const both = [9, 8].map((last) => net.add('twin', { address: { host: `10.9.9.${last}`, port: 7_946 } }))
    for (const [i, node] of both.entries()) join(node, by[i]!)
    const boot = ({ engine }: SimNode): bigint => recordOf(engine, 'twin').boot
    const [one, other] = both as [SimNode, SimNode]
    return boot(one) < boot(other) ? [one, other] : [other, one]
  }

  test.each([
    ['the same introducer', 0],
    // Half of them hold one and half the other: neither hears of the other from those that hold it itself.
    ['different introducers', 5],
  ] as const)(
    'that start at one instant, by %s, one is told within 3 s, and the other keeps it',
    (_, second) => {
      for (let seed = 1; seed <= 12; seed++) {
        const [net, nodes] = quiet(10, { seed })
        const [winner, loser] = twins(net, [nodes[0]!, nodes[second]!])
        net.until(() => loser.engine.lostTo !== undefined, 3_000)
        net.crash(loser)
        const all = [...nodes, winner]
        net.until(() => agree(all), 3_000)
        for (const at of nodes) expect(turns(at, 'twin')).toBeLessThanOrEqual(1)
        forget(all)
        net.run(120_000)
        expect([winner.engine.lostTo, agree(all)]).toEqual([undefined, true])
        expect(all.flatMap((at) => eventsOf(at, 'twin'))).toEqual([])
      }
    },
  )

  test('the earlier start keeps it, although the later was introduced before', () => {
    const [net, nodes] = quiet(10)
    const earlier = net.add('late-riser', { address: elsewhere })
    net.run(30_000)
    const later = net.add('late-riser', { address: { ...elsewhere, port: 9 } })
    net.join(later, nodes[0]!)
    net.run(30_000)
    expect(nodes.every((at) => holds(at, later))).toBe(true)
    net.join(earlier, nodes[0]!)
    net.until(() => later.engine.lostTo !== undefined, 3_000)
    net.crash(later)
    net.until(() => agree([...nodes, earlier]), 3_000)
    for (const at of nodes) expect(turns(at, 'late-riser')).toBe(1)
    forget(nodes)
    net.run(120_000)
    expect(nodes.flatMap((at) => eventsOf(at, 'late-riser'))).toEqual([])
  })

  test.each([
    ['that was there before the partition', false],
    ['that started on the other side, if the first one was started anew after it', true],
  ])(
    'that meet when a partition heals, the one %s keeps it, and no member turns more than twice',
    (_, anew) => {
      for (const seed of seeds) {
        const [net, nodes] = quiet(6, { seed })
        const [near, far] = [nodes.slice(0, 3), nodes.slice(3)]
        const heal = net.partition([near, far])
        net.until(() => heldAs(far, 'n1', 'failed'), 120_000)
        let here = nodes[1]!
        const there = net.add('n1', { address: elsewhere, beside: far[2]! })
        net.join(there, far[0]!)
        net.until(() => far.every((at) => holds(at, there)), 3_000)
        if (anew) {
          net.run(10_000)
          here = net.restart(here)
          net.join(here, nodes[0]!)
          net.until(() => without(near, nodes[1]).every((at) => holds(at, here)), 3_000)
        }
        net.run(20_000)
        expect([here, there].map(({ engine }) => engine.lostTo)).toEqual([undefined, undefined])
        const others = without(nodes, nodes[1])
        forget(others)

        heal()
        const [winner, loser] = anew ? [there, here] : [here, there]
        net.until(() => loser.engine.lostTo !== undefined, 120_000)
        expect(loser.engine.lostTo).toEqual(winner.address)
        net.crash(loser)
        net.until(() => agree([...others, winner]), 60_000)
        for (const at of others) expect(turns(at, 'n1')).toBeLessThanOrEqual(2)
        forget(others)
        net.run(120_000)
        expect(winner.engine.lostTo).toBe(undefined)
        expect(others.flatMap((at) => eventsOf(at, 'n1'))).toEqual([])
      }
    },
  )

  test('one that stood still until another had its name takes it back within 3 s', () => {
    for (const seed of seeds) {
      const [net, nodes] = quiet(10, { seed })
      const first = nodes[1]!
      const others = without(nodes, first)
      net.pause(first)
      net.until(() => heldAs(others, 'n1', 'failed'), 120_000)
      const successor = net.add('n1', { address: elsewhere })
      net.join(successor, nodes[0]!)
      net.run(60_000)
      expect(others.every((at) => holds(at, successor))).toBe(true)
      net.resume(first)
      net.until(() => successor.engine.lostTo !== undefined, 3_000)
      net.crash(successor)
      net.until(() => agree(nodes), 3_000)
      net.run(120_000)
      expect([first.engine.lostTo, agree(nodes)]).toEqual([undefined, true])
    }
  })
})

describe('an address that another name has by now', () => {
  const retention = 120_000
  const settings = { failedRetention: retention, leftRetention: retention }

  test.each([
    ['failed', 'before anybody noticed'],
    ['failed', 'when all have noticed'],
    ['left', 'before anybody noticed'],
    ['left', 'when all have noticed'],
  ] as const)(
    'whose member %s, taken %s: the one is reaped, the other lives, and nothing for the one harms the other',
    (status, when) => {
      for (const seed of seeds) {
        const [net, nodes] = quiet(10, { seed, settings })
        const gone = nodes[1]!
        const others = without(nodes, gone)
        if (status === 'left') {
          const operation = net.leave(gone)
          net.until(() => gone.results.has(operation), 10_000)
        }
        net.crash(gone)
        if (when === 'before anybody noticed') net.run(10)
        else net.until(() => heldAs(others, 'n1', status), 60_000)
        const heir = net.add('heir', { address: gone.address })
        net.join(heir, nodes[0]!)
        net.until(() => others.every((at) => holds(at, heir)), 1_000)
        net.until(() => heldAs(others, 'n1', status), 15_000)
        net.run(retention + 1_000)
        expect(others.map((at) => statusAt(at, 'n1'))).toEqual(others.map(() => undefined))
        const all = [...others, heir]
        const tried = (): number => all.reduce((sum, { engine }) => sum + engine.stats().rejoinsTried, 0)
        // As long as it is held failed, and no longer, its address is tried.
        const whileHeld = tried()
        if (status === 'left') expect(whileHeld).toBe(0)
        else expect(whileHeld).toBeGreaterThan(0)
        net.run(2 * retention)
        expect(tried()).toBe(whileHeld)

        expect(agree(all)).toBe(true)
        for (const at of others) {
          const told = eventsOf(at, 'n1').filter((type) => type !== 'suspect' && type !== 'update')
          expect(told).toEqual(['join', status === 'left' ? 'leave' : 'failed', 'reap'])
          expect(eventsOf(at, 'heir').filter((type) => type !== 'update')).toEqual(['join'])
        }
        expect(heir.engine.stats().refutations).toBe(0)
      }
    },
  )

  test.each([0, 100, 60_000])(
    'is that of a member, and its own that one’s: two that start again %i ms after they ended, each where the other was',
    (ms) => {
      for (const seed of seeds) {
        const [net, nodes] = quiet(10, { seed })
        const [, a, b] = nodes as [SimNode, SimNode, SimNode]
        for (const node of [a, b]) net.crash(node)
        net.run(ms)
        const swapped = [net.restart(a, { address: b.address }), net.restart(b, { address: a.address })]
        for (const node of swapped) net.join(node, nodes[0]!)
        const all = [...without(nodes, a, b), ...swapped]
        net.until(() => agree(all), 3_000)
        net.run(60_000)
        expect(agree(all)).toBe(true)
      }
    },
  )
})

describe('two clusters, of which one has an address that was the other’s', () => {
  /** Names that a node holds, whatever their status. */
  function known({ engine: { members } }: SimNode): string[] {
    const refs = Array.from({ length: members.size }, (_, i) =>
      i < members.active ? members.activeAt(i) : members.terminalAt(i - members.active),
    )
    return refs.map((ref) => members.name(ref)).sort()
  }

  interface Sides {
    readonly net: Simulation
    readonly a: readonly SimNode[]
    readonly b: readonly SimNode[]
    /** Of `b`, where one of `a` was that is dead. */
    readonly heir: SimNode
  }

  /** `a1` to `a4` without `a0`, whose address `b0` has, beside `b1` to `b4`. */
  function meet(seed: number, options: (side: 'a' | 'b') => AddOptions): Sides {
    const net = network({ seed, settings: { failedRetention: 60_000 } })
    const sides = (['a', 'b'] as const).map((side) => {
      const nodes = [1, 2, 3, 4].map((i) => net.add(`${side}${i}`, options(side)))
      for (const node of nodes.slice(1)) net.join(node, nodes[0]!)
      return nodes
    })
    const [a, b] = sides as [SimNode[], SimNode[]]
    const gone = net.add('a0', options('a'))
    net.join(gone, a[0]!)
    net.until(() => agree([...a, gone]) && agree(b), 60_000)
    net.run(10_000)
    net.crash(gone)
    const heir = net.add('b0', { ...options('b'), address: gone.address })
    net.join(heir, b[0]!)
    return { net, a, b: [...b, heir], heir }
  }

  const faults = (nodes: readonly SimNode[]): number =>
    nodes.reduce((sum, { engine }) => sum + engine.stats()['fault:cluster']!, 0)

  test('never merge where they have different labels, whoever begins, with the other’s addresses for seeds and for life', () => {
    const { a, b, heir, net } = meet(1, (side) => ({ cluster: side }))
    for (const { engine } of a) engine.setSeeds([b[0]!.address])
    for (const { engine } of b) engine.setSeeds([a[0]!.address])
    const asked = [
      [a[1]!, net.join(a[1]!, heir)],
      [heir, net.join(heir, a[1]!)],
      [b[1]!, net.join(b[1]!, a[2]!)],
    ] as const
    net.until(() => heldAs(a, 'a0', 'failed'), 60_000)
    for (const [node, operation] of asked) {
      expect(node.results.get(operation)).toMatchObject({ kind: 'join-failed', code: 'cluster-mismatch' })
    }
    // Packets and streams that were for a0 are refused and counted, where they come in.
    expect(faults([heir])).toBeGreaterThan(3)
    const before = [a, b].map(faults)
    net.run(1_800_000)
    expect(new Set(a.map((at) => known(at).join(' ')))).toEqual(new Set(['a1 a2 a3 a4']))
    expect(new Set(b.map((at) => known(at).join(' ')))).toEqual(new Set(['b0 b1 b2 b3 b4']))
    for (const at of a)
      expect(
        eventsOf(at, 'a0')
          .filter((type) => type !== 'update')
          .at(-1),
      ).toBe('reap')
    expect(ever([...a, ...b], 'suspect').filter((name) => name !== 'a0')).toEqual([])
    // Each goes on trying, and is refused.
    expect(faults(a)).toBeGreaterThan(before[0]! + 100)
    expect(faults(b)).toBeGreaterThan(before[1]! + 100)
  })

  test('become one where they have the same label', () => {
    for (const seed of seeds) {
      const { a, b, net } = meet(seed, () => ({}))
      net.until(() => agree([...a, ...b]), 120_000)
    }
  })

  /** What a side has to tell in the first minute, while the other still hears from it. */
  function news({ a, b, net }: Sides): void {
    for (let second = 0; second < 60; second++) {
      net.run(1_000)
      for (const node of [...a, ...b]) {
        net.call(node, (engine, now) => engine.setRecord({ data: Uint8Array.of(second) }, now))
      }
    }
  }

  test.each([
    ['admitMerge', (own: Own) => ({ admitMerge: (peers: readonly PeerRecord[]) => peers.every(own) })],
    ['admit', (own: Own) => ({ admit: own })],
  ] as const)(
    'with the same label are kept apart by %s, if both sides have it, whatever they have to tell',
    (_, hooks) => {
      for (const seed of seeds) {
        const sides = meet(seed, (side) => ({
          engine: { hooks: hooks(({ name }) => name.startsWith(side)) },
        }))
        news(sides)
        // Without a hook they are one within two minutes.
        sides.net.run(600_000)
        expect(new Set(sides.a.map((at) => known(at).join(' ')))).toEqual(new Set(['a1 a2 a3 a4']))
        expect(new Set(sides.b.map((at) => known(at).join(' ')))).toEqual(new Set(['b0 b1 b2 b3 b4']))
      }
    },
  )
})

/** Whether a peer is of one's own group. */
type Own = (peer: PeerRecord) => boolean
