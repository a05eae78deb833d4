import * as crypto from 'node:crypto'
import type { Key } from './key.ts'

/** Senders whose keys are kept at once, at least; at most twice as many. Each takes some hundred bytes. More than the ten thousand members of a large cluster. */
const kept = 16_384

/**
 * A key for each process that sends: HKDF-SHA256 (RFC 5869) of the cluster's key, without a salt, and with `swimkit sender` and the process's boot as info. Under one shared key, random nonces of 96 bits would
 * be spent after 2³² messages of all members together (NIST SP 800-38D §8.3), which ten thousand members send in days.
 */
export class Subkeys {
  /** By boot (see `placeOf`): those that were used lately, and those before. What is used moves up, and the older half goes as a whole. */
  #recent = new Map<number, Subkey>()
  #older = new Map<number, Subkey>()
  /** The one that sealed last, and so in most processes always. */
  #own: Subkey | undefined

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  /** The one to seal with. `aad` holds the sender's boot in its bytes 2 to 9. */
  of(key: Key, aad: Uint8Array): Uint8Array {
    const high = u32(aad, bootOffset)
    const low = u32(aad, bootOffset + 4)
    if (this.#own !== undefined && isOf(this.#own, key, high, low)) return this.#own.bytes
    const known = this.find(key, aad)
    const bytes = known ?? derive(key, aad)
    if (known === undefined) this.keep(key, aad, bytes)
    this.#own = { key, high, low, bytes }
    return bytes
  }

  /** The one of a sender that was kept, and undefined of others: what they have sealed may be made up. */
  find(key: Key, aad: Uint8Array): Uint8Array | undefined {
    const high = u32(aad, bootOffset)
    const low = u32(aad, bootOffset + 4)
    const place = placeOf(high, low)
    const recent = this.#recent.get(place)
    const subkey = recent ?? this.#older.get(place)
    if (subkey === undefined || !isOf(subkey, key, high, low)) return undefined
    if (recent === undefined) this.#put(place, subkey)
    return subkey.bytes
  }

  keep(key: Key, aad: Uint8Array, bytes: Uint8Array): void {
    const high = u32(aad, bootOffset)
    const low = u32(aad, bootOffset + 4)
    this.#put(placeOf(high, low), { key, high, low, bytes })
  }

  #put(place: number, subkey: Subkey): void {
    this.#older.delete(place)
    if (this.#recent.size >= kept && !this.#recent.has(place)) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(place, subkey)
  }

  /** Forgets those of all keys but these. */
  keepOnly(keys: readonly Key[]): void {
    for (const subkeys of [this.#recent, this.#older]) {
      for (const [place, { key }] of subkeys) if (!keys.includes(key)) subkeys.delete(place)
    }
    if (this.#own !== undefined && !keys.includes(this.#own.key)) this.#own = undefined
  }
}

/** Of one sender the latest: it seals with one key at a time. */
interface Subkey {
  readonly key: Key
  /** Halves of the boot: many boots have one place. */
  readonly high: number
  readonly low: number
  readonly bytes: Uint8Array
}

const isOf = (subkey: Subkey, key: Key, high: number, low: number): boolean =>
  subkey.low === low && subkey.high === high && subkey.key === key

/** A whole number that V8 keeps without a heap object: most packets come after a pause, and whatever is hashed or followed is dear where caches are cold. */
const placeOf = (high: number, low: number): number => (high ^ low) & 0x3fff_ffff

const u32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0

/** HKDF-Expand (RFC 5869 §2.3): one block of it, as no key is longer. */
export function derive({ bytes, extract }: Key, aad: Uint8Array): Uint8Array {
  const message = new Uint8Array(info.length + bootBytes + 1)
  message.set(info)
  message.set(aad.subarray(bootOffset, bootOffset + bootBytes), info.length)
  message[message.length - 1] = 1
  // A copy holds no more than itself.
  return new Uint8Array(hmac(extract, message).subarray(0, bytes.length))
}

/**
 * HMAC-SHA256 (RFC 2104) with a key of 32 bytes. By whole hashes, which cost less than `createHmac`: every sender is met a first time.
 */
function hmac(key: Uint8Array, message: Uint8Array): Uint8Array {
  return sha256(padded(key, 0x5c, sha256(padded(key, 0x36, message))))
}

function padded(key: Uint8Array, pad: number, rest: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(blockBytes + rest.length).fill(pad, 0, blockBytes)
  for (let at = 0; at < key.length; at++) bytes[at]! ^= key[at]!
  bytes.set(rest, blockBytes)
  return bytes
}

/** In one call where the runtime has it: Node from 20.12 on. */
const sha256: (bytes: Uint8Array) => Uint8Array =
  typeof crypto.hash === 'function'
    ? (bytes) => crypto.hash('sha256', bytes, 'buffer')
    : (bytes) => crypto.createHash('sha256').update(bytes).digest()

/** Bytes that SHA-256 takes at a time. */
const blockBytes = 64
const info = new TextEncoder().encode('swimkit sender')

/** See `Sealer`. */
const bootOffset = 2
const bootBytes = 8
