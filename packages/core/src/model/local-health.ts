import type { Millis } from '../engine/time.ts'

/** How much this node distrusts its own view. What detectors and the engine see of it. */
export interface LocalHealth {
  /** 0 is healthy. */
  readonly score: number
  /** `time × (score + 1)`: intervals and timeouts grow while this node is the likely cause. */
  scale(time: Millis): Millis
}

/** What moves the score, and by how much (Lifeguard §4.1, Table I). */
export const healthDelta = {
  /** A probe was answered. */
  probeAnswered: -1,
  /** A probe failed and there was no helper to tell whether this node's own network works. */
  probeFailed: 1,
  /** A helper that was asked for a nack sent neither ack nor nack. */
  nackMissed: 1,
  /** This node had to refute a claim about itself: it was slow to answer. */
  refuted: 1,
  /** Most looks failed at once: this node is cut off. */
  doubt: 1,
  /** The event loop ran late: this process is starved, or stood still. */
  loopLag: 1,
} as const

/** A counter clamped to 0..max. */
export class HealthScore implements LocalHealth {
  readonly #max: number
  #score = 0

  constructor(max: number) {
    this.#max = max
  }

  get score(): number {
    return this.#score
  }

  apply(delta: number): void {
    this.#score = Math.min(this.#max, Math.max(0, this.#score + delta))
  }

  scale(time: Millis): Millis {
    return time * (this.#score + 1)
  }
}
