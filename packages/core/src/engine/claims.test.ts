import { describe, expect, test } from 'vitest'
import { Status } from '../model/status.ts'
import { alive, entry, failed, left, peer, ping, Rig, said, suspect, wall } from './testing/rig.ts'

describe('a claim about a name that is not known', () => {
  test.each([
    ['suspect', suspect('x', 5, 'b')],
    ['failed', failed('x', 5)],
    ['left', left('x', 5)],
  ] as const)('creates nothing if it is %s: no member, no event, no gossip', (_, claim) => {
    const rig = new Rig({ members: ['b'] })
    const before = rig.snapshot()
    rig.hear('b', claim)
    expect(rig.snapshot()).toEqual(before)
    expect(rig.count('claimsUnknown')).toBe(1)
    rig.run(2_000)
    expect(said(rig.take(), claim.type)).toEqual([])
  })

  test.each([
    ['failed', Status.Failed],
    ['left', Status.Left],
  ] as const)('creates nothing if a sync says %s', (_, status) => {
    const rig = new Rig({ members: ['b'] })
    const before = rig.snapshot()
    rig.push('b', entry('x', status, 5))
    expect(rig.snapshot()).toEqual(before)
    expect(rig.count('claimsUnknown')).toBe(1)
  })

  test('makes a member if it is alive, and is handed on as it was heard', () => {
    const rig = new Rig({ members: ['b'] })
    const x = peer('x', { data: Uint8Array.of(1, 2), opaque: Uint8Array.of(3), capabilities: ['feature:y'] })
    rig.hear('b', alive(x, 9))
    expect([rig.status('x'), rig.eventsOf('x')]).toEqual(['alive', ['join']])
    rig.run(500)
    expect(said(rig.takeTo('b'), 'alive')).toContainEqual(alive(x, 9))
  })
})

describe('where the application says with whom tables are compared', () => {
  const guarded = () => {
    const rig = new Rig({ engine: { hooks: { admitMerge: () => true } } })
    rig.push('c', entry('b', Status.Alive, 5))
    return rig
  }

  test('what one that is no member tells of others is held back: a group that is kept out would come in by single claims', () => {
    const rig = guarded()
    rig.hear('stranger', alive(peer('x'), 9), alive(peer('b'), 9))
    rig.hear(peer('b', { boot: 9n }), alive(peer('x'), 9))
    rig.ask('stranger', alive(peer('x'), 9))
    expect([rig.status('x'), rig.engine.members.incarnation(rig.ref('b'))]).toEqual(['unknown', 5])
    expect(rig.count('claimsHeldBack')).toBe(4)
  })

  test('what a member tells makes members as ever', () => {
    const rig = guarded()
    rig.hear('b', alive(peer('x'), 9))
    expect([rig.status('x'), rig.count('claimsHeldBack')]).toEqual(['alive', 0])
  })

  test('a member speaks for itself as ever, as another process too', () => {
    const rig = guarded()
    rig.hear(peer('b', { boot: 9n }), alive(peer('b', { boot: 9n }), 9))
    expect([rig.engine.members.incarnation(rig.ref('b')), rig.count('claimsHeldBack')]).toEqual([9, 0])
  })
})

describe('an incarnation', () => {
  const limit = wall + 2 ** 26
  /** What others say of a member ends lower than what it may say itself. */
  const room = 2 ** 16

  test.each([
    ['alive', limit, (incarnation: number) => alive(peer('b', { data: Uint8Array.of(1) }), incarnation)],
    ['suspect', limit - room, (incarnation: number) => suspect('b', incarnation, 'c')],
    ['failed', limit - room, (incarnation: number) => failed('b', incarnation)],
    ['left', limit - room, (incarnation: number) => left('b', incarnation)],
  ] as const)('too far above the wall clock is refused and counted: %s', (_, limit, claim) => {
    const rig = new Rig({ members: ['b', 'c'] })
    const now = limit + rig.now / 1_000
    const before = rig.snapshot()
    rig.hear('c', claim(now + 1))
    expect(rig.snapshot()).toEqual(before)
    expect(rig.count('claimsIncarnationTooHigh')).toBe(1)
    rig.hear('c', claim(now))
    expect(rig.engine.members.incarnation(rig.ref('b'))).toBe(now)
    expect(rig.count('claimsIncarnationTooHigh')).toBe(1)
  })

  test('as high as it goes leaves nobody out of reach: what is known of a member may be said of it, however high that is', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    const high = Math.floor(limit + rig.now / 1_000)
    rig.hear('b', alive(peer('b'), high))
    rig.hear('c', suspect('b', high, 'c'))
    expect(rig.status('b')).toBe('suspect')
    rig.hear('c', failed('b', high))
    expect([rig.status('b'), rig.count('claimsIncarnationTooHigh')]).toEqual(['failed', 0])
  })

  test('of this node is not driven there by a claim about it either', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', suspect('me', 0xffff_ffff, 'b'))
    expect([rig.ownIncarnation, rig.count('claimsIncarnationTooHigh')]).toEqual([wall, 1])
  })

  test('is raised by this node alone: hearing of others, judging them and being pinged leave it', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', suspect('c', 5, 'b'), ping(1))
    rig.accuse('b')
    rig.run(60_000)
    expect(rig.ownIncarnation).toBe(wall)
  })
})

describe('the data of a member', () => {
  const data = Uint8Array.of(9)

  test('alive@N after suspect@N is taken, and the suspicion stays', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 6, 'c'))
    const deadline = rig.deadline('b')
    rig.hear('c', alive(peer('b', { data }), 6))
    const { members } = rig.engine
    const ref = rig.ref('b')
    expect([rig.status('b'), members.incarnation(ref), members.recordIncarnation(ref)]).toEqual([
      'suspect',
      6,
      6,
    ])
    expect(members.record(ref).data).toEqual(data)
    expect([rig.eventsOf('b'), rig.deadline('b')]).toEqual([['suspect', 'update'], deadline])
    rig.run(1_000)
    const sent = rig.takeTo('c')
    expect(said(sent, 'suspect').map(({ incarnation }) => incarnation)).toContain(6)
    expect(said(sent, 'alive')).toContainEqual(alive(peer('b', { data }), 6))
  })

  test('that is newer does not stop news of a failure from being told', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', failed('b', 6))
    rig.take()
    rig.hear('c', alive(peer('b', { data }), 6))
    expect([rig.status('b'), rig.engine.members.recordIncarnation(rig.ref('b'))]).toEqual(['failed', 6])
    rig.run(1_000)
    expect(said(rig.takeTo('c'), 'failed').map(({ incarnation }) => incarnation)).toContain(6)
  })

  test('that is older is not taken again', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', alive(peer('b', { data }), 7))
    const before = rig.snapshot()
    rig.hear('c', alive(peer('b'), 6), alive(peer('b'), 7))
    expect(rig.snapshot()).toEqual(before)
    expect(rig.count('claimsStale')).toBe(2)
  })

  test('of an earlier incarnation is not taken from a late claim while a suspicion of a later one stands', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 8, 'c'), alive(peer('b', { data }), 7))
    expect(rig.status('b')).toBe('suspect')
    expect(rig.engine.members.record(rig.ref('b')).data).toEqual(data)
    rig.hear('c', alive(peer('b'), 6))
    expect(rig.engine.members.record(rig.ref('b')).data).toEqual(data)
  })

  test('of another boot at a higher incarnation is another process: update, restarted', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', alive(peer('b', { boot: 5n }), 6))
    expect(rig.events.map(({ restarted, type }) => [type, restarted])).toEqual([['update', true]])
  })

  test('that does not change with the incarnation is no event', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', alive(peer('b'), 6))
    expect([rig.events, rig.engine.members.incarnation(rig.ref('b'))]).toEqual([[], 6])
  })
})
