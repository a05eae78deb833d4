import { grown } from '../model/grown.ts'
import { type Ref, slotOf } from '../model/ref.ts'

/**
 * A dense list of members with O(1) insertion, removal and exchange, in eight bytes a member. Lists none of whose members is in
 * another of them may share their places, and take four.
 */
export class ActiveSet {
  #list = new Int32Array(0)
  readonly #places: Places
  #size = 0

  constructor(places: Places = new Places()) {
    this.#places = places
  }

  get size(): number {
    return this.#size
  }

  at(index: number): Ref {
    // The list holds nothing but handles; a typed array cannot say so.
    return this.#list[index]! as Ref
  }

  /** −1 for one that is not here. */
  placeOf(ref: Ref): number {
    const place = this.#places.get(slotOf(ref))
    // Where places are shared this one may be in another list, and in ours only what was there before.
    return place >= 0 && place < this.#size && this.#list[place] === ref ? place : -1
  }

  /** Makes room for members of slots below `slots`. */
  reserve(slots: number): void {
    this.#places.reserve(slots)
    if (slots > this.#list.length) this.#list = grown(new Int32Array(slots), this.#list)
  }

  push(ref: Ref): void {
    if (this.placeOf(ref) >= 0) return
    if (this.#size === this.#list.length)
      this.#list = grown(room(this.#size + 1, this.#list.length), this.#list)
    this.#put(ref, this.#size++)
  }

  swap(i: number, j: number): void {
    const a = this.at(i)
    this.#put(this.at(j), i)
    this.#put(a, j)
  }

  /** Takes the last one out. */
  pop(): void {
    if (this.#size > 0) this.#places.set(slotOf(this.at(--this.#size)), -1)
  }

  #put(ref: Ref, place: number): void {
    this.#list[place] = ref
    this.#places.set(slotOf(ref), place)
  }
}

/** Index in a list by slot; −1: in none. */
export class Places {
  #cells = new Int32Array(0)

  get(slot: number): number {
    return this.#cells[slot] ?? -1
  }

  set(slot: number, place: number): void {
    if (slot >= this.#cells.length) this.#cells = grown(room(slot + 1, this.#cells.length), this.#cells)
    this.#cells[slot] = place
  }

  /** Makes room for slots below `slots`. */
  reserve(slots: number): void {
    if (slots > this.#cells.length) this.#cells = grown(new Int32Array(slots).fill(-1), this.#cells)
  }
}

const room = (needed: number, length: number): Int32Array<ArrayBuffer> =>
  new Int32Array(Math.max(8, needed, Math.ceil(length * 1.5))).fill(-1)
