import { type Address, ipBytes, ipText } from '../model/address.ts'
import type { PeerRecord } from '../model/peer.ts'
import { ByteReader } from './byte-reader.ts'
import { ByteTable, hashOfWords, wordAt } from './byte-table.ts'
import type { ByteWriter } from './byte-writer.ts'
import {
  maxAccusations,
  maxCapabilities,
  maxCapabilityBytes,
  maxDataBytes,
  maxHostBytes,
  maxOpaqueBytes,
} from './limits.ts'
import { type Accusation, type AliveClaim, type EvidenceKind, evidenceKinds } from './message.ts'
import { decodeName, decodeUtf8, hostProblem, NameTable } from './names.ts'
import { putPayloadRef, takePayloadRef } from './swim-payloads.ts'

/** What decoding interns of fields. */
export class FieldTables {
  readonly names = new NameTable()
  readonly hosts = new ByteTable(buildHost)
  /** Most members of a cluster have the same capabilities, so a few entries serve. */
  readonly capabilities = new ByteTable(buildCapabilities, { limit: 1_024 })
  /** Whoever compares tables sends the same records time after time, and who refutes changes nothing but its incarnation. */
  readonly records: ByteTable<HeardRecord> = new ByteTable(
    (bytes, start, length): HeardRecord | undefined => {
      const r = this.#reader.reset(bytes, start, start + length)
      const record = takeFields(r, this)
      return r.ok ? { record, whole: r.remaining === 0, incarnation: -1, claim: undefined } : undefined
    },
    { limit: 16_384, fromSecond: true, hash: hashOfRecord },
  )
  readonly #reader = new ByteReader(undefined, this.names)
}

/** What is remembered by the bytes of a record. */
export interface HeardRecord {
  readonly record: PeerRecord
  /** This build knows all its fields. */
  readonly whole: boolean
  /** Of the last claim with it; −1: none yet. */
  incarnation: number
  /** That claim, where it has come a second time. */
  claim: AliveClaim | undefined
}

/**
 * `[name][boot u64][started varint][address][flags u8][protocol min u8][max u8]`
 * `[capabilities: length varint, then names][data: length varint, bytes][opaque: the same, if flagged]`
 * `[payload: size varint, hash 32 bytes, if flagged]`
 *
 * It always ends a part, so that it can grow.
 */
export function putRecord(w: ByteWriter, record: PeerRecord): void {
  if (record.protocolMin < 1 || record.protocolMax < record.protocolMin)
    throw new RangeError(
      `protocol versions must be 1..255 in order, not ${record.protocolMin}..${record.protocolMax}`,
    )
  w.name(record.name).u64(record.boot).varint(record.startedAt)
  putAddress(w, record.address)
  w.u8(
    (record.streams ? streamsFlag : 0) |
      (record.leaving ? leavingFlag : 0) |
      (record.opaque === undefined ? 0 : opaqueFlag) |
      (record.payload === undefined ? 0 : payloadFlag),
  )
  w.u8(record.protocolMin).u8(record.protocolMax)
  putCapabilities(w, record.capabilities)
  putBytes(w, record.data, maxDataBytes)
  if (record.opaque !== undefined) putBytes(w, record.opaque, maxOpaqueBytes)
  if (record.payload !== undefined) putPayloadRef(w, record.payload)
}

/** All that is left is the record's; undefined, and the reader has failed, where it isn't one. */
export function takeRecord(r: ByteReader, tables: FieldTables): HeardRecord | undefined {
  // A reader that has failed says nothing of where the record would be.
  if (!r.ok) return undefined
  const length = r.remaining
  const heard = tables.records.get(r.source, r.skip(length), length)
  if (heard === undefined) r.fail()
  return heard
}

/**
 * Of its boot, which is drawn at random, of its end and of its length: of one member there are few records at a time, and those of others differ in
 * their boots.
 */
function hashOfRecord(bytes: Uint8Array, start: number, length: number): number {
  const end = start + length
  const boot = start + 1 + (bytes[start] ?? 0)
  return hashOfWords(
    length,
    wordAt(bytes, boot, end),
    wordAt(bytes, boot + 4, end),
    wordAt(bytes, Math.max(start, end - 4), end),
  )
}

function takeFields(r: ByteReader, tables: FieldTables): PeerRecord {
  const name = r.name()
  const boot = r.u64()
  const startedAt = r.varint()
  const address = takeAddress(r, tables)
  const flags = r.u8()
  const protocolMin = r.u8()
  const protocolMax = r.u8()
  if (protocolMin === 0 || protocolMax < protocolMin) r.fail()
  const capabilities = takeCapabilities(r, tables)
  const data = takeBytes(r, maxDataBytes)
  const opaque = (flags & opaqueFlag) === 0 ? undefined : takeBytes(r, maxOpaqueBytes)
  const payload = (flags & payloadFlag) === 0 ? undefined : takePayloadRef(r)
  return {
    name,
    boot,
    startedAt,
    address,
    streams: (flags & streamsFlag) !== 0,
    leaving: (flags & leavingFlag) !== 0,
    protocolMin,
    protocolMax,
    capabilities,
    data,
    opaque,
    payload,
  }
}

/** `[4][4 bytes][port u16]`, `[6][16 bytes][port u16]`, or `[0][length u8][host][port u16]` where it isn't IP. */
export function putAddress(w: ByteWriter, address: Address): void {
  const ip = ipBytes(address.host)
  if (ip !== undefined) w.u8(ip.length === 4 ? 4 : 6).bytes(ip)
  else {
    const problem = hostProblem(address.host)
    if (problem !== undefined) throw new RangeError(problem)
    w.u8(0).string8(address.host)
  }
  w.u16(address.port)
}

export function takeAddress(r: ByteReader, tables: FieldTables): Address {
  const start = r.offset
  const family = r.u8()
  if (family === 4) r.skip(4)
  else if (family === 6) r.skip(16)
  else if (family === 0) r.skip(r.u8())
  else r.fail()
  const host = r.ok ? tables.hosts.get(r.source, start, r.offset - start) : undefined
  const port = r.u16()
  if (host !== undefined) return { host, port }
  r.fail()
  return noAddress
}

/** `[count u8]`, then `[accuser][evidence u8]` each. */
export function putAccusations(w: ByteWriter, accusations: readonly Accusation[], least: number): void {
  const count = accusations.length
  if (count < least || count > maxAccusations)
    throw new RangeError(`accusations must be ${least}..${maxAccusations}, not ${count}`)
  w.u8(count)
  for (const accusation of accusations) {
    w.name(accusation.accuser)
    putEvidence(w, accusation.evidence)
  }
}

export function takeAccusations(r: ByteReader, least: number): readonly Accusation[] {
  const count = r.u8()
  if (count < least || count > maxAccusations) r.fail()
  if (count === 0) return noAccusations
  // Of the right length at once: what grows from empty starts with room for seventeen.
  const accusations = new Array<Accusation>(r.ok ? count : 0)
  for (let i = 0; i < accusations.length; i++)
    accusations[i] = { accuser: r.name(), evidence: takeEvidence(r) }
  return accusations
}

export function putEvidence(w: ByteWriter, evidence: EvidenceKind): void {
  w.u8(evidenceKinds.indexOf(evidence))
}

/** A kind that this build does not know counts as hearsay, the weakest. */
export function takeEvidence(r: ByteReader): EvidenceKind {
  return evidenceKinds[r.u8()] ?? 'heard'
}

/** `[length varint][bytes]` */
export function putBytes(w: ByteWriter, bytes: Uint8Array, max: number): void {
  w.varint(bytes.length, max).bytes(bytes)
}

export function takeBytes(r: ByteReader, max: number): Uint8Array {
  return r.copy(r.varint(max))
}

function putCapabilities(w: ByteWriter, capabilities: readonly string[]): void {
  if (capabilities.length > maxCapabilities)
    throw new RangeError(`capabilities must be 0..${maxCapabilities}, not ${capabilities.length}`)
  const start = w.begin()
  for (let i = 0; i < capabilities.length; i++) w.name(capabilities[i]!, maxCapabilityBytes)
  w.end(start)
}

function takeCapabilities(r: ByteReader, tables: FieldTables): readonly string[] {
  const length = r.varint(maxCapabilityBlock)
  if (length === 0) return noCapabilities
  const at = r.skip(length)
  const capabilities = at < 0 ? undefined : tables.capabilities.get(r.source, at, length)
  if (capabilities !== undefined) return capabilities
  r.fail()
  return noCapabilities
}

function buildCapabilities(bytes: Uint8Array, start: number, length: number): readonly string[] | undefined {
  const r = new ByteReader().reset(bytes, start, start + length)
  const capabilities: string[] = []
  while (r.remaining > 0) {
    const size = r.u8()
    const at = r.skip(size)
    const capability = at < 0 || size > maxCapabilityBytes ? undefined : decodeName(bytes, at, size)
    if (capability === undefined) return undefined
    capabilities.push(capability)
  }
  return capabilities.length > maxCapabilities ? undefined : Object.freeze(capabilities)
}

/** Of a whole host field, from the family on, so that families can't be taken for each other. */
function buildHost(bytes: Uint8Array, start: number, length: number): string | undefined {
  if (bytes[start] !== 0) return ipText(bytes.subarray(start + 1, start + length))
  const host = length - 2 > maxHostBytes ? undefined : decodeUtf8(bytes, start + 2, length - 2)
  // An IP address in disguise would be a second encoding of it, and perhaps one that nobody compares equal.
  return host === undefined || hostProblem(host) !== undefined || ipBytes(host) !== undefined
    ? undefined
    : host
}

const streamsFlag = 1
const leavingFlag = 2
const opaqueFlag = 4
const payloadFlag = 8
const maxCapabilityBlock = maxCapabilities * (1 + maxCapabilityBytes)
const noCapabilities: readonly string[] = Object.freeze([])
const noAccusations: readonly Accusation[] = Object.freeze([])
const noAddress: Address = { host: '', port: 0 }
