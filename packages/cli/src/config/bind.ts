import { BlockList, isIP } from 'node:net'
import { canonicalHost, type HostInterface, isLoopback } from '@swimkit/core'
import { CliError, reasonOf } from '../errors.ts'
import { isHost } from './is-host.ts'

/** Looks up a host name: its addresses, the preferred one first. */
export type Lookup = (name: string) => Promise<readonly string[]>

/** An address to listen on, and why that one, for a log line. */
export interface Bind {
  readonly host: string
  readonly reason: string
}

const linkLocal = (address: string) => /^fe[89ab]/i.test(address)

/** IPv4 first, as every runtime and network has it, and link-local IPv6 last, as it needs a zone. */
const byUse = (a: HostInterface, b: HostInterface): number => rank(a.address) - rank(b.address)
const rank = (address: string): number => (isIP(address) === 4 ? 0 : linkLocal(address) ? 2 : 1)

const list = (interfaces: readonly HostInterface[]): string =>
  interfaces.map(({ name, address }) => `${name} ${address}`).join(', ') || 'none'

function inside(cidr: string, interfaces: readonly HostInterface[]): HostInterface[] | undefined {
  const [network = '', bits = ''] = cidr.split('/')
  const version = isIP(network)
  if (version === 0 || !/^\d{1,3}$/.test(bits) || Number(bits) > (version === 4 ? 32 : 128)) return undefined
  const family = version === 4 ? 'ipv4' : 'ipv6'
  const range = new BlockList()
  range.addSubnet(network, Number(bits), family)
  return interfaces.filter(({ address }) => isIP(address) === version && range.check(address, family))
}

/**
 * The address that `--bind` means: an IP address as it is, else the interface of that name, else the interface with an
 * address in that CIDR, else what the host name stands for. Throws a {@link CliError} with exit code 2 that lists the
 * candidates.
 */
export async function resolveBind(
  text: string,
  interfaces: readonly HostInterface[],
  lookup: Lookup,
  label = '--bind',
): Promise<Bind> {
  const bare = text.replace(/^\[(.*)\]$/, '$1')
  const literal = canonicalHost(bare)
  if (literal !== undefined) return { host: literal, reason: 'as given' }
  const fail = (what: string): CliError => new CliError(2, `${label}: ${JSON.stringify(text)} ${what}`)

  if (text.includes('/')) {
    const found = inside(text, interfaces)
    if (!found) throw fail('is not a CIDR: write an address and its prefix, such as 10.0.0.0/8')
    const [first] = found.sort(byUse)
    if (!first) throw fail(`matches no interface; there are: ${list(interfaces)}`)
    return { host: first.address, reason: `interface ${first.name} is in ${text}` }
  }
  const [first] = interfaces.filter(({ name }) => name === text).sort(byUse)
  if (first) return { host: first.address, reason: `address of interface ${text}` }
  const [, withoutPort] = /^(.+):\d{1,5}$/.exec(text) ?? []
  if (withoutPort !== undefined) throw fail(`has a port: give ${withoutPort} here, and the port as --port`)
  if (!isHost(text)) throw fail(`is no address, host name or interface; there are: ${list(interfaces)}`)
  let addresses: readonly string[]
  try {
    addresses = await lookup(text)
  } catch (error) {
    throw fail(`is no interface (there are: ${list(interfaces)}) and does not resolve: ${reasonOf(error)}`)
  }
  const host = [...addresses].sort((a, b) => rank(a) - rank(b))[0]
  if (host === undefined) throw fail('resolves to no address')
  return { host, reason: `what ${text} resolves to` }
}

/** Whether a host is this machine's own address, or the name that always means that. */
export const isOwnMachine = (host: string): boolean => host.toLowerCase() === 'localhost' || isLoopback(host)
