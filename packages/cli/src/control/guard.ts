import { isIP } from 'node:net'
import type { MiddlewareHandler } from 'hono'
import { ApiError } from './api-error.ts'
import { limits } from './limits.ts'
import { RateLimit, retryAfter } from './rate-limit.ts'
import type { RefusalReason, Refusals } from './refusals.ts'
import type { ControlEnv } from './route.ts'
import type { Tokens } from './tokens.ts'

export interface GuardOptions {
  readonly scheme: 'http' | 'https'
  /** Names besides IP literals and `localhost` under which this API is reached. */
  readonly hostNames: readonly string[]
  /** Where none is needed, whoever gets here may do everything. */
  readonly tokens: Tokens
  /** Paths that need no token. */
  readonly open: ReadonlySet<string>
  readonly refusals: Refusals
  /** As of {@link RateLimit}, for wrong tokens. */
  readonly now?: () => number
}

type Middleware = MiddlewareHandler<ControlEnv>

/** Host and port of a `Host` header, lower case; undefined where it is malformed. */
function parseHost(header: string, scheme: string): { host: string; origin: string } | undefined {
  const url = `${scheme}://${header}`
  if (/[/@?#\\\s]/.test(header) || !URL.canParse(url)) return undefined
  const { hostname, host } = new URL(url)
  return { host: hostname.replace(/^\[|\]$/g, ''), origin: `${scheme}://${host}` }
}

/** Takes so many requests at the same time, probes apart. */
export function crowd({ open, refusals }: Pick<GuardOptions, 'open' | 'refusals'>): Middleware {
  let underWay = 0
  return async (c, next) => {
    if (open.has(c.req.path)) return next()
    if (underWay >= limits.requests) {
      refusals.note('busy', c.env.source)
      const message = `at most ${limits.requests} requests at the same time`
      throw new ApiError(503, 'busy', message, retryAfter(1_000))
    }
    underWay++
    try {
      await next()
    } finally {
      underWay--
    }
  }
}

/**
 * Who may call. A page in a browser on this machine can send requests here, so the name in `Host` must be one that no
 * stranger can point at us (DNS rebinding), and an `Origin` must be our own (a foreign page). Some requests of a page have
 * none, such as for an image: where they are from is then in `Sec-Fetch-Site`, which no script can set. Probes do nothing,
 * and so need not mind it.
 *
 * A source that has sent too many wrong {@link Tokens} is not heard for a while. A right one is all the same, so that nobody is locked out by who shares
 * an address with them; but not a short one, as whoever guesses would learn from the answer which one was right.
 */
export function guard({ hostNames, now, open, refusals, scheme, tokens }: GuardOptions): Middleware {
  const names = new Set(['localhost', ...hostNames.map((name) => name.toLowerCase())])
  const guesses = new RateLimit({
    perSecond: limits.guessesPerSecond,
    burst: limits.guesses,
    sources: limits.sources,
    ...(now && { now }),
  })

  return async (c, next) => {
    const { source } = c.env
    const refuse = (reason: RefusalReason, error: ApiError): never => {
      refusals.note(reason, source)
      throw error
    }
    const host = parseHost(c.req.header('host') ?? new URL(c.req.url).host, scheme)
    if (!host || !(isIP(host.host) > 0 || names.has(host.host))) {
      const message = 'Host must be an IP address, localhost or a configured name'
      return refuse('host', new ApiError(421, 'host', message))
    }
    const origin = c.req.header('origin')
    if (origin !== undefined && origin.toLowerCase() !== host.origin) {
      return refuse('origin', new ApiError(403, 'origin', 'requests from other origins are not allowed'))
    }
    const site = c.req.header('sec-fetch-site')
    if (site !== undefined && site !== 'same-origin' && site !== 'none' && !open.has(c.req.path)) {
      const message = 'pages of other sites are not allowed: Sec-Fetch-Site must be same-origin or none'
      return refuse('origin', new ApiError(403, 'origin', message))
    }
    if (!tokens.needed) c.set('scope', 'admin')
    else if (!open.has(c.req.path)) {
      const [, given] = /^Bearer +(\S+)$/i.exec(c.req.header('authorization') ?? '') ?? []
      const unauthorized = (message: string) =>
        new ApiError(401, 'token', message, { 'www-authenticate': 'Bearer' })
      if (given === undefined) return refuse('no-token', unauthorized('a token is needed'))
      const found = tokens.find(given)
      const wait = found === undefined ? guesses.take(source) : found.guessable ? guesses.wait(source) : 0
      if (wait > 0) {
        return refuse('guesses', new ApiError(429, 'guesses', 'too many wrong tokens', retryAfter(wait)))
      }
      if (found === undefined) return refuse('wrong-token', unauthorized('the token is wrong'))
      c.set('scope', found.scope)
    }
    return next()
  }
}
