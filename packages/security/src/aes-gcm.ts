import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Sealer, Unopened } from '@swimkit/core'
import { idBytes, type Key } from './key.ts'
import type { Keyring } from './keyring.ts'
import { derive, Subkeys } from './subkeys.ts'

/** What came of opening since the sealer was made. */
export interface SealerStats {
  readonly sealed: number
  readonly opened: number
  /** By a key that is not on the ring: another cluster's, or one that was removed or is not installed yet. */
  readonly unknownKey: number
  /** By a key of the ring, as it says, and changed since, or not what it says. */
  readonly forged: number
  /** Keys of senders that are kept. */
  readonly subkeys: number
}

/**
 * How far a cluster has come on its way from plain to sealed. With its keys at all members, each in this order at all before the next at any: both false, sealing
 * what is sent, refusing what is plain. The way back is the reverse.
 */
export interface SealingModes {
  /** Whether what is sent is sealed. Default true. */
  verifyOutgoing?: boolean
  /** Whether what is plain is refused. Default true. */
  verifyIncoming?: boolean
}

/** A {@link Sealer} of a keyring. Its modes may be changed while nodes use it. */
export interface AesGcm extends Sealer {
  readonly keyring: Keyring
  verifyOutgoing: boolean
  verifyIncoming: boolean
  stats(): SealerStats
}

const nonceBytes = 12
const prefixBytes = 6
const tagBytes = 16
const overhead = idBytes + nonceBytes + tagBytes
const gcm = { authTagLength: tagBytes }
const mostCounted = 2 ** 48

/** Whether all is sealed that is sent, and all that is not sealed refused: what comes then comes from who has a key. */
export const isEnforced = ({ verifyIncoming, verifyOutgoing }: Required<SealingModes>): boolean =>
  verifyIncoming && verifyOutgoing

/**
 * AES-GCM with the keys of a ring: `[key id 4][nonce 12][ciphertext][tag 16]`. The primary key seals, and any opens; the id says which, so that one is tried and no more. What
 * encrypts is a key of the sender's own (see `Subkeys`), and a nonce is 6 random bytes of this sealer and a counter, so that none comes a second time: a sender may seal
 * 2⁴⁸ messages, after which it throws.
 *
 * Synchronous, on `node:crypto` of Node, Bun and Deno.
 */
export function aesGcm(keyring: Keyring, modes: SealingModes = {}): AesGcm {
  return new AesGcmSealer(keyring, modes)
}

class AesGcmSealer implements AesGcm {
  readonly overhead = overhead
  readonly keyring: Keyring
  verifyOutgoing: boolean
  verifyIncoming: boolean
  readonly #subkeys = new Subkeys()
  /** Random bytes of this sealer, and its counter. */
  readonly #nonce = new Uint8Array(new ArrayBuffer(nonceBytes))
  readonly #counter = new DataView(this.#nonce.buffer, prefixBytes)
  #count = 0
  /** Of what is opened: `node:crypto` is done with them when it returns, and a view of each would cost more than the copy. */
  readonly #theirNonce = new Uint8Array(new ArrayBuffer(nonceBytes))
  readonly #tag = new Uint8Array(new ArrayBuffer(tagBytes))
  #keys: readonly Key[]
  readonly #stats = { sealed: 0, opened: 0, unknownKey: 0, forged: 0 }

  constructor(keyring: Keyring, { verifyIncoming = true, verifyOutgoing = true }: SealingModes) {
    this.keyring = keyring
    this.verifyIncoming = verifyIncoming
    this.verifyOutgoing = verifyOutgoing
    this.#keys = keyring.keys
    this.#nonce.set(randomBytes(prefixBytes))
  }

  stats(): SealerStats {
    return { ...this.#stats, subkeys: this.#subkeys.size }
  }

  seal(plain: Uint8Array, aad: Uint8Array): Uint8Array {
    const key = this.keyring.primary
    const sealed = new Uint8Array(overhead + plain.length)
    this.#nextNonce()
    sealed.set(key.mark)
    sealed.set(this.#nonce, idBytes)
    const cipher = createCipheriv(key.cipher, this.#subkeys.of(key, aad), this.#nonce, gcm)
    cipher.setAAD(aad)
    sealed.set(cipher.update(plain), idBytes + nonceBytes)
    // Of a stream cipher nothing is left for the end.
    cipher.final()
    sealed.set(cipher.getAuthTag(), sealed.length - tagBytes)
    this.#stats.sealed++
    return sealed
  }

  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array | Unopened {
    this.#follow()
    if (sealed.length < overhead) {
      this.#stats.forged++
      return { fault: 'forged', detail: `${sealed.length} bytes are too few for what is sealed` }
    }
    const key = this.#keyOf(sealed)
    if (key === undefined) {
      this.#stats.unknownKey++
      const id = Buffer.from(sealed.buffer, sealed.byteOffset, idBytes).toString('hex')
      return { fault: 'unknown-key', detail: `sealed with the key ${id}, which this node lacks` }
    }
    const known = this.#subkeys.find(key, aad)
    const subkey = known ?? derive(key, aad)
    const plain = this.#decipher(key, subkey, sealed, aad)
    if (plain === undefined) {
      this.#stats.forged++
      return { fault: 'forged', detail: `changed since, or not sealed by who has the key ${key.id}` }
    }
    // Of a sender whose bytes were authentic, and of no other: who makes up senders pushes nobody out.
    if (known === undefined) this.#subkeys.keep(key, aad, subkey)
    this.#stats.opened++
    return plain
  }

  #keyOf(sealed: Uint8Array): Key | undefined {
    for (const key of this.#keys) if (hasId(sealed, key)) return key
    return undefined
  }

  #decipher(key: Key, subkey: Uint8Array, sealed: Uint8Array, aad: Uint8Array): Uint8Array | undefined {
    const end = sealed.length - tagBytes
    for (let i = 0; i < nonceBytes; i++) this.#theirNonce[i] = sealed[idBytes + i]!
    for (let i = 0; i < tagBytes; i++) this.#tag[i] = sealed[end + i]!
    try {
      const decipher = createDecipheriv(key.cipher, subkey, this.#theirNonce, gcm)
      decipher.setAAD(aad)
      decipher.setAuthTag(this.#tag)
      const plain = decipher.update(sealed.subarray(idBytes + nonceBytes, end))
      decipher.final()
      return plain
    } catch {
      // What node:crypto throws of a tag that does not fit differs by runtime, and says no more.
      return undefined
    }
  }

  /** Keys that were removed from the ring open nothing more, and nothing of them is kept. */
  #follow(): void {
    const { keys } = this.keyring
    if (keys === this.#keys) return
    this.#keys = keys
    this.#subkeys.keepOnly(keys)
  }

  #nextNonce(): void {
    const count = this.#count++
    if (count >= mostCounted)
      throw new RangeError('this sealer has sealed 2^48 messages: start the node anew')
    this.#counter.setUint16(0, Math.floor(count / 2 ** 32))
    this.#counter.setUint32(2, count >>> 0)
  }
}

const hasId = (sealed: Uint8Array, { mark }: Key): boolean =>
  sealed[0] === mark[0] && sealed[1] === mark[1] && sealed[2] === mark[2] && sealed[3] === mark[3]
