/** The ids, by row; replaced as it grows. */
export interface IdColumn {
  readonly ids: Uint32Array
}

/**
 * Rows by the short ids of their members: an open-addressing table (linear probing, at most half full) of row numbers in one array of
 * numbers; the ids themselves stand in their column. The salt is this node's own secret, so that nobody can choose ids that all fall into one place.
 */
export class Ids {
  readonly #rows: IdColumn
  readonly #salt: number
  /** Row + 1; 0: free. Its length is a power of two. */
  #table: Uint16Array | Uint32Array = new Uint16Array(32)
  #size = 0

  constructor(rows: IdColumn, salt: number) {
    this.#rows = rows
    this.#salt = salt
  }

  /** The first row of an id; −1: none. */
  find(id: number): number {
    const table = this.#table
    const mask = table.length - 1
    const { ids } = this.#rows
    for (let at = mix32(id ^ this.#salt) & mask; ; at = (at + 1) & mask) {
      const row = table[at]! - 1
      if (row < 0 || ids[row] === id) return row
    }
  }

  /** The row of an id that only one has; −1: none has it, or several. */
  only(id: number): number {
    const table = this.#table
    const mask = table.length - 1
    let found = -1
    for (let at = mix32(id ^ this.#salt) & mask; table[at] !== 0; at = (at + 1) & mask) {
      const row = table[at]! - 1
      if (this.#rows.ids[row] !== id) continue
      if (found >= 0) return -1
      found = row
    }
    return found
  }

  /** Adds a row; there may be one with the same id. Its own must stand in the column already. */
  add(row: number): void {
    const { length } = this.#table
    if (2 * (this.#size + 1) > length) this.#rehash(2 * length)
    if (row >= narrow && this.#table instanceof Uint16Array) this.#rehash(this.#table.length, true)
    this.#put(row)
    this.#size++
  }

  /** Takes out a row whose id still stands in the column. */
  remove(row: number): void {
    const table = this.#table
    const mask = table.length - 1
    let at = this.#home(row)
    while (table[at] !== row + 1) {
      if (table[at] === 0) return
      at = (at + 1) & mask
    }
    this.#size--
    // What stands behind the gap and could have stood in it moves up, so that no search ends too early.
    for (let next = (at + 1) & mask; table[next] !== 0; next = (next + 1) & mask) {
      const home = this.#home(table[next]! - 1)
      if (((next - home) & mask) >= ((next - at) & mask)) {
        table[at] = table[next]!
        at = next
      }
    }
    table[at] = 0
  }

  #home(row: number): number {
    return mix32(this.#rows.ids[row]! ^ this.#salt) & (this.#table.length - 1)
  }

  #put(row: number): void {
    const table = this.#table
    const mask = table.length - 1
    let at = this.#home(row)
    while (table[at] !== 0) at = (at + 1) & mask
    table[at] = row + 1
  }

  #rehash(length: number, wide = this.#table instanceof Uint32Array): void {
    const before = this.#table
    this.#table = wide ? new Uint32Array(length) : new Uint16Array(length)
    for (const entry of before) if (entry !== 0) this.#put(entry - 1)
  }
}

/** Rows below take half the memory. */
const narrow = 0xffff

/** Spreads every input bit over all output bits (the finalizer of MurmurHash3). */
export function mix32(x: number): number {
  let mixed = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35)
  return (mixed ^ (mixed >>> 16)) >>> 0
}
