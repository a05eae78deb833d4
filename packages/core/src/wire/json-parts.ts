import { type Address, canonicalHost } from '../model/address.ts'
import type { PeerRecord } from '../model/peer.ts'
import { JsonFields, type JsonObject, toJson } from './json-fields.ts'
import {
  maxAccusations,
  maxBodyBytes,
  maxCapabilities,
  maxCapabilityBytes,
  maxChannelBytes,
  maxCoordinateBytes,
  maxDataBytes,
  maxDigestWords,
  maxErrorBytes,
  maxEvents,
  maxLargePayloadBytes,
  maxOpaqueBytes,
  maxPayloadBytes,
  maxPingTargets,
  maxQueryNames,
  maxQueryTagBytes,
  maxQueryTags,
  payloadHashBytes,
} from './limits.ts'
import {
  type Accusation,
  answerKinds,
  type ClusterConfig,
  type ErrorReply,
  type EventsDigest,
  type EvidenceKind,
  errorCodes,
  evidenceKinds,
  type Message,
  type Rumour,
  type RumourId,
  type SyncDigest,
  type SyncEntry,
} from './message.ts'
import { cutUtf8, hostProblem, utf8Length } from './names.ts'
import { addSyncEntry, addSyncState } from './sync-parts.ts'

/** The parts of a message, each a line of JSON. Throws a RangeError on what {@link readJsonPart} would refuse. */
export function* jsonParts(message: Message): Generator<Uint8Array> {
  if (message.type !== 'sync') {
    yield line(message.type, message.type === 'error' ? shortened(message) : message)
    return
  }
  const { entries, state, ...head } = message
  yield line('sync', head)
  for (const entry of entries) yield line('syncEntry', entry)
  if (state !== undefined) yield line('syncState', { state })
}

/** Reads one part into `messages`. False where its type is unknown. */
export function readJsonPart(f: JsonFields, value: unknown, messages: Message[]): boolean {
  const o = f.object(value)
  const type = f.text(o, 'type')
  switch (type) {
    case 'ping':
      messages.push({ type, seq: f.whole(o, 'seq'), target: f.name(o, 'target'), boot: readBoot(f, o) })
      return true
    case 'pingReq': {
      const targets = f.array(o, 'targets', 1, maxPingTargets).map((item) => {
        const t = f.object(item)
        return {
          seq: f.whole(t, 'seq'),
          name: f.name(t, 'name'),
          boot: readBoot(f, t),
          address: readAddress(f, t),
        }
      })
      messages.push({ type, nackAfter: f.whole(o, 'nackAfter'), targets })
      return true
    }
    case 'ack': {
      const payload = f.optional(o, 'payload', () => f.bytes(o, 'payload', maxPayloadBytes))
      const coordinate = f.optional(o, 'coordinate', () => f.bytes(o, 'coordinate', maxCoordinateBytes))
      messages.push({ type, seq: f.whole(o, 'seq'), payload, coordinate })
      return true
    }
    case 'nack':
      messages.push({ type, seq: f.whole(o, 'seq') })
      return true
    case 'alive':
      messages.push({ type, incarnation: f.whole(o, 'incarnation'), record: readRecord(f, o) })
      return true
    case 'suspect': {
      const accusations = readAccusations(f, o, 1)
      messages.push({ type, name: f.name(o, 'name'), incarnation: f.whole(o, 'incarnation'), accusations })
      return true
    }
    case 'failed': {
      const claim = {
        name: f.name(o, 'name'),
        incarnation: f.whole(o, 'incarnation'),
        accuser: f.name(o, 'accuser'),
      }
      messages.push({ type, ...claim, evidence: readEvidence(f, o) })
      return true
    }
    case 'left':
      messages.push({
        type,
        name: f.name(o, 'name'),
        incarnation: f.whole(o, 'incarnation'),
        by: f.name(o, 'by'),
        ...(f.optional(o, 'prune', () => f.bool(o, 'prune')) ? { prune: true } : {}),
      })
      return true
    case 'sync': {
      const digest = f.optional(o, 'digest', () => readDigest(f, f.object(o.digest)))
      const config = readConfig(f, f.object(o.config))
      const alone = f.optional(o, 'alone', () => f.bool(o, 'alone')) ?? false
      const events = f.optional(o, 'events', () => readEventsDigest(f, f.object(o.events)))
      messages.push({
        type,
        join: f.bool(o, 'join'),
        alone,
        digest,
        config,
        entries: [],
        events,
        state: undefined,
      })
      return true
    }
    case 'syncEntry':
      if (!addSyncEntry(messages, readEntry(f, o))) f.fail('an entry outside of a sync')
      return true
    case 'syncState':
      if (!addSyncState(messages, f.bytes(o, 'state', Number.MAX_SAFE_INTEGER)))
        f.fail('state outside of a sync')
      return true
    case 'config':
      messages.push({ type, ...readConfig(f, o) })
      return true
    case 'user':
      messages.push({ type, body: f.bytes(o, 'body', Number.MAX_SAFE_INTEGER) })
      return true
    case 'custom': {
      const channel = f.name(o, 'channel', maxChannelBytes)
      messages.push({ type, channel, body: f.bytes(o, 'body', Number.MAX_SAFE_INTEGER) })
      return true
    }
    case 'event':
      messages.push({ type, ...readRumour(f, o) })
      return true
    case 'query': {
      const text = (value: unknown): string => {
        const read = f.text({ tag: value }, 'tag')
        if (utf8Length(read) > maxQueryTagBytes) f.fail(`a tag must be at most ${maxQueryTagBytes} bytes`)
        return read
      }
      const names = f.array(o, 'names', 0, maxQueryNames).map((value) => f.name({ name: value }, 'name'))
      const tags = f.array(o, 'tags', 0, maxQueryTags).map((pair): [string, string] => {
        const [key, value] = f.array({ pair }, 'pair', 2, 2)
        return [text(key), text(value)]
      })
      messages.push({ type, ...readRumour(f, o), timeout: f.whole(o, 'timeout'), names, tags })
      return true
    }
    case 'answer': {
      const known = f.text(o, 'kind')
      const kind = answerKinds.find((each) => each === known)
      if (kind === undefined) f.fail(`kind must be ${answerKinds.join(', ')}`)
      messages.push({ type, ...readId(f, o), kind: kind ?? 'none', body: f.bytes(o, 'body', maxBodyBytes) })
      return true
    }
    case 'direct': {
      const body = f.bytes(o, 'body', Number.MAX_SAFE_INTEGER)
      const number = f.whole(o, 'number', Number.MAX_SAFE_INTEGER)
      messages.push({ type, target: f.name(o, 'target'), boot: f.boot(o, 'boot'), number, body })
      return true
    }
    case 'events': {
      const known = f.array(o, 'known', 0, maxEvents).map((item) => readId(f, f.object(item)))
      const events = f.array(o, 'events', 0, maxEvents).map((item) => {
        const kept = f.object(item)
        return {
          age: f.whole(kept, 'age'),
          order: f.whole(kept, 'order', Number.MAX_SAFE_INTEGER),
          event: { type: 'event' as const, ...readRumour(f, f.object(kept.event)) },
        }
      })
      messages.push({ type, clock: f.whole(o, 'clock', Number.MAX_SAFE_INTEGER), known, events })
      return true
    }
    case 'fetch':
      messages.push({ type, name: f.name(o, 'name'), hash: readHash(f, o) })
      return true
    case 'payload':
      messages.push({ type, body: f.bytes(o, 'body', maxLargePayloadBytes) })
      return true
    case 'error': {
      const text = f.text(o, 'message')
      if (utf8Length(text) > maxErrorBytes) f.fail(`message must be at most ${maxErrorBytes} bytes`)
      const code = f.text(o, 'code')
      messages.push({ type, code: errorCodes.find((known) => known === code) ?? 'internal', message: text })
      return true
    }
    default:
      return false
  }
}

/** A line of JSON for that part, read back first, so that what is sent is what is accepted. */
function line(type: string, fields: object): Uint8Array {
  const json = toJson({ type, ...fields })
  const f = new JsonFields()
  const context: Message[] = type === 'syncEntry' || type === 'syncState' ? [anySync()] : []
  readJsonPart(f, JSON.parse(json), context)
  if (f.problem !== undefined) throw new RangeError(`cannot encode ${type}: ${f.problem}`)
  return new TextEncoder().encode(`${json}\n`)
}

function anySync(): Message {
  const config = { epoch: 0, detector: 'any', suspicion: true }
  return {
    type: 'sync',
    join: false,
    alone: false,
    digest: undefined,
    config,
    entries: [],
    events: undefined,
    state: undefined,
  }
}

function shortened(reply: ErrorReply): ErrorReply {
  return { ...reply, message: new TextDecoder().decode(cutUtf8(reply.message, maxErrorBytes)) }
}

function readRecord(f: JsonFields, from: JsonObject): PeerRecord {
  const o = f.object(from.record)
  const protocolMin = f.whole(o, 'protocolMin', 255, 1)
  return {
    name: f.name(o, 'name'),
    boot: f.boot(o, 'boot'),
    startedAt: f.whole(o, 'startedAt', Number.MAX_SAFE_INTEGER),
    address: readAddress(f, o),
    streams: f.bool(o, 'streams'),
    leaving: f.bool(o, 'leaving'),
    protocolMin,
    protocolMax: f.whole(o, 'protocolMax', 255, protocolMin),
    capabilities: f
      .array(o, 'capabilities', 0, maxCapabilities)
      .map((value) => f.name({ capability: value }, 'capability', maxCapabilityBytes)),
    data: f.bytes(o, 'data', maxDataBytes),
    opaque: f.optional(o, 'opaque', () => f.bytes(o, 'opaque', maxOpaqueBytes)),
    payload: f.optional(o, 'payload', () => {
      const payload = f.object(o.payload)
      return { size: f.whole(payload, 'size', maxLargePayloadBytes), hash: readHash(f, payload) }
    }),
  }
}

function readHash(f: JsonFields, from: JsonObject): Uint8Array {
  const hash = f.bytes(from, 'hash', payloadHashBytes)
  if (hash.length !== payloadHashBytes) f.fail(`hash must be ${payloadHashBytes} bytes`)
  return hash
}

function readEntry(f: JsonFields, o: JsonObject): SyncEntry {
  const status = f.whole(o, 'status', 3)
  const recordIncarnation = f.whole(o, 'recordIncarnation')
  return {
    record: readRecord(f, o),
    recordIncarnation,
    status: status === 1 || status === 2 || status === 3 ? status : 0,
    incarnation: f.whole(o, 'incarnation', undefined, recordIncarnation),
    age: f.whole(o, 'age'),
    accusations: readAccusations(f, o, 0),
  }
}

function readAddress(f: JsonFields, from: JsonObject): Address {
  const o = f.object(from.address)
  const host = f.text(o, 'host')
  const problem = hostProblem(host)
  if (problem !== undefined) f.fail(problem)
  return { host: canonicalHost(host) ?? host, port: f.whole(o, 'port', 65_535) }
}

function readAccusations(f: JsonFields, from: JsonObject, least: number): readonly Accusation[] {
  return f.array(from, 'accusations', least, maxAccusations).map((item) => {
    const o = f.object(item)
    return { accuser: f.name(o, 'accuser'), evidence: readEvidence(f, o) }
  })
}

function readEvidence(f: JsonFields, from: JsonObject): EvidenceKind {
  const text = f.text(from, 'evidence')
  return evidenceKinds.find((known) => known === text) ?? 'heard'
}

function readDigest(f: JsonFields, o: JsonObject): SyncDigest {
  const word = (value: unknown): number => f.whole({ word: value }, 'word')
  const [first, second] = f.array(o, 'terminal', 2, 2)
  return {
    buckets: Uint32Array.from(f.array(o, 'buckets', 0, maxDigestWords), word),
    terminal: [word(first), word(second)],
  }
}

function readId(f: JsonFields, o: JsonObject): RumourId {
  return { time: f.whole(o, 'time', Number.MAX_SAFE_INTEGER, 1), boot: f.boot(o, 'boot') }
}

function readRumour(f: JsonFields, o: JsonObject): Rumour {
  const body = f.bytes(o, 'body', maxBodyBytes)
  return { ...readId(f, o), origin: f.name(o, 'origin'), name: f.name(o, 'name'), body }
}

function readEventsDigest(f: JsonFields, o: JsonObject): EventsDigest {
  const [first, second] = f.array(o, 'mark', 2, 2).map((value) => f.whole({ word: value }, 'word'))
  return {
    clock: f.whole(o, 'clock', Number.MAX_SAFE_INTEGER),
    count: f.whole(o, 'count', Number.MAX_SAFE_INTEGER),
    mark: [first ?? 0, second ?? 0],
    settled: f.whole(o, 'settled', Number.MAX_SAFE_INTEGER),
  }
}

function readConfig(f: JsonFields, o: JsonObject): ClusterConfig {
  return {
    epoch: f.whole(o, 'epoch', Number.MAX_SAFE_INTEGER),
    detector: f.name(o, 'detector'),
    suspicion: f.bool(o, 'suspicion'),
  }
}

function readBoot(f: JsonFields, o: JsonObject): bigint | undefined {
  return f.optional(o, 'boot', () => f.boot(o, 'boot'))
}
