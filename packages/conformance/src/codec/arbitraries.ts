import {
  type Accusation,
  type Address,
  answerKinds,
  type ClusterConfig,
  canonicalHost,
  type EventsDigest,
  errorCodes,
  evidenceKinds,
  type Message,
  nameProblem,
  type PeerRecord,
  type Sender,
  type SyncDigest,
  type SyncEntry,
} from '@swimkit/core'
import fc from 'fast-check'

const u32 = (): fc.Arbitrary<number> =>
  fc.oneof(
    fc.constantFrom(0, 1, 127, 128, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
    fc.nat(0xffff_ffff),
  )

const u64 = fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn })

const text = (characters: string, maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...characters), { minLength: 1, maxLength }).map((chosen) => chosen.join(''))

const wellNamed = (maxBytes: number): fc.Arbitrary<string> =>
  fc
    .oneof(text('abcxyz-._:/0189"\\', maxBytes), text('aé名😀', Math.ceil(maxBytes / 3)))
    .filter((candidate) => nameProblem(candidate, maxBytes) === undefined)

/** Objects with the prototype of a literal, so that they compare with what is decoded. */
const shape = <T extends object>(fields: { readonly [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> =>
  fc.record<T>(fields, { noNullPrototype: true })

const name = wellNamed(128)

const bytes = (maxLength: number): fc.Arbitrary<Uint8Array> =>
  fc.oneof(
    fc.uint8Array({ maxLength }),
    text('key=value, "x"', maxLength).map((shown) => new TextEncoder().encode(shown)),
  )

const optional = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(arbitrary, { nil: undefined })

const host = fc.oneof(
  fc.ipV4(),
  fc.ipV6().map((literal) => canonicalHost(literal)!),
  text('abc:/ é', 60).filter((candidate) => canonicalHost(candidate) === undefined),
)

export const address: fc.Arbitrary<Address> = shape({ host, port: fc.nat(0xffff) })

export const sender: fc.Arbitrary<Sender> = shape({ name, boot: u64, incarnation: u32() })

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 })

const record: fc.Arbitrary<PeerRecord> = shape({
  name,
  boot: u64,
  startedAt: fc.maxSafeNat(),
  address,
  streams: fc.boolean(),
  leaving: fc.boolean(),
  versions: fc.tuple(fc.integer({ min: 1, max: 255 }), fc.integer({ min: 1, max: 255 })),
  capabilities: fc.array(wellNamed(64), { maxLength: 32 }),
  data: bytes(512),
  opaque: optional(bytes(64)),
  payload: optional(shape({ size: fc.nat(16_777_216), hash })),
}).map(({ versions, ...fields }) => ({
  ...fields,
  protocolMin: Math.min(...versions),
  protocolMax: Math.max(...versions),
}))

const evidence = fc.constantFrom(...evidenceKinds)
const accusation: fc.Arbitrary<Accusation> = shape({ accuser: name, evidence })

export const syncEntry: fc.Arbitrary<SyncEntry> = shape({
  record,
  incarnations: fc.tuple(u32(), u32()),
  status: fc.constantFrom(0, 1, 2, 3),
  age: u32(),
  accusations: fc.array(accusation, { maxLength: 16 }),
}).map(({ incarnations, ...fields }) => ({
  ...fields,
  recordIncarnation: Math.min(...incarnations),
  incarnation: Math.max(...incarnations),
}))

const digest: fc.Arbitrary<SyncDigest> = shape({
  buckets: fc.uint32Array({ maxLength: 128 }),
  terminal: fc.tuple(u32(), u32()),
})

const config: fc.Arbitrary<ClusterConfig> = shape({
  epoch: fc.maxSafeNat(),
  detector: name,
  suspicion: fc.boolean(),
})

const pingTarget = shape({ seq: u32(), name, boot: optional(u64), address })

const time = fc.oneof(fc.constantFrom(1, 127, 128, Number.MAX_SAFE_INTEGER), fc.integer({ min: 1 }))
const rumour = { time, boot: u64, origin: name, name, body: bytes(300) }
const tagText = fc.oneof(text('abc=, é😀', 60), fc.constant(''))
const eventsDigest: fc.Arbitrary<EventsDigest> = shape({
  clock: fc.maxSafeNat(),
  mark: fc.tuple(u32(), u32()),
  count: fc.maxSafeNat(),
  settled: fc.maxSafeNat(),
})

/** Every type of message, by its type. Syncs have arrays for their entries, so that they compare. */
export const messagesByType: { readonly [T in Message['type']]: fc.Arbitrary<Message> } = {
  ping: shape({ type: fc.constant('ping'), seq: u32(), target: name, boot: optional(u64) }),
  pingReq: shape({
    type: fc.constant('pingReq'),
    nackAfter: u32(),
    targets: fc.array(pingTarget, { minLength: 1, maxLength: 16 }),
  }),
  ack: shape({
    type: fc.constant('ack'),
    seq: u32(),
    payload: optional(bytes(300)),
    coordinate: optional(bytes(64)),
  }),
  nack: shape({ type: fc.constant('nack'), seq: u32() }),
  alive: shape({ type: fc.constant('alive'), incarnation: u32(), record }),
  suspect: shape({
    type: fc.constant('suspect'),
    name,
    incarnation: u32(),
    accusations: fc.array(accusation, { minLength: 1, maxLength: 16 }),
  }),
  failed: shape({ type: fc.constant('failed'), name, incarnation: u32(), accuser: name, evidence }),
  left: fc.oneof(
    shape({ type: fc.constant('left'), name, incarnation: u32(), by: name }),
    shape({ type: fc.constant('left'), name, incarnation: u32(), by: name, prune: fc.constant(true) }),
  ),
  sync: shape({
    type: fc.constant('sync'),
    join: fc.boolean(),
    alone: fc.boolean(),
    digest: optional(digest),
    config,
    entries: fc.array(syncEntry, { maxLength: 6 }),
    events: optional(eventsDigest),
    state: optional(bytes(300)),
  }),
  config: config.map((fields): Message => ({ type: 'config', ...fields })),
  user: shape({ type: fc.constant('user'), body: bytes(300) }),
  custom: shape({ type: fc.constant('custom'), channel: wellNamed(32), body: bytes(300) }),
  event: shape({ type: fc.constant('event'), ...rumour }),
  query: shape({
    type: fc.constant('query'),
    ...rumour,
    timeout: u32(),
    names: fc.array(name, { maxLength: 8 }),
    tags: fc.array(fc.tuple(tagText, tagText), { maxLength: 16 }),
  }),
  answer: shape({
    type: fc.constant('answer'),
    time,
    boot: u64,
    kind: fc.constantFrom(...answerKinds),
    body: bytes(300),
  }),
  direct: shape({
    type: fc.constant('direct'),
    target: name,
    boot: u64,
    number: fc.maxSafeNat(),
    body: bytes(300),
  }),
  events: shape({
    type: fc.constant('events'),
    clock: fc.maxSafeNat(),
    known: fc.array(shape({ time, boot: u64 }), { maxLength: 20 }),
    events: fc.array(
      shape({ event: shape({ type: fc.constant('event'), ...rumour }), age: u32(), order: fc.maxSafeNat() }),
      { maxLength: 6 },
    ),
  }),
  fetch: shape({ type: fc.constant('fetch'), name, hash }),
  payload: shape({ type: fc.constant('payload'), body: bytes(300) }),
  error: shape({
    type: fc.constant('error'),
    code: fc.constantFrom(...errorCodes),
    message: text('why not? é名😀\n', 120),
  }),
}
