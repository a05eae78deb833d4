/** How far an experiment is, on the standard error: a line every few seconds. */
export class Progress {
  readonly #name: string
  readonly #total: number
  readonly #start = performance.now()
  #last = 0
  #done = 0

  constructor(name: string, total: number) {
    this.#name = name
    this.#total = total
    console.error(`${name}: ${total} runs`)
  }

  step(what: string): void {
    this.#done++
    const elapsed = this.#elapsed()
    if (elapsed - this.#last < every && this.#done > 1) return
    this.#last = elapsed
    const left = (elapsed / this.#done) * (this.#total - this.#done)
    const share = `${this.#done}/${this.#total}`
    console.error(
      `${this.#name}: ${share} after ${elapsed.toFixed(0)} s, about ${left.toFixed(0)} s left (${what})`,
    )
  }

  end(): void {
    console.error(`${this.#name}: done after ${this.#elapsed().toFixed(1)} s`)
  }

  #elapsed(): number {
    return (performance.now() - this.#start) / 1_000
  }
}

/** Seconds between two lines. */
const every = 5
