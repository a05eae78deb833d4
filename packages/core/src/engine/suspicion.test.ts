import { describe, expect, test } from 'vitest'
import type { Settings } from './settings.ts'
import { alive, failed, left, peer, ping, Rig, said, suspect } from './testing/rig.ts'

describe('evidence', () => {
  test('makes an alive member suspect, tells of it at once, and fails it when its time is up', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.accuse('b')
    expect(rig.status('b')).toBe('suspect')
    expect(said(rig.takeTo('c'), 'suspect')).toEqual([suspect('b', 5, 'me')])
    // Three members: nobody but c could confirm, so the shortest time.
    expect(rig.deadline('b')).toBe(rig.now + 4_000)
    rig.run(3_999)
    expect(rig.status('b')).toBe('suspect')
    rig.run(1)
    expect(rig.status('b')).toBe('failed')
    expect(rig.eventsOf('b')).toEqual(['suspect', 'failed'])
    expect(said(rig.takeTo('c'), 'failed')[0]).toEqual(failed('b', 5, 'me'))
  })

  test('that comes late, after a refutation, does not condemn', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 5, 'c'), alive(peer('b'), 6))
    rig.accuse('b', { incarnation: 5 })
    expect([rig.status('b'), rig.engine.suspicion(rig.ref('b')), rig.count('suspectedOthers')]).toEqual([
      'alive',
      undefined,
      0,
    ])
  })

  test('about another boot does not condemn', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.accuse('b', { boot: 1n })
    expect(rig.status('b')).toBe('alive')
  })

  test('about a member that is gone, or about this node, is nothing', () => {
    const rig = new Rig({ members: ['b', 'c'], settings: { leftRetention: 100 } })
    const gone = { ref: rig.ref('b'), incarnation: 5, boot: peer('b').boot }
    rig.hear('b', left('b', 5))
    rig.run(2_000)
    expect(rig.status('b')).toBe('unknown')
    rig.detect((context) => context.unreachable(gone, 'timeout', rig.now))
    rig.accuse('me')
    expect([rig.status('b'), rig.status('me')]).toEqual(['unknown', 'alive'])
  })

  test('that it is reachable clears no suspicion', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 5, 'c'))
    const seen = { ref: rig.ref('b'), incarnation: 5, boot: peer('b').boot }
    rig.detect((context) => context.reachable(seen, rig.now, 3))
    rig.hear('b', ping(1))
    expect(rig.status('b')).toBe('suspect')
  })

  test('against one that failed or left changes nothing', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.hear('d', failed('b', 5), left('c', 5))
    const before = rig.snapshot()
    for (const name of ['b', 'c']) rig.accuse(name)
    expect(rig.snapshot()).toEqual(before)
  })

  test('a ping of a member that is gone is refused, and harms nothing', () => {
    const rig = new Rig({ members: ['b', 'c'], settings: { leftRetention: 100 } })
    const gone = rig.ref('b')
    rig.hear('b', left('b', 5))
    rig.run(2_000)
    let accepted: boolean | undefined
    rig.detect((context) => {
      accepted = context.ping(gone, { path: 'direct', timeout: 100 }, rig.now)
    })
    expect(accepted).toBe(false)
  })
})

describe('a suspicion', () => {
  /** Six members: two confirmations are waited for, between 4 s and 24 s. */
  const six = (settings: Partial<Settings> = {}) => new Rig({ members: ['b', 'c', 'd', 'e', 'f'], settings })

  test('is cleared by a higher incarnation, and by nothing else', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c'), alive(peer('b'), 5), alive(peer('b', { boot: 3n }), 4))
    expect(rig.status('b')).toBe('suspect')
    rig.hear('c', alive(peer('b'), 6))
    expect([rig.status('b'), rig.engine.suspicion(rig.ref('b')), rig.eventsOf('b')]).toEqual([
      'alive',
      undefined,
      ['suspect', 'alive'],
    ])
    rig.run(60_000)
    expect(rig.status('b')).toBe('alive')
  })

  test('counts each accuser once, and each one more shortens it, from when it began', () => {
    const rig = six()
    const start = rig.now
    rig.hear('c', suspect('b', 5, 'c'))
    expect(rig.deadline('b')).toBe(start + 24_000)
    rig.run(1_000)
    rig.hear('d', suspect('b', 5, 'c', 'c'))
    rig.hear('c', suspect('b', 5, 'c'))
    expect([rig.deadline('b'), rig.count('confirmations')]).toEqual([start + 24_000, 0])
    // 24 s − 20 s × ln 2 / ln 3
    rig.hear('d', suspect('b', 5, 'c', 'd'))
    expect([rig.deadline('b'), rig.count('confirmations')]).toEqual([start + 11_381, 1])
    rig.hear('d', suspect('b', 5, 'd'))
    expect(rig.count('confirmations')).toBe(1)
    rig.accuse('b')
    expect([rig.deadline('b'), rig.count('confirmations')]).toEqual([start + 4_000, 2])
    rig.hear('f', suspect('b', 5, 'e', 'f'))
    expect([rig.deadline('b'), rig.count('confirmations')]).toEqual([start + 4_000, 2])
    const accusers = rig.engine.suspicion(rig.ref('b'))!.accusations.map(({ accuser }) => accuser)
    expect(accusers).toEqual(['c', 'd', 'me'])
  })

  test('that is confirmed after its shorter time would have been over ends at the next tick', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c'))
    rig.run(6_000)
    rig.hear('d', suspect('b', 5, 'd', 'e'))
    expect(rig.status('b')).toBe('suspect')
    rig.run(0)
    expect(rig.status('b')).toBe('failed')
  })

  test('that begins with several accusers counts them all', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c', 'd', 'e'))
    expect(rig.deadline('b')).toBe(rig.now + 4_000)
  })

  test('that begins with one accuser said twice counts it once', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c', 'c', 'c'))
    expect(rig.deadline('b')).toBe(rig.now + 24_000)
  })

  test('hands a confirmation on, with all that make a difference', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c'))
    rig.run(2_000)
    rig.take()
    rig.hear('d', suspect('b', 5, 'd'))
    rig.run(1_000)
    expect(said(rig.take(), 'suspect')).toContainEqual(suspect('b', 5, 'c', 'd'))
  })

  test('of a higher incarnation begins anew', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c', 'd', 'e'))
    rig.run(3_000)
    rig.hear('c', suspect('b', 6, 'c'))
    expect(rig.deadline('b')).toBe(rig.now + 24_000)
    expect(rig.eventsOf('b')).toEqual(['suspect'])
  })

  test('of an older incarnation is no confirmation', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c'))
    rig.hear('d', suspect('b', 4, 'd'))
    expect([rig.count('confirmations'), rig.count('claimsStale')]).toEqual([0, 1])
  })

  test.each([
    ['one after another', [suspect('b', 5, 'c'), suspect('b', 5, 'd')]],
    ['in one claim', [suspect('b', 5, 'c', 'd')]],
  ])('fails at once with a quorum of independent reports %s', (_, claims) => {
    const rig = six({ suspicionQuorum: 2 })
    for (const claim of claims) {
      expect(rig.status('b')).not.toBe('failed')
      rig.hear('c', claim)
    }
    expect([rig.status('b'), rig.eventsOf('b')]).toEqual(['failed', ['suspect', 'failed']])
  })

  test('one accuser alone is no quorum, however often it says so', () => {
    const rig = six({ suspicionQuorum: 2 })
    rig.hear('c', suspect('b', 5, 'c', 'c'), suspect('b', 5, 'c'))
    rig.hear('d', suspect('b', 5, 'c'))
    expect(rig.status('b')).toBe('suspect')
  })

  test('keeps at most 16 accusers', () => {
    const accusers = Array.from({ length: 40 }, (_, i) => `a${i}`)
    const rig = new Rig({ members: ['b', ...accusers], settings: { suspicionMult: 30 } })
    for (const accuser of accusers) rig.hear(accuser, suspect('b', 5, accuser))
    expect(rig.engine.suspicion(rig.ref('b'))!.accusations.length).toBe(16)
  })
})
