/** Numbers in a page. */
const pageSize = 256
const pageBits = 8
const pageMask = pageSize - 1

type Cells = Int32Array | Float64Array

/**
 * A long array of numbers, 0 where nothing was written, in pages that copies share until one of them writes: ten thousand
 * tables that agree about ten thousand members take little more room than one, and stay in the processor's caches.
 */
export class Pages<T extends Cells> {
  readonly #make: (size: number) => T
  readonly #pages: T[] = []
  /** By page: whether nobody else reads it. */
  readonly #own: boolean[] = []

  constructor(make: (size: number) => T) {
    this.#make = make
  }

  /** Numbers there is room for. */
  get capacity(): number {
    return this.#pages.length << pageBits
  }

  get(index: number): number {
    return this.#pages[index >> pageBits]![index & pageMask]!
  }

  /** `index` must be below the capacity. */
  set(index: number, value: number): void {
    const page = index >> pageBits
    if (!this.#own[page]) {
      // A slice of a typed array is one of the same kind.
      this.#pages[page] = this.#pages[page]!.slice() as T
      this.#own[page] = true
    }
    this.#pages[page]![index & pageMask] = value
  }

  /** Makes room for so many numbers. */
  reserve(size: number): void {
    while (this.capacity < size) {
      this.#pages.push(this.#make(pageSize))
      this.#own.push(true)
    }
  }

  /** The same numbers, to be written apart. */
  copy(): Pages<T> {
    const copy = new Pages(this.#make)
    for (let page = 0; page < this.#pages.length; page++) {
      copy.#pages.push(this.#pages[page]!)
      copy.#own.push(false)
      this.#own[page] = false
    }
    return copy
  }
}

export const intPages = (): Pages<Int32Array> => new Pages((size) => new Int32Array(size))
export const doublePages = (): Pages<Float64Array> => new Pages((size) => new Float64Array(size))
