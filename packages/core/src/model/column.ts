import type { Ref } from './ref.ts'
import { slotOf } from './ref.ts'

export type ColumnKind = 'u8' | 'u16' | 'u32' | 'i32' | 'f64'

/**
 * One number per member without one object per member. Belongs to the member, not the slot: when a member is removed
 * its value goes back to the initial one.
 */
export interface Column {
  get(ref: Ref): number
  set(ref: Ref, value: number): void
}

type Cells = Uint8Array | Uint16Array | Uint32Array | Int32Array | Float64Array

const makers: Readonly<Record<ColumnKind, (size: number) => Cells>> = {
  u8: (size) => new Uint8Array(size),
  u16: (size) => new Uint16Array(size),
  u32: (size) => new Uint32Array(size),
  i32: (size) => new Int32Array(size),
  f64: (size) => new Float64Array(size),
}

/** Members in a page of a column. */
const pageSize = 64
const pageBits = 6
const pageMask = pageSize - 1

/**
 * A column in pages that are made when they are first written: what is kept of few members takes little, however many there are.
 * A handle that `members` does not hold reads the initial value and writes nothing.
 */
export class GrowingColumn implements Column {
  readonly #kind: ColumnKind
  readonly #initial: number
  readonly #members: { has(ref: Ref): boolean }
  readonly #pages: (Cells | undefined)[] = []

  constructor(kind: ColumnKind, initial: number, members: { has(ref: Ref): boolean }) {
    this.#kind = kind
    this.#initial = initial
    this.#members = members
  }

  get(ref: Ref): number {
    const slot = slotOf(ref)
    const page = this.#pages[slot >> pageBits]
    return page !== undefined && this.#members.has(ref) ? page[slot & pageMask]! : this.#initial
  }

  set(ref: Ref, value: number): void {
    if (!this.#members.has(ref)) return
    const slot = slotOf(ref)
    const number = slot >> pageBits
    let page = this.#pages[number]
    if (page === undefined) {
      // One after the other, so that the list has no holes.
      while (this.#pages.length <= number) this.#pages.push(undefined)
      page = makers[this.#kind](pageSize)
      if (this.#initial !== 0) page.fill(this.#initial)
      this.#pages[number] = page
    }
    page[slot & pageMask] = value
  }

  /** A member was removed: its slot may be another's next. */
  reset(slot: number): void {
    const page = this.#pages[slot >> pageBits]
    if (page !== undefined) page[slot & pageMask] = this.#initial
  }
}
