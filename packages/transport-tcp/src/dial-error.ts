import { networkInterfaces } from 'node:os'
import process from 'node:process'
import { type Address, DialError, formatAddress, isLoopback, type StreamFailure } from '@swimkit/core'

/** The typed error for a connection that could not be made. */
export function dialError(to: Address, cause: Error & { code?: unknown }): DialError {
  const kind = failureOf(cause.code, to.host)
  return new DialError(kind, `cannot connect to ${formatAddress(to)}: ${cause.message}`, { cause })
}

/** The typed error for a connection that was there and broke. */
export function brokenError(remote: Address, cause: Error & { code?: unknown }): DialError {
  const kind = cause.code === 'ETIMEDOUT' ? 'timeout' : 'reset'
  return new DialError(kind, `connection with ${formatAddress(remote)} broke: ${cause.message}`, { cause })
}

function failureOf(code: unknown, host: string): StreamFailure {
  switch (code) {
    case 'ECONNREFUSED':
      return meansRefused(host) ? 'refused' : 'unreachable'
    case 'ECONNRESET':
    case 'ECONNABORTED':
    case 'EPIPE':
      return 'reset'
    case 'ETIMEDOUT':
      return 'timeout'
    default:
      return 'unreachable'
  }
}

/**
 * Whether ECONNREFUSED means that. Bun (seen in 1.4.5; oven-sh/bun#37093) reports ENETUNREACH, EHOSTUNREACH and the
 * kernel's ETIMEDOUT by that code too, and a node cut off from the network must not take its peers for dead: there,
 * only addresses of this machine, which are always reachable, can refuse.
 */
function meansRefused(host: string): boolean {
  return process.versions.bun === undefined || isOwn(host)
}

function isOwn(host: string): boolean {
  if (isLoopback(host)) return true
  return Object.values(networkInterfaces()).some((addresses) =>
    addresses?.some(({ address }) => address === host),
  )
}
