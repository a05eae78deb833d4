import { AddressError, ipBytes } from './address.ts'

/** Hosts whose verdict is remembered: a packet costs a look-up, whatever the list is. */
const remembered = 1_024

interface Network {
  readonly bytes: Uint8Array
  readonly bits: number
}

/** Addresses and networks that are allowed: all of IPv4 is `0.0.0.0/0`, all of IPv6 `::/0`. */
export class AllowList {
  readonly #networks: readonly Network[]
  readonly #verdicts = new Map<string, boolean>()
  readonly #texts: readonly string[]

  /** `10.0.0.0/8`, `2001:db8::/32`, or single addresses. Throws an {@link AddressError} for what is neither, or has bits set beyond its prefix. */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(readNetwork)
    this.#texts = [...networks]
  }

  /** Whether a host is in one of them. What is no IP literal is in none. */
  allows(host: string): boolean {
    const known = this.#verdicts.get(host)
    if (known !== undefined) return known
    const bytes = ipBytes(host)
    const allowed = bytes !== undefined && this.#networks.some((network) => contains(network, bytes))
    if (this.#verdicts.size === remembered) this.#verdicts.clear()
    this.#verdicts.set(host, allowed)
    return allowed
  }

  toString(): string {
    return this.#texts.join(', ')
  }
}

function readNetwork(text: string): Network {
  const [host, bits, ...more] = text.split('/') as [string, ...string[]]
  const bytes = ipBytes(host)
  if (bytes === undefined || more.length > 0) {
    throw new AddressError(
      text,
      'must be an IP address, or one with a prefix, as 10.0.0.0/8 or 2001:db8::/32',
    )
  }
  const most = 8 * bytes.length
  if (bits === undefined) return { bytes, bits: most }
  if (!/^\d{1,3}$/.test(bits) || Number(bits) > most) {
    throw new AddressError(text, `the prefix must be 0..${most}`)
  }
  const network = { bytes, bits: Number(bits) }
  // 10.0.0.5/8 is a typing error more often than not: of an address, or of its prefix.
  if (bytes.some((byte, at) => (byte & ~maskAt(network.bits, at)) !== 0)) {
    throw new AddressError(text, `it has bits set beyond its first ${bits}`)
  }
  return network
}

function contains({ bits, bytes }: Network, host: Uint8Array): boolean {
  return host.length === bytes.length && bytes.every((byte, at) => (host[at]! & maskAt(bits, at)) === byte)
}

/** Of the byte at that place, the bits that belong to a prefix of so many. */
const maskAt = (bits: number, at: number): number =>
  (0xff00 >> Math.min(8, Math.max(0, bits - 8 * at))) & 0xff
