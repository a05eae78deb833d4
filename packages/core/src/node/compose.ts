import type { Address } from '../model/address.ts'
import {
  BindError,
  type Connection,
  type Transport,
  type TransportHandlers,
  type TransportStats,
} from './transport.ts'

/** How often another port is tried when the one that the streams were given is taken for packets. */
const RETRIES = 16

export interface ComposeOptions {
  /** Carries the packets; its streams, if it has any, are not dialled. */
  readonly packets: Transport
  /** Carries the streams; its packets, if it has any, are not sent. */
  readonly streams: Transport
  /** Default: `udp+tcp`, of the names of the two. */
  readonly name?: string
}

/**
 * Packets of one transport and streams of another, as one transport on one port.
 *
 * The streams are opened first. For port 0 the packets are then bound to the port that the streams were given; if that
 * is taken, the streams are closed and opened again, which gives them another, up to 16 times: a transport for streams must allow it.
 * When either can't be opened, nothing is left open. `stats()` has the counters of both, prefixed `packets.` and `streams.`.
 *
 * @throws TypeError when `packets` carries no packets, or `streams` no streams
 */
export function compose({ packets, streams, name }: ComposeOptions): Transport {
  if (packets.maxPacketBytes === 0) {
    throw new TypeError(`cannot compose: "${packets.name}" was given for packets, and carries none`)
  }
  if (!streams.streams) {
    throw new TypeError(`cannot compose: "${streams.name}" was given for streams, and carries none`)
  }
  let closes = 0

  async function openBoth(bind: Address, handlers: TransportHandlers): Promise<Address> {
    const before = closes
    const bound = await streams.open(bind, handlers)
    try {
      if (closes === before) await packets.open({ host: bind.host, port: bound.port }, handlers)
      if (closes === before) return bound
    } catch (error) {
      await streams.close()
      throw error
    }
    await closeBoth()
    throw new BindError('other', 'cannot bind: the transport was closed meanwhile')
  }

  async function closeBoth(): Promise<void> {
    await Promise.all([packets.close(), streams.close()])
  }

  return {
    kind: 'transport',
    name: name ?? `${packets.name}+${streams.name}`,
    api: 1,
    maxPacketBytes: packets.maxPacketBytes,
    streams: true,

    async open(bind: Address, handlers: TransportHandlers): Promise<Address> {
      for (let retries = bind.port === 0 ? RETRIES : 0; ; retries--) {
        try {
          return await openBoth(bind, handlers)
        } catch (error) {
          const another = error instanceof BindError && error.code === 'in-use' && retries > 0
          if (!another) throw error
        }
      }
    },

    send(to: Address, packet: Uint8Array): void {
      packets.send(to, packet)
    },

    dial: (to: Address, signal: AbortSignal): Promise<Connection> => streams.dial(to, signal),

    stats: (): TransportStats => ({
      ...prefixed('packets.', packets.stats()),
      ...prefixed('streams.', streams.stats()),
    }),

    async close(): Promise<void> {
      closes++
      await closeBoth()
    },
  }
}

function prefixed(prefix: string, stats: TransportStats): TransportStats {
  return Object.fromEntries(Object.entries(stats).map(([counter, value]) => [prefix + counter, value]))
}
