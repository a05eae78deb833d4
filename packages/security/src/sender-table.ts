import { randomFillSync } from 'node:crypto'

/** Of a row: the two halves of a boot, the tag, and a key of at most 32 bytes. */
const tagAt = 2
const keyAt = 3
const rowWords = 11
const fewestRows = 16
/** In the place of the tag where the key has gone: the row is passed over, not free. */
const gone = 0xffff_ffff

/**
 * Keys by sender, in one buffer: a hash table with open addressing, at most half full. As objects of their own the keys of a cluster would be hundreds of bytes each, and
 * every collection of garbage would look at all of them.
 */
export class SenderTable {
  #rows = new Uint32Array(fewestRows * rowWords)
  #mask = fewestRows - 1
  /** Rows that are not free, and of those the ones that are gone. */
  #used = 0
  #gone = 0

  get size(): number {
    return this.#used - this.#gone
  }

  /** Copies the key that was put under that boot and tag to `to`, of as many bytes. Whether there is one. */
  copy(high: number, low: number, tag: number, to: Uint32Array): boolean {
    return this.#copy(this.#rowOf(high, low), tag, to)
  }

  /** As {@link copy}, and the key is gone from here then. */
  take(high: number, low: number, tag: number, to: Uint32Array): boolean {
    const row = this.#rowOf(high, low)
    if (!this.#copy(row, tag, to)) return false
    this.#rows.fill(0, row + keyAt, row + rowWords)
    this.#rows[row + tagAt] = gone
    this.#gone++
    return true
  }

  /** Puts a key under a boot, in the place of the one that was there. `tag` is at least 1. */
  put(high: number, low: number, tag: number, key: Uint32Array): void {
    if (2 * this.#used > this.#mask) {
      const rows = this.#mask + 1
      // With many that are gone it needs no more room, only to be put in order.
      this.#rebuild(4 * this.size > this.#mask ? 2 * rows : rows, () => true)
    }
    const row = this.#rowOf(high, low)
    const rows = this.#rows
    if (rows[row + tagAt] === 0) this.#used++
    else if (rows[row + tagAt] === gone) this.#gone--
    rows[row] = high
    rows[row + 1] = low
    rows[row + tagAt] = tag
    rows.set(key, row + keyAt)
  }

  /** Forgets all of other tags. */
  keepOnly(isKept: (tag: number) => boolean): void {
    this.#rebuild(this.#mask + 1, isKept)
  }

  #copy(row: number, tag: number, to: Uint32Array): boolean {
    const rows = this.#rows
    if (rows[row + tagAt] !== tag) return false
    for (let i = 0; i < to.length; i++) to[i] = rows[row + keyAt + i]!
    return true
  }

  /** Where a boot is, or would be. */
  #rowOf(high: number, low: number): number {
    const rows = this.#rows
    for (let at = mixed(high, low); ; at++) {
      const row = (at & this.#mask) * rowWords
      if (rows[row + tagAt] === 0 || (rows[row + 1] === low && rows[row] === high)) return row
    }
  }

  #rebuild(count: number, isKept: (tag: number) => boolean): void {
    const before = this.#rows
    this.#rows = new Uint32Array(count * rowWords)
    this.#mask = count - 1
    this.#used = 0
    this.#gone = 0
    for (let row = 0; row < before.length; row += rowWords) {
      const tag = before[row + tagAt]!
      if (tag === 0 || tag === gone || !isKept(tag)) continue
      const to = this.#rowOf(before[row]!, before[row + 1]!)
      this.#rows.set(before.subarray(row, row + rowWords), to)
      this.#used++
    }
    // No key stays behind in what is no longer used.
    before.fill(0)
  }
}

/** Odd, and others in each process: a member that picks boots for itself cannot have them all at one place, where each look would pass all of them. */
const factors = randomFillSync(new Uint32Array(2)).map((word) => word | 1)

/** Boots are random, or begin with a time: all of their bits are to count. */
function mixed(high: number, low: number): number {
  const sum = Math.imul(high, factors[0]!) + Math.imul(low, factors[1]!)
  return (sum ^ (sum >>> 15)) >>> 0
}
