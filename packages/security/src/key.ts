import { type CipherGCMTypes, createCipheriv, createHmac, hkdfSync, randomBytes } from 'node:crypto'

/** Bytes of a key: AES-128, AES-192 and AES-256. */
export const keySizes = [16, 24, 32] as const

/** A key is none: the message says what is wrong and what is allowed, and never shows the key. */
export class KeyError extends Error {
  override readonly name = 'KeyError'
}

/** A key of the cluster. What is shown of it, logged and counted is its id. */
export interface Key {
  /** 8 hexadecimal digits, the same at all who have the key: HKDF-SHA256 of it, so that it says nothing of the key. */
  readonly id: string
  /** The same as 4 bytes. */
  readonly mark: Uint8Array
  readonly bytes: Uint8Array
  /** That it is a key for. */
  readonly cipher: CipherGCMTypes
  /** HKDF-Extract of it, without a salt: what keys of senders are expanded from. */
  readonly extract: Uint8Array
}

/** A fresh key of the system's randomness, as `readKey` takes it. `bytes`: 16, 24 or 32, the default. */
export function generateKey(bytes: (typeof keySizes)[number] = 32): string {
  if (!keySizes.includes(bytes)) throw new KeyError(`a key of ${String(bytes)} bytes: must be 16, 24 or 32`)
  return randomBytes(bytes).toString('base64')
}

/** A key from its bytes, or from base64 as {@link generateKey} writes it; space around it does not count. Throws a {@link KeyError}. */
export function readKey(from: Uint8Array | string): Key {
  const bytes = typeof from === 'string' ? fromBase64(from.trim()) : from.slice()
  if (bytes === undefined) throw new KeyError('a key is no base64: must be 16, 24 or 32 bytes in base64')
  if (!keySizes.some((size) => size === bytes.length)) {
    throw new KeyError(`a key of ${bytes.length} bytes: must be 16, 24 or 32`)
  }
  if (!isUsable(bytes.length)) {
    throw new KeyError(`a key of ${bytes.length} bytes: must be 16 or 32, as this runtime has no AES-192-GCM`)
  }
  const mark = markOf(bytes)
  const extract = new Uint8Array(createHmac('sha256', zeros).update(bytes).digest())
  return { id: Buffer.from(mark).toString('hex'), mark, bytes, cipher: cipherOf(bytes.length), extract }
}

/** Deno has no AES-192: a key that it took would open and seal nothing. */
function isUsable(size: number): boolean {
  try {
    createCipheriv(cipherOf(size), new Uint8Array(size), new Uint8Array(12))
    return true
  } catch {
    return false
  }
}

/** By the bytes of its key. */
const cipherOf = (size: number): CipherGCMTypes => `aes-${(8 * size) as 128 | 192 | 256}-gcm`

/** Bytes of an id on the wire. */
export const idBytes = 4

function markOf(key: Uint8Array): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', key, noSalt, 'swimkit key id', idBytes))
}

function fromBase64(text: string): Uint8Array | undefined {
  // What Node's decoder passes over would make two spellings of one key, and of a typing error a shorter one.
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined
  return new Uint8Array(Buffer.from(text, 'base64'))
}

const noSalt = new Uint8Array(0)
/** What no salt stands for (RFC 5869 §2.2). */
const zeros = new Uint8Array(32)
