import { describe, expect, test, vi } from 'vitest'
import type { PeerRecord } from '../model/peer.ts'
import { type Codec, type Fault, isFault, type StreamMessage } from './codec.ts'
import { jsonCodec } from './json-codec.ts'
import * as limits from './limits.ts'
import type { Message, RumourId, UserEvent } from './message.ts'
import { swimCodec } from './swim-codec.ts'
import { context, pushAll, someone, streamOf, tableOf } from './testing/samples.ts'

/** What each limit of the codecs lets through, and what is one past it, on the way out and on the way in. */

const plugins = { swim: swimCodec, JSON: jsonCodec }
const wide = { ...context, maxStreamBytes: 1 << 30 }

/** Codecs of a build with other limits. */
async function opened(
  others: Readonly<Record<string, number>>,
): Promise<Record<keyof typeof plugins, Codec>> {
  vi.resetModules()
  vi.doMock('./limits.ts', () => ({ ...limits, ...others }))
  const swim = await import('./swim-codec.ts')
  const json = await import('./json-codec.ts')
  vi.doUnmock('./limits.ts')
  return { swim: swim.swimCodec().open(wide), JSON: json.jsonCodec().open(wide) }
}

const { maxRecordBytes, maxU32, payloadHashBytes, ...raised } = limits
/** One that allows itself twice as much of everything: what it says others have to bear, or to refuse. */
const lavish = await opened(
  Object.fromEntries(Object.entries(raised).map(([name, most]) => [name, 2 * most])),
)
/** JSON takes half a minute for 16 MiB: its limit is tried as if it were this. */
const frugal = await opened({ maxLargePayloadBytes: 1_000 })

const bytes = (length: number): Uint8Array => new Uint8Array(length).fill(0x61)
const text = (length: number): string => 'a'.repeat(length)
const many = <T>(count: number, make: (i: number) => T): T[] =>
  Array.from({ length: count }, (_, i) => make(i))

const [entry] = tableOf(1).entries
const { record } = entry!
const alive = (change: Partial<PeerRecord>): Message => ({
  type: 'alive',
  incarnation: 1,
  record: { ...record, ...change },
})
const id = (i: number): RumourId => ({ time: 1 + i, boot: 7n })
const event = (i: number, body = bytes(0)): UserEvent => ({
  type: 'event',
  ...id(i),
  origin: 'a',
  name: 'e',
  body,
})
const query = (change: object): Message => ({
  ...event(0),
  timeout: 1,
  names: [],
  tags: [],
  ...change,
  type: 'query',
})
const sync = (change: object): Message => ({ ...tableOf(0), ...change })
const accusation = { accuser: 'b', evidence: 'heard' } as const

/** A message with so many of what is limited. `request`: it travels over a stream. */
const limited: readonly [what: string, limit: number, of: (count: number) => Message][] = [
  ['a name', limits.maxNameBytes, (n) => ({ type: 'ping', seq: 1, target: text(n), boot: undefined })],
  ['the data of a record', limits.maxDataBytes, (n) => alive({ data: bytes(n) })],
  ['its opaque part', limits.maxOpaqueBytes, (n) => alive({ opaque: bytes(n) })],
  ['its capabilities', limits.maxCapabilities, (n) => alive({ capabilities: many(n, (i) => `c${i}`) })],
  ['a capability', limits.maxCapabilityBytes, (n) => alive({ capabilities: [text(n)] })],
  [
    'the size of its payload',
    limits.maxLargePayloadBytes,
    (size) => alive({ payload: { size, hash: bytes(payloadHashBytes) } }),
  ],
  ['what an ack carries', limits.maxPayloadBytes, (n) => ({ type: 'ack', seq: 1, payload: bytes(n) })],
  [
    'the coordinate of an ack',
    limits.maxCoordinateBytes,
    (n) => ({ type: 'ack', seq: 1, payload: undefined, coordinate: bytes(n) }),
  ],
  [
    'accusations',
    limits.maxAccusations,
    (n) => ({ type: 'suspect', name: 'a', incarnation: 1, accusations: many(n, () => accusation) }),
  ],
  [
    'accusations of an entry',
    limits.maxAccusations,
    (n) => sync({ entries: [{ ...entry!, accusations: many(n, () => accusation) }] }),
  ],
  [
    'targets of an indirect ping',
    limits.maxPingTargets,
    (n) => ({
      type: 'pingReq',
      nackAfter: 1,
      targets: many(n, (seq) => ({ seq, name: 'a', boot: undefined, address: record.address })),
    }),
  ],
  ['a channel', limits.maxChannelBytes, (n) => ({ type: 'custom', channel: text(n), body: bytes(1) })],
  ['the body of an event', limits.maxBodyBytes, (n) => event(0, bytes(n))],
  ['the body of a query', limits.maxBodyBytes, (n) => query({ body: bytes(n) })],
  [
    'the body of an answer',
    limits.maxBodyBytes,
    (n) => ({ type: 'answer', ...id(0), kind: 'answer', body: bytes(n) }),
  ],
  ['members that a query names', limits.maxQueryNames, (n) => query({ names: many(n, (i) => `n${i}`) })],
  ['tags that a query asks for', limits.maxQueryTags, (n) => query({ tags: many(n, (i) => [`k${i}`, '']) })],
  ['the key of a tag', limits.maxQueryTagBytes, (n) => query({ tags: [[text(n), '']] })],
  ['the value of a tag', limits.maxQueryTagBytes, (n) => query({ tags: [['k', text(n)]] })],
  [
    'events that are known',
    limits.maxEvents,
    (n) => ({ type: 'events', clock: 1, known: many(n, id), events: [] }),
  ],
  [
    'events that are told',
    limits.maxEvents,
    (n) => ({
      type: 'events',
      clock: 1,
      known: [],
      events: many(n, (i) => ({ age: 0, order: i, event: event(i) })),
    }),
  ],
  [
    'the body of an event that is told',
    limits.maxBodyBytes,
    (n) => ({
      type: 'events',
      clock: 1,
      known: [],
      events: [{ age: 0, order: 0, event: event(0, bytes(n)) }],
    }),
  ],
  [
    'words of a digest',
    limits.maxDigestWords,
    (n) => sync({ digest: { buckets: new Uint32Array(n), terminal: [0, 0] } }),
  ],
]

/** In a word: of 16 MiB a difference would take minutes to print. */
const kindOf = (outcome: StreamMessage | Fault | undefined): string | undefined => {
  if (outcome === undefined) return undefined
  return isFault(outcome) ? outcome.fault : outcome.message.type
}

describe.each(Object.keys(plugins) as (keyof typeof plugins)[])('what the %s codec takes', (name) => {
  const codec = plugins[name]().open(wide)
  const said = (by: Codec, message: Message): Uint8Array => streamOf(by, someone, message)
  const heard = (by: Codec, message: Message) => pushAll(codec.streamReader(), said(by, message))
  const payload = (size: number): Message => ({ type: 'payload', body: bytes(size) })

  test.each(limited)('of %s is up to %i; one more is refused, said or heard', (_, limit, of) => {
    expect(kindOf(heard(codec, of(limit)))).toBe(of(limit).type)
    expect(() => said(codec, of(limit + 1))).toThrow(RangeError)
    expect(kindOf(heard(lavish[name], of(limit + 1)))).toBe('malformed')
  })

  test('of a payload is up to 16 MiB, which is what its size may be; one more is refused', () => {
    const [limit, by] =
      name === 'swim' ? [limits.maxLargePayloadBytes, codec] : ([1_000, frugal.JSON] as const)
    const read = (from: Codec, size: number) => pushAll(by.streamReader(), said(from, payload(size)))
    expect(kindOf(read(by, limit))).toBe('payload')
    expect(() => said(by, payload(limit + 1))).toThrow(RangeError)
    expect(kindOf(read(lavish[name], limit + 1))).toBe('malformed')
  })

  test('of a host is up to 255 bytes; one more is refused, and the swim codec has no way to say it', () => {
    const at = (length: number): Message => alive({ address: { host: text(length), port: 1 } })
    expect(kindOf(heard(codec, at(255)))).toBe('alive')
    expect(() => said(codec, at(256))).toThrow(RangeError)
    if (name === 'swim') expect(() => said(lavish[name], at(256))).toThrow(RangeError)
    else expect(kindOf(heard(lavish[name], at(256)))).toBe('malformed')
  })

  test('of the text of an error is up to 512 bytes: what is said is cut, and more that is heard is refused', () => {
    const error = (length: number): Message => ({ type: 'error', code: 'busy', message: text(length) })
    for (const length of [512, 513]) {
      expect(heard(codec, error(length))).toMatchObject({ message: { message: text(512) } })
    }
    expect(kindOf(heard(lavish[name], error(513)))).toBe('malformed')
  })

  test('of a cluster label is up to 255 bytes', () => {
    const labelled = plugins[name]().open({ ...wide, cluster: text(255) })
    const nack: Message = { type: 'nack', seq: 1 }
    expect(pushAll(labelled.streamReader(), said(labelled, nack))).toMatchObject({ message: nack })
    expect(() => plugins[name]().open({ ...wide, cluster: text(256) })).toThrow(RangeError)
  })
})
