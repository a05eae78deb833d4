import { viewFor } from './view.ts'

/**
 * Interns what is built from bytes, so that bytes seen before give the same value again and build nothing.
 * It is a cache and nothing else: bounded at `limit` entries, where it starts over. A lookup looks at no more
 * than {@link probes} slots whatever the keys are, so that keys chosen to collide cost a rebuild and not a scan.
 */
export class ByteTable<T> {
  readonly #build: (bytes: Uint8Array, start: number, length: number) => T | undefined
  readonly #limit: number
  readonly #hash: (bytes: Uint8Array, start: number, length: number) => number
  readonly #kept: ((value: T, bytes: Uint8Array, start: number, length: number) => void) | undefined
  /** The hashes of what came once, where only what comes again is kept: by their last bits, the latest of each. */
  readonly #once: Int32Array | undefined
  /** By slot; 0 where the slot is free. */
  #hashes = new Int32Array(smallest)
  /** By slot: where in `#keys` its key starts. */
  #starts = new Int32Array(smallest)
  #values: (T | undefined)[] = new Array(smallest).fill(undefined)
  /** One after the other: the length, then as many words as hold the bytes. What was pushed out stays until all starts over. */
  #keys = new Int32Array(smallest * 8)
  #keysEnd = 0
  #size = 0

  /** `build` makes the value of unknown bytes, or refuses them with undefined; refusals are not kept. */
  constructor(
    build: (bytes: Uint8Array, start: number, length: number) => T | undefined,
    options: ByteTableOptions<T> = {},
  ) {
    this.#build = build
    this.#limit = options.limit ?? 65_536
    this.#hash = options.hash ?? hashOf
    this.#kept = options.kept
    this.#once = options.fromSecond === true ? new Int32Array(remembered) : undefined
  }

  /** Entries held. */
  get size(): number {
    return this.#size
  }

  /** The value of `bytes[start..start + length)`; undefined where `build` refuses them. */
  get(bytes: Uint8Array, start: number, length: number): T | undefined {
    const hash = this.#hash(bytes, start, length)
    const hashes = this.#hashes
    const mask = hashes.length - 1
    for (let probe = 0; probe < probes; probe++) {
      const slot = (hash + probe) & mask
      const there = hashes[slot]
      if (there === 0) break
      if (there === hash && same(this.#keys, this.#starts[slot]!, bytes, start, length))
        return this.#values[slot]
    }
    return this.#add(hash, bytes, start, length)
  }

  #add(hash: number, bytes: Uint8Array, start: number, length: number): T | undefined {
    const value = this.#build(bytes, start, length)
    if (value === undefined || !this.#isWanted(hash)) return value
    const words = 1 + ((length + 3) >> 2)
    if (this.#size >= this.#limit || this.#keysEnd + words > this.#limit * wordsEach) this.#startOver()
    else if (this.#size * slack >= this.#hashes.length) this.#grow()
    const key = this.#keep(bytes, start, length, words)
    this.#put(hash, key, value)
    this.#kept?.(value, bytes, start, length)
    return value
  }

  #isWanted(hash: number): boolean {
    const once = this.#once
    if (once === undefined) return true
    const slot = hash & (remembered - 1)
    if (once[slot] === hash) return true
    once[slot] = hash
    return false
  }

  #keep(bytes: Uint8Array, start: number, length: number, words: number): number {
    const at = this.#keysEnd
    if (at + words > this.#keys.length) {
      const larger = new Int32Array(Math.max(at + words, this.#keys.length * 2))
      larger.set(this.#keys)
      this.#keys = larger
    }
    this.#keysEnd = at + words
    const keys = this.#keys
    keys[at] = length
    let word = at + 1
    const end = start + length
    for (let from = start; from < end; from += 4) keys[word++] = wordAt(bytes, from, end)
    return at
  }

  #put(hash: number, key: number, value: T): void {
    const mask = this.#hashes.length - 1
    let slot = hash & mask
    for (let probe = 0; probe < probes; probe++) {
      const next = (hash + probe) & mask
      if (this.#hashes[next] !== 0) continue
      slot = next
      this.#size++
      break
    }
    this.#hashes[slot] = hash
    this.#starts[slot] = key
    this.#values[slot] = value
  }

  #startOver(): void {
    this.#resize(smallest)
    this.#keys = new Int32Array(smallest * 8)
    this.#keysEnd = 0
  }

  #grow(): void {
    const hashes = this.#hashes
    const starts = this.#starts
    const values = this.#values
    this.#resize(hashes.length * 2)
    // The value's slot is taken, so it isn't undefined as a hole would be.
    for (let i = 0; i < hashes.length; i++)
      if (hashes[i] !== 0) this.#put(hashes[i]!, starts[i]!, values[i] as T)
  }

  #resize(slots: number): void {
    this.#hashes = new Int32Array(slots)
    this.#starts = new Int32Array(slots)
    this.#values = new Array(slots).fill(undefined)
    this.#size = 0
  }
}

export interface ByteTableOptions<T> {
  /** Entries at most; default 65,536. */
  readonly limit?: number
  /** Keep only what comes a second time: keeping costs more than building, and some of what is built never comes again. */
  readonly fromSecond?: boolean
  /** Not 0; for keys of which a part tells most of them apart. Default: one of all the bytes. */
  readonly hash?: (bytes: Uint8Array, start: number, length: number) => number
  /** Told of each value that is kept, and of what. */
  readonly kept?: (value: T, bytes: Uint8Array, start: number, length: number) => void
}

const smallest = 64
const probes = 8
/** Slots for each entry, at least: with fewer, full neighbourhoods would push entries out that are wanted again at once. */
const slack = 4
/** Words of keys for each entry of the limit, those that were pushed out included. */
const wordsEach = 64
const remembered = 4_096

/** In the manner of FNV-1a, but four bytes a round; never 0. */
function hashOf(bytes: Uint8Array, start: number, length: number): number {
  const view = viewFor(bytes)
  if (view !== undefined) return hashOfView(view, start, length)
  let hash = length | 0
  const end = start + length
  for (let at = start; at < end; at += 4) {
    hash = Math.imul(hash ^ wordAt(bytes, at, end), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return finish(hash)
}

function hashOfView(view: DataView, start: number, length: number): number {
  let hash = length | 0
  let at = start
  const end = start + length
  for (const whole = end - 3; at < whole; at += 4) {
    hash = Math.imul(hash ^ view.getInt32(at), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  if (at < end) {
    hash = Math.imul(hash ^ lastWordOf(view, at, end), 0x9e3779b1)
    hash ^= hash >>> 15
  }
  return finish(hash)
}

/** A hash of a few words; never 0. */
export function hashOfWords(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a, 0x9e3779b1) ^ b
  hash = Math.imul(hash ^ (hash >>> 15), 0x85ebca77) ^ c
  return finish(Math.imul(hash ^ (hash >>> 15), 0xc2b2ae3d) ^ d)
}

/** All of MurmurHash3's: names that differ in a digit differ in few bits, and must not share a neighbourhood. */
function finish(mixed: number): number {
  let hash = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash ^= hash >>> 16
  return hash === 0 ? 1 : hash
}

function same(keys: Int32Array, key: number, bytes: Uint8Array, start: number, length: number): boolean {
  if (keys[key] !== length) return false
  const view = viewFor(bytes)
  if (view !== undefined) return sameInView(keys, key, view, start, length)
  let word = key + 1
  const end = start + length
  for (let at = start; at < end; at += 4) if (keys[word++] !== wordAt(bytes, at, end)) return false
  return true
}

function sameInView(keys: Int32Array, key: number, view: DataView, start: number, length: number): boolean {
  let word = key + 1
  let at = start
  const end = start + length
  for (const whole = end - 3; at < whole; at += 4) if (keys[word++] !== view.getInt32(at)) return false
  return at >= end || keys[word] === lastWordOf(view, at, end)
}

/** Four bytes, or as many as there are before `end`, as if zeros followed. */
export function wordAt(bytes: Uint8Array, at: number, end: number): number {
  if (at + 4 <= end)
    return (bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!
  let word = 0
  for (let i = at; i < at + 4; i++) word = (word << 8) | (i < end ? bytes[i]! : 0)
  return word
}

/** The same of one to three bytes. */
function lastWordOf(view: DataView, at: number, end: number): number {
  let word = view.getUint8(at) << 24
  if (at + 1 < end) word |= view.getUint8(at + 1) << 16
  if (at + 2 < end) word |= view.getUint8(at + 2) << 8
  return word
}
