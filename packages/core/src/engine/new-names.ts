import { RareMap } from '../model/rare-map.ts'
import { sourceOf } from '../model/source.ts'
import type { Millis } from './time.ts'

/** Sources of which it is known how much they have had, at most; the one that was heard of longest ago goes first. */
const sourcesKept = 1_024
/** Seconds' worth that a source may bring at once: a whole rack that starts, or a table after a partition. */
const burst = 4

interface Allowance {
  /** What it may still bring at `at`. */
  left: number
  at: Millis
}

/**
 * How many names nobody here has heard of one source may bring: a token bucket for each source of packets and requests. What this node asked for
 * itself is not counted, so that a newcomer takes in a table of any size.
 */
export class NewNames {
  readonly #perSecond: number
  readonly #sources = new RareMap<string, Allowance>()

  /** `perSecond` 0: no limit. */
  constructor(perSecond: number) {
    this.#perSecond = perSecond
  }

  /** Whether one more may come from that host; if so, it counts. */
  allows(host: string, now: Millis): boolean {
    if (this.#perSecond === 0) return true
    const source = sourceOf(host)
    const most = burst * this.#perSecond
    const known = this.#sources.get(source)
    const left =
      known === undefined ? most : Math.min(most, known.left + ((now - known.at) / 1_000) * this.#perSecond)
    this.#sources.delete(source)
    const oldest = this.#sources.firstKey()
    if (this.#sources.size === sourcesKept && oldest !== undefined) this.#sources.delete(oldest)
    this.#sources.set(source, { left: left < 1 ? left : left - 1, at: now })
    return left >= 1
  }
}
