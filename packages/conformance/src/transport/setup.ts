import type { Address, Millis, Transport } from '@swimkit/core'

/** How a transport is to be tried. What it carries it says itself. */
export interface TransportCaseOptions {
  /**
   * What the next transport is told to bind. Default: port 0 of 127.0.0.1. For transports that are not IP, or that cannot
   * pick a free port.
   */
  readonly bind?: () => Address
  /** Packets may get lost though nothing is wrong: they are then sent again until one arrives. Default false. */
  readonly lossy?: boolean
  /** One address is for one transport, and a second one is refused it. Default true. */
  readonly exclusive?: boolean
  /** What a transport of this kind cannot reach, whatever runs there. Default: what is no IP address or no port. */
  readonly badAddresses?: readonly Address[]
  /** Time for each case, in ms, 100 or more. Default 4,000: below the time limit of the usual runners. */
  readonly patience?: Millis
}

/** What the cases know of the transport that they try. */
export interface Setup extends Required<TransportCaseOptions> {
  readonly make: () => Transport
  readonly maxPacketBytes: number
  readonly streams: boolean
}

const badIpAddresses: readonly Address[] = [
  { host: '', port: 7946 },
  { host: 'no such host', port: 7946 },
  { host: '127.0.0.256', port: 7946 },
  { host: '[::1]', port: 7946 },
  { host: '127.0.0.1:7946', port: 7946 },
  { host: '127.0.0.1', port: 0 },
  { host: '127.0.0.1', port: 65_536 },
  { host: '127.0.0.1', port: -1 },
  { host: '127.0.0.1', port: Number.NaN },
]

export function setUp(make: () => Transport, options: TransportCaseOptions): Setup {
  const { maxPacketBytes, streams } = make()
  return {
    bind: () => ({ host: '127.0.0.1', port: 0 }),
    lossy: false,
    exclusive: true,
    badAddresses: badIpAddresses,
    patience: 4_000,
    ...options,
    make,
    maxPacketBytes,
    streams,
  }
}
