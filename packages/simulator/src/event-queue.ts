/**
 * What happens when: one heap by time, then by the order of scheduling. It holds items, each for an instant, and sleepers,
 * numbered from 0, each of which has at most one wake-up that may be moved. Instants, order and places stand in columns, so that
 * sorting touches no object.
 */
export class EventQueue<T> {
  /** By place in the heap, which is four-ary. */
  #at = new Float64Array(1_024)
  #order = new Float64Array(1_024)
  /** A sleeper's number as it is; an item's index as its complement, which is negative. */
  #who = new Int32Array(1_024)
  /** By sleeper: place in the heap; −1: none. */
  #places = new Int32Array(64).fill(-1)
  readonly #items: (T | undefined)[] = []
  readonly #free: number[] = []
  #scheduled = 0
  #size = 0
  /** The item that `pop` took out, after it returned −1. */
  taken: T | undefined

  get size(): number {
    return this.#size
  }

  /** When the next one is due; Infinity if there is none. */
  get nextAt(): number {
    return this.#size === 0 ? Number.POSITIVE_INFINITY : this.#at[0]!
  }

  push(at: number, item: T): void {
    const index = this.#free.pop() ?? this.#items.length
    this.#items[index] = item
    if (this.#size === this.#at.length) this.#grow()
    this.#up(this.#size++, at, this.#scheduled++, ~index)
  }

  /** Sets a sleeper's wake-up, in place of an earlier one; Infinity: none. */
  wake(sleeper: number, at: number): void {
    if (sleeper >= this.#places.length) this.#growPlaces(sleeper + 1)
    const place = this.#places[sleeper]!
    if (at === Number.POSITIVE_INFINITY) {
      if (place >= 0) this.#remove(place)
      return
    }
    if (place < 0) {
      if (this.#size === this.#at.length) this.#grow()
      this.#up(this.#size++, at, this.#scheduled++, sleeper)
      return
    }
    const before = this.#at[place]!
    if (at === before) return
    if (at < before) this.#up(place, at, this.#scheduled++, sleeper)
    else this.#down(place, at, this.#scheduled++, sleeper)
  }

  /** Takes the next one out; there must be one. A sleeper's number, or −1 for an item: see `taken`. */
  pop(): number {
    const who = this.#who[0]!
    this.#remove(0)
    if (who >= 0) return who
    const index = ~who
    this.taken = this.#items[index]
    this.#items[index] = undefined
    this.#free.push(index)
    return -1
  }

  #remove(place: number): void {
    const gone = this.#who[place]!
    if (gone >= 0) this.#places[gone] = -1
    const last = --this.#size
    if (place === last) return
    const at = this.#at[last]!
    const order = this.#order[last]!
    const who = this.#who[last]!
    if (place > 0 && this.#before(at, order, (place - 1) >> 2)) this.#up(place, at, order, who)
    else this.#down(place, at, order, who)
  }

  /** Puts an entry at a place or above it. */
  #up(from: number, at: number, order: number, who: number): void {
    let place = from
    while (place > 0) {
      const above = (place - 1) >> 2
      if (!this.#before(at, order, above)) break
      this.#move(above, place)
      place = above
    }
    this.#put(place, at, order, who)
  }

  /** Puts an entry at a place or below it. */
  #down(from: number, at: number, order: number, who: number): void {
    const atColumn = this.#at
    const orderColumn = this.#order
    const count = this.#size
    let place = from
    for (;;) {
      const below = 4 * place + 1
      if (below >= count) break
      const end = Math.min(below + 4, count)
      let least = below
      for (let child = below + 1; child < end; child++) {
        const difference = atColumn[child]! - atColumn[least]!
        if (difference < 0 || (difference === 0 && orderColumn[child]! < orderColumn[least]!)) least = child
      }
      if (this.#before(at, order, least)) break
      this.#move(least, place)
      place = least
    }
    this.#put(place, at, order, who)
  }

  #before(at: number, order: number, place: number): boolean {
    const there = this.#at[place]!
    return at < there || (at === there && order < this.#order[place]!)
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#at[from]!, this.#order[from]!, this.#who[from]!)
  }

  #put(place: number, at: number, order: number, who: number): void {
    this.#at[place] = at
    this.#order[place] = order
    this.#who[place] = who
    if (who >= 0) this.#places[who] = place
  }

  #grow(): void {
    const size = 2 * this.#at.length
    this.#at = into(new Float64Array(size), this.#at)
    this.#order = into(new Float64Array(size), this.#order)
    this.#who = into(new Int32Array(size), this.#who)
  }

  #growPlaces(needed: number): void {
    this.#places = into(new Int32Array(Math.max(needed, 2 * this.#places.length)).fill(-1), this.#places)
  }
}

function into<T extends Float64Array | Int32Array>(larger: T, smaller: T): T {
  larger.set(smaller)
  return larger
}
