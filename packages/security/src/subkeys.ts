import * as crypto from 'node:crypto'
import { type Key, keySizes } from './key.ts'
import { SenderTable } from './sender-table.ts'

/** Senders whose keys are kept at once, at least; at most twice as many. Each takes about a hundred bytes. More than the ten thousand members of a large cluster. */
const kept = 16_384

/**
 * A key for each process that sends: HKDF-SHA256 (RFC 5869) of the cluster's key, without a salt, and with `swimkit sender` and the process's boot as info. Under one shared key, random nonces of 96 bits would
 * be spent after 2³² messages of all members together (NIST SP 800-38D §8.3), which ten thousand members send in days.
 */
export class Subkeys {
  /** Those that were used lately, and those before. What is used moves up, and the older half goes as a whole. */
  #recent = new SenderTable()
  #older = new SenderTable()
  /** Cluster keys, each tagged in the tables by its place here, from 1 on. What has gone leaves a hole. */
  readonly #tagged: (Key | undefined)[] = []
  /** Where a sender's key is put together, by its size. */
  readonly #found = new Map<number, Found>(keySizes.map((size) => [size, foundOf(size)]))
  /** The one that sealed last, and so in most processes always. */
  #own: Own | undefined

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  /** The one to seal with. `aad` holds the sender's boot in its bytes 2 to 9. */
  of(key: Key, aad: Uint8Array): Uint8Array {
    const high = u32(aad, bootOffset)
    const low = u32(aad, bootOffset + 4)
    const own = this.#own
    if (own !== undefined && own.low === low && own.high === high && own.key === key) return own.bytes
    const known = this.find(key, aad)
    const bytes = known?.slice() ?? derive(key, aad)
    if (known === undefined) this.keep(key, aad, bytes)
    this.#own = { key, high, low, bytes }
    return bytes
  }

  /** The one of a sender that was kept, until the next is looked for; undefined of others: what they have sealed may be made up. */
  find(key: Key, aad: Uint8Array): Uint8Array | undefined {
    const tag = this.#tagged.indexOf(key) + 1
    const found = this.#found.get(key.bytes.length)
    if (tag === 0 || found === undefined) return undefined
    const high = u32(aad, bootOffset)
    const low = u32(aad, bootOffset + 4)
    if (!this.#recent.copy(high, low, tag, found.words)) {
      if (!this.#older.take(high, low, tag, found.words)) return undefined
      this.#put(high, low, tag, found.words)
    }
    return found.bytes
  }

  /** Of one sender the latest is kept: it seals with one key at a time. */
  keep(key: Key, aad: Uint8Array, bytes: Uint8Array): void {
    const own = foundOf(bytes.length)
    own.bytes.set(bytes)
    this.#put(u32(aad, bootOffset), u32(aad, bootOffset + 4), this.#tagOf(key), own.words)
  }

  #put(high: number, low: number, tag: number, words: Uint32Array): void {
    if (this.#recent.size >= kept) {
      this.#older = this.#recent
      this.#recent = new SenderTable()
    }
    this.#recent.put(high, low, tag, words)
  }

  #tagOf(key: Key): number {
    const tag = this.#tagged.indexOf(key) + 1
    if (tag > 0) return tag
    const hole = this.#tagged.indexOf(undefined)
    const place = hole < 0 ? this.#tagged.length : hole
    this.#tagged[place] = key
    return place + 1
  }

  /** Forgets those of all keys but these. */
  keepOnly(keys: readonly Key[]): void {
    const gone = this.#tagged.flatMap((key, i) => (key !== undefined && !keys.includes(key) ? [i] : []))
    if (gone.length === 0) return
    for (const i of gone) this.#tagged[i] = undefined
    for (const table of [this.#recent, this.#older]) {
      table.keepOnly((tag) => this.#tagged[tag - 1] !== undefined)
    }
    if (this.#own !== undefined && !keys.includes(this.#own.key)) this.#own = undefined
  }
}

interface Own {
  readonly key: Key
  /** Halves of the boot. */
  readonly high: number
  readonly low: number
  readonly bytes: Uint8Array
}

/** A key, as a table has it and as a cipher does. */
interface Found {
  readonly words: Uint32Array
  readonly bytes: Uint8Array
}

function foundOf(size: number): Found {
  const words = new Uint32Array(new ArrayBuffer(size))
  return { words, bytes: new Uint8Array(words.buffer) }
}

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
