import { canonicalHost } from '@swimkit/core'
import { parseHostPort } from './host-port.ts'

/** Port of a node where none is written. */
export const defaultPort = 7_946

/** Whom to ask for an introduction, as configured: an address, or a name that stands for several. */
export interface Seed {
  /** As written. */
  readonly text: string
  /** `address`: an IP literal. `dns`: all its A and AAAA records. `srv`: its SRV records, ports included. */
  readonly kind: 'address' | 'dns' | 'srv'
  /** IPv6 without brackets. */
  readonly host: string
  /** 0 with `srv`. */
  readonly port: number
}

/** What a seed may be, for whoever says that a text is none. */
export const seedAllowed =
  'must be host:port (IPv6 in brackets), dns+name:port or dnssrv+name, the port 1..65535'

/** A text that is no seed. The message quotes it and says what is allowed. */
export class SeedError extends Error {
  override readonly name = 'SeedError'
  /** What could not be read. */
  readonly text: string
  constructor(text: string) {
    super(`cannot join ${JSON.stringify(text)}: ${seedAllowed}`)
    this.text = text
  }
}

/** A seed as its user writes it; without a port it has {@link defaultPort}. Undefined where it is none. */
export function parseSeed(text: string): Seed | undefined {
  const [, scheme, rest = ''] = /^(?:(dns|dnssrv)\+)?(.*)$/s.exec(text) ?? []
  const parsed = parseHostPort(rest)
  if (!parsed) return undefined
  const { host, port } = parsed
  const literal = canonicalHost(host) !== undefined
  if (scheme === 'dnssrv') {
    return literal || port !== undefined ? undefined : { text, kind: 'srv', host, port: 0 }
  }
  if (port === 0 || (scheme === 'dns' && literal)) return undefined
  return { text, kind: literal ? 'address' : 'dns', host, port: port ?? defaultPort }
}

/** Seeds of which some may still be text. Throws a {@link SeedError} for the first that is none. */
export function readSeeds(given: readonly (Seed | string)[]): readonly Seed[] {
  return given.map((each) => {
    if (typeof each !== 'string') return each
    const seed = parseSeed(each)
    if (seed === undefined) throw new SeedError(each)
    return seed
  })
}
