import { ByteReader, noBytes } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import type { Service } from './api.ts'
import { TooLargeError } from './errors.ts'

/** What an application lets a member carry. */
export interface MemberData {
  readonly tags: Readonly<Record<string, string>>
  readonly services: readonly Service[]
  readonly payload: Uint8Array
}

export const noData: MemberData = { tags: {}, services: [], payload: noBytes }

/** First byte of encoded data, so that a later layout can be told from this one. */
const layout = 1
/** Tags and services of a member, at most, and bytes of a key or name. */
const maxItems = 64
const maxKeyBytes = 64
const maxValueBytes = 255

const encoder = new TextEncoder()
// A byte order mark is a character like any other here.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** What is wrong with tags or services: which one, and what is allowed. */
export class MemberDataError extends Error {
  override readonly name = 'MemberDataError'
}

/** Data as it goes into a record, and a payload that does not fit into that; empty: it does, or there is none. */
export interface FittedData {
  readonly data: Uint8Array
  readonly large: Uint8Array
}

/** Which limits data has to keep to, in bytes. */
export interface DataLimits {
  readonly maxDataBytes: number
  readonly maxPayloadBytes: number
}

/**
 * Data encoded for a record, the payload within it if it `fits`, and else beside it. Throws a {@link TooLargeError} for tags and services that are too large, or such a
 * payload, a {@link MemberDataError} for a bad item.
 */
export function fitMemberData(data: MemberData, { maxDataBytes, maxPayloadBytes }: DataLimits): FittedData {
  const { payload } = data
  const without = encodeMemberData({ ...data, payload: noBytes }, maxDataBytes)
  if (payload.length === 0) return { data: without, large: noBytes }
  if (payload.length < maxDataBytes) {
    const whole = encodeMemberData(data, Number.POSITIVE_INFINITY)
    if (whole.length <= maxDataBytes) return { data: whole, large: noBytes }
  }
  if (payload.length > maxPayloadBytes)
    throw new TooLargeError('the payload', payload.length, maxPayloadBytes)
  return { data: without, large: payload }
}

/**
 * Data as it rides in a member's record: the layout, the tags, the services, and the payload as the rest. Nothing takes no
 * byte. Throws a {@link TooLargeError} where it takes more than `limit`, a {@link MemberDataError} for a bad item.
 */
export function encodeMemberData(data: MemberData, limit: number): Uint8Array {
  const { payload, services, tags } = data
  const keys = Object.keys(tags)
  if (keys.length === 0 && services.length === 0 && payload.length === 0) return noBytes
  if (keys.length > maxItems)
    throw new MemberDataError(`${keys.length} tags: at most ${maxItems} are allowed`)
  if (services.length > maxItems) {
    throw new MemberDataError(`${services.length} services: at most ${maxItems} are allowed`)
  }
  const writer = new ByteWriter()
  writer.u8(layout)
  writer.u8(keys.length)
  for (const key of keys) {
    text(writer, 'tag', key, maxKeyBytes)
    text(writer, `value of tag ${JSON.stringify(key)}`, tags[key]!, maxValueBytes)
  }
  writer.u8(services.length)
  for (const { name, port } of services) {
    if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535)) {
      throw new MemberDataError(`service ${JSON.stringify(name)} has port ${port}: must be 1..65535`)
    }
    text(writer, 'service', name, maxKeyBytes)
    writer.u16(port ?? 0)
  }
  writer.bytes(payload)
  const bytes = writer.finish()
  if (bytes.length > limit) throw new TooLargeError('tags and services', bytes.length, limit)
  return bytes
}

function text(writer: ByteWriter, what: string, value: string, limit: number): void {
  const bytes = encoder.encode(value)
  const empty = bytes.length === 0 && limit === maxKeyBytes
  if (empty || bytes.length > limit) {
    throw new MemberDataError(
      `${what} ${JSON.stringify(value)} takes ${bytes.length} bytes: must be ${limit === maxKeyBytes ? 1 : 0}..${limit}`,
    )
  }
  writer.u8(bytes.length)
  writer.bytes(bytes)
}

/** The other way. Data of another layout, or none of ours, is all payload. */
export function decodeMemberData(bytes: Uint8Array): MemberData {
  if (bytes.length === 0) return noData
  const reader = new ByteReader(bytes)
  const foreign: MemberData = { tags: {}, services: [], payload: bytes }
  if (reader.u8() !== layout) return foreign
  const string = (): string => decoder.decode(reader.bytes(reader.u8()))
  const tags: Record<string, string> = {}
  for (let left = reader.u8(); left > 0 && reader.ok; left--) {
    const key = string()
    // A plain assignment to this key would set the prototype.
    Object.defineProperty(tags, key, {
      value: string(),
      enumerable: true,
      configurable: true,
      writable: true,
    })
  }
  const services: Service[] = []
  for (let left = reader.u8(); left > 0 && reader.ok; left--) {
    const name = string()
    const port = reader.u16()
    services.push(port === 0 ? { name } : { name, port })
  }
  const payload = reader.bytes(reader.remaining)
  return reader.ok ? { tags, services, payload } : foreign
}
