import { parseHostPort } from '@swimkit/bootstrap'
import { isHost } from './is-host.ts'

/** Where the control API listens or is reached. */
export interface ControlAddress {
  readonly host: string
  readonly port: number | undefined
}

export const controlAllowed = 'must be host:port or an http:// URL without a path'
/** `host`, `host:port` or `http://host:port`; undefined where it is none. */
export function parseControl(text: string): ControlAddress | undefined {
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return parseHostPort(text)
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol !== 'http:' || url.username || url.password || url.search || url.hash) return undefined
  if (url.pathname !== '/') return undefined
  const host = url.hostname.replace(/^\[|\]$/g, '')
  return isHost(host) ? { host, port: url.port === '' ? 80 : Number(url.port) } : undefined
}
