import { type HostInterface, ipBytes, ipText, isLoopback } from '@swimkit/core'

/** Of a machine with very many interfaces, as one that runs containers, no more are asked. */
const mostNetworks = 32

/** Each network's broadcast address ends in ones; those of one or two addresses have none. */
const longestPrefix = 30

const hasBroadcast = ({ prefix }: HostInterface, bytes: Uint8Array | undefined): bytes is Uint8Array =>
  bytes?.length === 4 && prefix <= longestPrefix

/**
 * Where to ask all that are on the networks of this machine: the broadcast address of each, and 255.255.255.255, which the system sends by its
 * default route. A process that is reached over loopback alone asks there alone: nobody else could reach it. IPv4 only, as IPv6 has no broadcast.
 */
export function broadcastAddresses(interfaces: readonly HostInterface[], loopback: boolean): string[] {
  const found = new Set<string>()
  for (const each of interfaces) {
    const bytes = ipBytes(each.address)
    if (!hasBroadcast(each, bytes) || isLoopback(each.address) !== loopback) continue
    found.add(ipText(bytes.map((byte, i) => byte | ~maskByte(each.prefix, i))))
    if (found.size === mostNetworks) break
  }
  if (!loopback) found.add('255.255.255.255')
  return [...found]
}

/** Whether an address is on one of the networks of this machine. A broadcast comes from nowhere else, unless its sender is made up. */
export function isNearby(interfaces: readonly HostInterface[], address: string): boolean {
  const theirs = ipBytes(address)
  return interfaces.some((each) => {
    const own = ipBytes(each.address)
    return (
      own !== undefined &&
      own.length === theirs?.length &&
      own.every((byte, i) => ((byte ^ theirs[i]!) & maskByte(each.prefix, i)) === 0)
    )
  })
}

/** The part of a prefix that is in byte `at`. */
function maskByte(prefix: number, at: number): number {
  const ones = Math.min(8, Math.max(0, prefix - 8 * at))
  return (0xff << (8 - ones)) & 0xff
}
