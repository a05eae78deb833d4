import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto'
import type { Key } from './key.ts'

/** Senders whose keys are kept at once, at least; at most twice as many. Each takes some hundred bytes. */
const kept = 8_192

/**
 * A key for each process that sends: HKDF-SHA256 (RFC 5869) of the cluster's key with the process's boot as salt. Under one shared key, random nonces of 96 bits would
 * be spent after 2³² messages of all members together (NIST SP 800-38D §8.3), which ten thousand members send in days.
 */
export class Subkeys {
  /** By key and boot: those that were used lately, and those before. What is used moves up, and the older half goes as a whole. */
  #recent = new Map<string, KeyObject>()
  #older = new Map<string, KeyObject>()

  get size(): number {
    return this.#recent.size + this.#older.size
  }

  /** `aad` holds the sender's boot in its bytes 2 to 9. */
  of(key: Key, aad: Uint8Array): KeyObject {
    const boot = Buffer.from(aad.buffer, aad.byteOffset + bootOffset, bootBytes)
    const name = key.id + boot.toString('latin1')
    const recent = this.#recent.get(name)
    if (recent !== undefined) return recent
    const subkey = this.#older.get(name) ?? derive(key, boot)
    if (this.#recent.size === kept) {
      this.#older = this.#recent
      this.#recent = new Map()
    }
    this.#older.delete(name)
    this.#recent.set(name, subkey)
    return subkey
  }

  /** Forgets those of all keys but these. */
  keepOnly(ids: readonly string[]): void {
    for (const subkeys of [this.#recent, this.#older]) {
      for (const name of subkeys.keys()) if (!ids.some((id) => name.startsWith(id))) subkeys.delete(name)
    }
  }
}

const derive = ({ bytes }: Key, boot: Uint8Array): KeyObject =>
  createSecretKey(new Uint8Array(hkdfSync('sha256', bytes, boot, 'swimkit sender', bytes.length)))

/** See `Sealer`. */
export const bootOffset = 2
const bootBytes = 8
