import type { Sealer, Unopened } from '../wire/sealer.ts'

/** A sealer that counts what it opened: each time somebody has shown a key. */
export class CountingSealer implements Sealer {
  opened = 0
  readonly #sealer: Sealer

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  get overhead(): number {
    return this.#sealer.overhead
  }

  get verifyOutgoing(): boolean {
    return this.#sealer.verifyOutgoing !== false
  }

  get verifyIncoming(): boolean {
    return this.#sealer.verifyIncoming !== false
  }

  seal(plain: Uint8Array, aad: Uint8Array): Uint8Array {
    return this.#sealer.seal(plain, aad)
  }

  open(sealed: Uint8Array, aad: Uint8Array): Uint8Array | Unopened {
    const plain = this.#sealer.open(sealed, aad)
    if (plain instanceof Uint8Array) this.opened++
    return plain
  }
}
