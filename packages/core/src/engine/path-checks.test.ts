import { describe, expect, test } from 'vitest'
import { alive, failed, peer, Rig, type RigOptions, said, sync } from './testing/rig.ts'

/** b answers by the carriers that a test says, and helpers that reach it say so; the others answer by both. */
class World {
  readonly rig: Rig
  packets = true
  streams = true
  helpers = false
  /** Whether b answers syncs; pings by stream are another matter. */
  syncs = false
  constructor(options: RigOptions = {}) {
    this.rig = new Rig({ members: ['b', 'c', 'd', 'e'], settings: { probeTimeoutMin: 500 }, ...options })
  }

  /** Goes on for so long, in steps, and lets b answer what reaches it. */
  run(ms: number): void {
    const { rig } = this
    for (let at = 0; at < ms; at += 50) {
      const sent = rig.take()
      for (const name of ['b', 'c', 'd', 'e']) {
        const pings = said(
          sent.filter(({ to }) => to.port === peer(name).address.port),
          'ping',
        )
        if (name !== 'b' || this.packets) {
          for (const { seq } of pings) rig.hear(name, { type: 'ack', seq, payload: undefined })
        }
        const asked = said(
          sent.filter(({ to }) => to.port === peer(name).address.port),
          'pingReq',
        )
        for (const { seq } of asked.flatMap(({ targets }) => (this.helpers ? targets : []))) {
          rig.hear(name, { type: 'ack', seq, payload: undefined })
        }
      }
      for (const { message, to, token } of rig.requests.splice(0)) {
        if (to.port !== peer('b').address.port) continue
        if (this.syncs && message.type === 'sync') rig.reply(token, 'b', sync())
        else if (this.streams && message.type === 'ping')
          rig.reply(token, 'b', { type: 'ack', seq: message.seq, payload: undefined })
        else if (!this.streams) rig.ended(token, 'timeout')
      }
      rig.run(50)
    }
  }

  look(): void {
    this.rig.look('b', { timeout: 1_000 })
  }

  told(): string[] {
    return this.rig.events
      .filter(({ type }) => type === 'degraded' || type === 'restored')
      .map(({ detail, type }) => `${type}: ${detail}`)
  }
}

const byStreamsOnly =
  'degraded: streams reach it, and packets do not: a firewall, or a network that loses datagrams'
const byPacketsOnly =
  'degraded: packets reach it, and streams do not: a firewall, or it takes no more connections'

describe('a member that streams reach, and packets do not,', () => {
  const degraded = (options?: RigOptions): World => {
    const world = new World(options)
    world.packets = false
    world.look()
    world.run(5_000)
    return world
  }

  test('is told after five packets in a row, once, and stays alive', () => {
    const world = degraded()
    expect([world.told(), world.rig.status('b')]).toEqual([[byStreamsOnly], 'alive'])
    expect(world.rig.engine.explain(world.rig.ref('b')).at(-1)).toMatchObject({
      path: 'direct',
      outcome: 'degraded',
    })
    world.run(120_000)
    world.look()
    world.run(5_000)
    expect(world.told()).toEqual([byStreamsOnly])
  })

  test('is told to be restored with the first packet that it answers', () => {
    const world = degraded()
    world.packets = true
    world.look()
    world.run(1_000)
    expect(world.told()).toEqual([byStreamsOnly, 'restored: packets reach it again'])
  })

  test('is told anew once it has been found again', () => {
    const world = degraded()
    world.packets = true
    world.look()
    world.run(60_000)
    world.packets = false
    world.look()
    world.run(5_000)
    expect(world.told().length).toBe(3)
  })

  test('is not told where one of the five is answered: that is loss', () => {
    const world = new World()
    world.packets = false
    world.look()
    world.run(1_200)
    world.packets = true
    world.run(5_000)
    expect(world.told()).toEqual([])
    // And for a minute it is not tried again.
    world.packets = false
    world.look()
    world.rig.take()
    world.run(600)
    const { rig } = world
    rig.run(2_000)
    expect(said(rig.takeTo('b'), 'ping')).toEqual([])
  })

  test('is not told where streams fail in the end as well: that is for whose turn it is to probe', () => {
    const world = new World()
    world.packets = false
    world.look()
    world.run(1_200)
    world.streams = false
    world.run(5_000)
    expect(world.told()).toEqual([])
  })

  test('is forgotten with its process: the next one is tried anew', () => {
    const world = degraded()
    world.rig.hear('c', alive(peer('b', { boot: 99n }), 9))
    world.look()
    world.run(5_000)
    expect(world.told()).toEqual([byStreamsOnly, byStreamsOnly])
  })

  test('is forgotten when it fails', () => {
    const world = degraded()
    world.rig.hear('c', failed('b', 5))
    world.rig.hear('c', alive(peer('b'), 6))
    world.packets = true
    world.look()
    world.run(1_000)
    expect(world.told()).toEqual([byStreamsOnly])
  })

  test.each([
    ['packets', { packets: false }],
    ['streams', { streams: false }],
  ] as const)('is no matter where there are no %s at all', (_, engine) => {
    expect(degraded({ engine }).told()).toEqual([])
  })
})

describe('a member that others reach, and this node does not,', () => {
  const byOthersOnly =
    'degraded: others reach it, and nothing from here does, neither packets nor streams: the way to it is cut'
  const cut = (): World => {
    const world = new World()
    world.packets = false
    world.streams = false
    world.helpers = true
    world.look()
    world.run(12_000)
    return world
  }

  test('is told once, and stays alive', () => {
    const world = cut()
    expect([world.told(), world.rig.status('b')]).toEqual([[byOthersOnly], 'alive'])
    world.run(120_000)
    world.look()
    world.run(12_000)
    expect(world.told()).toEqual([byOthersOnly])
  })

  test('is told to be restored with the first that gets through, and what still fails is told anew', () => {
    const world = cut()
    world.streams = true
    world.look()
    world.run(12_000)
    expect(world.told()).toEqual([byOthersOnly, 'restored: streams reach it again'])
    world.look()
    world.run(12_000)
    expect(world.told().slice(2)).toEqual([byStreamsOnly])
  })
})

describe('a member that packets reach, and streams do not,', () => {
  test('is told after a sync with it has failed, and three streams', () => {
    const world = new World({ members: ['b'], settings: { syncInterval: 2_000 } })
    world.streams = false
    world.run(20_000)
    expect([world.told(), world.rig.status('b')]).toEqual([[byPacketsOnly], 'alive'])
    world.streams = true
    world.rig.detect((context) => {
      context.ping(world.rig.ref('b'), { path: 'stream', timeout: 500 }, world.rig.now)
    })
    world.run(1_000)
    expect(world.told().at(-1)).toBe('restored: streams reach it again')
  })

  test('is told to be restored by the next sync with it', () => {
    const world = new World({ members: ['b'], settings: { syncInterval: 2_000 } })
    world.streams = false
    world.run(20_000)
    world.syncs = true
    world.run(20_000)
    expect(world.told()).toEqual([byPacketsOnly, 'restored: streams reach it again'])
  })
})
