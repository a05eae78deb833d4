/** Bytes as a list of choices: what a fuzzer changes is what somebody does, one byte at a time. Past the end everything is the first choice. */
export class Program {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get ended(): boolean {
    return this.#at >= this.#bytes.length
  }

  byte(): number {
    return this.#bytes[this.#at++] ?? 0
  }

  /** 0..bound−1; bound is at most 256. */
  below(bound: number): number {
    return this.byte() % bound
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]! // not empty: all lists here are written out
  }

  /** So many of something, each from the bytes that follow. */
  several<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make)
  }

  bytes(most: number): Uint8Array {
    const length = Math.min(this.below(most + 1), this.#bytes.length)
    return Uint8Array.from({ length }, () => this.byte())
  }
}
