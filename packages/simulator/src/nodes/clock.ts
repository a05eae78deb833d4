import type { Millis } from '@swimkit/core'

/** A node's own clock, which may run faster or slower than the simulation's. */
export class NodeClock {
  #rate = 1
  /** An instant on both clocks: from there on they run apart. */
  #here: Millis = 0
  #there: Millis = 0
  /** What it has shown already: rounding never turns it back. */
  #shown = Number.NEGATIVE_INFINITY

  get rate(): number {
    return this.#rate
  }

  /** From now on this clock runs `rate` times as fast as the simulation's: 1.001 gains 3.6 s an hour. */
  run(rate: number, at: Millis): void {
    if (!(rate >= 0.1 && rate <= 10)) throw new RangeError(`a clock's rate is ${rate}: must be 0.1..10`)
    this.#there = this.local(at)
    this.#here = at
    this.#rate = rate
  }

  /** What this clock shows at an instant of the simulation. */
  local(at: Millis): Millis {
    if (this.#rate === 1 && this.#here === this.#there) return at
    return Math.max(this.#shown, this.#there + (at - this.#here) * this.#rate)
  }

  /**
   * What this clock shows when somebody wakes who was to wake at `due`, local time: that, if rounding brought it here a moment before, and then
   * nothing earlier any more.
   */
  localAtWake(at: Millis, due: Millis): Millis {
    const local = this.local(at)
    if (local >= due || due - local >= 1e-6) return local
    this.#shown = due
    return due
  }

  /** When this clock will show an instant. */
  global(local: Millis): Millis {
    return this.#rate === 1 && this.#here === this.#there
      ? local
      : this.#here + (local - this.#there) / this.#rate
  }
}
