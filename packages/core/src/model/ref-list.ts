import { grown } from './grown.ts'
import type { Ref } from './ref.ts'

/** A list of handles in four bytes each: half of what an array of numbers takes. */
export class RefList {
  #refs = new Int32Array(0)
  length = 0

  at(index: number): Ref {
    // The list holds nothing but handles; a typed array cannot say so.
    return this.#refs[index]! as Ref
  }

  put(index: number, ref: Ref): void {
    this.#refs[index] = ref
  }

  push(ref: Ref): void {
    if (this.length === this.#refs.length) {
      this.#refs = grown(new Int32Array(Math.max(8, Math.ceil(this.length * 1.5))), this.#refs)
    }
    this.#refs[this.length++] = ref
  }

  /** The last one; there must be one. */
  pop(): Ref {
    return this.at(--this.length)
  }

  /** Becomes what another is. */
  copy(from: RefList): void {
    this.#refs = from.#refs.slice(0, from.length)
    this.length = from.length
  }
}
