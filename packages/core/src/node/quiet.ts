import type { Millis } from '../engine/time.ts'
import type { Host } from './host.ts'

/** Tells when something that changes in bursts has come to rest, or has been restless for too long. One timer of the host's, and only while it is restless. */
export class Quiet {
  readonly #host: Host
  readonly #quiet: Millis
  readonly #longest: Millis
  readonly #rested: () => void
  /** Of the changes since it last rested; undefined: there was none. */
  #first: Millis | undefined
  #last: Millis = 0
  #cancel: (() => void) | undefined

  /** `rested` is called once nothing has changed for `quiet` milliseconds, or `longest` after the first change at the latest. */
  constructor(host: Host, quiet: Millis, longest: Millis, rested: () => void) {
    this.#host = host
    this.#quiet = quiet
    this.#longest = longest
    this.#rested = rested
  }

  /** It has changed. */
  touch(): void {
    this.#last = this.#host.now()
    if (this.#first !== undefined) return
    this.#first = this.#last
    this.#arm()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = undefined
    this.#first = undefined
  }

  #arm(): void {
    this.#cancel = this.#host.wake(this.#due, this.#onWake)
  }

  get #due(): Millis {
    return Math.min(this.#last + this.#quiet, this.#first! + this.#longest)
  }

  readonly #onWake = (): void => {
    if (this.#first === undefined) return
    // It has changed since the timer was armed: that moves the end, and no timer for each change.
    if (this.#host.now() < this.#due) return this.#arm()
    this.stop()
    this.#rested()
  }
}
