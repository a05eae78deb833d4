import { firstRows, grown } from './rows.ts'

/** In no list. */
const loose = -0x8000_0000

/**
 * Doubly linked lists of rows, in two numbers for each row: a row is in one list or in none, and putting it in, taking it out and
 * moving whole lists is O(1). A list is a ring through its head; heads are the negative numbers.
 */
export class Lists {
  /** By row. */
  #next: Int32Array = new Int32Array(firstRows)
  #previous: Int32Array = new Int32Array(firstRows)
  /** Of each list the first row and the last. */
  readonly #heads: Int32Array

  constructor(lists: number) {
    this.#heads = new Int32Array(2 * lists)
    for (let list = 0; list < lists; list++) {
      this.#heads[2 * list] = -1 - list
      this.#heads[2 * list + 1] = -1 - list
    }
  }

  /** A row that is new, whatever had its number before: it is in no list. */
  add(row: number): void {
    if (row >= this.#next.length) {
      this.#next = grown(this.#next, row + 1)
      this.#previous = grown(this.#previous, row + 1)
    }
    this.#next[row] = loose
  }

  /** The first row of a list; negative where it is empty. */
  first(list: number): number {
    return this.#heads[2 * list]!
  }

  /** The row behind one that is in a list; negative behind the last. */
  after(row: number): number {
    return this.#next[row]!
  }

  /** Takes a row to the front of a list, wherever it was. */
  putFirst(list: number, row: number): void {
    this.remove(row)
    const head = -1 - list
    this.#insert(head, row, this.#heads[2 * list]!)
  }

  /** Takes a row to the end of a list, wherever it was. */
  putLast(list: number, row: number): void {
    this.remove(row)
    const head = -1 - list
    this.#insert(this.#heads[2 * list + 1]!, row, head)
  }

  remove(row: number): void {
    const next = this.#next[row]!
    if (next === loose) return
    this.#join(this.#previous[row]!, next)
    this.#next[row] = loose
  }

  /** Takes all of a list, in its order, to the end of another. */
  moveAll(from: number, to: number): void {
    const heads = this.#heads
    const first = heads[2 * from]!
    if (first < 0) return
    this.#join(heads[2 * to + 1]!, first)
    this.#join(heads[2 * from + 1]!, -1 - to)
    this.#join(-1 - from, -1 - from)
  }

  #insert(previous: number, row: number, next: number): void {
    this.#join(previous, row)
    this.#join(row, next)
  }

  /** Lets one follow the other; each is a row or a head. */
  #join(previous: number, next: number): void {
    if (previous >= 0) this.#next[previous] = next
    else this.#heads[-2 - 2 * previous] = next
    if (next >= 0) this.#previous[next] = previous
    else this.#heads[-1 - 2 * next] = previous
  }
}
