/**
 * The looks under way, so many at once. Each has a number that comes back with its result: one that comes too late, for a member
 * whose row has gone or is another's, is thus told apart.
 */
export class Looking {
  /** By place: the row that is looked at; −1: free. */
  readonly #rows: Int32Array
  readonly #numbers: Float64Array
  #number = 0
  #free: number

  constructor(places: number) {
    this.#rows = new Int32Array(places).fill(-1)
    this.#numbers = new Float64Array(places)
    this.#free = places
  }

  get full(): boolean {
    return this.#free === 0
  }

  has(row: number): boolean {
    return this.#rows.indexOf(row) >= 0
  }

  /** Number of the look at that row which begins. There must be a place. */
  begin(row: number): number {
    const place = this.#rows.indexOf(-1)
    this.#rows[place] = row
    this.#free--
    this.#numbers[place] = this.#number
    return this.#number++
  }

  /** Row of the look that has ended; −1: nobody waits for it. */
  end(number: number): number {
    for (let place = 0; place < this.#rows.length; place++) {
      const row = this.#rows[place]!
      if (row < 0 || this.#numbers[place] !== number) continue
      this.#clear(place)
      return row
    }
    return -1
  }

  /** Nothing will come of a look at that row, or nothing that matters. */
  drop(row: number): void {
    const place = this.#rows.indexOf(row)
    if (place >= 0) this.#clear(place)
  }

  #clear(place: number): void {
    this.#rows[place] = -1
    this.#free++
  }
}
