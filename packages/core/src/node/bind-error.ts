import { type Address, formatAddress } from '../model/address.ts'
import { BindError } from './transport.ts'

/** The typed error for what Node, Bun or Deno reports when a port can't be bound. `protocol` is for the message: `UDP`. */
export function bindError(bind: Address, protocol: string, cause: Error): BindError {
  const [code, reason] = judge(cause)
  return new BindError(code, `cannot bind ${formatAddress(bind)} (${protocol}): ${reason}`, { cause })
}

function judge(cause: Error & { code?: unknown }): [BindError['code'], string] {
  if (cause.name === 'NotCapable') return ['permission', 'Deno was not given --allow-net for it']
  switch (cause.code) {
    case 'EADDRINUSE':
      return ['in-use', 'the port is in use']
    case 'EADDRNOTAVAIL':
    // Deno says so of an address that is another machine's, and Linux of a link-local one without its interface.
    case 'EINVAL':
      return ['not-available', 'the address is not one of this machine']
    case 'EACCES':
    case 'EPERM':
      return ['permission', 'this process may not use the port']
    default:
      return ['other', cause.message]
  }
}
