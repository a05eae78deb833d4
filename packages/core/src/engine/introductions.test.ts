import { describe, expect, test } from 'vitest'
import type { PeerRecord } from '../model/peer.ts'
import { Status } from '../model/status.ts'
import { alive, entry, left, peer, Rig, said, sync, wall } from './testing/rig.ts'

describe('an introducer', () => {
  const joining = (record: PeerRecord) =>
    sync({ join: true, entries: [{ ...entry(record.name, Status.Alive, 5), record }] })

  const newcomer = peer('x')
  const dialled = () => {
    const rig = new Rig({ members: ['b'] })
    const answer = rig.ask(newcomer, joining(newcomer))
    const token = rig.requests[0]!.token
    return {
      rig,
      answer,
      byStream: (reached: boolean) => {
        if (reached) rig.reply(token, newcomer, { type: 'ack', seq: token, payload: undefined })
        else rig.engine.settled(token, { kind: 'refused' }, rig.now)
      },
      /** Answers what was sent to the newcomer by packet. */
      byPacket: () => {
        for (const { seq } of said(rig.takeTo('x'), 'ping')) {
          rig.hear(newcomer, { type: 'ack', seq, payload: undefined })
        }
      },
    }
  }

  test('dials a newcomer back, for that very boot, before it tells anybody', () => {
    const { answer, rig } = dialled()
    expect(answer).toMatchObject({ type: 'sync', join: true })
    expect(rig.requests).toMatchObject([
      { to: newcomer.address, message: { type: 'ping', target: 'x', boot: newcomer.boot } },
    ])
    expect([rig.status('x'), rig.events, said(rig.take(), 'alive')]).toEqual(['unknown', [], []])
  })

  test('makes it a member when it answered by stream and by packet', () => {
    const { byPacket, byStream, rig } = dialled()
    byStream(true)
    expect(rig.status('x')).toBe('unknown')
    byPacket()
    expect([rig.status('x'), rig.eventsOf('x')]).toEqual(['alive', ['join']])
    rig.run(200)
    expect(said(rig.takeTo('b'), 'alive')).toContainEqual(alive(newcomer, 5))
  })

  test('makes it a member when it answers by packet only', () => {
    const { byPacket, byStream, rig } = dialled()
    byStream(false)
    byPacket()
    expect([rig.status('x'), rig.eventsOf('x')]).toEqual(['alive', ['join']])
  })

  test('makes it a member when it answers by stream only, after three packets in vain', () => {
    const { byStream, rig } = dialled()
    byStream(true)
    rig.run(1_499)
    expect(rig.status('x')).toBe('unknown')
    rig.run(1)
    expect([rig.status('x'), rig.eventsOf('x')]).toEqual(['alive', ['join']])
    // The fourth finds out whether packets never reach it.
    expect(said(rig.takeTo('x'), 'ping').length).toBe(3 + 1)
  })

  test('holds back one whose name another live process has', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    const rival = peer('c', { boot: 3n, address: { host: '10.0.0.9', port: 9 } })
    rig.ask(rival, sync({ join: true, entries: [{ ...entry('c', Status.Alive, 50), record: rival }] }))
    const [asked] = rig.take()
    expect([asked!.to, asked!.messages]).toMatchObject([
      peer('c').address,
      [{ target: 'c', boot: peer('c').boot }],
    ])
    rig.hear('c', { type: 'ack', seq: said([asked!], 'ping')[0]!.seq, payload: undefined })
    expect([rig.engine.members.record(rig.ref('c')).boot, rig.count('claimsHeldBack')]).toEqual([
      peer('c').boot,
      1,
    ])
    rig.run(20_000)
    expect(rig.engine.members.record(rig.ref('c')).boot).toBe(peer('c').boot)
  })

  test('asks again when it stood still meanwhile: the silence is not that of the process that has the name', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    const rival = peer('c', { boot: 3n, address: { host: '10.0.0.9', port: 9 } })
    rig.ask(rival, sync({ join: true, entries: [{ ...entry('c', Status.Alive, 50), record: rival }] }))
    rig.take()
    rig.now += 30_000
    rig.engine.tick(rig.now)
    const again = rig.take().filter(({ to }) => to.port === peer('c').address.port)
    rig.hear('c', { type: 'ack', seq: said(again, 'ping')[0]!.seq, payload: undefined })
    rig.run(5_000)
    expect(rig.engine.members.record(rig.ref('c')).boot).toBe(peer('c').boot)
    expect(rig.requests.filter(({ to }) => to.port === 9)).toEqual([])
  })

  test('lets it have the name when the process that had it does not answer', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    const heir = peer('c', { boot: 3n, address: { host: '10.0.0.9', port: 9 } })
    rig.ask(heir, sync({ join: true, entries: [{ ...entry('c', Status.Alive, 50), record: heir }] }))
    rig.engine.settled(rig.requests[0]!.token, { kind: 'refused' }, rig.now)
    rig.take()
    rig.run(500)
    expect(rig.requests[1]).toMatchObject({ to: heir.address, message: { boot: 3n } })
    rig.engine.settled(rig.requests[1]!.token, { kind: 'refused' }, rig.now)
    const dial = rig.take().filter(({ to }) => to.port === 9)
    rig.hear(heir, { type: 'ack', seq: said(dial, 'ping')[0]!.seq, payload: undefined })
    expect(rig.engine.members.record(rig.ref('c')).boot).toBe(3n)
  })

  test.each([
    ['lives, which keeps it', true],
    ['does not answer', false],
  ])('that hears meanwhile of another process of that name asks that one first: it %s', (_, lives) => {
    const { byPacket, byStream, rig } = dialled()
    byStream(true)
    const first = peer('x', { boot: 3n, address: { host: '10.0.0.9', port: 9 } })
    rig.hear('b', alive(first, 3))
    const dial = rig.takeTo('x')
    for (const { seq } of said(dial, 'ping')) rig.hear(newcomer, { type: 'ack', seq, payload: undefined })
    expect(rig.engine.members.record(rig.ref('x')).boot).toBe(3n)
    const asked = rig.take().filter(({ to }) => to.port === 9)
    expect(said(asked, 'ping')).toMatchObject([{ target: 'x', boot: 3n }])
    if (lives) rig.hear(first, { type: 'ack', seq: said(asked, 'ping')[0]!.seq, payload: undefined })
    for (let i = 0; i < 20; i++) {
      rig.run(250)
      for (const { to, token } of rig.requests.splice(0)) {
        if (to.port === 9) rig.ended(token, 'refused')
        else rig.reply(token, newcomer, { type: 'ack', seq: token, payload: undefined })
      }
      byPacket()
    }
    expect(rig.engine.members.record(rig.ref('x')).boot).toBe(lives ? 3n : newcomer.boot)
  })

  test('forgets one that cannot be reached, and counts it', () => {
    const { byStream, rig } = dialled()
    byStream(false)
    rig.run(5_000)
    expect([rig.status('x'), rig.count('dialBacksFailed')]).toEqual(['unknown', 1])
  })

  test('does not introduce a member that has left and still runs: a sync is no way back', () => {
    const rig = new Rig({ members: ['b'] })
    const gone = peer('x')
    rig.ask(
      gone,
      sync({
        entries: [entry('x', Status.Left, 5)],
        digest: { buckets: new Uint32Array(128), terminal: [0, 0] },
      }),
    )
    // It still answers whoever pings it, over whatever path.
    for (let round = 0; round < 3; round++) {
      for (const { message, token } of rig.requests.splice(0)) {
        if (message.type === 'ping') rig.reply(token, gone, { type: 'ack', seq: token, payload: undefined })
      }
      for (const { seq } of said(rig.take(), 'ping')) rig.hear(gone, { type: 'ack', seq, payload: undefined })
    }
    expect([rig.status('x'), rig.events]).toEqual(['unknown', []])
  })

  test('does not introduce one that says it leaves before it was reached', () => {
    for (const how of ['stream', 'packet']) {
      const { byPacket, byStream, rig } = dialled()
      if (how === 'stream') rig.ask('x', left('x', 5))
      else rig.hear('x', left('x', 5))
      byStream(true)
      byPacket()
      rig.run(5_000)
      expect(rig.status('x')).toBe('unknown')
    }
  })

  test('introduces one that comes back, though the word that it had left is still going round', () => {
    const rig = new Rig({ members: ['b', 'x'] })
    rig.hear('x', left('x', 5))
    const again = peer('x', { boot: 9n, startedAt: wall * 1_000 + 5_000 })
    rig.ask(again, sync({ join: true, entries: [{ ...entry('x', Status.Alive, 8), record: again }] }))
    rig.hear('b', left('x', 5))
    rig.ask('b', left('x', 5))
    const { token } = rig.requests.find(({ message }) => message.type === 'ping')!
    rig.reply(token, again, { type: 'ack', seq: token, payload: undefined })
    for (const { seq } of said(rig.takeTo('x'), 'ping'))
      rig.hear(again, { type: 'ack', seq, payload: undefined })
    expect(rig.status('x')).toBe('alive')
    expect(rig.engine.members.record(rig.ref('x')).boot).toBe(9n)
  })

  test('does not introduce itself', () => {
    const rig = new Rig()
    expect(rig.ask(rig.self, joining(rig.self))).toMatchObject({ type: 'error', code: 'self' })
  })

  test('that has left introduces nobody', () => {
    const rig = new Rig({ members: ['b'] })
    rig.engine.leave(rig.now)
    expect(rig.ask('x', joining(peer('x')))).toMatchObject({ type: 'error', code: 'leaving' })
  })
})
