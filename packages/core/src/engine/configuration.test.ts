import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ClusterConfig, Message } from '../wire/message.ts'
import { compareConfigs } from './configuration.ts'
import type { Detector, DetectorContext, DetectorHooks } from './detector.ts'
import { alive, entry, failed, peer, Rig, type RigOptions, said, sync } from './testing/rig.ts'

fc.configureGlobal({ seed: 20_260_101 })

const config = (epoch: number, detector = 'puppet', suspicion = true): ClusterConfig => ({
  epoch,
  detector,
  suspicion,
})
const say = (what: ClusterConfig): Message => ({ type: 'config', ...what })

/** A detector that writes down what it is told. */
function diary(
  name: string,
  byPings: boolean,
): Detector & { readonly entries: string[]; context: DetectorContext } {
  const entries: string[] = []
  const hooks: DetectorHooks = {
    start: (now) => {
      entries.push('start')
      made.context.arm(now + 700, 0)
    },
    stop: () => void entries.push('stop'),
    onTimer: () => void entries.push('timer'),
    onLook: ({ outcome }) => void entries.push(outcome),
  }
  const made = {
    kind: 'detector' as const,
    name,
    api: 1 as const,
    byPings,
    entries,
    // Set when it is attached, which is before anything else.
    context: undefined as unknown as DetectorContext,
    attach: (context: DetectorContext) => {
      made.context = context
      return hooks
    },
  }
  return made
}

/** A node with two more detectors than the one that runs: `zeal` by pings, and `chat`, which needs the others to have it. */
function rigOf(members: readonly string[] = ['b', 'c', 'd'], options: RigOptions = {}) {
  const zeal = diary('zeal', true)
  const chat = diary('chat', false)
  const capabilities = ['puppet', 'zeal', 'chat'].map((name) => `detector:${name}`)
  const rig = new Rig({
    ...options,
    engine: { record: peer('me', { boot: 77n, capabilities }), ...options.engine },
    detectors: [zeal, chat],
  })
  for (const name of members) rig.hear('introducer', alive(peer(name, { capabilities }), 5))
  rig.run(5_000)
  rig.take()
  rig.events.length = 0
  return { rig, zeal, chat, capabilities }
}

describe('of two configurations', () => {
  test.each([
    [config(2), config(1)],
    [config(2, 'a'), config(1, 'z')],
    [config(1, 'gossip'), config(1, 'chat')],
    [config(1, 'gossip', true), config(1, 'gossip', false)],
    [config(1, 'gossip', false), config(1, 'chat', true)],
  ])('%o holds against %o', (winner, loser) => {
    expect(compareConfigs(winner, loser)).toBeGreaterThan(0)
    expect(compareConfigs(loser, winner)).toBeLessThan(0)
    expect(compareConfigs(winner, { ...winner })).toBe(0)
  })

  test('the same one holds in whatever order they are heard', () => {
    const any = fc.record({
      epoch: fc.nat(3),
      detector: fc.constantFrom('puppet', 'zeal', 'chat'),
      suspicion: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 6 }), fc.nat(), (heard, turn) => {
        const end = (order: readonly ClusterConfig[]) => {
          const { rig } = rigOf(['b'])
          for (const each of order) rig.hear(peer('b'), say(each))
          return rig.engine.config
        }
        const turned = heard.map((_, i) => heard[(i + turn) % heard.length]!)
        expect(end(turned.toReversed())).toEqual(end(heard))
      }),
      { numRuns: 30 },
    )
  })
})

describe('a switch', () => {
  test('runs the other detector, at the next epoch, and is told at once and with every sync', () => {
    const { rig, zeal } = rigOf()
    expect(rig.engine.switchDetector('zeal', undefined, rig.now)).toEqual({
      kind: 'switched',
      config: config(1, 'zeal'),
    })
    expect(said(rig.take(), 'config')).toContainEqual(say(config(1, 'zeal')))
    expect([zeal.entries, rig.engine.config]).toEqual([['start'], config(1, 'zeal')])
    expect(rig.ask('b', sync())).toMatchObject({ config: config(1, 'zeal') })
    expect(rig.events.map(({ type, detail }) => [type, detail])).toEqual([
      ['switch', 'detector zeal, suspicion on, epoch 1'],
    ])
  })

  test('is told three times as often as other news, and no longer once there is another', () => {
    const told = (rig: Rig, epoch: number): number =>
      said(rig.take(), 'config').filter((each) => each.epoch === epoch).length
    const { rig } = rigOf()
    rig.engine.switchDetector('zeal', undefined, rig.now)
    rig.run(20_000)
    // ceil(4 × (1 + log10(4 + 1))) times three.
    expect(told(rig, 1)).toBe(21)
    rig.engine.switchDetector('chat', undefined, rig.now)
    rig.engine.switchDetector('zeal', undefined, rig.now)
    rig.run(20_000)
    const sent = rig.take()
    expect(said(sent, 'config').filter(({ epoch }) => epoch === 3).length).toBe(21)
    expect(said(sent, 'config').filter(({ epoch }) => epoch === 2).length).toBeLessThanOrEqual(3)
    expect(rig.count('backlog')).toBe(0)
  })

  test('to what holds already changes nothing', () => {
    const { rig } = rigOf()
    expect(rig.engine.switchDetector('puppet', true, rig.now)).toEqual({
      kind: 'switched',
      config: config(0),
    })
    expect([rig.take(), rig.events]).toEqual([[], []])
  })

  test('of the suspicion phase alone leaves the detector running', () => {
    const { rig } = rigOf()
    rig.look('b', { timeout: 600 })
    rig.engine.switchDetector('puppet', false, rig.now)
    expect(rig.engine.config).toEqual(config(1, 'puppet', false))
    rig.run(600)
    expect(rig.looks.length).toBe(1)
    rig.accuse('b')
    expect(rig.status('b')).toBe('failed')
    rig.engine.switchDetector('puppet', true, rig.now)
    rig.accuse('c')
    expect(rig.status('c')).toBe('suspect')
  })

  test('to what this node does not have is refused', () => {
    const { rig } = rigOf()
    expect(rig.engine.switchDetector('data:text/javascript,', undefined, rig.now)).toEqual({
      kind: 'unknown',
    })
    expect(rig.engine.config).toEqual(config(0))
  })

  test('that active members could not follow is refused with their names, and nothing is told', () => {
    const { rig } = rigOf()
    rig.hear('b', alive(peer('y', { capabilities: ['detector:puppet'] }), 5))
    rig.hear('b', alive(peer('x'), 5))
    rig.take()
    expect(rig.engine.switchDetector('chat', undefined, rig.now)).toEqual({
      kind: 'missing',
      members: ['x', 'y'],
    })
    expect([rig.engine.config, said(rig.take(), 'config')]).toEqual([config(0), []])
  })

  test('drops what the old detector had under way: its timers, its pings, its looks', () => {
    const { rig, zeal } = rigOf()
    rig.engine.switchDetector('zeal', undefined, rig.now)
    rig.run(10)
    zeal.context.look(rig.ref('b'), { timeout: 500 }, rig.now)
    rig.engine.switchDetector('puppet', undefined, rig.now)
    rig.run(5_000)
    expect(zeal.entries).toEqual(['start', 'stop'])
    expect(rig.eventsOf('b')).toEqual([])
  })

  test('while this node has left waits until it is back', () => {
    const { rig, zeal } = rigOf()
    rig.engine.leave(rig.now)
    rig.hear(peer('b'), say(config(1, 'zeal')))
    expect([rig.engine.config, zeal.entries]).toEqual([config(1, 'zeal'), []])
    rig.engine.join(peer('b').address, rig.now)
    expect(zeal.entries).toEqual(['start'])
  })
})

describe('a configuration that is heard', () => {
  test('in a packet of a member is followed, and handed on', () => {
    const { rig, zeal } = rigOf()
    rig.hear(peer('b'), say(config(4, 'zeal')))
    expect([zeal.entries, rig.engine.config]).toEqual([['start'], config(4, 'zeal')])
    expect(said(rig.take(), 'config')).toContainEqual(say(config(4, 'zeal')))
  })

  test.each([
    ['a stranger', peer('stranger')],
    ['another process under a member’s name', peer('b', { boot: 99n })],
  ])('in a packet of %s is not', (_, sender) => {
    const { rig } = rigOf()
    rig.hear(sender, say(config(4, 'zeal')))
    expect([rig.engine.config, rig.count('configsIgnored')]).toEqual([config(0), 1])
  })

  test('at an epoch more than 1,000 ahead is a fault', () => {
    const { rig } = rigOf()
    rig.hear(peer('b'), say(config(1_001, 'zeal')))
    expect([rig.engine.config, rig.count('configsTooFarAhead')]).toEqual([config(0), 1])
    rig.hear(peer('b'), say(config(1_000, 'zeal')))
    expect(rig.engine.config).toEqual(config(1_000, 'zeal'))
  })

  test('and names a detector that is not here is followed all the same: it says so, and watches by pings', () => {
    const { rig } = rigOf(['b', 'c'])
    rig.hear(peer('b'), say(config(1, 'nowhere')))
    expect(rig.events.map(({ type, record }) => [type, record.name])).toEqual([
      ['switch', 'me'],
      ['detector-missing', 'me'],
      ['detector-missing', 'b'],
      ['detector-missing', 'c'],
    ])
    rig.take()
    rig.run(3_500)
    // Nobody answers here.
    expect([rig.status('b'), rig.status('c')]).toContain('suspect')
  })
})

describe('a member without the cluster’s detector', () => {
  const lacking = peer('x', { capabilities: ['detector:puppet', 'detector:zeal'] })
  const chatting = (options?: RigOptions) => {
    const made = rigOf(['b'], options)
    made.rig.hear(peer('b'), say(config(1, 'chat')))
    made.rig.events.length = 0
    made.rig.hear('b', alive(lacking, 5))
    return made
  }

  test('is said to be so once, and by pings found to be there', () => {
    const { rig } = chatting()
    rig.hear('b', alive({ ...lacking, data: Uint8Array.of(1) }, 6))
    expect(rig.eventsOf('x')).toEqual(['join', 'detector-missing', 'update'])
    for (let second = 0; second < 20; second++) {
      rig.run(1_000)
      for (const { seq } of said(rig.takeTo('x'), 'ping')) {
        rig.hear(lacking, { type: 'ack', seq, payload: undefined })
      }
    }
    expect([rig.count('probesSent') > 3, rig.status('x')]).toEqual([true, 'alive'])
  })

  test('is not failed for what that detector says of it, but for its silence to pings', () => {
    const { rig, chat } = chatting()
    const ref = rig.ref('x')
    const accuse = () =>
      chat.context.unreachable({ ref, incarnation: 5, boot: lacking.boot }, 'timeout', rig.now)
    accuse()
    expect([rig.status('x'), rig.count('reportsIgnored')]).toEqual(['alive', 1])
    rig.run(20_000)
    expect(['suspect', 'failed']).toContain(rig.status('x'))
  })

  test('is watched no more once it has it, nor when the detector is one that goes by pings', () => {
    const { rig, capabilities } = chatting()
    rig.hear('b', alive({ ...lacking, capabilities }, 6))
    rig.take()
    rig.run(10_000)
    expect(said(rig.takeTo('x'), 'ping')).toEqual([])
    const other = chatting()
    other.rig.engine.switchDetector('zeal', undefined, other.rig.now)
    other.rig.take()
    other.rig.run(10_000)
    expect(said(other.rig.takeTo('x'), 'ping')).toEqual([])
  })

  test('of another wire format says nothing of detectors, and is watched without a word', () => {
    const { rig } = chatting()
    rig.hear('b', alive(peer('serf'), 5))
    expect(rig.eventsOf('serf')).toEqual(['join'])
    rig.take()
    rig.run(10_000)
    expect(said(rig.takeTo('serf'), 'ping').length).toBeGreaterThan(0)
  })
})

describe('who asks to be let in', () => {
  const own = (capabilities: readonly string[]) => [
    { ...entry('new', 0, 5), record: peer('new', { capabilities, streams: false }) },
  ]
  const request = (
    change: Partial<Parameters<typeof sync>[0]> & { capabilities?: readonly string[] } = {},
  ) => {
    const { capabilities = ['detector:puppet', 'detector:zeal'], ...rest } = change
    return sync({ join: true, alone: true, entries: own(capabilities), ...rest })
  }

  test('alone does not flip the cluster, however high its epoch', () => {
    const { rig } = rigOf()
    expect(rig.ask('new', request({ config: config(900, 'zeal') }))).toMatchObject({ config: config(0) })
    expect(rig.engine.config).toEqual(config(0))
  })

  test('with others behind it compares its configuration with this cluster’s', () => {
    const { rig } = rigOf()
    const answer = rig.ask('new', request({ alone: false, config: config(1, 'zeal') }))
    expect(answer).toMatchObject({ config: config(1, 'zeal'), alone: false })
  })

  test('without the cluster’s detector is refused with a clear error', () => {
    const { rig } = rigOf()
    expect(rig.ask('new', request({ capabilities: ['detector:zeal'] }))).toEqual({
      type: 'error',
      code: 'detector-missing',
      message: 'the cluster runs detector "puppet", which new does not have',
    })
  })

  test('of another wire format is let in', () => {
    const { rig } = rigOf()
    expect(rig.ask('new', request({ capabilities: [] }))).toMatchObject({ type: 'sync' })
  })

  test('with others behind it gets its way with one that is alone, which has to have that detector', () => {
    const { rig } = rigOf([])
    expect(rig.ask('new', request({ alone: false, config: config(0, 'chat') }))).toMatchObject({
      config: config(0, 'chat'),
    })
    const { rig: poor } = rigOf([])
    expect(poor.ask('new', request({ alone: false, config: config(0, 'nowhere') }))).toEqual({
      type: 'error',
      code: 'detector-missing',
      message: 'me does not have detector "nowhere", which the cluster of new runs',
    })
  })
})

describe('a node that joins', () => {
  const join = (rig: Rig, change: Parameters<typeof sync>[0]): string => {
    const operation = rig.engine.join(peer('b').address, rig.now)
    const { message, token } = rig.requests.at(-1)!
    expect(message).toMatchObject({ type: 'sync', join: true })
    rig.reply(token, 'b', sync(change))
    const result = rig.results.get(operation)
    return result?.kind === 'join-failed' ? result.message : (result?.kind ?? 'waits')
  }

  test('alone takes what its introducer has, also at a lower epoch, and says that it is alone', () => {
    const { rig, zeal } = rigOf([])
    rig.engine.switchDetector('zeal', undefined, rig.now)
    rig.engine.switchDetector('chat', undefined, rig.now)
    join(rig, { config: config(1, 'zeal'), entries: [entry('b', 0, 5)] })
    expect(rig.requests[0]!.message).toMatchObject({ alone: true })
    expect([rig.engine.config, zeal.entries.at(-1)]).toEqual([config(1, 'zeal'), 'start'])
  })

  test('alone takes it also more than 1,000 epochs ahead', () => {
    const { rig } = rigOf([])
    join(rig, { config: config(5_000, 'zeal'), entries: [entry('b', 0, 5)] })
    expect(rig.engine.config).toEqual(config(5_000, 'zeal'))
  })

  test('takes none that leaves no epoch after it: a switch would have nowhere to go', () => {
    const { rig } = rigOf([])
    join(rig, { config: config(2 ** 48 + 1, 'zeal'), entries: [entry('b', 0, 5)] })
    expect([rig.engine.config.epoch, rig.count('configsTooFarAhead')]).toEqual([0, 1])
    const { rig: other } = rigOf([])
    join(other, { config: config(2 ** 48, 'zeal'), entries: [] })
    expect(other.engine.config).toEqual(config(2 ** 48, 'zeal'))
    const switched = other.engine.switchDetector('chat', undefined, other.now)
    expect(switched).toEqual({ kind: 'switched', config: config(2 ** 48 + 1, 'chat') })
    // It can be said.
    expect(join(other, { config: config(0), entries: [] })).toBe('joined')
  })

  test('tells nobody of what it switched to alone', () => {
    const { rig } = rigOf([])
    rig.engine.switchDetector('zeal', undefined, rig.now)
    join(rig, { config: config(0), entries: [entry('b', 0, 5)] })
    rig.run(5_000)
    expect([rig.engine.config, said(rig.take(), 'config')]).toEqual([config(0), []])
  })

  test('once the others of its cluster are gone tells the next one nothing of what it was still telling them', () => {
    const { rig } = rigOf(['b'])
    rig.engine.switchDetector('zeal', undefined, rig.now)
    rig.hear('b', failed('b', 5))
    join(rig, { config: config(0), entries: [entry('c', 0, 5), entry('d', 0, 5)] })
    rig.take()
    rig.run(10_000)
    expect([rig.engine.config, said(rig.take(), 'config')]).toEqual([config(0), []])
  })

  test('without the cluster’s detector fails, and stays as it was', () => {
    const { rig } = rigOf([])
    expect(join(rig, { config: config(1, 'nowhere') })).toBe(
      'the cluster runs detector "nowhere", which this node does not have',
    )
    expect(rig.engine.config).toEqual(config(0))
  })

  test('with others behind it compares', () => {
    const { rig } = rigOf()
    rig.engine.switchDetector('zeal', undefined, rig.now)
    join(rig, { config: config(0, 'chat'), entries: [entry('x', 0, 5)] })
    expect(rig.engine.config).toEqual(config(1, 'zeal'))
    join(rig, { config: config(2, 'chat'), entries: [entry('x', 0, 5)] })
    expect(rig.engine.config).toEqual(config(2, 'chat'))
  })
})
