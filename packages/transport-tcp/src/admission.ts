/** What can be made to go. */
interface Guest {
  destroy(): unknown
}

/**
 * How many may be in at a time, and who goes when there are more: the oldest that is not settled, so that connections
 * that never say anything can't keep out those that do.
 */
export class Admission<T extends Guest> {
  readonly #most: number
  readonly #unsettled = new Set<T>() // a set keeps the order of arrival
  readonly #settled = new Set<T>()

  constructor(most: number) {
    this.#most = most
  }

  /** Lets the guest in, and says at whose cost: nobody's, the `evicted` one's, or its own. */
  admit(guest: T): 'admitted' | 'evicted' | 'refused' {
    let outcome: 'admitted' | 'evicted' = 'admitted'
    if (this.#unsettled.size + this.#settled.size >= this.#most) {
      const [oldest] = this.#unsettled
      if (oldest === undefined) {
        guest.destroy()
        return 'refused'
      }
      this.#unsettled.delete(oldest)
      oldest.destroy()
      outcome = 'evicted'
    }
    this.#unsettled.add(guest)
    return outcome
  }

  /** From now on the guest stays until it leaves. Of no effect on one that has left. */
  settle(guest: T): void {
    if (this.#unsettled.delete(guest)) this.#settled.add(guest)
  }

  leave(guest: T): void {
    this.#unsettled.delete(guest)
    this.#settled.delete(guest)
  }
}
