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

/** A column that grows on write. `holds` says whether a handle is current; a stale one reads the initial value and writes nothing. */
export class GrowingColumn implements Column {
  readonly #kind: ColumnKind
  readonly #initial: number
  readonly #holds: (ref: Ref) => boolean
  #cells: Cells

  constructor(kind: ColumnKind, initial: number, holds: (ref: Ref) => boolean) {
    this.#kind = kind
    this.#initial = initial
    this.#holds = holds
    this.#cells = makers[kind](0)
  }

  get(ref: Ref): number {
    const slot = slotOf(ref)
    return slot < this.#cells.length && this.#holds(ref) ? this.#cells[slot]! : this.#initial
  }

  set(ref: Ref, value: number): void {
    if (!this.#holds(ref)) return
    const slot = slotOf(ref)
    if (slot >= this.#cells.length) {
      const grown = makers[this.#kind](Math.max(16, slot + 1, this.#cells.length * 2))
      grown.set(this.#cells)
      if (this.#initial !== 0) grown.fill(this.#initial, this.#cells.length)
      this.#cells = grown
    }
    this.#cells[slot] = value
  }

  /** A member was removed: its slot may be another's next. */
  reset(slot: number): void {
    if (slot < this.#cells.length) this.#cells[slot] = this.#initial
  }
}
