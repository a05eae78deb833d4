import { type Key, KeyError, readKey } from './key.ts'

/** Keys that a ring holds at most: those of a rotation, and some that were forgotten. */
export const mostKeys = 16

/**
 * The keys of a cluster: one of them, the primary, seals; any of them opens. So keys are exchanged without an outage: install the new one everywhere, use it
 * everywhere, remove the old one.
 */
export class Keyring {
  #keys: readonly Key[]

  /** The first one is the primary. 1..16 keys of 16, 24 or 32 bytes, as bytes or base64; one that is there twice counts once. Throws a {@link KeyError}. */
  constructor(keys: readonly (Uint8Array | string)[]) {
    if (keys.length === 0) throw new KeyError('a keyring needs at least one key')
    this.#keys = []
    for (const key of keys) this.install(key)
  }

  /** What seals. */
  get primary(): Key {
    return this.#keys[0]!
  }

  /** Ids, that of the primary first. */
  get ids(): readonly string[] {
    return this.#keys.map(({ id }) => id)
  }

  get keys(): readonly Key[] {
    return this.#keys
  }

  find(id: string): Key | undefined {
    return this.#keys.find((key) => key.id === id)
  }

  /** Adds a key that from now on opens; one that is there already changes nothing. Returns its id. Throws a {@link KeyError}, also where there are 16. */
  install(from: Uint8Array | string): string {
    const key = readKey(from)
    const same = this.find(key.id)
    if (same !== undefined) {
      if (!equal(same.bytes, key.bytes)) {
        throw new KeyError(`two keys have the id ${key.id}: make another one`)
      }
      return key.id
    }
    if (this.#keys.length === mostKeys) {
      throw new KeyError(`the keyring holds ${mostKeys} keys: remove one that nobody uses any more`)
    }
    this.#keys = [...this.#keys, key]
    return key.id
  }

  /** Makes a key the primary. Throws a {@link KeyError} where there is none of that id. */
  use(id: string): void {
    const key = this.#require(id)
    this.#keys = [key, ...this.#keys.filter((other) => other !== key)]
  }

  /** Forgets a key; one that is not there changes nothing. Throws a {@link KeyError} for the primary. */
  remove(id: string): void {
    if (this.primary.id === id) {
      throw new KeyError(`the key ${id} seals what this node sends: use another one first`)
    }
    this.#keys = this.#keys.filter((key) => key.id !== id)
  }

  /** Another with the same keys. */
  copy(): Keyring {
    return new Keyring(this.#keys.map(({ bytes }) => bytes))
  }

  /** Takes other keys instead, at once; the first one is the primary. Throws a {@link KeyError}, and then has those that it had. */
  replace(keys: readonly (Uint8Array | string)[]): void {
    // A key that stays is the same object: what was derived of it is still good.
    this.#keys = new Keyring(keys).#keys.map((key) => {
      const known = this.find(key.id)
      return known !== undefined && equal(known.bytes, key.bytes) ? known : key
    })
  }

  #require(id: string): Key {
    const key = this.find(id)
    if (key === undefined) throw new KeyError(`no key has the id ${id}: install it first`)
    return key
  }

  /** Keys are shown nowhere. */
  toJSON(): { readonly keys: readonly string[] } {
    return { keys: this.ids }
  }
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
