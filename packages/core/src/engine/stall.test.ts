import { describe, expect, test } from 'vitest'
import { alive, peer, Rig, said, suspect } from './testing/rig.ts'

/** A node whose ticks come as late as one says: what is counted of them by then. */
function lagging(): (ms: number) => object {
  const rig = new Rig({ engine: { streams: false } })
  return (ms) => {
    rig.context.arm(rig.now, 0)
    rig.now += ms
    rig.engine.tick(rig.now)
    return { health: rig.engine.health, stalls: rig.count('stalls'), loopLags: rig.count('loopLags') }
  }
}

describe('after a stall', () => {
  const stalled = () => {
    const rig = new Rig({ members: ['b', 'c', 'd', 'e'] })
    rig.hear('c', suspect('b', 5, 'c'))
    rig.detect((context) => context.ping(rig.ref('d'), { path: 'direct', timeout: 500 }, rig.now))
    const seq = said(rig.take(), 'ping')[0]!.seq
    return { rig, seq, ranAt: rig.now, deadline: rig.deadline('b')! }
  }

  test('pending pings say nothing, suspicions get the time on top, and health is worse by one, as after any lag', () => {
    const { deadline, ranAt, rig } = stalled()
    rig.now += 30_000
    rig.engine.tick(rig.now)
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['void'])
    expect([rig.deadline('b'), rig.status('b')]).toEqual([deadline + rig.now - ranAt, 'suspect'])
    expect([rig.engine.health, rig.count('stalls'), rig.count('loopLags')]).toEqual([1, 1, 0])
    expect(rig.count('suspectedOthers') + rig.count('failedOthers')).toBe(0)
  })

  test('packets that arrived are heard first: an ack is an ack, a refutation a refutation', () => {
    const { rig, seq } = stalled()
    rig.now += 30_000
    rig.hear('d', { type: 'ack', seq, payload: undefined })
    rig.hear('b', alive(peer('b'), 6))
    rig.engine.tick(rig.now)
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['ack'])
    rig.run(60_000)
    expect(rig.status('b')).toBe('alive')
  })

  test('a confirmation counts from the moved start', () => {
    const { ranAt, rig } = stalled()
    const start = rig.now
    rig.now += 30_000
    rig.engine.tick(rig.now)
    const shift = rig.now - ranAt
    rig.hear('d', suspect('b', 5, 'd', 'e'))
    expect(rig.deadline('b')).toBe(start + shift + 4_000)
    rig.run(0)
    expect(rig.status('b')).toBe('suspect')
  })

  test('a suspicion whose own time was the first to run out goes on: nobody is failed for what was missed', () => {
    const rig = new Rig({
      members: ['b', 'c', 'd', 'e'],
      settings: { syncInterval: 0, rejoinInterval: 86_400_000 },
    })
    rig.hear('c', suspect('b', 5, 'c'))
    rig.run(20_000)
    expect(rig.engine.nextWake()).toBe(rig.deadline('b'))
    rig.now += 60_000
    rig.engine.tick(rig.now)
    expect(rig.status('b')).toBe('suspect')
    expect(rig.deadline('b')).toBeGreaterThan(rig.now)
  })

  test('a suspicion that began by what was let in first has missed nothing, and gets no time on top', () => {
    const rig = new Rig({ members: ['b', 'c', 'd', 'e'] })
    rig.detect((context) => context.ping(rig.ref('d'), { path: 'direct', timeout: 500 }, rig.now))
    rig.now += 30_000
    rig.hear('c', suspect('b', 5, 'c'))
    const deadline = rig.deadline('b')
    rig.engine.tick(rig.now)
    expect([rig.count('stalls'), rig.deadline('b')]).toEqual([1, deadline])
  })

  test('of one probe interval exactly nothing is voided, of a little more everything', () => {
    for (const [late, outcome] of [
      [1_000, 'timeout'],
      [1_001, 'void'],
    ] as const) {
      const rig = new Rig({ members: ['b'], engine: { streams: false } })
      rig.detect((context) => context.ping(rig.ref('b'), { path: 'direct', timeout: 500 }, rig.now))
      rig.now = rig.engine.nextWake() + late
      rig.engine.tick(rig.now)
      expect(rig.pings.map((ping) => ping.outcome)).toEqual([outcome])
    }
  })

  test('a shorter lag counts against health, once per probe interval', () => {
    const late = lagging()
    // A quarter of the probe timeout of 500 ms.
    expect(late(125)).toEqual({ health: 0, stalls: 0, loopLags: 0 })
    expect(late(126)).toEqual({ health: 1, stalls: 0, loopLags: 1 })
    expect(late(400)).toEqual({ health: 1, stalls: 0, loopLags: 1 })
    expect(late(500)).toEqual({ health: 1, stalls: 0, loopLags: 1 })
    expect(late(200)).toEqual({ health: 2, stalls: 0, loopLags: 2 })
  })

  test('a stall counts as much as one lag, however long it was, and a lag right after it is the same trouble', () => {
    const late = lagging()
    expect(late(1_001)).toEqual({ health: 1, stalls: 1, loopLags: 0 })
    expect(late(600_000)).toEqual({ health: 2, stalls: 2, loopLags: 0 })
    expect(late(999)).toEqual({ health: 2, stalls: 2, loopLags: 0 })
    expect(late(200)).toEqual({ health: 3, stalls: 2, loopLags: 1 })
  })
})
