import { randomBytes } from 'node:crypto'
import { escapeForPrint } from '@swimkit/core'

/** First bytes of packets and streams; no codec's bytes begin with them, nor does a message of memberlist. */
const packetMagic = 0xdc
const streamMagic = 0xde
const version = 1
const bootBytes = 8
/** Magic, version, boot and the length of the label. */
const fixedBytes = 3 + bootBytes

/** What a header is refused for; the words are a person's. */
export interface HeaderFault {
  readonly why: 'plain' | 'version' | 'cluster'
  readonly detail: string
}

/**
 * What stands in the clear in front of packets and streams: `[magic u8][version u8][boot u64][label length u8][label]`. The boot is drawn anew at each start, and a
 * sealer with keys by sender finds it where it looks for it.
 */
export class Frame {
  readonly packet: Uint8Array
  readonly stream: Uint8Array

  /** Throws a RangeError on a label of more than 255 bytes. */
  constructor(label: string) {
    const bytes = new TextEncoder().encode(label)
    if (bytes.length > 255)
      throw new RangeError(`a cluster label must be 0..255 bytes, and this one is ${bytes.length}`)
    this.packet = new Uint8Array(fixedBytes + bytes.length)
    this.packet.set([packetMagic, version, ...randomBytes(bootBytes), bytes.length])
    this.packet.set(bytes, fixedBytes)
    this.stream = this.packet.slice()
    this.stream[0] = streamMagic
  }

  /** Bytes of a header, with our label. */
  get length(): number {
    return this.packet.length
  }

  /** What is wrong with the header of a packet. */
  packetFault(bytes: Uint8Array): HeaderFault | undefined {
    return this.#fault(bytes, packetMagic)
  }

  /** What is wrong with the header of a stream, of which at least as many bytes as ours has are there. */
  streamFault(bytes: Uint8Array): HeaderFault | undefined {
    return this.#fault(bytes, streamMagic)
  }

  /** Whether a stream that begins so is one of this kind. */
  isStream(first: number | undefined): boolean {
    return first === streamMagic
  }

  #fault(bytes: Uint8Array, magic: number): HeaderFault | undefined {
    if (bytes[0] !== magic || bytes.length < fixedBytes)
      return { why: 'plain', detail: 'not sealed, and nothing plain is let in' }
    if (bytes[1] !== version)
      return { why: 'version', detail: `sealed by version ${bytes[1]}; this is ${version}` }
    for (let at = fixedBytes - 1; at < this.length; at++) {
      if (bytes[at] === this.packet[at]) continue
      const theirs = bytes.subarray(fixedBytes, fixedBytes + bytes[fixedBytes - 1]!)
      return {
        why: 'cluster',
        detail: `cluster is "${shown(theirs)}", ours is "${shown(this.packet.subarray(fixedBytes))}"`,
      }
    }
    return undefined
  }
}

const lenient = new TextDecoder('utf-8', { ignoreBOM: true })
const shown = (label: Uint8Array): string => escapeForPrint(lenient.decode(label), 64)
