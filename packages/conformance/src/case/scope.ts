import type { Case } from './case.ts'
import { type Clause, ConformanceError } from './check.ts'
import { show } from './show.ts'

/** How long things may take to close once a case is over, in ms. */
const closingPatience = 500
/** Once time is up, what has arrived already may still be read: a process that stood still gets its timers first. In ms. */
const grace = 20

/**
 * What an asynchronous case opened, and its time: every wait ends at one deadline, and everything opened is closed in
 * reverse when the case is over, also when it failed.
 */
export class Scope {
  readonly #patience: number
  readonly #closers: {
    readonly close: () => Promise<void>
    readonly what: string
    readonly clause: Clause
  }[] = []
  #deadline: number

  constructor(patience: number) {
    this.#patience = patience
    this.#deadline = performance.now() + patience
  }

  /** To be closed when the case is over; must resolve. */
  onEnd(close: () => Promise<void>, what: string, clause: Clause): void {
    this.#closers.push({ close, what, clause })
  }

  /** What the promise resolves with. A failure when it rejects, or when the case has no more time; it says what was waited for. */
  async wait<T>(promise: Promise<T>, what: string, clause: Clause): Promise<T> {
    const late = (): ConformanceError =>
      new ConformanceError(`${what}: waited ${this.#patience} ms in vain`, clause)
    const left = this.#deadline - performance.now()
    if (left < -grace) {
      promise.catch(() => undefined)
      throw late()
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    const end = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => {
          timer = setTimeout(() => reject(late()), grace)
        },
        Math.max(0, left),
      )
    })
    try {
      return await Promise.race([promise, end])
    } catch (error) {
      if (error instanceof ConformanceError) throw error
      throw new ConformanceError(`${what} ended with ${show(error)}`, clause, { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  /** What the promise rejects with; a failure when it resolves. */
  async rejection(promise: Promise<unknown>, what: string, clause: Clause): Promise<unknown> {
    const outcome = await this.wait(
      promise.then(
        () => undefined,
        (error: unknown) => ({ error }),
      ),
      `${what}, which was to be rejected`,
      clause,
    )
    if (outcome === undefined) throw new ConformanceError(`${what} was to be rejected, and was not`, clause)
    return outcome.error
  }

  /** For what tells nobody, such as a counter: looks again and again. */
  async until(holds: () => boolean, what: string, clause: Clause): Promise<void> {
    while (!holds()) await this.wait(pause(2), what, clause)
  }

  async end(): Promise<void> {
    let first: unknown
    for (const { clause, close, what } of this.#closers.splice(0).reverse()) {
      this.#deadline = performance.now() + closingPatience
      try {
        await this.wait(close(), `closing ${what}`, clause)
      } catch (error) {
        first ??= error
      }
    }
    if (first !== undefined) throw first
  }
}

/** A case that runs in a scope of its own. */
export function scoped(name: string, patience: number, body: (scope: Scope) => Promise<void>): Case {
  return {
    name,
    run: async () => {
      const scope = new Scope(patience)
      try {
        await body(scope)
      } catch (error) {
        // The failure of the case is what counts; what then fails to close follows from it.
        await scope.end().catch(() => undefined)
        throw error
      }
      await scope.end()
    },
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
