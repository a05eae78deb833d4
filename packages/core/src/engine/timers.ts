import type { Millis } from './time.ts'

/** What is to happen, as data: which timer (`kind`), and of whom (`arg`). */
export interface Timer {
  at: Millis
  readonly kind: number
  readonly arg: number
  /** A second number, for whoever needs one: a detector's tag. */
  readonly tag: number
  /** Ties at one instant go by the order of arming. */
  order: number
  /** Place in the heap; −1: not armed. */
  place: number
}

/**
 * All timers of a node in one binary heap by (instant, order of arming). A timer is a plain object without a closure;
 * arming and cancelling cost O(log timers), reading the next instant O(1).
 */
export class TimerHeap {
  #heap: Timer[] = []
  #order = 0

  get size(): number {
    return this.#heap.length
  }

  /** The earliest instant; Infinity when nothing is armed. */
  get next(): Millis {
    return this.#heap[0]?.at ?? Number.POSITIVE_INFINITY
  }

  arm(at: Millis, kind: number, arg = 0, tag = 0): Timer {
    const timer: Timer = { at, kind, arg, tag, order: this.#order++, place: this.#heap.length }
    this.#heap.push(timer)
    this.#up(timer)
    return timer
  }

  /** Harmless for a timer that fired or was cancelled before. */
  cancel(timer: Timer | undefined): void {
    if (timer === undefined || timer.place < 0) return
    const { place } = timer
    timer.place = -1
    const last = this.#heap.pop()!
    if (last === timer) return
    this.#put(last, place)
    this.#up(last)
    this.#down(last)
  }

  /** Cancels all of a kind: looks at every timer, so not for what happens often. */
  cancelAll(kind: number): void {
    for (const timer of this.#heap.filter((armed) => armed.kind === kind)) this.cancel(timer)
  }

  /** Moves a timer that is still armed. */
  move(timer: Timer, at: Millis): void {
    if (timer.place < 0) return
    timer.at = at
    timer.order = this.#order++
    this.#up(timer)
    this.#down(timer)
  }

  /** Takes out the earliest timer if it is due. */
  due(now: Millis): Timer | undefined {
    const first = this.#heap[0]
    if (first === undefined || first.at > now) return undefined
    this.cancel(first)
    return first
  }

  #put(timer: Timer, place: number): void {
    this.#heap[place] = timer
    timer.place = place
  }

  #up(timer: Timer): void {
    let { place } = timer
    while (place > 0) {
      const above = (place - 1) >> 1
      const parent = this.#heap[above]!
      if (!before(timer, parent)) break
      this.#put(parent, place)
      place = above
    }
    this.#put(timer, place)
  }

  #down(timer: Timer): void {
    let { place } = timer
    const count = this.#heap.length
    for (;;) {
      let child = 2 * place + 1
      if (child >= count) break
      if (child + 1 < count && before(this.#heap[child + 1]!, this.#heap[child]!)) child++
      const lower = this.#heap[child]!
      if (!before(lower, timer)) break
      this.#put(lower, place)
      place = child
    }
    this.#put(timer, place)
  }
}

const before = (a: Timer, b: Timer): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)
