/**
 * Interns what is built from bytes, so that bytes seen before give the same value again and build nothing.
 * It is a cache and nothing else: bounded at `limit` entries, where it starts over. A lookup looks at no more
 * than {@link probes} slots whatever the keys are, so that keys chosen to collide cost a rebuild and not a scan.
 */
export class ByteTable<T> {
  readonly #build: (bytes: Uint8Array, start: number, length: number) => T | undefined
  readonly #limit: number
  /** By slot; 0 where the slot is free. */
  #hashes = new Int32Array(smallest)
  #keys: (Uint8Array | undefined)[] = new Array(smallest).fill(undefined)
  #values: (T | undefined)[] = new Array(smallest).fill(undefined)
  #size = 0

  /** `build` makes the value of unknown bytes, or refuses them with undefined; refusals are not kept. */
  constructor(build: (bytes: Uint8Array, start: number, length: number) => T | undefined, limit = 65_536) {
    this.#build = build
    this.#limit = limit
  }

  /** Entries held. */
  get size(): number {
    return this.#size
  }

  /** The value of `bytes[start..start + length)`; undefined where `build` refuses them. */
  get(bytes: Uint8Array, start: number, length: number): T | undefined {
    const hash = hashOf(bytes, start, length)
    const hashes = this.#hashes
    const mask = hashes.length - 1
    for (let probe = 0; probe < probes; probe++) {
      const slot = (hash + probe) & mask
      const there = hashes[slot]
      if (there === 0) break
      if (there === hash && same(this.#keys[slot]!, bytes, start, length)) return this.#values[slot]
    }
    return this.#add(hash, bytes, start, length)
  }

  #add(hash: number, bytes: Uint8Array, start: number, length: number): T | undefined {
    const value = this.#build(bytes, start, length)
    if (value === undefined) return undefined
    if (this.#size >= this.#limit) this.#resize(smallest, false)
    else if (this.#size * slack >= this.#hashes.length) this.#resize(this.#hashes.length * 2, true)
    const key = new Uint8Array(length)
    for (let i = 0; i < length; i++) key[i] = bytes[start + i]!
    this.#put(hash, key, value)
    return value
  }

  #put(hash: number, key: Uint8Array, value: T): void {
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
    this.#keys[slot] = key
    this.#values[slot] = value
  }

  #resize(slots: number, keep: boolean): void {
    const hashes = this.#hashes
    const keys = this.#keys
    const values = this.#values
    this.#hashes = new Int32Array(slots)
    this.#keys = new Array(slots).fill(undefined)
    this.#values = new Array(slots).fill(undefined)
    this.#size = 0
    if (!keep) return
    // The value's slot is taken, so it isn't undefined as a hole would be.
    for (let i = 0; i < hashes.length; i++)
      if (hashes[i] !== 0) this.#put(hashes[i]!, keys[i]!, values[i] as T)
  }
}

const smallest = 64
const probes = 8
/** Slots for each entry, at least: with fewer, full neighbourhoods would push entries out that are wanted again at once. */
const slack = 4

/** In the manner of FNV-1a, but four bytes a round; never 0. */
function hashOf(bytes: Uint8Array, start: number, length: number): number {
  let hash = length | 0
  let at = start
  const end = start + length
  for (const whole = end - 3; at < whole; at += 4) {
    const word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24)
    hash = Math.imul(hash ^ word, 0x9e3779b1)
    hash ^= hash >>> 15
  }
  for (; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, 0x9e3779b1)
  // All of MurmurHash3's finish: names that differ in a digit differ in few bits, and must not share a neighbourhood.
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  hash ^= hash >>> 16
  return hash === 0 ? 1 : hash
}

function same(key: Uint8Array, bytes: Uint8Array, start: number, length: number): boolean {
  if (key.length !== length) return false
  for (let i = 0; i < length; i++) if (key[i] !== bytes[start + i]) return false
  return true
}
