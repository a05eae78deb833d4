import { grown } from '../model/grown.ts'
import { type Ref, slotOf } from '../model/ref.ts'

/** A dense list of members with O(1) insertion, removal and exchange, in eight bytes a member. */
export class ActiveSet {
  #list = new Int32Array(0)
  /** Index in the list by slot; −1: not in it. */
  #places = new Int32Array(0)
  #size = 0

  get size(): number {
    return this.#size
  }

  at(index: number): Ref {
    // The list holds nothing but handles; a typed array cannot say so.
    return this.#list[index]! as Ref
  }

  /** −1 for one that is not here. */
  placeOf(ref: Ref): number {
    const place = this.#places[slotOf(ref)] ?? -1
    return place >= 0 && this.#list[place] === ref ? place : -1
  }

  /** Makes room for members of slots below `slots`. */
  reserve(slots: number): void {
    if (slots > this.#places.length) this.#places = grown(new Int32Array(slots).fill(-1), this.#places)
    if (slots > this.#list.length) this.#list = grown(new Int32Array(slots), this.#list)
  }

  push(ref: Ref): void {
    if (this.placeOf(ref) >= 0) return
    const slot = slotOf(ref)
    if (slot >= this.#places.length) this.#places = grown(room(slot + 1, this.#places.length), this.#places)
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
    if (this.#size > 0) this.#places[slotOf(this.at(--this.#size))] = -1
  }

  #put(ref: Ref, place: number): void {
    this.#list[place] = ref
    this.#places[slotOf(ref)] = place
  }
}

const room = (needed: number, length: number): Int32Array<ArrayBuffer> =>
  new Int32Array(Math.max(8, needed, Math.ceil(length * 1.5))).fill(-1)
