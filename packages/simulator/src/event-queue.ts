/**
 * What happens when: a four-ary heap by time, then by the order of scheduling. Instants and order stand in columns, so that
 * a comparison touches no object.
 */
export class EventQueue<T> {
  #at = new Float64Array(1_024)
  #order = new Float64Array(1_024)
  readonly #items: (T | undefined)[] = []
  #scheduled = 0
  size = 0

  /** When the next one is due; Infinity if there is none. */
  get nextAt(): number {
    return this.size === 0 ? Number.POSITIVE_INFINITY : this.#at[0]!
  }

  push(at: number, item: T): void {
    if (this.size === this.#at.length) this.#grow()
    const atColumn = this.#at
    const orderColumn = this.#order
    const items = this.#items
    let place = this.size++
    while (place > 0) {
      const above = (place - 1) >> 2
      // A later one never goes before an earlier one of the same instant.
      if (atColumn[above]! <= at) break
      atColumn[place] = atColumn[above]!
      orderColumn[place] = orderColumn[above]!
      items[place] = items[above]
      place = above
    }
    atColumn[place] = at
    orderColumn[place] = this.#scheduled++
    items[place] = item
  }

  /** Takes the next one out; there must be one. */
  pop(): T {
    const atColumn = this.#at
    const orderColumn = this.#order
    const items = this.#items
    const first = items[0]!
    const count = --this.size
    const at = atColumn[count]!
    const order = orderColumn[count]!
    const item = items[count]
    items[count] = undefined
    if (count === 0) return first
    let place = 0
    for (;;) {
      const below = 4 * place + 1
      if (below >= count) break
      const end = Math.min(below + 4, count)
      let least = below
      for (let child = below + 1; child < end; child++) {
        const difference = atColumn[child]! - atColumn[least]!
        if (difference < 0 || (difference === 0 && orderColumn[child]! < orderColumn[least]!)) least = child
      }
      const difference = atColumn[least]! - at
      if (difference > 0 || (difference === 0 && orderColumn[least]! > order)) break
      atColumn[place] = atColumn[least]!
      orderColumn[place] = orderColumn[least]!
      items[place] = items[least]
      place = least
    }
    atColumn[place] = at
    orderColumn[place] = order
    items[place] = item
    return first
  }

  #grow(): void {
    const at = new Float64Array(2 * this.#at.length)
    at.set(this.#at)
    this.#at = at
    const order = new Float64Array(2 * this.#order.length)
    order.set(this.#order)
    this.#order = order
  }
}
