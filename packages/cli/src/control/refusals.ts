import type { Logger } from '@swimkit/core'
import { limits } from './limits.ts'
import { RateLimit } from './rate-limit.ts'

/** Why somebody was sent away, with what the log says of it. */
const reasons = {
  malformed: 'Host or path is malformed',
  host: 'Host is none of ours',
  origin: 'the page of another origin',
  'no-token': 'no token',
  'wrong-token': 'a wrong token',
  guesses: 'too many wrong tokens',
  scope: 'a read-only token, for a change',
  rate: 'too many requests',
  busy: 'too many requests at the same time',
  streams: 'too many event streams',
  connections: 'too many connections',
} as const
export type RefusalReason = keyof typeof reasons

/** Counts who was sent away, and logs it: a line for each source and reason in ten seconds at most. */
export class Refusals {
  readonly #counts = Object.fromEntries(Object.keys(reasons).map((reason) => [reason, 0])) as Record<
    RefusalReason,
    number
  > // its keys are just these
  readonly #lines = new RateLimit({ perSecond: 0.1, burst: 1, sources: limits.sources })
  readonly #logger: Logger | undefined

  constructor(logger: Logger | undefined) {
    this.#logger = logger
  }

  note(reason: RefusalReason, source: string): void {
    this.#counts[reason]++
    if (!this.#logger?.enabled('warn') || this.#lines.take(`${reason} ${source}`) > 0) return
    this.#logger.log('warn', `control request refused: ${reasons[reason]}`, { from: source })
  }

  /** How many, as `refused:host` and so on, since the API began to serve. */
  counts(): Readonly<Record<`refused:${RefusalReason}`, number>> {
    return Object.fromEntries(
      Object.entries(this.#counts).map(([reason, count]) => [`refused:${reason}`, count]),
    ) as Record<`refused:${RefusalReason}`, number> // the same keys with a prefix
  }
}
