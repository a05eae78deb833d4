import type { Boot } from '../model/peer.ts'
import { noBytes, u64At } from './byte-reader.ts'
import { ByteWriter, putU32 } from './byte-writer.ts'
import { bootOffset, type ClearHeader, fixedHeaderBytes, isSealed } from './clear-header.ts'
import type { Fault, StreamMessage } from './codec.ts'
import { crc32, endsWithCrc32 } from './crc32.ts'
import { maxRecordBytes } from './limits.ts'
import { protectionFault, type Sealer } from './sealer.ts'

/**
 * The framing of a stream: a clear header, then records of `[u32: last flag in the top bit, length below][protected
 * bytes]`. A record holds whole pieces (parts of a message, the sender in front of the first) and is sealed, or followed by a CRC-32.
 *
 * What protects a record also covers the header, the record's number, its last flag, and the end of the record before it, as
 * sealed. So records can't be cut off, reordered, or spliced in from another stream, even of the same sender and key.
 *
 * Yields chunks of at most about 64 KiB (a piece that is larger by itself makes a larger one), taking pieces only when it needs them.
 */
export function* writeRecords(
  header: Uint8Array,
  sealer: Sealer | undefined,
  pieces: Iterable<Uint8Array>,
): Generator<Uint8Array> {
  const chain = new RecordChain(header, sealer)
  const plain = new ByteWriter(1_024)
  let before = header
  for (const piece of pieces) {
    if (plain.length > 0 && plain.length + piece.length > maxRecordBytes) {
      yield chain.write(before, plain.finish(), false)
      before = noBytes
    }
    plain.bytes(piece)
  }
  yield chain.write(before, plain.finish(), true)
}

/** What reads the plain bytes of records: they are valid during the call. */
export interface RecordConsumer {
  record(plain: Uint8Array, boot: Boot): Fault | undefined
  /** That was the last one. */
  end(): StreamMessage | Fault
}

/**
 * Takes a stream as it comes, in chunks cut anywhere, and hands whole records to its consumer once. It holds the
 * record being received and no more, never more than has arrived (twice that, for growth), and refuses a length that would take the
 * message past `maxBytes` as soon as it has been read.
 */
export class RecordReader {
  readonly #header: ClearHeader
  readonly #sealer: Sealer | undefined
  readonly #maxBytes: number
  readonly #consumer: RecordConsumer
  #expect: 'header' | 'label' | 'length' | 'record' | 'nothing' = 'header'
  /** Bytes that make the next step possible, those of them that are here, and where they are kept. */
  #needed = fixedHeaderBytes
  #held = 0
  #kept: Uint8Array = noBytes
  #chain: RecordChain | undefined
  #boot: Boot = 0n
  #last = false
  #total = 0
  #fault: Fault | undefined

  constructor(header: ClearHeader, sealer: Sealer | undefined, maxBytes: number, consumer: RecordConsumer) {
    this.#header = header
    this.#sealer = sealer
    this.#maxBytes = maxBytes
    this.#consumer = consumer
  }

  /** The message with its last byte; the first fault, again and again; else undefined. */
  push(chunk: Uint8Array): StreamMessage | Fault | undefined {
    if (this.#fault !== undefined) return this.#fault
    let message: StreamMessage | undefined
    let at = 0
    while (this.#expect !== 'nothing') {
      const end = at + this.#needed - this.#held
      if (end > chunk.length) {
        this.#keep(chunk, at, chunk.length)
        return undefined
      }
      const bytes = this.#take(chunk, at, end)
      at = end
      const outcome = this.#step(bytes)
      if (outcome === undefined) continue
      if ('fault' in outcome) return this.#end(outcome)
      message = outcome
    }
    if (at < chunk.length) return this.#end(malformed('bytes after the end of the message'))
    return message
  }

  #step(bytes: Uint8Array): StreamMessage | Fault | undefined {
    switch (this.#expect) {
      case 'header': {
        const fault = this.#header.kindFault(bytes)
        if (fault !== undefined) return fault
        this.#boot = u64At(bytes, bootOffset)
        // The whole header is looked at again, so it's kept whole.
        this.#keep(bytes, 0, fixedHeaderBytes)
        this.#await('label', fixedHeaderBytes + bytes[fixedHeaderBytes - 1]!)
        return undefined
      }
      case 'label': {
        const sealed = isSealed(bytes)
        const fault = this.#header.labelFault(bytes) ?? protectionFault(sealed, this.#sealer)
        if (fault !== undefined) return fault
        this.#chain = new RecordChain(bytes, sealed ? this.#sealer : undefined)
        this.#await('length', 4)
        return undefined
      }
      case 'length': {
        this.#last = (bytes[0]! & 0x80) !== 0
        const length = ((bytes[0]! & 0x7f) << 24) | (bytes[1]! << 16) | (bytes[2]! << 8) | bytes[3]!
        // Who sends it shows with the first that it has a key. No more is held of it until then, and who writes one begins with less.
        const most =
          this.#total === 0 ? Math.min(maxRecordBytes, this.#maxBytes) : this.#maxBytes - this.#total
        if (length > most + this.#chain!.overhead)
          return { fault: 'too-big', detail: tooBig(this.#total, this.#maxBytes) }
        this.#await('record', length)
        return undefined
      }
      case 'record': {
        const plain = this.#chain!.open(bytes, this.#last)
        if (!(plain instanceof Uint8Array)) return plain
        // Records of nothing could go on for ever within the bound.
        if (plain.length === 0) return malformed('an empty record')
        this.#total += plain.length
        const fault = this.#consumer.record(plain, this.#boot)
        if (fault !== undefined) return fault
        this.#await(this.#last ? 'nothing' : 'length', 4)
        return this.#last ? this.#consumer.end() : undefined
      }
      case 'nothing':
        return undefined
    }
  }

  #await(what: 'label' | 'length' | 'record' | 'nothing', needed: number): void {
    this.#expect = what
    this.#needed = needed
  }

  /** The needed bytes in one piece: of the chunk itself where they are all in it. */
  #take(chunk: Uint8Array, at: number, end: number): Uint8Array {
    if (this.#held === 0) return chunk.subarray(at, end)
    this.#keep(chunk, at, end)
    const bytes = this.#kept.subarray(0, this.#held)
    this.#held = 0
    this.#kept = noBytes
    return bytes
  }

  #keep(chunk: Uint8Array, at: number, end: number): void {
    const held = this.#held + end - at
    if (held > this.#kept.length) {
      // Grown by doubling and not to the announced length, so that an announcement alone takes no memory.
      const larger = new Uint8Array(Math.min(this.#needed, Math.max(held, 2 * this.#kept.length, 64)))
      larger.set(this.#kept.subarray(0, this.#held))
      this.#kept = larger
    }
    this.#kept.set(chunk.subarray(at, end), this.#held)
    this.#held = held
  }

  #end(fault: Fault): Fault {
    this.#fault = fault
    this.#kept = noBytes
    return fault
  }
}

/** Protects records one after the other, or checks them: the same steps on both sides. */
class RecordChain {
  /** Bytes that protection adds to a record, at most. */
  readonly overhead: number
  readonly #sealer: Sealer | undefined
  readonly #headerLength: number
  /** `[header][number u32][last u8][end of the record before]` */
  readonly #context: Uint8Array
  #linked = 0
  #number = 0

  constructor(header: Uint8Array, sealer: Sealer | undefined) {
    this.#sealer = sealer
    this.overhead = sealer === undefined ? 4 : sealer.overhead
    this.#headerLength = header.length
    this.#context = new Uint8Array(header.length + 5 + linkBytes)
    this.#context.set(header)
  }

  /** A chunk: `before`, then the record's length, then the record. */
  write(before: Uint8Array, plain: Uint8Array, last: boolean): Uint8Array {
    const context = this.#next(last)
    const sealed = this.#sealer?.seal(plain, context)
    const length = sealed?.length ?? plain.length + 4
    const start = before.length + 4
    const chunk = new Uint8Array(start + length)
    chunk.set(before)
    putU32(chunk, before.length, (last ? 0x8000_0000 : 0) + length)
    chunk.set(sealed ?? plain, start)
    if (sealed === undefined)
      putU32(chunk, start + plain.length, crc32(plain, 0, plain.length, crc32(context)))
    this.#link(chunk.subarray(start))
    return chunk
  }

  /** The plain bytes of a record, if it is the next one and as it was sent. */
  open(record: Uint8Array, last: boolean): Uint8Array | Fault {
    const context = this.#next(last)
    const plain = this.#sealer === undefined ? unsummed(record, context) : this.#sealer.open(record, context)
    this.#link(record)
    return plain
  }

  #next(last: boolean): Uint8Array {
    putU32(this.#context, this.#headerLength, this.#number++)
    this.#context[this.#headerLength + 4] = last ? 1 : 0
    // A sealer may not keep it, so one serves the whole stream.
    return this.#context.subarray(0, this.#headerLength + 5 + this.#linked)
  }

  #link(record: Uint8Array): void {
    // The end is where ciphers put their tag, which differs wherever anything does.
    const tail = record.subarray(Math.max(0, record.length - linkBytes))
    this.#context.set(tail, this.#headerLength + 5)
    this.#linked = tail.length
  }
}

const unsummed = (record: Uint8Array, context: Uint8Array): Uint8Array | Fault =>
  endsWithCrc32(record, crc32(context))
    ? record.subarray(0, record.length - 4)
    : malformed('checksum does not match')
const tooBig = (sofar: number, most: number): string =>
  sofar === 0 && most > maxRecordBytes
    ? `a first record of more than ${maxRecordBytes} bytes`
    : `a message of more than ${most} bytes`
const malformed = (detail: string): Fault => ({ fault: 'malformed', detail })
const linkBytes = 32
