import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'

/** An API has no business in a frame, in a cache or as a script. */
export const securityHeaders = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
} as const

/**
 * Whether a browser may be told to ask this name over TLS alone (RFC 6797): that goes for the name on all its ports, so
 * not for `localhost`, where it would lock a developer out of everything else. It means nothing for IP addresses.
 */
const mayPin = (hostname: string) => hostname !== 'localhost' && isIP(hostname.replace(/^\[|\]$/g, '')) === 0

/** Sets them on every answer that has not said otherwise. */
export const withSecurityHeaders =
  (scheme: 'http' | 'https'): MiddlewareHandler =>
  async (c, next) => {
    await next()
    const { headers } = c.res
    for (const [name, value] of Object.entries(securityHeaders)) {
      if (!headers.has(name)) headers.set(name, value)
    }
    if (scheme === 'https' && mayPin(new URL(c.req.url).hostname)) {
      headers.set('strict-transport-security', 'max-age=31536000')
    }
  }
