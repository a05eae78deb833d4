import type { Column, DetectorContext, Millis, Ref } from '@swimkit/core'

/** Most that speaks for a member, in thresholds: however often it comes back, it is still looked at in the end. */
const most = 3

/**
 * What speaks for members that came back lately: one for each return, forgotten by half in each half-life. It is kept by member and not by
 * row, as it is there when a failed member comes back; and in columns whose pages are made when somebody does.
 */
export class Penalties {
  readonly #halfLife: Millis
  readonly #size: Column
  readonly #at: Column

  constructor(context: Pick<DetectorContext, 'column'>, halfLife: Millis) {
    this.#halfLife = halfLife
    this.#size = context.column('f64', 0)
    this.#at = context.column('f64', 0)
  }

  /** It has come back. */
  add(ref: Ref, now: Millis): void {
    this.#size.set(ref, Math.min(most, this.of(ref, now) + 1))
    this.#at.set(ref, now)
  }

  /** 0..3; what is as good as nothing is nothing. */
  of(ref: Ref, now: Millis): number {
    const size = this.#size.get(ref)
    if (size === 0) return 0
    const halvings = (now - this.#at.get(ref)) / this.#halfLife
    const whole = Math.floor(halvings)
    // Straight between two halvings: a power of any other number is not the same on every engine.
    const left = (size / 2 ** whole) * (1 - (halvings - whole) / 2)
    return left < negligible ? 0 : left
  }
}

const negligible = 1 / 32
