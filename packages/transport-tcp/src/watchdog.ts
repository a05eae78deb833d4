import { clearTimeout, setTimeout } from 'node:timers'
import type { Millis } from '@swimkit/core'

/** Time for a poll of the sockets to happen between two timers. */
const SECOND_LOOK: Millis = 5

/**
 * Ends what makes no progress, or lasts too long: calls `expire` once, when `touch` was not called for `idle` ms, or
 * `total` ms after the start.
 *
 * A touch costs no timer: the one there is finds on firing how long ago the last touch was. And as timers run before
 * the sockets are read when the process has stalled, a deadline that seems missed is looked at again after a poll.
 */
export class Watchdog {
  readonly #idle: Millis
  readonly #end: Millis
  readonly #expire: (missed: 'idle' | 'total') => void
  #touched: Millis
  #suspicious = false
  #timer: NodeJS.Timeout

  constructor(idle: Millis, total: Millis, expire: (missed: 'idle' | 'total') => void) {
    const now = performance.now()
    this.#idle = idle
    this.#end = now + total
    this.#expire = expire
    this.#touched = now
    this.#timer = this.#arm(Math.min(idle, total))
  }

  touch(): void {
    this.#touched = performance.now()
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  #arm(left: Millis): NodeJS.Timeout {
    return setTimeout(() => this.#look(), Math.ceil(left)).unref()
  }

  #look(): void {
    const idleEnd = this.#touched + this.#idle
    const left = Math.min(idleEnd, this.#end) - performance.now()
    if (left > 0) {
      this.#suspicious = false
      this.#timer = this.#arm(left)
    } else if (this.#suspicious) {
      this.#expire(idleEnd < this.#end ? 'idle' : 'total')
    } else {
      this.#suspicious = true
      this.#timer = this.#arm(SECOND_LOOK)
    }
  }
}
