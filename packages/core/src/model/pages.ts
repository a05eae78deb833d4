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
  #pages: T[] = []
  /** By page: whether nobody else reads it. */
  #own: boolean[] = []

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
      // New lists, as one that is pushed to keeps room for sixteen more, in each of a node's several.
      this.#pages = this.#pages.concat(this.#make(pageSize))
      this.#own = this.#own.concat(true)
    }
  }

  /** The same numbers, to be written apart. */
  copy(): Pages<T> {
    const copy = new Pages(this.#make)
    this.#own.fill(false)
    copy.#pages = [...this.#pages]
    copy.#own = [...this.#own]
    return copy
  }
}

const ints = (size: number): Int32Array => new Int32Array(size)
const doubles = (size: number): Float64Array => new Float64Array(size)

export const intPages = (): Pages<Int32Array> => new Pages(ints)
export const doublePages = (): Pages<Float64Array> => new Pages(doubles)
