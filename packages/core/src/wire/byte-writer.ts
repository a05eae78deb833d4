import { maxNameBytes, maxU32 } from './limits.ts'
import { nameProblem, utf8Length } from './names.ts'

/**
 * Writes the fields that {@link ByteReader} reads. One writer serves many messages: {@link finish} hands out an
 * exact copy and starts over. A value out of range is a RangeError; what was written before it stays.
 */
export class ByteWriter {
  #bytes: Uint8Array
  #length = 0

  /** It grows as needed; `capacity` bytes (default 256) are taken at once. */
  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity)
  }

  /** Bytes written. */
  get length(): number {
    return this.#length
  }

  /** Forgets what was written. */
  reset(): this {
    this.#length = 0
    return this
  }

  /** A copy of what was written; the writer is empty again. */
  finish(): Uint8Array {
    const own = new Uint8Array(this.#length)
    this.copyTo(own, 0)
    this.#length = 0
    return own
  }

  /** Copies what was written into `target`, from `at` on. */
  copyTo(target: Uint8Array, at: number): void {
    const from = this.#bytes
    const length = this.#length
    if (length <= shortCopy) for (let i = 0; i < length; i++) target[at + i] = from[i]!
    else target.set(from.subarray(0, length), at)
  }

  u8(value: number): this {
    check(value, 0xff, 'u8')
    const at = this.#room(1)
    this.#bytes[at] = value
    return this
  }

  u16(value: number): this {
    check(value, 0xffff, 'u16')
    const at = this.#room(2)
    this.#bytes[at] = value >>> 8
    this.#bytes[at + 1] = value
    return this
  }

  u32(value: number): this {
    check(value, maxU32, 'u32')
    const at = this.#room(4)
    const into = this.#bytes
    into[at] = value >>> 24
    into[at + 1] = value >>> 16
    into[at + 2] = value >>> 8
    into[at + 3] = value
    return this
  }

  u64(value: bigint): this {
    if (BigInt.asUintN(64, value) !== value) throw new RangeError(`a u64 must be 0..2^64-1, not ${value}`)
    // Room first: it may replace the bytes.
    const at = this.#room(8)
    putU64(this.#bytes, at, value)
    return this
  }

  /** See {@link ByteReader.varint}. */
  varint(value: number, max: number = Number.MAX_SAFE_INTEGER): this {
    check(value, max, 'varint')
    const at = this.#room(8)
    this.#length = putVarint(this.#bytes, at, value)
    return this
  }

  /** A varint of at most 2^32 - 1. */
  varint32(value: number): this {
    return this.varint(value, maxU32)
  }

  /** Bytes as they are, without a length. */
  bytes(value: Uint8Array): this {
    const at = this.#room(value.length)
    if (value.length <= shortCopy) for (let i = 0; i < value.length; i++) this.#bytes[at + i] = value[i]!
    else this.#bytes.set(value, at)
    return this
  }

  /** Leaves a byte for the length of what is written next; the result is for {@link end}. */
  begin(): number {
    return this.#room(1) + 1
  }

  /** Puts the length of all that was written since {@link begin} before it, as a varint. */
  end(start: number): this {
    const length = this.#length - start
    const more = varintLength(length) - 1
    if (more > 0) {
      this.#room(more)
      this.#bytes.copyWithin(start + more, start, start + length)
    }
    putVarint(this.#bytes, start - 1, length)
    return this
  }

  /** Text of at most 255 bytes, with its length before it as a u8. */
  string8(text: string): this {
    const length = utf8Length(text)
    check(length, 0xff, 'length of a string8')
    return this.u8(length).#text(text, length)
  }

  /** Text with its length in bytes before it, as a varint. */
  string(text: string): this {
    const length = utf8Length(text)
    return this.varint(length).#text(text, length)
  }

  /** A name of at most `maxBytes` (default and most: 128) with its length before it, as a u8. */
  name(name: string, maxBytes = maxNameBytes): this {
    const length = name.length
    const at = this.#room(1 + length)
    const into = this.#bytes
    into[at] = length
    let i = 0
    for (; i < length; i++) {
      const unit = name.charCodeAt(i)
      if (unit <= 0x20 || unit >= 0x7f) break
      into[at + 1 + i] = unit
    }
    if (i === length && length > 0 && length <= maxBytes) return this
    this.#length = at
    const problem = nameProblem(name, maxBytes)
    if (problem !== undefined) throw new RangeError(problem)
    return this.string8(name)
  }

  #text(text: string, length: number): this {
    const at = this.#room(length)
    encoder.encodeInto(text, this.#bytes.subarray(at, at + length))
    return this
  }

  /** Makes room for that many bytes and returns where they go. */
  #room(bytes: number): number {
    const at = this.#length
    const needed = at + bytes
    if (needed > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.#bytes.length * 2))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    this.#length = needed
    return at
  }
}

/** Bytes that a varint of that value takes. */
export function varintLength(value: number): number {
  let length = 1
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) length++
  return length
}

/** Writes a varint at `at`, where there must be room, and returns where it ends. */
export function putVarint(into: Uint8Array, at: number, value: number): number {
  let rest = value
  let next = at
  // Bit operations are 32 bits wide: four bytes first, of 28 of the bits.
  if (rest > 0x7fff_ffff) {
    const above = Math.floor(rest / 0x1000_0000)
    const low = rest - above * 0x1000_0000
    into[next] = low | 0x80
    into[next + 1] = (low >>> 7) | 0x80
    into[next + 2] = (low >>> 14) | 0x80
    into[next + 3] = (low >>> 21) | 0x80
    next += 4
    rest = above
  }
  for (; rest >= 0x80; rest >>>= 7) into[next++] = (rest & 0x7f) | 0x80
  into[next++] = rest
  return next
}

/** Writes a big-endian u32 at `at`, where there must be room. */
export function putU32(into: Uint8Array, at: number, value: number): void {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
}

/** Writes a big-endian u64 at `at`, where there must be room. */
export function putU64(into: Uint8Array, at: number, value: bigint): void {
  word.setBigUint64(0, value)
  putU32(into, at, word.getUint32(0))
  putU32(into, at + 4, word.getUint32(4))
}

function check(value: number, max: number, what: string): void {
  // Written so that NaN fails as well.
  if (!(value >= 0 && value <= max) || value !== Math.floor(value))
    throw new RangeError(`a ${what} must be a whole number in 0..${max}, not ${value}`)
}

const shortCopy = 32
const encoder = new TextEncoder()
const word = new DataView(new ArrayBuffer(8))
