import { type ByteReader, maxNameBytes, maxU32 } from '@swimkit/core'

/**
 * The packets of the detector. One byte, format in the high half and kind in the low one, then entries to the end, the
 * sender's own first:
 *
 *     short:  u32 id, never 0    varint heartbeat
 *     named:  u32 0              u8 length, name    varint heartbeat
 *
 * Big-endian; a varint is LEB128, of at most 2³² − 1, in as few bytes as it takes. The id is the low half of the member's boot, which
 * everybody knows who has its record.
 */
const format = 1
const Kind = { Push: 0, Answer: 1 } as const

/** The byte in front. */
export const headBytes = 1
/** A short entry, with a heartbeat of three bytes: up to 24 days of one a second. */
export const typicalEntryBytes = 7
const shortestEntryBytes = 5
const longestEntryBytes = 9
/** The least that there must be room for: the sender itself, by the longest name. */
export const leastDigestBytes: number = headBytes + 5 + maxNameBytes + 5

/** The largest packet there is. */
const largest = 65_507

/** Puts a digest together, within a budget. One serves all nodes of a process: nothing of it outlives a call. */
export class DigestWriter {
  readonly #bytes = new Uint8Array(largest)
  #at = 0
  #limit = 0

  /** Forgets what was written; `limit` is the bytes that it may take, `leastDigestBytes`..65,507. */
  begin(push: boolean, limit: number): void {
    this.#bytes[0] = (format << 4) | (push ? Kind.Push : Kind.Answer)
    this.#at = headBytes
    this.#limit = Math.min(limit, largest)
  }

  get length(): number {
    return this.#at
  }

  /** Whether any short entry still fits. */
  get hasRoom(): boolean {
    return this.#at + longestEntryBytes <= this.#limit
  }

  /** An entry for which there is room. */
  short(id: number, heartbeat: number): void {
    this.#at = putVarint(this.#bytes, putU32(this.#bytes, this.#at, id), heartbeat)
  }

  /** `false`: there is no room for it. */
  named(name: string, heartbeat: number): boolean {
    const bytes = encoder.encode(name)
    const at = this.#at
    if (at + 10 + bytes.length > this.#limit) return false
    putU32(this.#bytes, at, 0)
    this.#bytes[at + 4] = bytes.length
    this.#bytes.set(bytes, at + 5)
    this.#at = putVarint(this.#bytes, at + 5 + bytes.length, heartbeat)
    return true
  }

  /** What was written, until something else is: `DetectorContext.send` copies it. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.#at)
  }
}

/** What a digest says, all of it or nothing; it is good until the next one is read. One serves all nodes of a process. */
export class DigestReader {
  /** It wants to be answered. */
  push = false
  /** Entries. */
  count = 0
  /** Of each; 0 where it is by name. */
  ids: Uint32Array = new Uint32Array(256)
  heartbeats: Uint32Array = new Uint32Array(256)
  /** Names of those without an id, in their order. */
  readonly names: string[] = []

  /** `false`: these bytes are no digest, and nothing of them is to be believed. */
  read(body: ByteReader): boolean {
    this.count = 0
    this.names.length = 0
    // Over a stream a message may be much larger, and room once made for it would stay.
    if (body.remaining > largest) return false
    const head = body.u8()
    const kind = head & 15
    if (!body.ok || head >> 4 !== format || kind > Kind.Answer) return false
    this.push = kind === Kind.Push
    this.#reserve(body.remaining)
    const { heartbeats, ids } = this
    // Read from the bytes themselves: there are a hundred entries in a packet, and packets come by the dozen.
    while (body.remaining > 0) {
      const bytes = body.source
      let at = body.offset
      const end = at + body.remaining
      while (at + shortestEntryBytes <= end) {
        const id =
          ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
        if (id === 0) break
        let byte = bytes[at + 4]!
        let heartbeat = byte & 0x7f
        at += 5
        for (let unit = 0x80; byte >= 0x80; unit *= 0x80) {
          if (at >= end || unit > maxUnit) return false
          byte = bytes[at++]!
          heartbeat += (byte & 0x7f) * unit
          // More bytes than it takes.
          if (byte === 0) return false
        }
        if (heartbeat > maxU32) return false
        ids[this.count] = id
        heartbeats[this.count++] = heartbeat
      }
      body.skip(at - body.offset)
      if (body.remaining === 0) break
      if (!this.#named(body)) return false
    }
    return body.ok
  }

  #named(body: ByteReader): boolean {
    const id = body.u32()
    const name = body.name()
    const heartbeat = body.varint32()
    if (!body.ok || id !== 0) return false
    this.names.push(name)
    this.ids[this.count] = 0
    this.heartbeats[this.count++] = heartbeat
    return true
  }

  #reserve(bytes: number): void {
    const entries = Math.ceil(bytes / shortestEntryBytes)
    if (this.ids.length >= entries) return
    this.ids = new Uint32Array(2 * entries)
    this.heartbeats = new Uint32Array(2 * entries)
  }
}

/** 2²⁸: of the fifth byte's lowest bit, which is the last one. */
const maxUnit = 0x1000_0000

const encoder = new TextEncoder()

function putU32(into: Uint8Array, at: number, value: number): number {
  into[at] = value >>> 24
  into[at + 1] = value >>> 16
  into[at + 2] = value >>> 8
  into[at + 3] = value
  return at + 4
}

function putVarint(into: Uint8Array, at: number, value: number): number {
  let rest = value
  let next = at
  for (; rest >= 0x80; rest >>>= 7) into[next++] = (rest & 0x7f) | 0x80
  into[next++] = rest
  return next
}
