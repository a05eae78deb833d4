import { type Codec, isFault, type Message, swimCodec } from '@swimkit/core'
import { Packr } from 'msgpackr'
import { ByteReader } from '../../packages/core/src/wire/byte-reader.ts'
import { decodeParts, SwimTables } from '../../packages/core/src/wire/swim-parts.ts'
import { cluster, sender } from './messages.mts'

/** One way to turn objects into bytes and back. */
export interface Format {
  readonly name: string
  /** What it is given of a message: the message itself, where it can encode that. */
  prepare(message: Message): Message
  /** A message alone. */
  encode(message: Message): Uint8Array
  decode(bytes: Uint8Array): unknown
  /** Messages as they travel in a datagram: with the cluster's label and who sends them. */
  encodePacket(messages: readonly Message[]): Uint8Array
  decodePacket(bytes: Uint8Array): unknown
  /** A message as it travels on a stream, with the same. */
  encodeStream(message: Message): Uint8Array[]
  decodeStream(chunks: readonly Uint8Array[]): unknown
}

/** What a packet says, for formats that have no packets of their own. */
const packetOf = (messages: readonly Message[]): object => ({ cluster, sender, messages })

/** The codec that nodes use. Packets and streams also carry a checksum, and everything that is decoded is validated. */
export function swim(): Format {
  const context = { cluster, sealer: undefined, maxPacketBytes: 65_536, maxStreamBytes: 1 << 24 }
  const codec: Codec = swimCodec().open(context)
  const tables = new SwimTables()
  const reader = new ByteReader(undefined, tables.names)
  return {
    name: 'swim',
    prepare: (message) => message,
    encode: (message) => codec.encode(message),
    decode(bytes) {
      const messages: Message[] = []
      decodeParts(reader.reset(bytes), messages, tables)
      if (!reader.ok) throw new TypeError('malformed')
      return messages[0]
    },
    encodePacket: (messages) =>
      codec.bundle(
        sender,
        messages.map((message) => codec.encode(message)),
        undefined,
      ),
    decodePacket: (bytes) => unlessFault(codec.decode(bytes)),
    encodeStream: (message) => [...codec.encodeStream(sender, message)],
    decodeStream(chunks) {
      const stream = codec.streamReader()
      let whole: unknown
      for (const chunk of chunks) {
        const read = stream.push(chunk)
        whole = read && unlessFault(read)
      }
      return whole
    },
  }
}

/**
 * msgpackr at its best, as its documentation has it: with its native addon where that is installed, and, with `records`, field names known
 * to both sides, so that they are not sent, in objects whose shapes are compiled. What it decodes are views of the packet, which it
 * does not copy.
 */
export function msgpackr(records: boolean, samples: readonly Message[]): Format {
  const packr = records ? new Packr({ structures: [] }) : new Packr({ useRecords: false })
  if (records) {
    // Both sides learn all structures before anything is timed: one Packr is both sides here.
    for (const message of samples) packr.pack({ cluster, sender, message })
    packr.pack(packetOf(samples))
  }
  const pack = (value: unknown): Uint8Array => packr.pack(value)
  const unpack = (bytes: Uint8Array): unknown => packr.unpack(bytes)
  return {
    name: records ? 'msgpackr, records' : 'msgpackr, plain',
    prepare: (message) => message,
    encode: pack,
    decode: unpack,
    encodePacket: (messages) => pack(packetOf(messages)),
    decodePacket: unpack,
    encodeStream: (message) => [pack({ cluster, sender, message })],
    decodeStream: ([whole]) => unpack(whole!),
  }
}

/**
 * `JSON.stringify` and `JSON.parse`, to UTF-8 and from it. It has neither bytes nor 64-bit numbers: it is given objects in which those are
 * text already, and gives such back, which is not counted against it.
 */
export function json(): Format {
  // Boots and bytes are text in what comes of it, which no type of ours says.
  const mapped = <T,>(value: T): T => JSON.parse(JSON.stringify(value, inText)) as T
  const from = mapped(sender)
  const pack = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value))
  const unpack = (bytes: Uint8Array): unknown => JSON.parse((bytes as Buffer).toString())
  return {
    name: 'JSON',
    prepare: mapped,
    encode: pack,
    decode: unpack,
    encodePacket: (messages) => pack({ cluster, sender: from, messages }),
    decodePacket: unpack,
    encodeStream: (message) => [pack({ cluster, sender: from, message })],
    decodeStream: ([whole]) => unpack(whole!),
  }
}

/** Boots as hexadecimal, bytes as base64. */
function inText(_key: string, value: unknown): unknown {
  if (typeof value === 'bigint') return value.toString(16)
  return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value
}

function unlessFault<T extends object>(value: T): T {
  if (isFault(value)) throw new TypeError(value.detail)
  return value
}
