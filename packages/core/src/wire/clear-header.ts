import type { Boot } from '../model/peer.ts'
import { putU64 } from './byte-writer.ts'
import type { Fault } from './codec.ts'
import { maxClusterBytes } from './limits.ts'
import { escapeForPrint } from './names.ts'

/** Version of the framing and of the message bodies; a change that old nodes can't skip raises it. */
export const wireVersion = 1

/** Where the sender's boot is in a clear header: a sealer that derives keys by boot finds it there, in its `aad`. */
export const bootOffset = 2

/** Bytes of a clear header without the label. */
export const fixedHeaderBytes = 11

/** First bytes of the formats; `sealed` and `stream` are added. None is a message type of memberlist, nor 0xF7. */
export const swimMagic = 0xd0
export const jsonMagic = 0xd4
const sealedBit = 1
const streamBit = 2

/**
 * What goes in front of every packet and stream, readable without a key:
 * `[magic u8][version u8][boot u64][label length u8][label]`. One serves all packets, and another all
 * streams, of a codec.
 */
export class ClearHeader {
  readonly #own: Uint8Array
  #written: Uint8Array
  #boot: Boot = 0n
  #sealed = false

  /** Throws a RangeError on a cluster label of more than 255 bytes. */
  constructor(magic: number, stream: boolean, cluster: string) {
    const label = new TextEncoder().encode(cluster)
    if (label.length > maxClusterBytes)
      throw new RangeError(
        `a cluster label must be 0..${maxClusterBytes} bytes, and this one is ${label.length}`,
      )
    this.#own = new Uint8Array(fixedHeaderBytes + label.length)
    this.#own[0] = magic | (stream ? streamBit : 0)
    this.#own[1] = wireVersion
    this.#own[fixedHeaderBytes - 1] = label.length
    this.#own.set(label, fixedHeaderBytes)
    this.#written = this.#own.slice()
  }

  get length(): number {
    return this.#own.length
  }

  /** The header of that sender: the same array again for the same one, and never written to afterwards. */
  of(boot: Boot, sealed: boolean): Uint8Array {
    if (boot !== this.#boot || sealed !== this.#sealed) {
      const written = this.#own.slice()
      putU64(written, bootOffset, boot)
      if (sealed) markSealed(written)
      this.#written = written
      this.#boot = boot
      this.#sealed = sealed
    }
    return this.#written
  }

  /** What is wrong with the first two bytes. */
  kindFault(bytes: Uint8Array): Fault | undefined {
    if (bytes.length < 2) return { fault: 'malformed', detail: `${bytes.length} bytes are too few` }
    const magic = bytes[0]!
    if ((magic & ~sealedBit) !== this.#own[0])
      return { fault: 'malformed', detail: `first byte is ${magic}, which is not this format's` }
    if (bytes[1] !== wireVersion)
      return { fault: 'version', detail: `wire version is ${bytes[1]}; this build speaks ${wireVersion}` }
    return undefined
  }

  /** What is wrong with the rest, in bytes that {@link kindFault} has passed. */
  labelFault(bytes: Uint8Array): Fault | undefined {
    const end = fixedHeaderBytes + (bytes[fixedHeaderBytes - 1] ?? 0)
    if (bytes.length < end || bytes.length < fixedHeaderBytes)
      return { fault: 'malformed', detail: `${bytes.length} bytes end within the header` }
    const own = this.#own
    for (let at = fixedHeaderBytes - 1; at < end; at++)
      if (bytes[at] !== own[at])
        return {
          fault: 'cluster',
          detail: `cluster is "${shown(bytes.subarray(fixedHeaderBytes, end))}", ours is "${shown(own.subarray(fixedHeaderBytes))}"`,
        }
    return undefined
  }
}

/** Whether bytes with a clear header say that they are sealed. */
export const isSealed = (bytes: Uint8Array): boolean => (bytes[0]! & sealedBit) !== 0

/** Makes a clear header say that what follows is sealed. */
export function markSealed(bytes: Uint8Array): void {
  bytes[0]! |= sealedBit
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true })
const shown = (label: Uint8Array): string => escapeForPrint(lenient.decode(label), 64)
