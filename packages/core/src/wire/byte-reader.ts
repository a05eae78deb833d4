import { maxU32 } from './limits.ts'
import { decodeName, decodeUtf8, type NameTable } from './names.ts'
import { viewFor } from './view.ts'

/** The one empty array of bytes: what has no bytes costs none. */
export const noBytes: Uint8Array = new Uint8Array(0)

/**
 * Reads fields from bytes, within bounds, and never throws. After the first field that does not fit or is not
 * well-formed, {@link ok} is false for good and every read gives zero or empty, so a decoder reads all it wants
 * and asks once at the end. Numbers of fixed width are big-endian.
 */
export class ByteReader {
  #source: Uint8Array
  #at: number
  #end: number
  #ok = true
  readonly #names: NameTable | undefined

  /** With `names`, {@link name} builds no string for a name that was seen before. */
  constructor(source: Uint8Array = noBytes, names?: NameTable) {
    this.#source = source
    this.#at = 0
    this.#end = source.length
    this.#names = names
  }

  /** Starts over, on `source[start..end)`. */
  reset(source: Uint8Array, start = 0, end = source.length): this {
    this.#source = source
    this.#at = start
    this.#end = end
    this.#ok = true
    return this
  }

  /** Nothing has failed yet. */
  get ok(): boolean {
    return this.#ok
  }

  /** Bytes not yet read; 0 after a failure. */
  get remaining(): number {
    return this.#ok ? this.#end - this.#at : 0
  }

  /** Where in {@link source} the next read starts. */
  get offset(): number {
    return this.#at
  }

  get source(): Uint8Array {
    return this.#source
  }

  /** What was read makes no sense: fails, as if it had not been there. */
  fail(): void {
    this.#ok = false
    // Nothing fits in front of it any more, which spares every read a look at the flag.
    this.#end = -1
  }

  /** Passes over `length` bytes; where in {@link source} they start, or -1 on failure. */
  skip(length: number): number {
    const at = this.#at
    // Written so that a negative length and NaN fail as well.
    if (!(length >= 0 && at + length <= this.#end)) {
      this.fail()
      return -1
    }
    this.#at = at + length
    return at
  }

  /** Narrows what can be read to the next `length` bytes. The result is for {@link leave}. */
  enter(length: number): number {
    const end = this.#end
    if (length >= 0 && this.#at + length <= end) this.#end = this.#at + length
    else this.fail()
    return end
  }

  /** Passes over what is left of the bytes entered, and widens to where {@link enter} was called. */
  leave(end: number): void {
    if (!this.#ok) return
    this.#at = this.#end
    this.#end = end
  }

  u8(): number {
    const at = this.#at
    if (at >= this.#end) {
      this.fail()
      return 0
    }
    this.#at = at + 1
    return this.#source[at]!
  }

  u16(): number {
    const at = this.skip(2)
    return at < 0 ? 0 : (this.#source[at]! << 8) | this.#source[at + 1]!
  }

  u32(): number {
    const at = this.skip(4)
    if (at < 0) return 0
    const from = this.#source
    return ((from[at]! << 24) | (from[at + 1]! << 16) | (from[at + 2]! << 8) | from[at + 3]!) >>> 0
  }

  u64(): bigint {
    const at = this.skip(8)
    return at < 0 ? 0n : u64At(this.#source, at)
  }

  /**
   * An unsigned number of 1 to 8 bytes, 7 bits in each, least significant first (LEB128), of at most `max` (default
   * 2^53 - 1). Longer than it need be is a failure: there is one encoding of every number.
   */
  varint(max: number = Number.MAX_SAFE_INTEGER): number {
    let byte = this.u8()
    if (byte < 0x80) {
      if (byte > max) this.fail()
      return this.#ok ? byte : 0
    }
    // Two halves of 28 bits, as bit operations are 32 bits wide.
    let low = byte & 0x7f
    for (let shift = 7; shift < 28; shift += 7) {
      byte = this.u8()
      low |= (byte & 0x7f) << shift
      if (byte < 0x80) return this.#number(low, byte, max)
    }
    let high = 0
    for (let shift = 0; shift < 28; shift += 7) {
      byte = this.u8()
      high |= (byte & 0x7f) << shift
      if (byte < 0x80) return this.#number(low + high * 0x1000_0000, byte, max)
    }
    this.fail()
    return 0
  }

  #number(value: number, lastByte: number, max: number): number {
    if (lastByte === 0 || value > max) this.fail()
    return this.#ok ? value : 0
  }

  /** A varint of at most 2^32 - 1. */
  varint32(): number {
    return this.varint(maxU32)
  }

  /** A view of the next `length` bytes, valid for as long as the source is. */
  bytes(length: number): Uint8Array {
    const at = this.skip(length)
    return at < 0 || length === 0 ? noBytes : this.#source.subarray(at, at + length)
  }

  /** The next `length` bytes, as the caller's own. */
  copy(length: number): Uint8Array {
    const at = this.skip(length)
    if (at < 0 || length === 0) return noBytes
    const own = new Uint8Array(length)
    const from = this.#source
    // A view costs more than a short loop. (And `slice` is no way to copy: Node's Buffer returns a view.)
    if (length <= shortCopy) for (let i = 0; i < length; i++) own[i] = from[at + i]!
    else own.set(from.subarray(at, at + length))
    return own
  }

  /** A view of all that is left. */
  rest(): Uint8Array {
    return this.bytes(this.remaining)
  }

  /** Text with its length in bytes before it, as a u8. Fails on what is not UTF-8. */
  string8(): string {
    return this.#text(this.u8())
  }

  /** Text with its length in bytes before it, as a varint of at most `max`. Fails on what is not UTF-8. */
  string(max?: number): string {
    return this.#text(this.varint(max))
  }

  /** A name of 1 to 128 bytes with its length before it, as a u8. Fails on what is not a name. */
  name(): string {
    const length = this.u8()
    const at = this.skip(length)
    if (at < 0) return ''
    const names = this.#names
    const name =
      names === undefined ? decodeName(this.#source, at, length) : names.get(this.#source, at, length)
    if (name !== undefined) return name
    this.fail()
    return ''
  }

  #text(length: number): string {
    const at = this.skip(length)
    if (at < 0) return ''
    const text = decodeUtf8(this.#source, at, length)
    if (text !== undefined) return text
    this.fail()
    return ''
  }
}

/** The big-endian u64 at `at`, which must be within bounds. */
export function u64At(bytes: Uint8Array, at: number): bigint {
  const view = viewFor(bytes)
  if (view !== undefined) return view.getBigUint64(at)
  word.setUint32(0, (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!)
  word.setUint32(4, (bytes[at + 4]! << 24) | (bytes[at + 5]! << 16) | (bytes[at + 6]! << 8) | bytes[at + 7]!)
  return word.getBigUint64(0)
}

const shortCopy = 32

// Through memory, since putting two halves together as bigints would make four of them.
const word = new DataView(new ArrayBuffer(8))
