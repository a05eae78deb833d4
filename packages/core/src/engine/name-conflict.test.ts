import { describe, expect, test } from 'vitest'
import type { PeerRecord } from '../model/peer.ts'
import { alive, peer, ping, Rig, said, wall } from './testing/rig.ts'

describe('the own name from another boot', () => {
  const elsewhere: Partial<PeerRecord> = { boot: 5n, address: { host: '10.0.0.9', port: 9 } }
  const contested = (change: Partial<PeerRecord> = {}, incarnation = wall) => {
    const rig = new Rig({ members: ['b'] })
    const other = peer('me', { ...elsewhere, ...change })
    rig.hear('b', alive(other, incarnation))
    return { rig, other, sent: rig.take() }
  }

  test('at another address is looked into: that very boot is pinged, by packet and by stream', () => {
    const { other, rig, sent } = contested()
    const asked = sent.filter(({ to }) => to.port === 9)
    expect(said(asked, 'ping')).toMatchObject([{ target: 'me', boot: 5n }])
    expect(rig.requests).toMatchObject([
      { to: other.address, message: { type: 'ping', target: 'me', boot: 5n } },
    ])
    expect([rig.ownIncarnation, rig.eventsOf('me')]).toEqual([wall, []])
  })

  test.each([
    ['an earlier start keeps it', { startedAt: wall * 1_000 - 1 }, true],
    ['a later start does not', { startedAt: wall * 1_000 + 1 }, false],
    ['of two at once the smaller boot keeps it', { boot: 76n }, true],
    ['and the larger does not', { boot: 78n }, false],
  ])('if it answers, %s', (_, change, lost) => {
    const { other, rig, sent } = contested(change)
    rig.hear(other, { type: 'ack', seq: said(sent, 'ping')[0]!.seq, payload: undefined })
    expect(rig.eventsOf('me')[0]).toBe('conflict')
    expect(rig.events[0]!.detail).toContain('10.0.0.9:9')
    expect(rig.events[0]!.detail).toContain('10.0.0.1:7946')
    expect(rig.engine.lostTo).toEqual(lost ? other.address : undefined)
    // The one that keeps the name says so, above what the other claimed.
    expect([rig.ownIncarnation, rig.count('conflicts')]).toEqual([lost ? wall : wall + 1, 1])
  })

  test.each([
    ['reached by streams, so that members may hold it, says so to the other before it ends', true],
    ['introduced by nobody yet, ends without a word', false],
  ])('the one that loses it, %s', (_, reached) => {
    const rig = new Rig({ members: ['b'] })
    if (reached) rig.ask('b', ping(9, 'me', rig.self.boot))
    const other = peer('me', { ...elsewhere, startedAt: wall * 1_000 - 1 })
    rig.hear('b', alive(other, wall))
    const seq = said(rig.take(), 'ping').at(-1)!.seq
    rig.hear(other, { type: 'ack', seq, payload: undefined })
    expect(rig.engine.lostTo).toEqual(other.address)
    const sent = rig.take().filter(({ to }) => to.port === 9)
    expect(said(sent, 'alive').some(({ record }) => record.boot === rig.self.boot)).toBe(reached)
  })

  test('an answer over a stream counts as well', () => {
    const { other, rig } = contested({ startedAt: wall * 1_000 - 1 })
    const { token } = rig.requests[0]!
    rig.reply(token, other, { type: 'ack', seq: token, payload: undefined })
    expect(rig.engine.lostTo).toEqual(other.address)
  })

  test('is looked into again when this node stood still meanwhile', () => {
    const { other, rig } = contested({ startedAt: wall * 1_000 - 1 }, wall + 4)
    rig.now += 30_000
    rig.engine.tick(rig.now)
    expect(rig.ownIncarnation).toBe(wall)
    const again = rig.take().filter(({ to }) => to.port === 9)
    rig.hear(other, { type: 'ack', seq: said(again, 'ping')[0]!.seq, payload: undefined })
    expect(rig.engine.lostTo).toEqual(other.address)
  })

  test('if nobody answers it was an earlier boot: refuted then, if it is not below the own incarnation', () => {
    for (const [incarnation, expected] of [
      [wall + 4, wall + 5],
      [wall - 4, wall],
    ] as const) {
      const { rig } = contested({}, incarnation)
      rig.run(499)
      expect(rig.ownIncarnation).toBe(wall)
      rig.engine.settled(rig.requests[0]!.token, { kind: 'refused' }, rig.now)
      rig.run(1)
      expect([rig.ownIncarnation, rig.eventsOf('me'), rig.engine.lostTo]).toEqual([expected, [], undefined])
    }
  })

  test('is looked into once, however often it is heard meanwhile', () => {
    const { other, rig } = contested()
    for (let i = 0; i < 5; i++) rig.hear('b', alive(other, wall + i), alive(other, wall))
    expect(said(rig.take(), 'ping')).toEqual([])
  })

  test('at the own address is an earlier boot of this very process: refuted at once, nobody asked', () => {
    const { rig, sent } = contested({ address: { host: '10.0.0.1', port: 7_946 } }, wall + 2)
    expect([said(sent, 'ping'), rig.requests]).toEqual([[], []])
    expect(rig.ownIncarnation).toBe(wall + 3)
  })

  test('is not asked more than 16 times at once', () => {
    const rig = new Rig({ members: ['b'] })
    for (let i = 0; i < 40; i++) {
      rig.hear(
        'b',
        alive(peer('me', { boot: BigInt(100 + i), address: { host: '10.0.0.9', port: 100 + i } }), wall),
      )
    }
    expect(said(rig.take(), 'ping').length).toBe(16)
  })
})

describe('a process that asks under the name of a member that is held elsewhere', () => {
  const member = peer('c')
  const asked = (change: Partial<PeerRecord>) => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear(peer('c', change), ping(1))
    return rig.take()
  }
  const elsewhere: Partial<PeerRecord> = { boot: 3n, address: { host: '10.0.0.9', port: 9 } }

  test('is told of that one where it is: nobody else tells it, as news of a name goes to who has it', () => {
    const sent = asked(elsewhere)
    expect(sent.map(({ to }) => to.port)).toEqual([9, 9])
    expect(said(sent, 'ack')).toMatchObject([{ seq: 1 }])
    expect(said(sent, 'alive')).toEqual([alive(member, 5)])
  })

  test.each([
    ['is that very member behind another port', { address: { host: '10.0.0.9', port: 9 } }],
    ['has the address of that member, so follows it', { boot: 3n }],
    ['does not say which process it is', { ...elsewhere, boot: 0n }],
  ])('is told nothing of the kind if it %s', (_, change) => {
    expect(said(asked(change), 'alive')).toEqual([])
  })

  test('gets its answer and nothing more from the one that has the name: each would ask the other again and again', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear(peer('me', elsewhere), ping(1))
    const sent = rig.take()
    expect([sent.length, said(sent, 'ack').length]).toEqual([1, 1])
  })
})
