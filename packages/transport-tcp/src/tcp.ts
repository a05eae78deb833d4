import {
  type Address,
  BindError,
  type Connection,
  DialError,
  formatAddress,
  type Transport,
  type TransportHandlers,
  type TransportStats,
} from '@swimkit/core'
import { newCounters } from './counters.ts'
import { type Endpoint, listen } from './endpoint.ts'
import { resolveOptions, type TcpOptions } from './options.ts'

export type { TcpOptions }

/**
 * Streams over TCP, IPv4 or IPv6; with `packets: true` packets too, on the same port, for where UDP is blocked.
 *
 * Hosts are IP literals; names are not resolved. `dial` rejects with a `DialError` whose kind is `refused` only when
 * nobody listens there; on Bun, which does not tell that from an unreachable network, only addresses of
 * this machine can refuse, and others are `unreachable`. It may be opened again after `close`.
 *
 * @throws RangeError when an option is out of its range
 */
export function tcp(options: TcpOptions = {}): Transport {
  const settings = resolveOptions(options)
  const counters = newCounters()
  let endpoint: Endpoint | undefined
  let attempt: object | undefined // of the open that is under way

  return {
    kind: 'transport',
    name: 'tcp',
    api: 1,
    maxPacketBytes: settings.packets ? settings.maxPacketBytes : 0,
    streams: true,

    async open(bind: Address, handlers: TransportHandlers): Promise<Address> {
      if (attempt !== undefined || endpoint !== undefined) {
        throw new BindError(
          'other',
          `cannot bind ${formatAddress(bind)} (TCP): the transport is open already`,
        )
      }
      const mine = {}
      attempt = mine
      try {
        const listener = await listen(bind, settings, counters, handlers)
        if (attempt !== mine) {
          await listener.close()
          throw new BindError(
            'other',
            `cannot bind ${formatAddress(bind)} (TCP): the transport was closed meanwhile`,
          )
        }
        endpoint = listener
        return listener.address
      } finally {
        if (attempt === mine) attempt = undefined
      }
    },

    send(to: Address, packet: Uint8Array): void {
      if (settings.packets) endpoint?.send(to, packet)
    },

    async dial(to: Address, signal: AbortSignal): Promise<Connection> {
      if (endpoint === undefined) {
        throw new DialError(
          'unreachable',
          `cannot connect to ${formatAddress(to)}: the transport is not open`,
        )
      }
      return endpoint.dial(to, signal)
    },

    stats: (): TransportStats => ({ ...counters }),

    async close(): Promise<void> {
      attempt = undefined
      const closing = endpoint
      endpoint = undefined
      await closing?.close()
    },
  }
}
