/** The most that IPv4's 16-bit length leaves a datagram: 65,535 less 20 bytes of IP header and 8 of UDP's. */
export const LARGEST = 65_507

export interface UdpOptions {
  /**
   * Largest packet, sent or received, in bytes, 1..65,507; default 65,507. Larger ones are dropped and counted. Whatever exceeds the
   * path's MTU (often 1,500 less headers) travels in fragments, and is lost with any one of them. On Deno each packet that is received gets
   * a buffer of this size: where packets are small, a small one saves memory and time in a flood.
   */
  readonly maxPacketBytes?: number
  /** Most sends handed to the system and not reported back, 1..1,000,000; default 1,024. Above it packets are dropped and counted. */
  readonly maxInFlight?: number
  /** On `::` take IPv6 only, and leave the port's IPv4 side to others; default false: both. */
  readonly ipv6Only?: boolean
}

export type UdpSettings = Required<UdpOptions>

export function resolveOptions(options: UdpOptions): UdpSettings {
  return {
    maxPacketBytes: within('maxPacketBytes', options.maxPacketBytes ?? LARGEST, 1, LARGEST),
    maxInFlight: within('maxInFlight', options.maxInFlight ?? 1024, 1, 1_000_000),
    ipv6Only: options.ipv6Only ?? false,
  }
}

function within(name: string, value: number, least: number, most: number): number {
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new RangeError(`udp: ${name} must be a whole number in ${least}..${most}, not ${value}`)
  }
  return value
}
