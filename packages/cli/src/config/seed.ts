import { canonicalHost, splitHostPort } from '@swimkit/core'

/** Port of a seed that is written without one. */
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

/**
 * `host`, `host:port` or `[host]:port` in its parts, the host in canonical form; undefined where it is none of these. A
 * bare IPv6 literal has no port: where it ended could not be told.
 */
export function parseHostPort(text: string): { host: string; port: number | undefined } | undefined {
  const literal = canonicalHost(text)
  if (literal !== undefined) return { host: literal, port: undefined }
  try {
    const { host, port } = splitHostPort(text, 0, { portZero: true })
    return { host, port: /^(\[[^\]]*\]|[^:]*):/.test(text) ? port : undefined }
  } catch {
    return undefined // whoever asks says what is allowed there
  }
}

/** Whether a text is a host name or an IP literal without brackets. */
export const isHost = (text: string): boolean => {
  const parsed = parseHostPort(text)
  return parsed !== undefined && parsed.port === undefined && !text.startsWith('[')
}

/** A seed as the user writes it; undefined where it is none. */
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
