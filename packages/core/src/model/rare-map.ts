/**
 * A map that is empty most of the time, and takes next to nothing then: an empty `Map` takes 180 bytes, and a node has
 * more than a dozen of those that hold what is under way.
 */
export class RareMap<K, V> {
  #map: Map<K, V> | undefined

  get size(): number {
    return this.#map === undefined ? 0 : this.#map.size
  }

  get(key: K): V | undefined {
    return this.#map?.get(key)
  }

  has(key: K): boolean {
    return this.#map?.has(key) ?? false
  }

  set(key: K, value: V): void {
    this.#map ??= new Map()
    this.#map.set(key, value)
  }

  /** Whether there was such a key. */
  delete(key: K): boolean {
    const map = this.#map
    if (map?.delete(key) !== true) return false
    if (map.size === 0) this.#map = undefined
    return true
  }

  clear(): void {
    this.#map = undefined
  }

  /** The one that came first. */
  firstKey(): K | undefined {
    return this.#map?.keys().next().value
  }

  /** See `values`. */
  keys(): Iterable<K> {
    return this.#map?.keys() ?? []
  }

  /** In the order in which they came. What is deleted meanwhile is left out, what comes meanwhile may be. */
  values(): Iterable<V> {
    return this.#map?.values() ?? []
  }

  /** See `values`. */
  [Symbol.iterator](): Iterator<[K, V]> {
    return this.#map?.entries() ?? [][Symbol.iterator]()
  }
}
