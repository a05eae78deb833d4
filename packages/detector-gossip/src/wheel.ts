import type { Millis } from '@swimkit/core'
import { Lists } from './lists.ts'

/** Slots ahead. What is due later comes round, and is put where it belongs then. */
const slots = 128
/** Behind the slots: the rows whose turn it is. */
const due = slots

/**
 * When to look whether members are still heard: a timing wheel (Varghese and Lauck, SOSP 1987) that is lazy. Hearing a member moves nothing;
 * when its turn comes, whoever turns the wheel puts it where it belongs by what was heard since. So a member costs one move for
 * each time it might have fallen silent, and not one for each heartbeat.
 *
 * The wheel goes by steps, not by the clock: where the process stands still, all that it waits for waits as well.
 */
export class Wheel {
  readonly #lists: Lists
  readonly #step: Millis
  #position = 0

  constructor(step: Millis) {
    this.#step = step
    this.#lists = new Lists(slots + 1)
  }

  /** A row that is new: it never has a turn yet. */
  add(row: number): void {
    this.#lists.add(row)
  }

  /** Puts a row, wherever it was, to have its turn in so many milliseconds: at the next step at the earliest. */
  put(row: number, ahead: Millis): void {
    const steps = Math.min(slots - 1, Math.max(1, Math.ceil(ahead / this.#step)))
    this.#lists.putLast((this.#position + steps) % slots, row)
  }

  remove(row: number): void {
    this.#lists.remove(row)
  }

  /** One step on: who is in the slot that comes has its turn, behind those that still wait for theirs. */
  turn(): void {
    this.#position = (this.#position + 1) % slots
    this.#lists.moveAll(this.#position, due)
  }

  /** Takes out the next row whose turn it is; −1: nobody's. */
  next(): number {
    const row = this.#lists.first(due)
    if (row >= 0) this.#lists.remove(row)
    return row
  }
}
