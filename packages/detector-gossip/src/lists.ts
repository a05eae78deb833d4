/** Words of a row, for its place in a set of lists. */
export interface Links {
  /** All rows, `stride` words each; replaced as it grows. */
  readonly words: Int32Array
}

/** 64 bytes: what one heartbeat touches of a member is in one line of the processor's cache. */
export const stride = 16

/** In no list. */
const loose = -0x8000_0000

/**
 * Doubly linked lists of rows, in two words of each row: a row is in one list or in none, and putting it in, taking it out and
 * moving whole lists is O(1). A list is a ring through its head; heads are the negative numbers.
 */
export class Lists {
  readonly #rows: Links
  readonly #next: number
  readonly #previous: number
  /** Of each list the first row and the last. */
  readonly #heads: Int32Array

  /** So many lists, in the word at `at` of each row and the one behind it. Both must be `unlink`ed for a new row. */
  constructor(rows: Links, at: number, lists: number) {
    this.#rows = rows
    this.#next = at
    this.#previous = at + 1
    this.#heads = new Int32Array(2 * lists)
    for (let list = 0; list < lists; list++) {
      this.#heads[2 * list] = -1 - list
      this.#heads[2 * list + 1] = -1 - list
    }
  }

  /** For a new row: it is in no list. */
  clear(row: number): void {
    this.#rows.words[row * stride + this.#next] = loose
  }

  /** The first row of a list; negative where it is empty. */
  first(list: number): number {
    return this.#heads[2 * list]!
  }

  /** The row behind one that is in a list; negative behind the last. */
  after(row: number): number {
    return this.#rows.words[row * stride + this.#next]!
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
    const { words } = this.#rows
    const at = row * stride + this.#next
    const next = words[at]!
    if (next === loose) return
    this.#join(words[at + 1]!, next)
    words[at] = loose
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
    const { words } = this.#rows
    if (previous >= 0) words[previous * stride + this.#next] = next
    else this.#heads[-2 - 2 * previous] = next
    if (next >= 0) words[next * stride + this.#previous] = previous
    else this.#heads[-1 - 2 * next] = previous
  }
}
