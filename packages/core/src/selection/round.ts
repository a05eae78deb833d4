import type { Random } from '../engine/random.ts'
import type { Ref } from '../model/ref.ts'
import { ActiveSet, type Places } from './active-set.ts'

/**
 * Everyone once per round, in an order drawn anew each round (SWIM §4.3): a member that is there throughout waits at most
 * 2n − 1 turns, n being the most members in it at once meanwhile. The shuffle is done one draw per turn, so that no turn
 * costs more than another.
 *
 * A newcomer takes a random place, which may be in the part of the round that is over; but never one that would make the round
 * longer than there are members, or a stream of newcomers that come and go could keep the others waiting for ever.
 */
export class Round {
  readonly #random: Random
  readonly #set: ActiveSet
  /** Those before it have had their turn in this round, or wait for the next. */
  #cursor = 0
  /** Turns in this round, of members that have gone since as well. */
  #turns = 0

  /** Rounds none of whose members is in another of them may share their places. */
  constructor(random: Random, places?: Places) {
    this.#random = random
    this.#set = new ActiveSet(places)
  }

  get size(): number {
    return this.#set.size
  }

  has(ref: Ref): boolean {
    return this.#set.placeOf(ref) >= 0
  }

  /** Makes room for so many. */
  reserve(members: number): void {
    this.#set.reserve(members)
  }

  next(): Ref | undefined {
    const set = this.#set
    if (set.size === 0) return undefined
    if (this.#cursor >= set.size) {
      this.#cursor = 0
      this.#turns = 0
    }
    this.#turns++
    set.swap(this.#cursor, this.#cursor + this.#random.below(set.size - this.#cursor))
    return set.at(this.#cursor++)
  }

  add(ref: Ref): void {
    const set = this.#set
    if (set.placeOf(ref) >= 0) return
    const left = set.size - this.#cursor
    set.push(ref)
    // Before the first turn of a round every place in it is as good as any other.
    if (this.#turns === 0) return
    const fits = this.#turns + left + 1 <= set.size
    if (fits && this.#random.below(set.size) >= this.#cursor) return
    set.swap(this.#cursor, set.size - 1)
    this.#cursor++
  }

  remove(ref: Ref): void {
    const set = this.#set
    let place = set.placeOf(ref)
    if (place < 0) return
    if (place < this.#cursor) {
      // The gap moves to the border first: taking the last one into the part that is over would cost it its turn.
      this.#cursor--
      set.swap(place, this.#cursor)
      place = this.#cursor
    }
    set.swap(place, set.size - 1)
    set.pop()
  }
}
