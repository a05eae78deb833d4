import type { Boot, PeerRecord, Sender } from '../model/peer.ts'
import { ByteReader, u64At } from './byte-reader.ts'
import { ByteWriter, putU32 } from './byte-writer.ts'
import { bootOffset, ClearHeader, isSealed, swimMagic } from './clear-header.ts'
import type {
  Codec,
  CodecContext,
  CodecPlugin,
  Decoded,
  Fault,
  StreamMessage,
  StreamReader,
} from './codec.ts'
import { crc32, endsWithCrc32 } from './crc32.ts'
import type { Message } from './message.ts'
import { protectionFault, type Sealer, seals } from './sealer.ts'
import { newPacket } from './slab.ts'
import { type RecordConsumer, RecordReader, writeRecords } from './stream-records.ts'
import { decodeParts, encodeParts, messageParts, SwimTables } from './swim-parts.ts'

/**
 * The compact binary format, and the default. A packet is
 * `[clear header][sender's name][sender's incarnation u32][parts]`, where all after the clear header is sealed, with that
 * header as what is authenticated and not encrypted; or, without a sealer, followed by a CRC-32 of everything.
 * docs/protocol.md has it byte by byte.
 *
 * Nodes opened from one plugin share what it interns: names, hosts, capabilities, and the claims heard last. Nodes that are
 * given no codec share one.
 * `open` throws a RangeError on a cluster label of more than 255 bytes.
 */
export function swimCodec(): CodecPlugin {
  const tables = new SwimTables()
  return { kind: 'codec', name: 'swim', api: 1, open: (context) => new SwimCodec(context, tables) }
}

class SwimCodec implements Codec {
  readonly partOverhead = 0
  readonly digests = true
  readonly #sealer: Sealer | undefined
  readonly #maxPacketBytes: number
  readonly #maxStreamBytes: number
  readonly #tables: SwimTables
  readonly #packetHeader: ClearHeader
  readonly #streamHeader: ClearHeader
  readonly #reader: ByteReader
  readonly #writer = new ByteWriter()
  /** The clear header of the packet that is opened, for the sealer: a view of each would cost more than the copy. */
  readonly #clear: Uint8Array
  /** What a packet starts with: clear header, name and incarnation, of the sender that asked last, and of all that have. */
  #front: Uint8Array
  #frontSender: Sender | undefined
  readonly #fronts = new WeakMap<Sender, Uint8Array>()

  constructor(context: CodecContext, tables: SwimTables) {
    this.#sealer = context.sealer
    this.#maxPacketBytes = context.maxPacketBytes
    this.#maxStreamBytes = context.maxStreamBytes
    this.#tables = tables
    this.#packetHeader = new ClearHeader(swimMagic, false, context.cluster)
    this.#streamHeader = new ClearHeader(swimMagic, true, context.cluster)
    this.#reader = new ByteReader(undefined, tables.names)
    this.#front = this.#packetHeader.of(0n, false)
    this.#clear = new Uint8Array(new ArrayBuffer(this.#packetHeader.length))
  }

  encode(message: Message): Uint8Array {
    return encodeParts(message, this.#tables)
  }

  bundleOverhead(sender: Sender): number {
    // Of a node that begins to seal while it runs as well.
    return this.#frontOf(sender).length + Math.max(crcBytes, this.#sealer?.overhead ?? 0)
  }

  bundle(sender: Sender, parts: readonly Uint8Array[], _to: PeerRecord | undefined): Uint8Array {
    const front = this.#frontOf(sender)
    let end = front.length
    for (let i = 0; i < parts.length; i++) end += parts[i]!.length
    const sealer = seals(this.#sealer) ? this.#sealer : undefined
    if (sealer !== undefined) {
      const clear = this.#packetHeader.length
      const plain = newPacket(end - clear)
      gather(plain, front, clear, parts)
      return this.#seal(sender, plain, sealer)
    }
    const packet = newPacket(end + crcBytes)
    gather(packet, front, 0, parts)
    putU32(packet, end, crc32(packet, 0, end))
    return packet
  }

  decode(packet: Uint8Array): Decoded | Fault {
    const size = packet.length
    if (size > this.#maxPacketBytes)
      return {
        fault: 'too-big',
        detail: `a packet of ${size} bytes; at most ${this.#maxPacketBytes} are accepted`,
      }
    const header = this.#packetHeader
    const kindFault = header.kindFault(packet)
    if (kindFault !== undefined) return kindFault
    // First the checksum: of a packet that was damaged on its way nothing else can be said, not even its cluster.
    const sealed = isSealed(packet)
    if (!sealed && !endsWithCrc32(packet)) return malformed('checksum does not match')
    const fault = header.labelFault(packet) ?? protectionFault(sealed, this.#sealer)
    if (fault !== undefined) return fault
    if (!sealed) return this.#decodeBody(packet, packet, header.length, size - crcBytes)
    // It is sealed, and that is no fault: so there is a sealer.
    for (let i = 0; i < header.length; i++) this.#clear[i] = packet[i]!
    const plain = this.#sealer!.open(packet.subarray(header.length), this.#clear)
    return plain instanceof Uint8Array ? this.#decodeBody(packet, plain, 0, plain.length) : plain
  }

  encodeStream(sender: Sender, message: Message): Iterable<Uint8Array> {
    const body = this.#writer.reset().name(sender.name).u32(sender.incarnation).finish()
    const sealer = seals(this.#sealer) ? this.#sealer : undefined
    const header = this.#streamHeader.of(sender.boot, sealer !== undefined)
    return writeRecords(header, sealer, withFirst(body, messageParts(message)))
  }

  streamReader(): StreamReader {
    const consumer = new StreamAssembly(this.#reader, this.#tables)
    return new RecordReader(this.#streamHeader, this.#sealer, this.#maxStreamBytes, consumer)
  }

  #frontOf(sender: Sender): Uint8Array {
    if (sender === this.#frontSender) return this.#front
    let front = this.#fronts.get(sender)
    if (front === undefined) {
      const { name, boot, incarnation } = sender
      front = this.#writer
        .reset()
        .bytes(this.#packetHeader.of(boot, false))
        .name(name)
        .u32(incarnation)
        .finish()
      this.#fronts.set(sender, front)
    }
    this.#frontSender = sender
    this.#front = front
    return front
  }

  #seal(sender: Sender, plain: Uint8Array, sealer: Sealer): Uint8Array {
    const header = this.#packetHeader.of(sender.boot, true)
    const sealed = sealer.seal(plain, header)
    const packet = newPacket(header.length + sealed.length)
    put(packet, 0, header)
    packet.set(sealed, header.length)
    return packet
  }

  #decodeBody(packet: Uint8Array, body: Uint8Array, start: number, end: number): Decoded | Fault {
    const r = this.#reader.reset(body, start, end)
    const name = r.name()
    const incarnation = r.u32()
    const messages: Message[] = []
    const skipped = decodeParts(r, messages, this.#tables)
    if (!r.ok) return malformed('a part is not well-formed')
    return { sender: { name, boot: u64At(packet, bootOffset), incarnation }, messages, skipped }
  }
}

/** Gathers the one message of a stream from the parts in its records. */
class StreamAssembly implements RecordConsumer {
  readonly #reader: ByteReader
  readonly #tables: SwimTables
  readonly #messages: Message[] = []
  #sender: Sender | undefined
  #skipped = 0

  constructor(reader: ByteReader, tables: SwimTables) {
    this.#reader = reader
    this.#tables = tables
  }

  record(plain: Uint8Array, boot: Boot): Fault | undefined {
    const r = this.#reader.reset(plain)
    if (this.#sender === undefined) this.#sender = { name: r.name(), boot, incarnation: r.u32() }
    this.#skipped += decodeParts(r, this.#messages, this.#tables)
    if (!r.ok) return malformed('a part is not well-formed')
    return this.#messages.length > 1 ? malformed('more than one message') : undefined
  }

  end(): StreamMessage | Fault {
    const message = this.#messages[0]
    if (message !== undefined) return { sender: this.#sender, message }
    return this.#skipped > 0
      ? { fault: 'version', detail: 'a message of a type that this build does not know' }
      : malformed('no message')
  }
}

/** Puts `front[from..)` and all parts one after the other. */
function gather(packet: Uint8Array, front: Uint8Array, from: number, parts: readonly Uint8Array[]): void {
  let at = front.length - from
  for (let i = 0; i < at; i++) packet[i] = front[from + i]!
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]!
    put(packet, at, part)
    at += part.length
  }
}

function put(packet: Uint8Array, at: number, bytes: Uint8Array): void {
  const size = bytes.length
  // A call costs more than so few bytes.
  if (size <= 48) for (let i = 0; i < size; i++) packet[at + i] = bytes[i]!
  else packet.set(bytes, at)
}

function* withFirst(first: Uint8Array, rest: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield first
  yield* rest
}

const malformed = (detail: string): Fault => ({ fault: 'malformed', detail })
const crcBytes = 4
