import { intPages } from './pages.ts'
import type { Ref } from './ref.ts'

/** A list of handles in four bytes each, whose copies share what neither has changed. */
export class RefList {
  #refs = intPages()
  #length = 0

  get length(): number {
    return this.#length
  }

  at(index: number): Ref {
    // The list holds nothing but handles; an array of numbers cannot say so.
    return this.#refs.get(index) as Ref
  }

  put(index: number, ref: Ref): void {
    this.#refs.set(index, ref)
  }

  push(ref: Ref): void {
    this.#refs.reserve(this.#length + 1)
    this.#refs.set(this.#length++, ref)
  }

  /** The last one, which is taken out; there must be one. */
  pop(): Ref {
    return this.at(--this.#length)
  }

  copy(): RefList {
    const copy = new RefList()
    copy.#refs = this.#refs.copy()
    copy.#length = this.#length
    return copy
  }
}
