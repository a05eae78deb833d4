import { ByteReader } from './byte-reader.ts'
import { ByteTable } from './byte-table.ts'
import { ByteWriter, putVarint, varintLength } from './byte-writer.ts'
import {
  maxBodyBytes,
  maxChannelBytes,
  maxCoordinateBytes,
  maxDigestWords,
  maxErrorBytes,
  maxLargePayloadBytes,
  maxPayloadBytes,
  maxPingTargets,
} from './limits.ts'
import type {
  AliveClaim,
  Claim,
  ClusterConfig,
  EventsDigest,
  Message,
  PingTarget,
  Sync,
  SyncDigest,
  SyncEntry,
} from './message.ts'
import { answerKinds, errorCodes, isClaim } from './message.ts'
import { cutUtf8 } from './names.ts'
import { copyOf, newBytes } from './slab.ts'
import {
  FieldTables,
  putAccusations,
  putAddress,
  putBytes,
  putEvidence,
  putRecord,
  takeAccusations,
  takeAddress,
  takeBytes,
  takeEvidence,
  takeRecord,
} from './swim-fields.ts'
import { putFetch, takeFetch } from './swim-payloads.ts'
import {
  bounded,
  putEvents,
  putId,
  putQuery,
  putRumour,
  takeEvents,
  takeId,
  takeQuery,
  takeRest,
  takeRumour,
} from './swim-rumours.ts'
import { addSyncEntry, addSyncState } from './sync-parts.ts'

/**
 * Types of parts. A part is `[type u8][length varint][body]`. A type that a build does not know is skipped by its
 * length, and so is whatever follows the fields that it knows of a body: a later build may add types,
 * and fields at the end, without raising the wire version. (`user`, `custom`, `event`, `answer`, `direct` and `payload` take all that there is.)
 */
export const partTypes = {
  ping: 1,
  pingReq: 2,
  ack: 3,
  nack: 4,
  alive: 5,
  suspect: 6,
  failed: 7,
  left: 8,
  sync: 9,
  syncEntry: 10,
  syncState: 11,
  config: 12,
  user: 13,
  custom: 14,
  error: 15,
  event: 16,
  query: 17,
  answer: 18,
  direct: 19,
  events: 20,
  fetch: 21,
  payload: 22,
} as const

/**
 * A message as one part; a sync as all its parts. Throws a RangeError on a value out of range. Claims that say the same
 * share their bytes, which nobody writes to: they are queued for long, and handed on as they were heard.
 */
export function encodeParts(message: Message, tables: SwimTables): Uint8Array {
  if (isClaim(message)) return tables.bytesOf(message)
  if (message.type !== 'sync') return encodePart(message)
  const parts = [...syncParts(message)]
  const whole = new ByteWriter(parts.reduce((sum, part) => sum + part.length, 0))
  for (const part of parts) whole.bytes(part)
  return whole.finish()
}

/** The parts of a message, of a sync one at a time, as they are asked for. */
export function* messageParts(message: Message): Generator<Uint8Array> {
  if (message.type === 'sync') yield* syncParts(message)
  else yield encodePart(message)
}

/** Reads parts until the reader's end, into `messages`. Returns how many were skipped; `r.ok` says whether all is well. */
export function decodeParts(r: ByteReader, messages: Message[], tables: SwimTables): number {
  let skipped = 0
  while (r.remaining > 0) {
    const start = r.offset
    const type = r.u8()
    const end = r.enter(r.varint())
    if (isClaimType(type)) {
      const claim = type === partTypes.alive ? tables.takeAlive(start, r) : tables.takeOther(start, r)
      if (claim === undefined) r.fail()
      else messages.push(claim)
    } else if (!decodeBody(type, r, messages, tables)) skipped++
    r.leave(end)
  }
  return skipped
}

const isClaimType = (type: number): boolean => type >= partTypes.alive && type <= partTypes.left

/**
 * Everything that decoding interns. One set may serve all codecs of a process, since it only caches.
 *
 * The same claim arrives many times over. From the second time on its bytes are not taken apart again, and the same object comes of
 * them, of which the same bytes are handed on (decision 010).
 */
export class SwimTables extends FieldTables {
  readonly #others: ByteTable<Claim> = new ByteTable(
    (bytes, start, length) => {
      const r = this.#claimReader.reset(bytes, start, start + length)
      const type = r.u8()
      r.enter(r.varint())
      const claim = buildOther(type, r)
      if (!r.ok) return undefined
      if (r.remaining > 0) this.#bytes.set(claim, copyOf(bytes, start, start + length))
      return claim
    },
    {
      limit: 8_192,
      fromSecond: true,
      kept: (claim, bytes, start, length) => this.#bytes.set(claim, copyOf(bytes, start, start + length)),
    },
  )
  readonly #claimReader = new ByteReader(undefined, this.names)
  readonly #bytes = new WeakMap<Claim, Uint8Array>()

  /** The claim of the part that starts at `start`, of which the body is left to read. */
  takeAlive(start: number, r: ByteReader): AliveClaim | undefined {
    const incarnation = r.u32()
    const heard = takeRecord(r, this)
    if (heard === undefined) return undefined
    const again = heard.incarnation === incarnation
    if (again && heard.claim !== undefined) return heard.claim
    const claim: AliveClaim = { type: 'alive', incarnation, record: heard.record }
    if (again) heard.claim = claim
    else {
      heard.incarnation = incarnation
      if (heard.claim !== undefined) heard.claim = undefined
    }
    // Fields that only later builds know are handed on from the first time on.
    if (again || !heard.whole) this.#bytes.set(claim, copyOf(r.source, start, r.offset))
    return claim
  }

  /** The same, of a claim of the other types. */
  takeOther(start: number, r: ByteReader): Claim | undefined {
    return this.#others.get(r.source, start, r.offset + r.remaining - start)
  }

  /** The part of a claim: the same array for all that say the same, where they have come a second time. */
  bytesOf(claim: Claim): Uint8Array {
    return this.#bytes.get(claim) ?? encodePart(claim)
  }
}

function* syncParts(sync: Sync): Generator<Uint8Array> {
  yield encodeSyncHead(sync)
  for (const entry of sync.entries) yield encodeSyncEntry(entry)
  if (sync.state !== undefined) yield wholePart(partTypes.syncState, sync.state)
}

function encodePart(message: Exclude<Message, Sync>): Uint8Array {
  const w = scratch()
  switch (message.type) {
    // [seq varint][flags u8][target][boot u64, if flagged]
    case 'ping':
      w.varint32(message.seq)
        .u8(message.boot === undefined ? 0 : 1)
        .name(message.target)
      if (message.boot !== undefined) w.u64(message.boot)
      return part(partTypes.ping, w)
    // [nack after varint][count u8], then [seq varint][flags u8][name][boot u64, if flagged][address] each
    case 'pingReq':
      putTargets(w.varint32(message.nackAfter), message.targets)
      return part(partTypes.pingReq, w)
    // [seq varint][flags u8][payload: length varint, bytes, if flagged][coordinate: length varint, bytes, if flagged]
    case 'ack': {
      const { coordinate, payload, seq } = message
      w.varint32(seq).u8(
        (payload === undefined ? 0 : payloadFlag) | (coordinate === undefined ? 0 : coordinateFlag),
      )
      if (payload !== undefined) putBytes(w, payload, maxPayloadBytes)
      if (coordinate !== undefined) putBytes(w, coordinate, maxCoordinateBytes)
      return part(partTypes.ack, w)
    }
    // [seq varint]
    case 'nack':
      return part(partTypes.nack, w.varint32(message.seq))
    // [incarnation u32][record]
    case 'alive':
      putRecord(w.u32(message.incarnation), message.record)
      return part(partTypes.alive, w)
    // [name][incarnation u32][accusations]
    case 'suspect':
      putAccusations(w.name(message.name).u32(message.incarnation), message.accusations, 1)
      return part(partTypes.suspect, w)
    // [name][incarnation u32][accuser][evidence u8]
    case 'failed':
      putEvidence(w.name(message.name).u32(message.incarnation).name(message.accuser), message.evidence)
      return part(partTypes.failed, w)
    // [name][incarnation u32][by]
    case 'left':
      w.name(message.name).u32(message.incarnation).name(message.by)
      return part(partTypes.left, message.prune ? w.u8(1) : w)
    case 'config':
      putConfig(w, message)
      return part(partTypes.config, w)
    // all of it
    case 'user':
      return wholePart(partTypes.user, message.body)
    // [channel], then all of it
    case 'custom':
      return part(partTypes.custom, w.name(message.channel, maxChannelBytes).bytes(message.body))
    // [id][origin][name], then all of it
    case 'event':
      putRumour(w, message)
      return part(partTypes.event, w.bytes(bounded(message.body)))
    case 'query':
      putQuery(w, message)
      return part(partTypes.query, w)
    // [id][kind u8], then all of it
    case 'answer':
      putId(w, message)
      return part(partTypes.answer, w.u8(answerKinds.indexOf(message.kind)).bytes(bounded(message.body)))
    // [target][boot u64][number varint], then all of it
    case 'direct':
      w.name(message.target).u64(message.boot).varint(message.number)
      return part(
        partTypes.direct,
        new ByteWriter(w.length + message.body.length).bytes(w.finish()).bytes(message.body),
      )
    case 'events':
      return part(partTypes.events, putEvents(message))
    case 'fetch':
      putFetch(w, message)
      return part(partTypes.fetch, w)
    // all of it
    case 'payload':
      return wholePart(partTypes.payload, bounded(message.body, maxLargePayloadBytes))
    // [code u8][message: length varint, UTF-8]
    case 'error':
      putBytes(w.u8(errorCodes.indexOf(message.code)), cutUtf8(message.message, maxErrorBytes), maxErrorBytes)
      return part(partTypes.error, w)
  }
}

/** False where the type is unknown. */
function decodeBody(type: number, r: ByteReader, messages: Message[], tables: SwimTables): boolean {
  switch (type) {
    case partTypes.ping: {
      const seq = r.varint32()
      const flags = r.u8()
      const target = r.name()
      messages.push({ type: 'ping', seq, target, boot: (flags & 1) === 0 ? undefined : r.u64() })
      return true
    }
    case partTypes.pingReq:
      messages.push({ type: 'pingReq', nackAfter: r.varint32(), targets: takeTargets(r, tables) })
      return true
    case partTypes.ack: {
      const seq = r.varint32()
      const flags = r.u8()
      messages.push({
        type: 'ack',
        seq,
        payload: (flags & payloadFlag) === 0 ? undefined : takeBytes(r, maxPayloadBytes),
        coordinate: (flags & coordinateFlag) === 0 ? undefined : takeBytes(r, maxCoordinateBytes),
      })
      return true
    }
    case partTypes.nack:
      messages.push({ type: 'nack', seq: r.varint32() })
      return true
    case partTypes.sync:
      messages.push(takeSyncHead(r))
      return true
    case partTypes.syncEntry: {
      const entry = takeSyncEntry(r, tables)
      if (entry === undefined || !addSyncEntry(messages, entry)) r.fail()
      return true
    }
    case partTypes.syncState:
      if (!addSyncState(messages, r.copy(r.remaining))) r.fail()
      return true
    case partTypes.config:
      messages.push({ type: 'config', ...takeConfig(r) })
      return true
    case partTypes.user:
      messages.push({ type: 'user', body: r.copy(r.remaining) })
      return true
    case partTypes.custom: {
      const start = r.offset
      const channel = r.name()
      if (r.offset - start > 1 + maxChannelBytes) r.fail()
      messages.push({ type: 'custom', channel, body: r.copy(r.remaining) })
      return true
    }
    case partTypes.event:
      messages.push({ type: 'event', ...takeRumour(r), body: takeRest(r, maxBodyBytes) })
      return true
    case partTypes.query:
      messages.push(takeQuery(r))
      return true
    case partTypes.answer: {
      const id = takeId(r)
      const kind = answerKinds[r.u8()]
      if (kind === undefined) r.fail()
      else messages.push({ type: 'answer', ...id, kind, body: takeRest(r, maxBodyBytes) })
      return true
    }
    case partTypes.direct:
      messages.push({
        type: 'direct',
        target: r.name(),
        boot: r.u64(),
        number: r.varint(),
        body: r.copy(r.remaining),
      })
      return true
    case partTypes.events:
      messages.push(takeEvents(r))
      return true
    case partTypes.fetch:
      messages.push(takeFetch(r))
      return true
    case partTypes.payload:
      messages.push({ type: 'payload', body: takeRest(r, maxLargePayloadBytes) })
      return true
    case partTypes.error:
      messages.push({
        type: 'error',
        code: errorCodes[r.u8()] ?? 'internal',
        message: r.string(maxErrorBytes),
      })
      return true
    default:
      return false
  }
}

/** A claim of a type other than `alive`. */
function buildOther(type: number, r: ByteReader): Claim {
  const name = r.name()
  const incarnation = r.u32()
  switch (type) {
    case partTypes.suspect:
      return { type: 'suspect', name, incarnation, accusations: takeAccusations(r, 1) }
    case partTypes.failed:
      return { type: 'failed', name, incarnation, accuser: r.name(), evidence: takeEvidence(r) }
    default:
      return { type: 'left', name, incarnation, by: r.name(), ...(takesPrune(r) ? { prune: true } : {}) }
  }
}

/** A field at the end, which builds before it do not read. */
const takesPrune = (r: ByteReader): boolean => r.remaining > 0 && (r.u8() & 1) === 1

function putTargets(w: ByteWriter, targets: readonly PingTarget[]): void {
  const count = targets.length
  if (count < 1 || count > maxPingTargets)
    throw new RangeError(`targets of a ping request must be 1..${maxPingTargets}, not ${count}`)
  w.u8(count)
  for (const target of targets) {
    w.varint32(target.seq)
      .u8(target.boot === undefined ? 0 : 1)
      .name(target.name)
    if (target.boot !== undefined) w.u64(target.boot)
    putAddress(w, target.address)
  }
}

function takeTargets(r: ByteReader, tables: SwimTables): readonly PingTarget[] {
  const count = r.u8()
  if (count < 1 || count > maxPingTargets) r.fail()
  const targets: PingTarget[] = []
  for (let i = 0; i < count && r.ok; i++) {
    const seq = r.varint32()
    const flags = r.u8()
    const name = r.name()
    const boot = (flags & 1) === 0 ? undefined : r.u64()
    targets.push({ seq, name, boot, address: takeAddress(r, tables) })
  }
  return targets
}

/**
 * `[flags u8][config][digest, if flagged: words varint, u32 each, then 2 u32 of those that failed or left][events, if flagged: clock varint,
 * count varint, 2 u32]`
 */
function encodeSyncHead(sync: Sync): Uint8Array {
  const flags =
    (sync.join ? joinFlag : 0) |
    (sync.digest === undefined ? 0 : digestFlag) |
    (sync.alone ? aloneFlag : 0) |
    (sync.events === undefined ? 0 : eventsFlag)
  const w = scratch().u8(flags)
  putConfig(w, sync.config)
  if (sync.digest !== undefined) {
    const { buckets, terminal } = sync.digest
    w.varint(buckets.length, maxDigestWords)
    for (const word of buckets) w.u32(word)
    w.u32(terminal[0]).u32(terminal[1])
  }
  if (sync.events !== undefined) {
    const { clock, count, mark, settled } = sync.events
    w.varint(clock).varint(count).u32(mark[0]).u32(mark[1]).varint(settled)
  }
  return part(partTypes.sync, w)
}

function takeSyncHead(r: ByteReader): Sync {
  const flags = r.u8()
  const config = takeConfig(r)
  const digest = (flags & digestFlag) === 0 ? undefined : takeDigest(r)
  const events = (flags & eventsFlag) === 0 ? undefined : takeEventsDigest(r)
  return {
    type: 'sync',
    join: (flags & joinFlag) !== 0,
    alone: (flags & aloneFlag) !== 0,
    digest,
    config,
    entries: [],
    events,
    state: undefined,
  }
}

function takeEventsDigest(r: ByteReader): EventsDigest {
  return { clock: r.varint(), count: r.varint(), mark: [r.u32(), r.u32()], settled: r.varint() }
}

function takeDigest(r: ByteReader): SyncDigest {
  const words = r.varint(maxDigestWords)
  if (words * 4 > r.remaining) r.fail()
  const buckets = new Uint32Array(r.ok ? words : 0)
  for (let i = 0; i < buckets.length; i++) buckets[i] = r.u32()
  return { buckets, terminal: [r.u32(), r.u32()] }
}

/** `[status u8][incarnation u32][incarnation of the record u32][age varint][accusations][record]` */
function encodeSyncEntry(entry: SyncEntry): Uint8Array {
  if (entry.incarnation < entry.recordIncarnation)
    throw new RangeError(
      `incarnation ${entry.incarnation} of "${entry.record.name}" is below its record's, ${entry.recordIncarnation}`,
    )
  const w = scratch().u8(entry.status).u32(entry.incarnation).u32(entry.recordIncarnation).varint32(entry.age)
  putAccusations(w, entry.accusations, 0)
  putRecord(w, entry.record)
  return part(partTypes.syncEntry, w)
}

function takeSyncEntry(r: ByteReader, tables: SwimTables): SyncEntry | undefined {
  const status = r.u8()
  const incarnation = r.u32()
  const recordIncarnation = r.u32()
  const age = r.varint32()
  const accusations = takeAccusations(r, 0)
  const heard = takeRecord(r, tables)
  const known = status === 0 || status === 1 || status === 2 || status === 3
  if (!known || incarnation < recordIncarnation) r.fail()
  return heard && known
    ? { record: heard.record, recordIncarnation, status, incarnation, age, accusations }
    : undefined
}

/** `[epoch varint][detector][flags u8]` */
function putConfig(w: ByteWriter, config: ClusterConfig): void {
  w.varint(config.epoch)
    .name(config.detector)
    .u8(config.suspicion ? 1 : 0)
}

function takeConfig(r: ByteReader): ClusterConfig {
  return { epoch: r.varint(), detector: r.name(), suspicion: (r.u8() & 1) !== 0 }
}

/** The body that was written, with its type and length before it. */
function part(type: number, body: ByteWriter): Uint8Array {
  const length = body.length
  const made = newBytes(1 + varintLength(length) + length)
  made[0] = type
  body.copyTo(made, putVarint(made, 1, length))
  return made
}

/** A part whose body is at hand, and may be too large to leave a writer grown to its size. */
function wholePart(type: number, body: Uint8Array): Uint8Array {
  const made = new Uint8Array(1 + varintLength(body.length) + body.length)
  made[0] = type
  made.set(body, putVarint(made, 1, body.length))
  return made
}

/** One writer for all bodies: a body is written and copied out before anything else is asked for. */
const scratch = (): ByteWriter => shared.reset()
const shared = new ByteWriter(2_048)

const payloadFlag = 1
const coordinateFlag = 2
const joinFlag = 1
const aloneFlag = 4
const digestFlag = 2
const eventsFlag = 8
