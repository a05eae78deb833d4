import { resolve } from 'node:path'
import { parseHostPort } from '@swimkit/bootstrap'
import { isHost } from './is-host.ts'

/** Where the control API listens or is reached. */
export type ControlAddress =
  | {
      readonly kind: 'port'
      readonly host: string
      readonly port: number | undefined
      /** Undefined where only host and port were given. */
      readonly scheme: 'http' | 'https' | undefined
    }
  | { readonly kind: 'unix'; readonly path: string }

export const controlAllowed = 'must be host:port, an http:// or https:// URL without a path, or unix:/path'

const defaultPorts = { http: 80, https: 443 } as const

/** `host`, `host:port`, `http://host:port`, `https://host:port` or `unix:/path`; undefined where it is none. */
export function parseControl(text: string): ControlAddress | undefined {
  const [, path] = /^unix:(?:\/\/)?(\.{0,2}\/[^\0]+)$/.exec(text) ?? []
  if (path !== undefined) return { kind: 'unix', path: resolve(path) }
  const [, scheme] = /^([a-z][a-z0-9+.-]*):\/\//i.exec(text) ?? []
  if (scheme === undefined) {
    const parsed = parseHostPort(text)
    return parsed === undefined
      ? undefined
      : { kind: 'port', host: parsed.host, port: parsed.port, scheme: undefined }
  }
  if (!URL.canParse(text)) return undefined
  const { hash, hostname, password, pathname, port, protocol, search, username } = new URL(text)
  if (protocol !== 'http:' && protocol !== 'https:') return undefined
  if (username || password || search || hash || pathname !== '/') return undefined
  const host = hostname.replace(/^\[|\]$/g, '')
  if (!isHost(host)) return undefined
  const used = protocol === 'http:' ? 'http' : 'https'
  return { kind: 'port', host, port: port === '' ? defaultPorts[used] : Number(port), scheme: used }
}
