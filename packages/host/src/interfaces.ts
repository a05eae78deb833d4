import { networkInterfaces } from 'node:os'
import type { HostInterface } from '@swimkit/core'

/** All addresses of all interfaces, in the operating system's order. */
export function interfaces(): readonly HostInterface[] {
  const found: HostInterface[] = []
  for (const [name, addresses] of Object.entries(networkInterfaces())) {
    for (const { address, netmask, internal } of addresses ?? []) {
      found.push({ name, address: withoutZone(address), prefix: prefixLength(netmask), internal })
    }
  }
  return found
}

function withoutZone(address: string): string {
  const percent = address.indexOf('%')
  return percent < 0 ? address : address.slice(0, percent)
}

/** Leading ones of a netmask, `255.255.240.0` or `ffff:ffff::`. The `cidr` beside it may be null. */
export function prefixLength(netmask: string): number {
  const radix = netmask.includes(':') ? 16 : 10
  let ones = 0
  for (const group of netmask.split(/[.:]/)) {
    for (let bits = Number.parseInt(group || '0', radix); bits > 0; bits &= bits - 1) ones++
  }
  return ones
}
