import { createHash, timingSafeEqual } from 'node:crypto'
import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { ApiError } from './api-error.ts'

export interface GuardOptions {
  /** Names besides IP literals and `localhost` under which this API is reached. */
  readonly hostNames: readonly string[]
  readonly token: string | undefined
  /** Paths that need no token. */
  readonly open: ReadonlySet<string>
}

/** Host and port of a `Host` header, lower case; undefined where it is malformed. */
function parseHost(header: string): { host: string; origin: string } | undefined {
  const url = `http://${header}`
  if (/[/@?#\\\s]/.test(header) || !URL.canParse(url)) return undefined
  const { hostname, host } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), origin: host }
}

const hash = (text: string) => createHash('sha256').update(text).digest()

/**
 * Who may call. A page in a browser on this machine can send requests here, so the name in `Host` must be one that no
 * stranger can point at us (DNS rebinding), and an `Origin` must be our own (a foreign page). The token is compared in
 * constant time, by hash, so that neither its length nor its content shows.
 */
export function guard({ hostNames, token, open }: GuardOptions): MiddlewareHandler {
  const names = new Set(['localhost', ...hostNames.map((name) => name.toLowerCase())])
  const expected = token === undefined ? undefined : hash(token)
  return async (c, next) => {
    const host = parseHost(c.req.header('host') ?? new URL(c.req.url).host)
    if (!host || !(isIP(host.host) > 0 || names.has(host.host))) {
      throw new ApiError(421, 'host', 'Host must be an IP address, localhost or a configured name')
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && origin.toLowerCase() !== `http://${host.origin}`) {
      throw new ApiError(403, 'origin', 'requests from other origins are not allowed')
    }
    if (expected && !open.has(c.req.path)) {
      const [, given] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
      if (given === undefined || !timingSafeEqual(hash(given), expected)) {
        const message = given === undefined ? 'a token is needed' : 'the token is wrong'
        throw new ApiError(401, 'token', message, { 'www-authenticate': 'Bearer' })
      }
    }
    await next()
  }
}

/** An API has no business in a frame, in a cache or as a script. */
const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
}

/** Sets them on every answer that has not said otherwise. */
export const withSecurityHeaders: MiddlewareHandler = async (c, next) => {
  await next()
  for (const [name, value] of Object.entries(securityHeaders)) {
    if (!c.res.headers.has(name)) c.res.headers.set(name, value)
  }
}
