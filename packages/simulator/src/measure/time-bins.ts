import type { Millis } from '@swimkit/core'
import type { Curve } from './curve.ts'
import { seconds } from './quantile.ts'

/** Counts by time, in at most so many bins: when they are full, two become one. */
export class TimeBins {
  readonly #counts: Float64Array
  /** Milliseconds that a bin is wide. */
  width: Millis
  #used = 0

  /** `bins`: an even number. */
  constructor(width: Millis, bins = 240) {
    this.width = width
    this.#counts = new Float64Array(bins)
  }

  add(at: Millis): void {
    while (at >= this.width * this.#counts.length) this.#halve()
    const bin = Math.floor(at / this.width)
    this.#counts[bin]!++
    this.#used = Math.max(this.#used, bin + 1)
  }

  /** Begin of each bin, and its count; up to the last that has any. */
  curve(): Curve {
    return Array.from(this.#counts.subarray(0, this.#used), (count, bin) => [
      seconds(bin * this.width),
      count,
    ])
  }

  #halve(): void {
    const counts = this.#counts
    const half = counts.length / 2
    for (let bin = 0; bin < half; bin++) counts[bin] = counts[2 * bin]! + counts[2 * bin + 1]!
    counts.fill(0, half)
    this.#used = Math.ceil(this.#used / 2)
    this.width *= 2
  }
}
