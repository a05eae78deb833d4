import { ipBytes } from './address.ts'

/**
 * By what whoever sends is counted: an IPv4 address, the /64 network of an IPv6 address, any other host as it is. Whoever has one IPv6 address mostly has the
 * whole /64 around it, so that counting by address would count nothing.
 */
export function sourceOf(host: string): string {
  if (!host.includes(':')) return host
  const bytes = ipBytes(host.replace(/%.*$/, ''))
  if (bytes === undefined) return host
  if (bytes.length === 4) return bytes.join('.')
  const groups = [0, 2, 4, 6].map((i) => ((bytes[i]! << 8) | bytes[i + 1]!).toString(16))
  return `${groups.join(':')}::/64`
}
