import type { Sealer } from '@swimkit/core'

/** Plain bytes of a record at most; a longer chunk is cut. */
const most = 65_536
/** Of the one who dialled, drawn for each stream: what is said on one is of no use on another. */
export const streamIdBytes = 16

const lengthBytes = 4
const lastBit = 0x8000_0000

/** One direction of a stream: `[u32: last flag in the top bit, length below][sealed]` again and again, the last one empty. */
export interface Direction {
  /** Of the side that writes. */
  readonly header: Uint8Array
  readonly streamId: Uint8Array
  readonly from: 'dialler' | 'listener'
}

/** What is authenticated besides: who writes, on which stream, the how-manieth record it is, and whether it is the last. */
class Context {
  readonly #bytes: Uint8Array
  #number = 0

  constructor({ from, header, streamId }: Direction) {
    this.#bytes = new Uint8Array(header.length + streamIdBytes + 6)
    this.#bytes.set(header)
    this.#bytes.set(streamId, header.length)
    this.#bytes[header.length + streamIdBytes] = from === 'dialler' ? 0 : 1
  }

  next(last: boolean): Uint8Array {
    const end = this.#bytes.length
    new DataView(this.#bytes.buffer).setUint32(end - 5, this.#number++)
    this.#bytes[end - 1] = last ? 1 : 0
    return this.#bytes
  }
}

/** Seals what one side writes. */
export class RecordWriter {
  readonly #sealer: Sealer
  readonly #context: Context

  constructor(sealer: Sealer, direction: Direction) {
    this.#sealer = sealer
    this.#context = new Context(direction)
  }

  /** A chunk as records, with `before` in front of them. */
  write(chunk: Uint8Array, before: Uint8Array): Uint8Array {
    const records: Uint8Array[] = []
    for (let at = 0; at < chunk.length; at += most) {
      records.push(this.#sealer.seal(chunk.subarray(at, at + most), this.#context.next(false)))
    }
    return framed(before, records, 0)
  }

  /** Says that nothing more comes. */
  end(before: Uint8Array): Uint8Array {
    return framed(before, [this.#sealer.seal(new Uint8Array(0), this.#context.next(true))], lastBit)
  }
}

function framed(before: Uint8Array, records: readonly Uint8Array[], flag: number): Uint8Array {
  const size = records.reduce((sum, record) => sum + lengthBytes + record.length, before.length)
  const bytes = new Uint8Array(size)
  const view = new DataView(bytes.buffer)
  bytes.set(before)
  let at = before.length
  for (const record of records) {
    view.setUint32(at, (record.length | flag) >>> 0)
    bytes.set(record, at + lengthBytes)
    at += lengthBytes + record.length
  }
  return bytes
}

/** What has been read: plain bytes, the end, or why there is neither. */
export type Opened =
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'end' }
  | { readonly kind: 'fault'; readonly detail: string }

/** Opens what the other side wrote, record by record, from chunks cut anywhere. It holds what has come of the record being received, and what came with it. */
export class RecordReader {
  readonly #sealer: Sealer
  readonly #context: Context
  /** What is here and was not opened is from `#start` to `#end`. */
  #held: Uint8Array = new Uint8Array(0)
  #start = 0
  #end = 0

  constructor(sealer: Sealer, direction: Direction) {
    this.#sealer = sealer
    this.#context = new Context(direction)
  }

  /** Takes what has arrived. */
  push(chunk: Uint8Array): void {
    const size = this.#end - this.#start
    if (size === 0) {
      this.#held = chunk
      this.#start = 0
      this.#end = chunk.length
      return
    }
    if (this.#end + chunk.length > this.#held.length) {
      // By doubling: who sends byte by byte is not to have all copied with each.
      const larger = new Uint8Array(2 * (size + chunk.length))
      larger.set(this.#held.subarray(this.#start, this.#end))
      this.#held = larger
      this.#start = 0
      this.#end = size
    }
    this.#held.set(chunk, this.#end)
    this.#end += chunk.length
  }

  /** The next of what is here; undefined where more has to come first. */
  next(): Opened | undefined {
    const size = this.#end - this.#start
    if (size < lengthBytes) return undefined
    const word = new DataView(this.#held.buffer, this.#held.byteOffset + this.#start).getUint32(0)
    const last = (word & lastBit) !== 0
    const length = word & ~lastBit
    if (length > most + this.#sealer.overhead) return { kind: 'fault', detail: `a record of ${length} bytes` }
    if (size < lengthBytes + length) return undefined
    const at = this.#start + lengthBytes
    const opened = this.#sealer.open(this.#held.subarray(at, at + length), this.#context.next(last))
    this.#start = at + length
    if (!(opened instanceof Uint8Array)) return { kind: 'fault', detail: opened.detail }
    if (!last) return { kind: 'bytes', bytes: opened }
    return opened.length === 0 ? { kind: 'end' } : { kind: 'fault', detail: 'a last record with bytes in it' }
  }
}
