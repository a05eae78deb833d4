import type { Address, Transport, TransportHandlers, TransportStats } from '@swimkit/core'
import { BindError, DialError, formatAddress } from '@swimkit/core'
import { type BoundSocket, bindSocket } from './bound-socket.ts'
import { newCounters } from './counters.ts'
import { resolveOptions, type UdpOptions } from './options.ts'

export type { UdpOptions }

/**
 * Packets over UDP, IPv4 or IPv6 by the address bound; no streams: `compose` it with a transport that carries them.
 *
 * Hosts are IP literals; names are not resolved. A packet that can't be sent (bad address, too large, too many under
 * way, an error of the system) is counted in `stats()`, and never throws. Errors of the system are also given to
 * `handlers.fault`, as not fatal. It may be opened again after `close`.
 *
 * @throws RangeError when an option is out of its range
 */
export function udp(options: UdpOptions = {}): Transport {
  const settings = resolveOptions(options)
  const counters = newCounters()
  let socket: BoundSocket | undefined
  let attempt: object | undefined // of the open that is under way

  return {
    kind: 'transport',
    name: 'udp',
    api: 1,
    maxPacketBytes: settings.maxPacketBytes,
    streams: false,

    async open(bind: Address, handlers: TransportHandlers): Promise<Address> {
      if (attempt !== undefined || socket !== undefined)
        throw new BindError(
          'other',
          `cannot bind ${formatAddress(bind)} (UDP): the transport is open already`,
        )
      const mine = {}
      attempt = mine
      try {
        const bound = await bindSocket(bind, settings, counters, handlers)
        if (attempt !== mine) {
          await bound.close()
          throw new BindError(
            'other',
            `cannot bind ${formatAddress(bind)} (UDP): the transport was closed meanwhile`,
          )
        }
        socket = bound
        return bound.address
      } finally {
        if (attempt === mine) attempt = undefined
      }
    },

    send(to: Address, packet: Uint8Array): void {
      socket?.send(to, packet)
    },

    async dial(to: Address): Promise<never> {
      throw new DialError('unreachable', `cannot dial ${formatAddress(to)}: UDP carries no streams`)
    },

    stats: (): TransportStats => ({ ...counters }),

    async close(): Promise<void> {
      attempt = undefined
      const closing = socket
      socket = undefined
      await closing?.close()
    },
  }
}
