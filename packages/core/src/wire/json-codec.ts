import type { Boot, PeerRecord, Sender } from '../model/peer.ts'
import { noBytes, u64At } from './byte-reader.ts'
import { bootOffset, ClearHeader, jsonMagic, wireVersion } from './clear-header.ts'
import type {
  Codec,
  CodecContext,
  CodecPlugin,
  Decoded,
  Fault,
  StreamMessage,
  StreamReader,
} from './codec.ts'
import { crc32 } from './crc32.ts'
import { joined } from './joined.ts'
import { JsonFields, toJson } from './json-fields.ts'
import { jsonParts, readJsonPart } from './json-parts.ts'
import type { Message } from './message.ts'
import { decodeUtf8, escapeForPrint } from './names.ts'
import { protectionFault, seals } from './sealer.ts'
import { type RecordConsumer, RecordReader, writeRecords } from './stream-records.ts'

/**
 * A format to read along with, for debugging and not for speed. A packet is text: its CRC-32 in 8 hex digits, a
 * space, then lines of JSON: the sender first, and one for each part. With a sealer, the lines are sealed behind the
 * clear header of the `swim` codec, whose framing the streams use as well. Its packets are about three times as large.
 *
 * `open` throws a RangeError on a cluster label of more than 255 bytes.
 */
export function jsonCodec(): CodecPlugin {
  return { kind: 'codec', name: 'json', api: 1, open: (context) => new JsonCodec(context) }
}

class JsonCodec implements Codec {
  readonly partOverhead = 0
  readonly digests = true
  readonly #context: CodecContext
  readonly #packetHeader: ClearHeader
  readonly #streamHeader: ClearHeader
  /** The line of the sender that asked last. */
  #firstLine: Uint8Array = noBytes
  #firstSender: Sender | undefined

  constructor(context: CodecContext) {
    this.#context = context
    this.#packetHeader = new ClearHeader(jsonMagic, false, context.cluster)
    this.#streamHeader = new ClearHeader(jsonMagic, true, context.cluster)
  }

  encode(message: Message): Uint8Array {
    return joined([...jsonParts(message)])
  }

  bundleOverhead(sender: Sender): number {
    const { sealer } = this.#context
    // Of a node that begins to seal while it runs as well.
    const sealing = sealer === undefined ? 0 : this.#packetHeader.length + sealer.overhead
    return this.#first(sender).length + Math.max(crcChars, sealing)
  }

  bundle(sender: Sender, parts: readonly Uint8Array[], _to: PeerRecord | undefined): Uint8Array {
    const { sealer } = this.#context
    const lines = joined([this.#first(sender), ...parts])
    if (!seals(sealer)) return joined([encoder.encode(crcText(lines)), lines])
    const header = this.#packetHeader.of(sender.boot, true)
    return joined([header, sealer.seal(lines, header)])
  }

  decode(packet: Uint8Array): Decoded | Fault {
    const { sealer, maxPacketBytes } = this.#context
    if (packet.length > maxPacketBytes)
      return {
        fault: 'too-big',
        detail: `a packet of ${packet.length} bytes; at most ${maxPacketBytes} are accepted`,
      }
    const messages: Message[] = []
    const assembly = new LineAssembly(this.#context.cluster, messages)
    const header = this.#packetHeader
    // No digit of a checksum: so it is sealed, of whatever version.
    if (packet[0] === sealedMagic) {
      const fault = header.kindFault(packet) ?? header.labelFault(packet) ?? protectionFault(true, sealer)
      if (fault !== undefined) return fault
      // It is sealed, and that is no fault: so there is a sealer.
      const lines = sealer!.open(packet.subarray(header.length), packet.subarray(0, header.length))
      if (!(lines instanceof Uint8Array)) return lines
      return assembly.record(lines, u64At(packet, bootOffset)) ?? assembly.decoded()
    }
    const lines = packet.subarray(crcChars)
    if (decodeUtf8(packet, 0, crcChars) !== crcText(lines)) return malformed('checksum does not match')
    return assembly.record(lines) ?? protectionFault(false, sealer) ?? assembly.decoded()
  }

  encodeStream(sender: Sender, message: Message): Iterable<Uint8Array> {
    const sealer = seals(this.#context.sealer) ? this.#context.sealer : undefined
    const header = this.#streamHeader.of(sender.boot, sealer !== undefined)
    return writeRecords(header, sealer, withFirst(this.#first(sender), jsonParts(message)))
  }

  streamReader(): StreamReader {
    const { cluster, sealer, maxStreamBytes } = this.#context
    return new RecordReader(this.#streamHeader, sealer, maxStreamBytes, new LineAssembly(cluster, []))
  }

  #first(sender: Sender): Uint8Array {
    if (sender === this.#firstSender) return this.#firstLine
    const { name, boot, incarnation } = sender
    const json = toJson({ version: wireVersion, cluster: this.#context.cluster, name, boot, incarnation })
    const f = new JsonFields()
    readSender(f, JSON.parse(json))
    if (f.problem !== undefined) throw new RangeError(`cannot encode the sender: ${f.problem}`)
    this.#firstLine = encoder.encode(`${json}\n`)
    this.#firstSender = sender
    return this.#firstLine
  }
}

/** Gathers messages from lines, of which the first is the sender's. */
class LineAssembly implements RecordConsumer {
  readonly #cluster: string
  readonly #messages: Message[]
  #sender: Sender | undefined
  #skipped = 0

  constructor(cluster: string, messages: Message[]) {
    this.#cluster = cluster
    this.#messages = messages
  }

  /** `boot` is that of the clear header, where there is one. */
  record(plain: Uint8Array, boot?: Boot): Fault | undefined {
    const lines = decodeUtf8(plain, 0, plain.length)?.split('\n')
    if (lines?.pop() !== '') return malformed('not whole lines of UTF-8')
    const f = new JsonFields()
    for (const text of lines) {
      const value = parse(text)
      if (value === undefined) return malformed('not JSON')
      if (this.#sender === undefined) {
        const fault = this.#first(f, value, boot)
        if (fault !== undefined) return fault
      } else if (!readJsonPart(f, value, this.#messages)) this.#skipped++
      if (f.problem !== undefined) return malformed(f.problem)
    }
    return this.#sender === undefined ? malformed('no sender') : undefined
  }

  decoded(): Decoded {
    return { sender: this.#sender, messages: this.#messages, skipped: this.#skipped }
  }

  end(): StreamMessage | Fault {
    const message = this.#messages[0]
    if (this.#messages.length > 1) return malformed('more than one message')
    if (message !== undefined) return { sender: this.#sender, message }
    return this.#skipped > 0
      ? { fault: 'version', detail: 'a message of a type that this build does not know' }
      : malformed('no message')
  }

  #first(f: JsonFields, value: unknown, boot: Boot | undefined): Fault | undefined {
    const o = f.object(value)
    const version = f.whole(o, 'version')
    if (f.problem === undefined && version !== wireVersion)
      return { fault: 'version', detail: `wire version is ${version}; this build speaks ${wireVersion}` }
    const cluster = f.text(o, 'cluster')
    if (f.problem === undefined && cluster !== this.#cluster) {
      const [theirs, ours] = [escapeForPrint(cluster, 64), escapeForPrint(this.#cluster, 64)]
      return { fault: 'cluster', detail: `cluster is "${theirs}", ours is "${ours}"` }
    }
    this.#sender = readSender(f, value)
    return boot === undefined || boot === this.#sender.boot
      ? undefined
      : malformed("the boot is not the header's")
  }
}

function readSender(f: JsonFields, value: unknown): Sender {
  const o = f.object(value)
  return { name: f.name(o, 'name'), boot: f.boot(o, 'boot'), incarnation: f.whole(o, 'incarnation') }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function* withFirst(first: Uint8Array, rest: Iterable<Uint8Array>): Generator<Uint8Array> {
  yield first
  yield* rest
}

const crcText = (lines: Uint8Array): string => `${crc32(lines).toString(16).padStart(8, '0')} `
const crcChars = 9
const sealedMagic = jsonMagic | 1
const malformed = (detail: string): Fault => ({ fault: 'malformed', detail })
const encoder = new TextEncoder()
