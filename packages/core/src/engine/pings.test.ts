import { describe, expect, test } from 'vitest'
import type { Message } from '../wire/message.ts'
import { alive, peer, ping, Rig, said } from './testing/rig.ts'

describe('a ping', () => {
  test.each([
    ['another name', ping(1, 'you')],
    ['another boot', ping(1, 'me', 78n)],
  ])('for %s is not answered, and is counted', (_, message) => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', message)
    expect([rig.take(), rig.count('pingsMisaddressed')]).toEqual([[], 1])
    expect(rig.ask('b', message)).toMatchObject({ type: 'error', code: 'rejected' })
    expect(rig.count('pingsMisaddressed')).toBe(2)
  })

  test('for this boot, or for whatever boot, is answered, by packet and by stream', () => {
    const rig = new Rig({ members: ['b'] })
    for (const message of [ping(1), ping(2, 'me', 77n)]) {
      rig.hear('b', message)
      expect(said(rig.take(), 'ack').length).toBe(1)
      expect(rig.ask('b', message)).toMatchObject({ type: 'ack' })
    }
  })

  test('of a stranger is answered where it came from, and makes no member of it', () => {
    const rig = new Rig()
    rig.hear('stranger', ping(8))
    expect(rig.take()).toMatchObject([{ to: peer('stranger').address, messages: [{ type: 'ack', seq: 8 }] }])
    expect(rig.status('stranger')).toBe('unknown')
  })

  test('of a member is answered at the address it advertises', () => {
    const rig = new Rig({ members: ['b'] })
    rig.engine.receive({ host: '192.0.2.1', port: 1 }, rig.packet('b', [ping(8)]), rig.now)
    expect(rig.take()[0]!.to).toEqual(peer('b').address)
  })

  test('of another process under a member’s name is answered where that came from', () => {
    const rig = new Rig({ members: ['b'] })
    const from = { host: '192.0.2.1', port: 1 }
    rig.engine.receive(from, rig.packet(peer('b', { boot: 4n }), [ping(8)]), rig.now)
    expect(rig.take()[0]!.to).toEqual(from)
  })

  test('the application’s bytes ride on the ack', () => {
    const rig = new Rig({ members: ['b'], engine: { hooks: { ackPayload: () => Uint8Array.of(7) } } })
    rig.hear('b', ping(1))
    expect(said(rig.take(), 'ack')).toMatchObject([{ type: 'ack', seq: 1, payload: Uint8Array.of(7) }])
  })
})

describe('an ack', () => {
  const pinged = (path: 'direct' | 'indirect' = 'direct') => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    const via = path === 'indirect' ? { via: rig.ref('c') } : {}
    rig.detect((context) => context.ping(rig.ref('b'), { path, timeout: 500, arg: 3, ...via }, rig.now))
    const sent = rig.take()
    const seq = said(sent, 'ping')[0]?.seq ?? said(sent, 'pingReq')[0]!.targets[0]!.seq
    return { rig, seq }
  }
  const ack = (seq: number): Message => ({ type: 'ack', seq, payload: undefined })

  test('gives the round trip, and what was known of the member when it was pinged', () => {
    const { rig, seq } = pinged()
    rig.run(20)
    rig.hear('c', alive(peer('b'), 6))
    rig.hear('b', ack(seq))
    expect(rig.pings).toEqual([
      {
        arg: 3,
        ref: rig.ref('b'),
        path: 'direct',
        via: undefined,
        outcome: 'ack',
        rtt: 20,
        incarnation: 5,
        boot: peer('b').boot,
      },
    ])
    rig.run(1_000)
    expect(rig.pings.length).toBe(1)
  })

  test('that nobody waits for, or that comes twice, is counted and does nothing', () => {
    const { rig, seq } = pinged()
    rig.hear('b', ack(seq + 1))
    expect([rig.pings.length, rig.count('acksStray')]).toEqual([0, 1])
    rig.hear('b', ack(seq))
    rig.hear('b', ack(seq))
    rig.hear('b', { type: 'nack', seq })
    expect([rig.pings.length, rig.count('acksStray')]).toEqual([1, 3])
  })

  test('that comes after the timeout is counted and does nothing', () => {
    const { rig, seq } = pinged()
    rig.run(500)
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['timeout'])
    rig.hear('b', ack(seq))
    expect([rig.pings.length, rig.count('acksStray')]).toEqual([1, 1])
  })

  test('by somebody else is counted and does nothing', () => {
    const { rig, seq } = pinged()
    rig.hear('c', ack(seq))
    expect([rig.pings.length, rig.count('acksStray')]).toEqual([0, 1])
  })

  test.each(['b', 'c'])('to a ping through c may come from b itself or from c: %s', (from) => {
    const { rig, seq } = pinged('indirect')
    rig.hear('d', ack(seq))
    expect(rig.pings).toEqual([])
    rig.hear(from, ack(seq))
    expect(rig.pings).toMatchObject([{ path: 'indirect', via: rig.ref('c'), outcome: 'ack' }])
  })

  test('may follow a nack, which is not the last word', () => {
    const { rig, seq } = pinged('indirect')
    rig.hear('c', { type: 'nack', seq })
    rig.hear('c', ack(seq))
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['nack', 'ack'])
    expect(rig.count('nacks')).toBe(1)
  })

  test('a nack to a direct ping is stray', () => {
    const { rig, seq } = pinged()
    rig.hear('b', { type: 'nack', seq })
    expect([rig.pings, rig.count('acksStray')]).toEqual([[], 1])
  })
})
