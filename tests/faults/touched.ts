/** For so long after a fault is over it may still show: a suspicion of 20 members lasts up to 31 s, and it takes some more until all have heard what came of it. */
export const aftermath = 40_000

/** After all have agreed nobody is suspected any more, and what is left are packets on their way. */
const lastPackets = 5_000

/**
 * Which nodes faults touch, and touched until when. What others say of a node that was touched lately, and what it says of others, is
 * excused by that; all that is asked of the rest is asked without excuse.
 */
export class Touched {
  readonly #now: () => number
  readonly #open = new Map<string, number>()
  readonly #until = new Map<string, number>()

  constructor(now: () => number) {
    this.#now = now
  }

  /** A fault begins at these nodes. Returns what is to be called when it is over. */
  begin(names: readonly string[]): () => void {
    for (const name of names) this.#open.set(name, (this.#open.get(name) ?? 0) + 1)
    let over = false
    return () => {
      if (over) return
      over = true
      const now = this.#now()
      for (const name of names) {
        const left = this.#open.get(name)! - 1
        if (left === 0) this.#open.delete(name)
        else this.#open.set(name, left)
        this.#until.set(name, now)
      }
    }
  }

  /** Something happened at these nodes that is over at once. */
  now(names: readonly string[]): void {
    this.begin(names)()
  }

  /** All agree: what faults left behind is gone, but for the last packets. */
  rest(): void {
    const latest = this.#now() - aftermath + lastPackets
    for (const [name, until] of this.#until) this.#until.set(name, Math.min(until, latest))
  }

  /** Since when nothing has touched it; infinite while something does. */
  since(name: string): number {
    return this.#open.has(name) ? Number.POSITIVE_INFINITY : (this.#until.get(name) ?? 0)
  }

  /** Whether a fault touches it, or touched it so lately that it may still show. */
  lately(name: string): boolean {
    return this.since(name) > this.#now() - aftermath
  }
}
