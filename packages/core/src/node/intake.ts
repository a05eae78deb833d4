/**
 * What others have begun to say over streams and not ended, in bytes of all streams together. Beyond the bound the stream that has brought most is let go, so that small ones get through
 * whatever large ones somebody opens.
 */
export class Intake {
  readonly #most: number
  /** By stream. */
  readonly #brought = new Map<AbortController, number>()
  #total = 0
  /** Streams that were let go. */
  letGo = 0

  constructor(most: number) {
    this.#most = most
  }

  /** A stream has brought so many bytes more. It may be the one that is aborted for it. */
  add(stream: AbortController, bytes: number): void {
    this.#brought.set(stream, (this.#brought.get(stream) ?? 0) + bytes)
    this.#total += bytes
    if (this.#total <= this.#most) return
    let [largest, most] = [stream, 0]
    for (const [each, brought] of this.#brought) if (brought > most) [largest, most] = [each, brought]
    this.remove(largest)
    this.letGo++
    largest.abort()
  }

  /** Its message is whole, or it is over. */
  remove(stream: AbortController): void {
    this.#total -= this.#brought.get(stream) ?? 0
    this.#brought.delete(stream)
  }
}
