import { createHmac } from 'node:crypto'
import type { Key } from './key.ts'

/** Senders whose keys are kept at once, at least; at most twice as many. Each takes some hundred bytes. */
const kept = 8_192

/**
 * A key for each process that sends: HKDF-SHA256 (RFC 5869) of the cluster's key, without a salt, and with `swimkit sender` and the process's boot as info. Under one shared key, random nonces of 96 bits would
 * be spent after 2³² messages of all members together (NIST SP 800-38D §8.3), which ten thousand members send in days.
 */
export class Subkeys {
  /** By key and boot: those that were used lately, and those before. What is used moves up, and the older half goes as a whole. */
  #recent = new Map<string, Uint8Array>()
  #older = new Map<string, Uint8Array>()

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  /** The one to seal with. `aad` holds the sender's boot in its bytes 2 to 9. */
  of(key: Key, aad: Uint8Array): Uint8Array {
    const name = nameOf(key, aad)
    const known = this.#find(name)
    if (known !== undefined) return known
    const subkey = derive(key, bootIn(aad))
    this.#keep(name, subkey)
    return subkey
  }

  /**
   * What `open` gives with the one that such bytes must have been sealed with; undefined where it throws. Kept is the key of a sender whose bytes were authentic, and of no other: who makes up senders
   * pushes nobody out.
   */
  opened<T>(key: Key, aad: Uint8Array, open: (subkey: Uint8Array) => T): T | undefined {
    const name = nameOf(key, aad)
    const known = this.#find(name)
    const subkey = known ?? derive(key, bootIn(aad))
    try {
      const result = open(subkey)
      if (known === undefined) this.#keep(name, subkey)
      return result
    } catch {
      // What node:crypto throws of a tag that does not fit differs by runtime, and says no more.
      return undefined
    }
  }

  #find(name: string): Uint8Array | undefined {
    const recent = this.#recent.get(name)
    if (recent !== undefined) return recent
    const older = this.#older.get(name)
    if (older !== undefined) {
      this.#older.delete(name)
      this.#keep(name, older)
    }
    return older
  }

  #keep(name: string, subkey: Uint8Array): void {
    if (this.#recent.size === kept) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#recent.set(name, subkey)
  }

  /** Forgets those of all keys but these. */
  keepOnly(ids: readonly string[]): void {
    for (const subkeys of [this.#recent, this.#older]) {
      for (const name of subkeys.keys()) if (!ids.some((id) => name.startsWith(id))) subkeys.delete(name)
    }
  }
}

const bootIn = (aad: Uint8Array): Buffer => Buffer.from(aad.buffer, aad.byteOffset + bootOffset, bootBytes)
const nameOf = (key: Key, aad: Uint8Array): string => key.id + bootIn(aad).toString('latin1')

/** HKDF-Expand (RFC 5869 §2.3): one block of it, as no key is longer. Bare HMAC costs less than `hkdfSync`, and every sender is met a first time. */
const derive = ({ bytes, extract }: Key, boot: Uint8Array): Uint8Array =>
  new Uint8Array(
    createHmac('sha256', extract).update(info).update(boot).update(firstBlock).digest(),
  ).subarray(0, bytes.length)
const info = new TextEncoder().encode('swimkit sender')
const firstBlock = Uint8Array.of(1)

/** See `Sealer`. */
export const bootOffset = 2
const bootBytes = 8
