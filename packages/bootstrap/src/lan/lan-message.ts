import {
  ByteReader,
  ByteWriter,
  canonicalHost,
  formatAddress,
  isWildcard,
  maxClusterBytes,
  parseAddress,
  protectionFault,
  type Sealer,
  seals,
} from '@swimkit/core'

/** What a process says of itself on the local network. */
export interface LanPeer {
  readonly name: string
  /** Advertised: an IP literal with port. */
  readonly address: string
  /** 16 hexadecimal digits that differ at every start of its process. */
  readonly boot: string
  /** Alive and suspect members that it holds, itself included: 1 is a process that is alone. */
  readonly active: number
}

/** Who is there? and: I am. An answer repeats its question's number, which nobody who has not heard it can guess. */
export interface LanMessage {
  readonly kind: 'question' | 'answer'
  readonly nonce: bigint
  readonly from: LanPeer
}

/** Why bytes are no message for this process. `forged`: not sealed by a key of ours, not sealed where all should be, or sealed and there is no key here. */
export type LanFault = 'malformed' | 'version' | 'cluster' | 'forged'

/** Reads and writes the messages of one cluster. */
export interface LanFormat {
  /** At most 1,000 bytes. Throws an `AddressError` where the address is no IP address. */
  encode(message: LanMessage): Uint8Array
  /** Never throws, whatever the bytes are. */
  decode(bytes: Uint8Array): LanMessage | LanFault
}

const plainMagic = 0xd8
const sealedMagic = 0xd9
const version = 1
const kinds = ['question', 'answer'] as const
/** Magic, version, boot and the length of the label. */
const fixedHeadBytes = 11
/** What a sealer may add goes on top of it. */
const mostPlain = 760
const mostSealed = 240

/**
 * The sealer is asked anew with each message: its modes and keys may change.
 *
 * `[magic u8][version u8][boot u64][label length u8][label]`, and, sealed where there is a sealer that says so, with all of that as additional data,
 * `[kind u8][nonce u64][active varint][name][host][port u16]`. The head is that of a packet between nodes, so that a sealer with keys by sender finds the boot
 * where it looks for it. What follows the last field is a later build's.
 */
export function lanFormat(cluster: string, sealer: Sealer | undefined): LanFormat {
  const label = new TextEncoder().encode(cluster)
  if (label.length > maxClusterBytes) {
    throw new RangeError(
      `a cluster label must be 0..${maxClusterBytes} bytes, and this one is ${label.length}`,
    )
  }
  const headBytes = fixedHeadBytes + label.length

  function encode({ from, kind, nonce }: LanMessage): Uint8Array {
    const { host, port } = parseAddress(from.address)
    const head = new ByteWriter(headBytes)
      .u8(seals(sealer) ? sealedMagic : plainMagic)
      .u8(version)
      .u64(BigInt(`0x${from.boot}`))
      .u8(label.length)
      .bytes(label)
      .finish()
    const body = new ByteWriter()
      .u8(kinds.indexOf(kind))
      .u64(nonce)
      .varint32(from.active)
      .name(from.name)
      .string8(host)
      .u16(port)
      .finish()
    const rest = seals(sealer) ? sealer.seal(body, head) : body
    const bytes = new Uint8Array(headBytes + rest.length)
    bytes.set(head)
    bytes.set(rest, headBytes)
    return bytes
  }

  function decode(bytes: Uint8Array): LanMessage | LanFault {
    if (bytes.length > mostPlain + mostSealed) return 'malformed'
    const head = new ByteReader(bytes)
    const first = head.u8()
    if (first !== plainMagic && first !== sealedMagic) return 'malformed'
    if (head.u8() !== version) return head.ok ? 'version' : 'malformed'
    const boot = head.u64()
    const theirs = head.bytes(head.u8())
    if (!head.ok) return 'malformed'
    if (theirs.length !== label.length || theirs.some((byte, i) => byte !== label[i])) return 'cluster'
    const sealed = first === sealedMagic
    if (protectionFault(sealed, sealer) !== undefined) return 'forged'
    const rest = bytes.subarray(headBytes)
    // It is sealed, and that is no fault: so there is a sealer.
    const body = sealed ? sealer!.open(rest, bytes.subarray(0, headBytes)) : rest
    return body instanceof Uint8Array ? (decodeBody(body, boot) ?? 'malformed') : 'forged'
  }
  return { encode, decode }
}

function decodeBody(body: Uint8Array, boot: bigint): LanMessage | undefined {
  const reader = new ByteReader(body)
  const kind = kinds[reader.u8()]
  const nonce = reader.u64()
  const active = reader.varint32()
  const name = reader.name()
  const host = canonicalHost(reader.string8())
  const port = reader.u16()
  if (!reader.ok || kind === undefined || host === undefined || isWildcard(host) || port === 0)
    return undefined
  const from = {
    name,
    address: formatAddress({ host, port }),
    boot: boot.toString(16).padStart(16, '0'),
    active,
  }
  return { kind, nonce, from }
}
