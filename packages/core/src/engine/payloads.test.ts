import { createHash } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import type { PeerRecord } from '../model/peer.ts'
import type { Message } from '../wire/message.ts'
import type { Settings } from './settings.ts'
import { alive, failed, peer, Rig, said } from './testing/rig.ts'

const hash = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())
const bytes = (size: number, fill = 7): Uint8Array => new Uint8Array(size).fill(fill)
const withPayload = (name: string, payload: Uint8Array): PeerRecord =>
  peer(name, { payload: { size: payload.length, hash: hash(payload) } })
const carrying = (body: Uint8Array): Message => ({ type: 'payload', body })
const notHere: Message = { type: 'error', code: 'rejected', message: 'not here' }

const rigWith = (settings: Partial<Settings> = {}): Rig =>
  new Rig({ members: ['b', 'c'], settings, engine: { hash } })

/** What was asked for since the last time. */
const asked = (rig: Rig) => rig.requests.splice(0).filter(({ message }) => message.type === 'fetch')

/** Lets the first request for a payload come. */
function firstRequest(rig: Rig) {
  rig.run(1_000)
  const [request] = asked(rig)
  if (request === undefined) throw new Error('nobody was asked')
  return request
}

describe('a payload that is too large for a record', () => {
  test('is fetched from its owner, believed by its hash, and told of once it is here', () => {
    const rig = rigWith()
    const payload = bytes(60_000)
    rig.hear('b', alive(withPayload('b', payload), 6))
    expect([rig.eventsOf('b'), rig.engine.payload(rig.ref('b'))]).toEqual([['update'], undefined])
    const { message, to, token } = firstRequest(rig)
    expect([to, message]).toEqual([peer('b').address, { type: 'fetch', name: 'b', hash: hash(payload) }])
    rig.reply(token, 'b', carrying(payload))
    expect(rig.engine.payload(rig.ref('b'))).toEqual(payload)
    expect([rig.eventsOf('b'), rig.count('payloadBytes')]).toEqual([['update', 'payload'], 60_000])
    rig.run(60_000)
    expect(asked(rig)).toEqual([])
  })

  test.each([
    ['another', bytes(60_000, 8)],
    ['a shorter one', bytes(59_999)],
    ['a longer one', bytes(60_001)],
    ['none', bytes(0)],
  ])('is not believed to be %s, and asked for again', (_, wrong) => {
    const rig = rigWith()
    rig.hear('b', alive(withPayload('b', bytes(60_000)), 6))
    rig.reply(firstRequest(rig).token, 'b', carrying(wrong))
    expect([rig.engine.payload(rig.ref('b')), rig.count('payloadsCorrupt')]).toEqual([undefined, 1])
    rig.reply(firstRequest(rig).token, 'c', carrying(bytes(60_000)))
    expect(rig.engine.payload(rig.ref('b'))).toEqual(bytes(60_000))
  })

  test('is asked of others and of its owner in turn, less and less often, as long as it is not had', () => {
    const rig = rigWith()
    rig.hear('b', alive(withPayload('b', bytes(60_000)), 6))
    const to: number[] = []
    const at: number[] = []
    for (let i = 0; i < 600; i++) {
      rig.run(100)
      for (const request of asked(rig)) {
        to.push(request.to.port)
        at.push(rig.now)
        if (i % 3 === 0) rig.ended(request.token, 'refused')
        else rig.reply(request.token, 'b', notHere)
      }
    }
    const [b, c] = [peer('b').address.port, peer('c').address.port]
    expect(to.slice(0, 6)).toEqual([b, c, b, c, b, c])
    expect(to.length).toBeLessThan(30)
    const waits = at.slice(1).map((each, i) => each - at[i]!)
    expect(Math.max(...waits)).toBeLessThanOrEqual(1.5 * rig.settings.rejoinInterval + 100)
    expect(waits.at(-1)!).toBeGreaterThan(waits[0]!)
  })

  test('is forgotten when its owner has another, has none, or is gone', () => {
    const rig = rigWith({ failedRetention: 20_000 })
    rig.hear('b', alive(withPayload('b', bytes(10)), 6))
    rig.reply(firstRequest(rig).token, 'b', carrying(bytes(10)))
    rig.hear('b', alive(withPayload('b', bytes(20)), 7))
    expect([rig.engine.payload(rig.ref('b')), rig.count('payloadBytes')]).toEqual([undefined, 0])
    rig.reply(firstRequest(rig).token, 'b', carrying(bytes(20)))
    // One that failed may come back with it.
    rig.hear('c', failed('b', 7))
    expect(rig.engine.payload(rig.ref('b'))).toEqual(bytes(20))
    rig.hear('b', alive(withPayload('b', bytes(20)), 8))
    expect([rig.engine.payload(rig.ref('b')), asked(rig)]).toEqual([bytes(20), []])
    rig.hear('b', alive(peer('b'), 9))
    expect([rig.engine.payload(rig.ref('b')), rig.count('payloadBytes')]).toEqual([undefined, 0])
    rig.hear('b', alive(withPayload('b', bytes(30)), 10))
    rig.reply(firstRequest(rig).token, 'b', carrying(bytes(30)))
    rig.hear('c', failed('b', 10))
    rig.run(21_000)
    expect([rig.status('b'), rig.count('payloadBytes')]).toEqual(['unknown', 0])
  })

  test('that comes when its owner has another by now is not taken for that', () => {
    const rig = rigWith()
    rig.hear('b', alive(withPayload('b', bytes(10)), 6))
    const { token } = firstRequest(rig)
    rig.hear('b', alive(withPayload('b', bytes(20)), 7))
    rig.reply(token, 'b', carrying(bytes(10)))
    expect(rig.engine.payload(rig.ref('b'))).toBeUndefined()
    rig.reply(firstRequest(rig).token, 'b', carrying(bytes(20)))
    expect(rig.engine.payload(rig.ref('b'))).toEqual(bytes(20))
  })

  test('is not asked of anybody while its owner is held failed', () => {
    const rig = rigWith()
    rig.hear('b', alive(withPayload('b', bytes(10)), 6))
    rig.hear('c', failed('b', 6))
    rig.run(30_000)
    expect(asked(rig)).toEqual([])
    rig.hear('b', alive(withPayload('b', bytes(10)), 7))
    expect(firstRequest(rig).message).toMatchObject({ type: 'fetch', name: 'b' })
  })

  test('is not fetched where it is larger than this node allows, or there is no room for it, until somebody asks', () => {
    const rig = rigWith({ maxPayloadBytes: 1_000, payloadMemory: 1_500 })
    rig.hear('b', alive(withPayload('b', bytes(1_001)), 6))
    rig.run(5_000)
    expect([asked(rig), rig.count('payloadsPassedOver')]).toEqual([[], 1])
    rig.hear('b', alive(withPayload('b', bytes(1_000)), 7))
    rig.reply(firstRequest(rig).token, 'b', carrying(bytes(1_000)))
    rig.hear('c', alive(withPayload('c', bytes(501)), 7))
    rig.run(5_000)
    expect([asked(rig), rig.count('payloadsPassedOver')]).toEqual([[], 2])
    const operation = rig.engine.fetchPayload(rig.ref('c'), rig.now)
    rig.reply(firstRequest(rig).token, 'c', carrying(bytes(501)))
    expect(rig.results.get(operation)).toEqual({ kind: 'fetched', payload: bytes(501) })
    // Handed over, and not kept.
    expect([rig.engine.payload(rig.ref('c')), rig.count('payloadBytes')]).toEqual([undefined, 1_000])
    expect([rig.eventsOf('b').includes('payload'), rig.eventsOf('c').includes('payload')]).toEqual([
      true,
      false,
    ])
    rig.hear('c', alive(withPayload('c', bytes(500)), 8))
    rig.reply(firstRequest(rig).token, 'c', carrying(bytes(500)))
    expect([rig.count('payloadBytes'), rig.count('payloadsPassedOver')]).toEqual([1_500, 2])
  })

  test('of many members is fetched of four at a time', () => {
    const names = Array.from({ length: 12 }, (_, i) => `m${i}`)
    const rig = new Rig({ members: names, engine: { hash } })
    for (const name of names) rig.hear(name, alive(withPayload(name, bytes(100)), 6))
    rig.run(10_000)
    const first = asked(rig)
    expect(first.length).toBe(4)
    for (const { token } of first) rig.ended(token, 'timeout')
    rig.run(10_000)
    expect(asked(rig).length).toBe(4)
  })

  test('somebody waits for ends with it, or with the reason why it cannot be had', () => {
    const rig = rigWith()
    const fetch = (name: string): number => rig.engine.fetchPayload(rig.ref(name), rig.now)
    const ends = (operation: number) => rig.results.get(operation)
    expect(ends(fetch('b'))).toEqual({ kind: 'fetch-failed', code: 'changed' })
    rig.hear('b', alive(withPayload('b', bytes(10)), 6))
    const waiting = [fetch('b'), fetch('b')]
    rig.ended(firstRequest(rig).token, 'timeout')
    expect(waiting.map(ends)).toEqual(waiting.map(() => ({ kind: 'fetch-failed', code: 'unreachable' })))
    const changed = fetch('b')
    rig.hear('b', alive(withPayload('b', bytes(20)), 7))
    expect(ends(changed)).toEqual({ kind: 'fetch-failed', code: 'changed' })
    const gone = fetch('b')
    rig.hear('c', failed('b', 7))
    expect(ends(gone)).toEqual({ kind: 'fetch-failed', code: 'unreachable' })
    rig.hear('c', alive(withPayload('c', bytes(70_000)), 7))
    expect(ends(fetch('c'))).toEqual({ kind: 'fetch-failed', code: 'too-large' })
  })

  test('that was had from nobody for long is asked for at once when somebody wants it', () => {
    const rig = rigWith()
    rig.hear('b', alive(withPayload('b', bytes(10)), 6))
    for (let i = 0; i < 600; i++) {
      rig.run(100)
      for (const { token } of asked(rig)) rig.reply(token, 'b', notHere)
    }
    let open = asked(rig)
    for (; open.length === 0; open = asked(rig)) rig.run(100)
    rig.reply(open[0]!.token, 'b', notHere)
    rig.run(1_000)
    expect(asked(rig)).toEqual([])
    rig.engine.fetchPayload(rig.ref('b'), rig.now)
    rig.run(1)
    expect(asked(rig).length).toBe(1)
  })

  test('that nobody waits for any more, and that there is no room for, is asked of nobody', () => {
    const rig = rigWith({ payloadMemory: 0 })
    rig.hear('b', alive(withPayload('b', bytes(10)), 6))
    const operations = [1, 2].map(() => rig.engine.fetchPayload(rig.ref('b'), rig.now))
    const corrupt = (): void => rig.reply(firstRequest(rig).token, 'b', carrying(bytes(10, 8)))
    corrupt()
    rig.engine.abandon(operations[0]!)
    corrupt()
    rig.engine.abandon(operations[1]!)
    rig.run(60_000)
    expect([asked(rig), rig.results.size]).toEqual([[], 0])
  })

  test('without a hash to know it by is left alone', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', alive(withPayload('b', bytes(10)), 6))
    rig.run(30_000)
    expect(asked(rig)).toEqual([])
    expect(() => rig.engine.setRecord({ payload: bytes(600) }, rig.now)).toThrow(TypeError)
  })
})

describe("this node's own large payload", () => {
  const request = (payload: Uint8Array, name = 'me'): Message => ({
    type: 'fetch',
    name,
    hash: hash(payload),
  })

  test('is named in its record, and handed to who asks for it', () => {
    const rig = rigWith()
    rig.engine.setRecord({ payload: bytes(600) }, rig.now)
    rig.run(1_000)
    const [claim] = said(rig.takeTo('b'), 'alive')
    expect(claim?.record.payload).toEqual({ size: 600, hash: hash(bytes(600)) })
    expect(rig.ask('b', request(bytes(600)))).toEqual(carrying(bytes(600)))
    expect(rig.engine.payload(rig.engine.members.self)).toEqual(bytes(600))
  })

  test('is there from the start, if it is given one', () => {
    const rig = new Rig({ members: ['b'], engine: { hash, payload: bytes(600) } })
    expect(rig.engine.members.record(rig.engine.members.self).payload?.size).toBe(600)
    expect(rig.ask('b', request(bytes(600)))).toEqual(carrying(bytes(600)))
  })

  test('is not handed out any more when it is another, or none', () => {
    const rig = rigWith()
    rig.engine.setRecord({ payload: bytes(600) }, rig.now)
    rig.engine.setRecord({ payload: bytes(700) }, rig.now)
    expect(rig.ask('b', request(bytes(600)))).toMatchObject({ type: 'error', code: 'rejected' })
    rig.engine.setRecord({ payload: bytes(0) }, rig.now)
    expect(rig.ask('b', request(bytes(700)))).toMatchObject({ type: 'error', code: 'rejected' })
    expect(rig.engine.members.record(rig.engine.members.self).payload).toBeUndefined()
  })

  test('is handed out eight times in a gossip interval, and who comes then is told to come again', () => {
    const rig = rigWith()
    rig.engine.setRecord({ payload: bytes(600) }, rig.now)
    const answers = Array.from({ length: 10 }, () => rig.ask('b', request(bytes(600))).type)
    expect(answers).toEqual([...Array.from({ length: 8 }, () => 'payload'), 'error', 'error'])
    expect(rig.count('payloadsRefused')).toBe(2)
    rig.run(rig.settings.gossipInterval)
    expect(rig.ask('b', request(bytes(600))).type).toBe('payload')
  })

  test("is one of those that it hands out: those of others too, and nobody's that it does not have", () => {
    const rig = rigWith()
    rig.hear('b', alive(withPayload('b', bytes(10)), 6))
    expect(rig.ask('c', request(bytes(10), 'b'))).toMatchObject({ type: 'error', code: 'rejected' })
    rig.run(1_000)
    rig.reply(asked(rig)[0]!.token, 'b', carrying(bytes(10)))
    expect(rig.ask('c', request(bytes(10), 'b'))).toEqual(carrying(bytes(10)))
    expect(rig.ask('c', request(bytes(11), 'b'))).toMatchObject({ type: 'error', code: 'rejected' })
    expect(rig.ask('c', request(bytes(10), 'x'))).toMatchObject({ type: 'error', code: 'rejected' })
  })
})
