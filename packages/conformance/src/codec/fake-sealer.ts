import { crc32, type Sealer, type Unopened } from '@swimkit/core'

/**
 * `[nonce 4][xored bytes][tag 8]`: no secret is safe with it, yet it behaves as a cipher does. Two seals of the same
 * bytes differ, and nothing opens that was changed or stood in another context. It counts how often it opened, and keeps
 * what it was last given to authenticate.
 */
export class FakeSealer implements Sealer {
  readonly overhead = 12
  verifyIncoming = true
  verifyOutgoing = true
  opened = 0
  /** What the last seal authenticated besides. */
  aad = new Uint8Array(0)
  readonly #key: number
  #nonce = 0

  constructor(key = 0x5eed) {
    this.#key = key
  }

  seal(plain: Uint8Array, aad: Uint8Array): Uint8Array {
    this.aad = aad.slice()
    const sealed = new Uint8Array(plain.length + this.overhead)
    const view = new DataView(sealed.buffer)
    view.setUint32(0, this.#nonce++)
    sealed.set(plain, 4)
    this.#mix(sealed)
    this.#putTag(sealed, aad, view, sealed.length - 8)
    return sealed
  }

  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array | Unopened {
    this.opened++
    if (sealed.length < this.overhead) return forged
    const copy = new Uint8Array(sealed)
    const expected = new Uint8Array(sealed)
    this.#putTag(expected, aad, new DataView(expected.buffer), expected.length - 8)
    if (expected.some((byte, at) => byte !== copy[at])) return forged
    this.#mix(copy)
    return copy.slice(4, -8)
  }

  #putTag(sealed: Uint8Array, aad: Uint8Array, view: DataView, at: number): void {
    view.setUint32(at, crc32(sealed, 0, at, crc32(aad, 0, aad.length, this.#key)))
    view.setUint32(at + 4, crc32(aad, 0, aad.length, crc32(sealed, 0, at, ~this.#key)))
  }

  #mix(sealed: Uint8Array): void {
    let state = crc32(sealed, 0, 4, this.#key)
    for (let at = 4; at < sealed.length - 8; at++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0
      sealed[at] = sealed[at]! ^ (state >>> 24)
    }
  }
}

const forged: Unopened = { fault: 'forged', detail: 'not what this key sealed' }
