import { describe, expect, test } from 'vitest'
import { alive, failed, left, peer, ping, Rig, said, suspect, wall } from './testing/rig.ts'

describe('leaving', () => {
  test('is claimed by the member itself, at its incarnation, and believed', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', left('b', 5))
    expect([rig.status('b'), rig.eventsOf('b')]).toEqual(['left', ['leave']])
    expect(said(rig.takeTo('c'), 'left')).toEqual([left('b', 5)])
  })

  test('a member that left is not suspected, and comes back with a higher incarnation only', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', left('b', 5))
    rig.hear('c', suspect('b', 5, 'c'), failed('b', 5), alive(peer('b'), 5))
    expect(rig.status('b')).toBe('left')
    rig.hear('b', alive(peer('b'), 6))
    expect([rig.status('b'), rig.eventsOf('b')]).toEqual(['alive', ['leave', 'join']])
  })

  test('this node says so at its own incarnation, is answered by witnesses, and still answers pings', () => {
    const rig = new Rig({ members: ['b', 'c', 'd', 'e'] })
    const operation = rig.engine.leave(rig.now)
    expect(said(rig.take(), 'left')[0]).toEqual(left('me', wall))
    expect(rig.requests.map(({ message }) => message)).toEqual([0, 1, 2].map(() => left('me', wall)))
    for (const { to, token } of rig.requests) {
      const witness = ['b', 'c', 'd', 'e'].find((name) => peer(name).address.port === to.port)!
      rig.reply(token, witness, { type: 'ack', seq: 0, payload: undefined })
    }
    const result = rig.results.get(operation)
    expect(result?.kind === 'left' && new Set(result.acknowledgedBy).size).toBe(3)
    rig.hear('b', ping(9))
    expect(said(rig.takeTo('b'), 'ack')).toMatchObject([{ type: 'ack', seq: 9, payload: undefined }])
  })

  test('a node that has left does not refute that, nor a suspicion', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.engine.leave(rig.now)
    rig.hear('b', suspect('me', wall, 'b'), left('me', wall, 'b'), failed('me', wall))
    rig.run(5_000)
    expect([rig.status('me'), rig.ownIncarnation, rig.count('refutations')]).toEqual(['left', wall, 0])
  })

  test('a refutation that was still to come does not bring back a node that has left meanwhile', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', suspect('me', wall, 'b'))
    rig.run(100)
    rig.hear('b', suspect('me', wall + 1, 'b'))
    rig.engine.leave(rig.now)
    rig.run(5_000)
    expect([rig.status('me'), rig.ownIncarnation]).toEqual(['left', wall + 1])
  })

  test('a node that has left leaves its name to others: it neither contests it nor comes back for it', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.engine.leave(rig.now)
    rig.take()
    rig.requests.length = 0
    // A later start at another address: in a contest this node would win.
    const heir = peer('me', { startedAt: (wall + 100) * 1_000, address: { host: '10.0.0.9', port: 9 } })
    rig.hear('b', alive(heir, wall + 100))
    for (const { seq } of said(rig.take(), 'ping')) rig.hear(heir, { type: 'ack', seq, payload: undefined })
    rig.run(5_000)
    expect(rig.eventsOf('me')).toEqual(['leave'])
    expect([rig.status('me'), rig.engine.lostTo]).toEqual(['left', undefined])
  })

  test('joining again raises its incarnation', () => {
    const rig = new Rig({ members: ['b'] })
    rig.engine.leave(rig.now)
    rig.run(6_000)
    rig.engine.join(peer('b').address, rig.now)
    expect([rig.status('me'), rig.ownIncarnation]).toEqual(['alive', wall + 1])
  })

  test.each(['force-leave', 'broadcast'] as const)(
    'who waits for a %s to be told waits no longer when the last other goes',
    (what) => {
      const rig = new Rig({ members: ['b', 'c'] })
      const operation =
        what === 'broadcast'
          ? rig.engine.broadcast('x', new Uint8Array(0), rig.now)
          : rig.engine.forceLeave(rig.ref('c'), false, rig.now)
      rig.hear('x', failed('c', 5))
      expect(rig.results.get(operation)).toBeUndefined()
      rig.hear('x', failed('b', 5))
      expect(rig.results.get(operation)).toEqual({ kind: 'disseminated' })
      rig.run(60_000)
      expect(rig.results.size).toBe(1)
    },
  )
})
