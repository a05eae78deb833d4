import type { Millis } from '@swimkit/core'

/** Same as UDP's, so that a cluster may go from one to the other. A frame's length field would allow 65,535. */
const LARGEST_PACKET = 65_507

/** The longest timer that does not overflow: 24.8 days. */
const LONGEST: Millis = 2 ** 31 - 1

export interface TcpOptions {
  /** Whether it carries packets too, so that a cluster needs no UDP; default false: streams only. */
  readonly packets?: boolean
  /**
   * Most inbound connections at a time, of streams and packets together, 1..1,000,000; default 256, and 1,024 with
   * `packets`, where every node that sent to this one lately holds one of them. Above it the oldest that has not brought a
   * whole message yet makes way, and if there is none, the new one is turned away.
   */
  readonly maxConnections?: number
  /** Longest wait for a connection to be accepted, in ms, 1..2³¹-1; default 10,000. */
  readonly connectTimeout?: Millis
  /** A stream on which no byte moves either way for so long ends, in ms, 1..2³¹-1; default 10,000. */
  readonly idleTimeout?: Millis
  /** Longest life of a stream, in ms, 1..2³¹-1; default 60,000. */
  readonly streamTimeout?: Millis
  /** Bytes of a stream held unread before the other end has to wait, 1..2³¹-1; default 65,536. One chunk more may be held. */
  readonly readAheadBytes?: number
  /** On `::` take IPv6 only; default false: IPv4 too. */
  readonly ipv6Only?: boolean

  /** With `packets`: largest packet, in bytes, 1..65,507; default 65,507. Larger ones are not sent; a sender of larger ones is cut off. */
  readonly maxPacketBytes?: number
  /** With `packets`: most outbound packet connections at a time, 1..1,000,000; default 256. The one not used for longest makes way. */
  readonly maxPacketConnections?: number
  /** With `packets`: an outbound packet connection not used for so long is closed, in ms, 1..2³⁰-1; default 60,000. Inbound ones have twice as long. */
  readonly packetIdleTimeout?: Millis
  /** With `packets`: most bytes waiting for one destination, 1..2³¹-1; default 262,144. Above it new packets are dropped. */
  readonly maxQueuedBytes?: number
}

export type TcpSettings = Required<TcpOptions>

export function resolveOptions(options: TcpOptions): TcpSettings {
  const number = (name: Numeric, fallback: number, most: number): number => {
    const value = options[name] ?? fallback
    if (!Number.isInteger(value) || value < 1 || value > most) {
      throw new RangeError(`tcp: ${name} must be a whole number in 1..${most}, not ${value}`)
    }
    return value
  }
  const packets = options.packets ?? false
  return {
    packets,
    maxConnections: number('maxConnections', packets ? 1_024 : 256, 1_000_000),
    connectTimeout: number('connectTimeout', 10_000, LONGEST),
    idleTimeout: number('idleTimeout', 10_000, LONGEST),
    streamTimeout: number('streamTimeout', 60_000, LONGEST),
    readAheadBytes: number('readAheadBytes', 65_536, 2 ** 31 - 1),
    ipv6Only: options.ipv6Only ?? false,
    maxPacketBytes: number('maxPacketBytes', LARGEST_PACKET, LARGEST_PACKET),
    maxPacketConnections: number('maxPacketConnections', 256, 1_000_000),
    packetIdleTimeout: number('packetIdleTimeout', 60_000, 2 ** 30 - 1),
    maxQueuedBytes: number('maxQueuedBytes', 262_144, 2 ** 31 - 1),
  }
}

type Numeric = Exclude<keyof TcpOptions, 'packets' | 'ipv6Only'>
