import { type Address, isLoopback, isWildcard } from '../model/address.ts'
import { OptionError } from './errors.ts'
import type { HostInterface } from './host.ts'

/** What others are told, and why. */
export interface Advertised {
  readonly host: string
  readonly reason: string
}

/**
 * The address to advertise for a bound one. A given address must fit what is bound; a wildcard stands for the first of this machine's
 * addresses in this order: private, then shared (100.64.0.0/10), then other global ones, then link-local, then loopback.
 * Throws an {@link OptionError}.
 */
export function chooseAdvertise(
  bound: Address,
  given: string | undefined,
  interfaces: readonly HostInterface[],
): Advertised {
  if (given !== undefined) {
    if (isWildcard(given)) {
      throw new OptionError(
        'advertise',
        `cannot advertise ${given}: others need one address to reach this node at`,
      )
    }
    if (isLoopback(bound.host) && !isLoopback(given)) {
      throw new OptionError(
        'advertise',
        `cannot advertise ${given} while bound to ${bound.host}: other machines could not reach it; bind that address, or a wildcard`,
      )
    }
    return { host: given, reason: 'as configured' }
  }
  if (!isWildcard(bound.host)) return { host: bound.host, reason: 'the bound address' }
  const family = bound.host.includes(':') ? undefined : 'v4'
  let best: HostInterface | undefined
  for (const candidate of interfaces) {
    if (family === 'v4' && candidate.address.includes(':')) continue
    if (best === undefined || rank(candidate) < rank(best)) best = candidate
  }
  if (best === undefined) {
    throw new OptionError('advertise', `no address of this machine to advertise for ${bound.host}: give one`)
  }
  const others = interfaces.filter((each) => each !== best && !each.internal).map((each) => each.address)
  const among = others.length > 0 ? `; also there: ${others.join(', ')}` : ''
  return {
    host: best.address,
    reason: `bound to all addresses; ${rankNames[rank(best)]} address of interface ${best.name}${among}`,
  }
}

const rankNames = ['private', 'shared', 'global', 'link-local', 'loopback'] as const

function rank({ address, internal }: HostInterface): 0 | 1 | 2 | 3 | 4 {
  if (internal || isLoopback(address)) return 4
  if (address.includes(':')) {
    if (/^fe[89ab]/i.test(address)) return 3
    return /^f[cd]/i.test(address) ? 0 : 2
  }
  const [a = 0, b = 0] = address.split('.').map(Number)
  if (a === 169 && b === 254) return 3
  if (a === 10 || (a === 172 && b >= 16 && b < 32) || (a === 192 && b === 168)) return 0
  return a === 100 && b >= 64 && b < 128 ? 1 : 2
}
