import { type Address, sameAddress } from './address.ts'

/** Addresses of members that were reaped, so that a partition that outlives them can still heal. The oldest gives way. */
export class AddressRing {
  readonly #capacity: number
  readonly #addresses: Address[] = []

  constructor(capacity = 256) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#addresses.length
  }

  at(index: number): Address {
    return this.#addresses[index]!
  }

  add(address: Address): void {
    this.remove(address)
    if (this.#addresses.length === this.#capacity) this.#addresses.shift()
    this.#addresses.push(address)
  }

  remove(address: Address): void {
    const index = this.#addresses.findIndex((held) => sameAddress(held, address))
    if (index >= 0) this.#addresses.splice(index, 1)
  }

  values(): readonly Address[] {
    return this.#addresses
  }
}
