/**
 * What others have begun to say over streams and not ended, in bytes of all streams together. Beyond the bound the stream that has brought most is let go, so that small ones get through
 * whatever large ones somebody opens. Those who have shown no key have a quarter of it for sure, and more while nobody else needs that: else one of theirs is let go.
 */
export class Intake {
  readonly #most: number
  readonly #brought = new Map<AbortController, Brought>()
  #total = 0
  /** Of the total, by those who have shown no key. */
  #keyless = 0
  /** Streams that were let go. */
  letGo = 0

  constructor(most: number) {
    this.#most = most
  }

  /** A stream has brought so many bytes more. It may be the one that is aborted for it. `keyed`: who brings them shows a key by them. */
  add(stream: AbortController, bytes: number, keyed: boolean): void {
    const brought = this.#brought.get(stream) ?? { bytes: 0, keyed: false }
    this.#count(brought, -1)
    brought.bytes += bytes
    brought.keyed ||= keyed
    this.#count(brought, 1)
    this.#brought.set(stream, brought)
    if (this.#total > this.#most) this.#letGo(stream)
  }

  /** Its message is whole, or it is over. */
  remove(stream: AbortController): void {
    const brought = this.#brought.get(stream)
    if (brought === undefined) return
    this.#count(brought, -1)
    this.#brought.delete(stream)
  }

  #letGo(stream: AbortController): void {
    const keyed = this.#keyless <= this.#most * keylessShare
    let [largest, most] = [stream, 0]
    for (const [each, brought] of this.#brought)
      if (brought.keyed === keyed && brought.bytes > most) [largest, most] = [each, brought.bytes]
    this.remove(largest)
    this.letGo++
    largest.abort()
  }

  #count({ bytes, keyed }: Brought, sign: 1 | -1): void {
    this.#total += sign * bytes
    if (!keyed) this.#keyless += sign * bytes
  }
}

/** What a stream has brought. */
interface Brought {
  bytes: number
  keyed: boolean
}

/** Who has a key is among those who have shown none at first. */
const keylessShare = 0.25
