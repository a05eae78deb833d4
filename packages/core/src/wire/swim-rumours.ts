import type { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { maxBodyBytes, maxEvents, maxQueryNames, maxQueryTagBytes, maxQueryTags } from './limits.ts'
import type { Events, KeptEvent, Query, Rumour, RumourId } from './message.ts'
import { putBytes, takeBytes } from './swim-fields.ts'

/** `[time varint][boot u64]` */
export function putId(w: ByteWriter, { boot, time }: RumourId): void {
  w.varint(time).u64(boot)
}

export function takeId(r: ByteReader): RumourId {
  const time = r.varint()
  if (time === 0) r.fail()
  return { time, boot: r.u64() }
}

/** `[id][origin][name]` */
export function putRumour(w: ByteWriter, rumour: Rumour): void {
  putId(w, rumour)
  w.name(rumour.origin).name(rumour.name)
}

export function takeRumour(r: ByteReader): Omit<Rumour, 'body'> {
  return { ...takeId(r), origin: r.name(), name: r.name() }
}

/** `[id][origin][name][timeout varint][count u8, names][count u8, keys and values][body: length varint, bytes]` */
export function putQuery(w: ByteWriter, query: Query): void {
  const { body, names, tags, timeout } = query
  if (names.length > maxQueryNames)
    throw new RangeError(`a query names at most ${maxQueryNames} members, not ${names.length}`)
  if (tags.length > maxQueryTags)
    throw new RangeError(`a query asks for at most ${maxQueryTags} tags, not ${tags.length}`)
  putRumour(w, query)
  w.varint32(timeout).u8(names.length)
  for (const name of names) w.name(name)
  w.u8(tags.length)
  for (const tag of tags) for (const text of tag) putBytes(w, tagEncoder.encode(text), maxQueryTagBytes)
  putBytes(w, body, maxBodyBytes)
}

export function takeQuery(r: ByteReader): Query {
  const rumour = takeRumour(r)
  const timeout = r.varint32()
  const names: string[] = []
  const tags: [string, string][] = []
  const named = r.u8()
  if (named > maxQueryNames) r.fail()
  for (let i = 0; i < named && r.ok; i++) names.push(r.name())
  const tagged = r.u8()
  if (tagged > maxQueryTags) r.fail()
  for (let i = 0; i < tagged && r.ok; i++) tags.push([r.string(maxQueryTagBytes), r.string(maxQueryTagBytes)])
  return { type: 'query', ...rumour, timeout, names, tags, body: takeBytes(r, maxBodyBytes) }
}

/** `[clock varint][count varint, ids][count varint, then age varint, order varint, rumour, body: length varint, bytes each]` */
export function putEvents({ clock, events, known }: Events): ByteWriter {
  if (known.length > maxEvents || events.length > maxEvents) {
    throw new RangeError(
      `at most ${maxEvents} events are exchanged at once, not ${known.length} known and ${events.length}`,
    )
  }
  const w = new ByteWriter(16 + 16 * known.length + 64 * events.length).varint(clock).varint(known.length)
  for (const id of known) putId(w, id)
  w.varint(events.length)
  for (const { age, event, order } of events) {
    putRumour(w.varint32(age).varint(order), event)
    putBytes(w, event.body, maxBodyBytes)
  }
  return w
}

export function takeEvents(r: ByteReader): Events {
  const clock = r.varint()
  const known: RumourId[] = []
  const events: KeptEvent[] = []
  const ids = r.varint(maxEvents)
  for (let i = 0; i < ids && r.ok; i++) known.push(takeId(r))
  const count = r.varint(maxEvents)
  for (let i = 0; i < count && r.ok; i++) {
    const age = r.varint32()
    const order = r.varint()
    const rumour = takeRumour(r)
    events.push({ age, order, event: { type: 'event', ...rumour, body: takeBytes(r, maxBodyBytes) } })
  }
  return { type: 'events', clock, known, events }
}

export function bounded(body: Uint8Array, most = maxBodyBytes): Uint8Array {
  if (body.length <= most) return body
  throw new RangeError(`a body is ${body.length} bytes: at most ${most} are allowed`)
}

export function takeRest(r: ByteReader, most: number): Uint8Array {
  if (r.remaining > most) r.fail()
  return r.copy(r.remaining)
}

const tagEncoder = new TextEncoder()
