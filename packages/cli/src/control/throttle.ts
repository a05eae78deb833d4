import { limits, probes } from './limits.ts'
import { RateLimit, retryAfter } from './rate-limit.ts'
import type { Refusals } from './refusals.ts'
import { securityHeaders } from './security-headers.ts'

/** What is answered to whoever asks too often. */
export interface Shed {
  readonly status: 429
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Whether a request is refused by its path and where it comes from alone; undefined: it is not. */
export type Throttle = (url: string, source: string) => Shed | undefined

/**
 * Sends whoever asks too often away. It stands before everything else, the router among it: there a refusal took longer than an
 * answer. Probes are counted apart, as nothing is to look dead because it is asked a lot. `now` is as of {@link RateLimit}.
 */
export function throttle(perSecond: number, refusals: Refusals, now?: () => number): Throttle {
  if (perSecond === 0) return () => undefined
  const burst = Math.max(1, 2 * perSecond)
  const rate = new RateLimit({ perSecond, burst, sources: limits.sources, ...(now && { now }) })
  const message = `at most ${perSecond} requests a second`
  const body = JSON.stringify({ error: { code: 'rate', message } })
  const common = {
    ...securityHeaders,
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
  }
  return (url, source) => {
    const end = url.indexOf('?')
    const probe = probes.has(end < 0 ? url : url.slice(0, end))
    const wait = rate.take(probe ? `probes ${source}` : source)
    if (wait === 0) return undefined
    refusals.note('rate', source)
    return { status: 429, headers: { ...common, ...retryAfter(wait) }, body }
  }
}
