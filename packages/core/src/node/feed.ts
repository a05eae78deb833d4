/** What a consumer that is behind did not get: so many values, `last` being the last of them, before `next`, if that is there already. */
export interface Missed<T> {
  readonly missed: number
  readonly last: T
  readonly next: T | undefined
}

/** In the place of values that were dropped. */
class Gap<T> {
  readonly missed: number
  readonly last: T
  constructor(missed: number, last: T) {
    this.missed = missed
    this.last = last
  }
}

/** How many values are kept for a consumer that is behind, where it does not say. */
export const defaultBuffer = 1_024

export interface FeedOptions<T, G> {
  /** Values that are kept at most; from 1 on. */
  readonly limit: number
  /** What to give in the place of those that were dropped; asked for when it is taken. */
  readonly gap: (missed: Missed<T>) => G
  /** Called once, when nothing more will be taken; not where it is ended from the start. */
  readonly onEnd: () => void
  /** Ends it. */
  readonly signal: AbortSignal | undefined
}

/** An endless iteration for one consumer in bounded memory: one that is behind loses the oldest values, and is given a gap for them. */
export class Feed<T extends object, G> implements AsyncIterableIterator<T | G> {
  readonly #options: FeedOptions<T, G>
  readonly #buffer: (T | Gap<T>)[] = []
  /** Whoever waits for a next value, in order. */
  readonly #waiting: ((result: IteratorResult<T | G>) => void)[] = []
  #ended = false
  readonly #onAbort = (): void => this.end()

  constructor(options: FeedOptions<T, G>) {
    this.#options = options
    const { signal } = options
    if (signal?.aborted) this.#ended = true
    else signal?.addEventListener('abort', this.#onAbort, { once: true })
  }

  get ended(): boolean {
    return this.#ended
  }

  offer(value: T): void {
    if (this.#ended) return
    const waiting = this.#waiting.shift()
    if (waiting !== undefined) {
      waiting({ value, done: false })
      return
    }
    const buffer = this.#buffer
    buffer.push(value)
    if (buffer.length <= this.#options.limit) return
    let missed = 0
    let last = value
    while (buffer.length >= this.#options.limit) {
      const dropped = buffer.shift()!
      missed += dropped instanceof Gap ? dropped.missed : 1
      last = dropped instanceof Gap ? dropped.last : dropped
    }
    buffer.unshift(new Gap(missed, last))
  }

  /** So many have been missed before anything was offered, `last` being the last of them. */
  miss(missed: number, last: T): void {
    if (!this.#ended) this.#buffer.push(new Gap(missed, last))
  }

  /** Ends it, after what is buffered was taken. */
  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#options.signal?.removeEventListener('abort', this.#onAbort)
    this.#options.onEnd()
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true })
  }

  next(): Promise<IteratorResult<T | G>> {
    const value = this.#buffer.shift()
    if (value !== undefined) {
      return Promise.resolve({ value: value instanceof Gap ? this.#filled(value) : value, done: false })
    }
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  return(): Promise<IteratorResult<T | G>> {
    this.#buffer.length = 0
    this.end()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  #filled({ last, missed }: Gap<T>): G {
    // Only the front can be a gap, and it was just taken: what is left are values.
    return this.#options.gap({ missed, last, next: this.#buffer[0] as T | undefined })
  }
}
