import { ipBytes } from '@swimkit/core'

/** What is known of whoever sent a request, beside what it says itself. */
export interface Caller {
  /** By which requests are counted: an IPv4 address, the /64 network of an IPv6 address, `unix`, or `unknown` where the connection has gone. */
  readonly source: string
}

/** Whoever has one IPv6 address mostly has the whole /64 around it, so that counting by address would count nothing. */
export function callerAt(remoteAddress: string | undefined): Caller {
  const bytes = remoteAddress === undefined ? undefined : ipBytes(remoteAddress.replace(/%.*$/, ''))
  if (bytes === undefined) return { source: 'unknown' }
  if (bytes.length === 4) return { source: bytes.join('.') }
  const groups = [0, 2, 4, 6].map((i) => ((bytes[i]! << 8) | bytes[i + 1]!).toString(16))
  return { source: `${groups.join(':')}::/64` }
}
