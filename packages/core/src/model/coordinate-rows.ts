import type { Coordinate } from './coordinate.ts'
import { fromHalf, keepCoordinate, keptHalves, readKept, toHalf } from './coordinate-bytes.ts'
import type { Ref } from './ref.ts'

/** Earlier round trips that are kept of each member: with the next one it makes three, of which the middle one counts. */
const kept = 2
/** Halves of a member: its coordinate, and its last round trips, the latest first; 0 where there was none. */
const cells = keptHalves + kept

/**
 * Coordinates of those members that were heard from, 28 bytes each and nothing for the others: sorted by member, so that they need
 * no index. A new one costs a move of what follows, which for 10,000 members is 10 µs, once.
 */
export class CoordinateRows {
  #refs = new Int32Array(0)
  #cells = new Uint16Array(0)
  #size = 0

  /** Members of which something is kept. */
  get size(): number {
    return this.#size
  }

  has(ref: Ref): boolean {
    return this.#at(ref) >= 0
  }

  /** Reads a member's coordinate, but for the error; false where there is none. */
  read(ref: Ref, into: Coordinate): boolean {
    const at = this.#at(ref)
    if (at < 0) return false
    readKept(this.#cells, at * cells, into)
    return true
  }

  /**
   * Keeps what a member packed, and a round trip to it. Returns the middle one of the last three, of two the lesser, so that one
   * packet that was late counts for nothing (Ledlie's filter; Serf has three as well).
   */
  put(ref: Ref, packed: Uint8Array, rtt: number): number {
    let at = this.#at(ref)
    if (at < 0) at = this.#insert(ref, -at - 1)
    const all = this.#cells
    const start = at * cells
    keepCoordinate(packed, all, start)
    const last = all[start + keptHalves]!
    const before = all[start + keptHalves + 1]!
    all[start + keptHalves] = toHalf(rtt)
    all[start + keptHalves + 1] = last
    if (last === 0) return rtt
    if (before === 0) return Math.min(rtt, fromHalf(last))
    return middle(rtt, fromHalf(last), fromHalf(before))
  }

  delete(ref: Ref): void {
    const at = this.#at(ref)
    if (at < 0) return
    this.#refs.copyWithin(at, at + 1, this.#size)
    this.#cells.copyWithin(at * cells, (at + 1) * cells, this.#size * cells)
    this.#size--
  }

  /** Where a member is, or −1 less the place where it belongs. */
  #at(ref: Ref): number {
    const refs = this.#refs
    let low = 0
    let high = this.#size
    while (low < high) {
      const between = (low + high) >>> 1
      if (refs[between]! < ref) low = between + 1
      else high = between
    }
    return low < this.#size && refs[low] === ref ? low : -low - 1
  }

  #insert(ref: Ref, at: number): number {
    const size = this.#size++
    if (size === this.#refs.length) this.#grow()
    this.#refs.copyWithin(at + 1, at, size)
    this.#refs[at] = ref
    this.#cells.copyWithin((at + 1) * cells, at * cells, size * cells)
    this.#cells.fill(0, at * cells, (at + 1) * cells)
    return at
  }

  #grow(): void {
    const capacity = this.#refs.length + 8 + (this.#refs.length >>> 2)
    const refs = new Int32Array(capacity)
    refs.set(this.#refs)
    this.#refs = refs
    const all = new Uint16Array(capacity * cells)
    all.set(this.#cells)
    this.#cells = all
  }
}

const middle = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
