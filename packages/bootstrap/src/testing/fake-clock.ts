/** A clock that stands still until it is moved, for what waits with `sleep`. */
export class FakeClock {
  now = 0
  readonly slept: number[] = []
  #waiting: { at: number; wake: () => void }[] = []

  sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      this.slept.push(ms)
      const wake = () => {
        signal.removeEventListener('abort', wake)
        resolve()
      }
      this.#waiting.push({ at: this.now + ms, wake })
      signal.addEventListener('abort', wake, { once: true })
    })

  /** Moves on to the next instant somebody waits for, and lets everything settle that it sets off. */
  async next(): Promise<void> {
    await settle()
    const at = Math.min(...this.#waiting.map((waiting) => waiting.at))
    this.now = at
    const due = this.#waiting.filter((waiting) => waiting.at <= at)
    this.#waiting = this.#waiting.filter((waiting) => waiting.at > at)
    for (const { wake } of due) wake()
    await settle()
  }
}

/** Lets promises that are ready run on. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
