/** When to come back, in whole seconds. */
export const retryAfter = (ms: number) => ({ 'retry-after': String(Math.max(1, Math.ceil(ms / 1_000))) })

export interface RateLimitOptions {
  /** How many a source may do each second in the long run. */
  readonly perSecond: number
  /** How many it may do at once after a pause. */
  readonly burst: number
  /** Sources that are remembered; beyond it the one that was seen last the longest ago is forgotten, and begins anew. */
  readonly sources: number
  /** Milliseconds that only go forward. Default: the clock of this process. */
  readonly now?: () => number
}

/** A token bucket for each source, in bounded memory and without timers. */
export class RateLimit {
  readonly #buckets = new Map<string, { left: number; at: number }>()
  readonly #perMs: number
  readonly #burst: number
  readonly #sources: number
  readonly #now: () => number

  constructor({ perSecond, burst, sources, now = () => performance.now() }: RateLimitOptions) {
    this.#perMs = perSecond / 1_000
    this.#burst = burst
    this.#sources = sources
    this.#now = now
  }

  /** Milliseconds until this source may do one more; 0: it may now. Takes nothing. */
  wait(source: string): number {
    const bucket = this.#buckets.get(source)
    return bucket === undefined ? 0 : this.#missing(this.#filled(bucket))
  }

  /** As {@link wait}, and takes one if it may. */
  take(source: string): number {
    const bucket = this.#buckets.get(source) ?? { left: this.#burst, at: this.#now() }
    this.#filled(bucket)
    // The map keeps the order of insertion, and so the one that was seen last the longest ago comes first.
    this.#buckets.delete(source)
    if (this.#buckets.size >= this.#sources) this.#buckets.delete(this.#buckets.keys().next().value!)
    this.#buckets.set(source, bucket)
    const missing = this.#missing(bucket)
    if (missing === 0) bucket.left--
    return missing
  }

  #filled(bucket: { left: number; at: number }): { readonly left: number } {
    const now = this.#now()
    bucket.left = Math.min(this.#burst, bucket.left + (now - bucket.at) * this.#perMs)
    bucket.at = now
    return bucket
  }

  /** The small allowance is for what adding fractions loses. */
  #missing({ left }: { readonly left: number }): number {
    return left > 1 - 1e-6 ? 0 : (1 - left) / this.#perMs
  }
}
