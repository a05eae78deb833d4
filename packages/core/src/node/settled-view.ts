import type { Millis } from '../engine/time.ts'
import type { WatchOptions } from './api.ts'
import type { Host } from './host.ts'
import { checkRange } from './options.ts'
import { Quiet } from './quiet.ts'

/** What a view is made of. */
export interface Viewed<T> {
  /** As it is now. */
  read(): T
  /** Whether whoever has seen one need not be shown the other. */
  same(a: T, b: T): boolean
}

/** Longest time between a change and the view that shows it, in quiet periods. */
const restless = 10
const mostQuiet = 600_000

/**
 * An iteration over what something has become, each time it has settled: first as it is, then whenever it has changed and been quiet for a
 * while. Whoever is slow finds the latest and misses what was in between, so nothing is kept for it.
 */
export class SettledView<T> implements AsyncIterableIterator<T> {
  readonly #viewed: Viewed<T>
  readonly #quiet: Quiet
  readonly #onEnd: (view: SettledView<T>) => void
  readonly #signal: AbortSignal | undefined
  readonly #waiting: ((result: IteratorResult<T>) => void)[] = []
  #shown: T | undefined
  #begun = false
  /** It may have become another since it was shown. */
  #fresh = true
  #ended = false

  /** `defaultQuiet`: milliseconds. Throws an `OptionError` for a period out of its range. */
  constructor(
    host: Host,
    viewed: Viewed<T>,
    { longest, quiet, signal }: WatchOptions,
    defaultQuiet: Millis,
    onEnd: (view: SettledView<T>) => void,
  ) {
    const period = quiet ?? defaultQuiet
    checkRange('quiet', period, 0, mostQuiet)
    checkRange('longest', longest ?? period, period, restless * mostQuiet)
    this.#viewed = viewed
    this.#signal = signal
    this.#onEnd = onEnd
    this.#quiet = new Quiet(host, period, longest ?? restless * period, () => this.#settle())
    if (signal?.aborted) this.#ended = true
    else signal?.addEventListener('abort', this.end, { once: true })
  }

  get ended(): boolean {
    return this.#ended
  }

  /** What it shows has changed. */
  touch(): void {
    if (!this.#ended) this.#quiet.touch()
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#ended) return Promise.resolve({ value: undefined, done: true })
    const found = this.#take()
    if (found !== undefined) return Promise.resolve({ value: found.value, done: false })
    return new Promise((resolve) => {
      this.#waiting.push(resolve)
    })
  }

  return(): Promise<IteratorResult<T>> {
    this.end()
    return Promise.resolve({ value: undefined, done: true })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  /** Nothing more comes. */
  readonly end = (): void => {
    if (this.#ended) return
    this.#ended = true
    this.#quiet.stop()
    this.#signal?.removeEventListener('abort', this.end)
    for (const resolve of this.#waiting.splice(0)) resolve({ value: undefined, done: true })
    this.#onEnd(this)
  }

  #settle(): void {
    this.#fresh = true
    if (this.#waiting.length === 0) return
    const found = this.#take()
    if (found !== undefined) this.#waiting.shift()!({ value: found.value, done: false })
  }

  /** What is to be shown now, if anything is. */
  #take(): { readonly value: T } | undefined {
    if (!this.#fresh) return undefined
    this.#fresh = false
    const value = this.#viewed.read()
    if (this.#begun && this.#viewed.same(this.#shown as T, value)) return undefined
    this.#begun = true
    this.#shown = value
    return { value }
  }
}
