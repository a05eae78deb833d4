/** A set that is empty most of the time, and takes next to nothing then; see `RareMap`. */
export class RareSet<T> {
  #set: Set<T> | undefined

  get size(): number {
    return this.#set === undefined ? 0 : this.#set.size
  }

  has(value: T): boolean {
    return this.#set?.has(value) ?? false
  }

  add(value: T): void {
    this.#set ??= new Set()
    this.#set.add(value)
  }

  /** Whether it was in it. */
  delete(value: T): boolean {
    const set = this.#set
    if (set?.delete(value) !== true) return false
    if (set.size === 0) this.#set = undefined
    return true
  }

  clear(): void {
    this.#set = undefined
  }

  /** In the order in which they came. What is deleted meanwhile is left out, what comes meanwhile may be. */
  [Symbol.iterator](): Iterator<T> {
    return this.#set?.values() ?? [][Symbol.iterator]()
  }
}
