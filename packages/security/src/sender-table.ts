/** Of a row: the two halves of a boot, the tag, and a key of at most 32 bytes. */
const tagAt = 2
const keyAt = 3
const rowWords = 11
const fewestRows = 16

/**
 * Keys by sender, in one buffer: a hash table with open addressing, at most half full. As objects of their own the keys of a cluster would be hundreds of bytes each, and
 * every collection of garbage would look at all of them.
 */
export class SenderTable {
  #rows = new Uint32Array(fewestRows * rowWords)
  #mask = fewestRows - 1
  #size = 0

  get size(): number {
    return this.#size
  }

  /** Copies the key that was put under that boot and tag to `to`, of as many bytes. Whether there is one. */
  take(high: number, low: number, tag: number, to: Uint32Array): boolean {
    const row = this.#rowOf(high, low)
    const rows = this.#rows
    if (rows[row + tagAt] !== tag) return false
    for (let i = 0; i < to.length; i++) to[i] = rows[row + keyAt + i]!
    return true
  }

  /** Puts a key under a boot, in the place of the one that was there. `tag` is at least 1. */
  put(high: number, low: number, tag: number, key: Uint32Array): void {
    if (2 * this.#size > this.#mask) this.#rebuild(2 * (this.#mask + 1), () => true)
    const row = this.#rowOf(high, low)
    const rows = this.#rows
    if (rows[row + tagAt] === 0) this.#size++
    rows[row] = high
    rows[row + 1] = low
    rows[row + tagAt] = tag
    rows.set(key, row + keyAt)
  }

  /** Forgets all of other tags. */
  keepOnly(isKept: (tag: number) => boolean): void {
    this.#rebuild(this.#mask + 1, isKept)
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
    this.#size = 0
    for (let row = 0; row < before.length; row += rowWords) {
      if (before[row + tagAt] === 0 || !isKept(before[row + tagAt]!)) continue
      const to = this.#rowOf(before[row]!, before[row + 1]!)
      this.#rows.set(before.subarray(row, row + rowWords), to)
      this.#size++
    }
    // No key stays behind in what is no longer used.
    before.fill(0)
  }
}

/** Boots are random, or begin with a time: all of their bits are to count. */
function mixed(high: number, low: number): number {
  const product = Math.imul(high ^ Math.imul(low, 0x9e3779b1), 0x85ebca6b)
  return (product ^ (product >>> 15)) >>> 0
}
