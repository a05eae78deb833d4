/** Seeded randomness: the same seed gives the same run, on every runtime. */
export interface Random {
  /** 0..2³²−1 */
  u32(): number
  /** 0..bound−1, unbiased; bound is a whole number 1..2³². */
  below(bound: number): number
  /** In [0, 1). */
  fraction(): number
  /** An independent sequence that depends on this one's seed and the label alone, so that adding a user shifts nobody else's. */
  fork(label: string): Random
}

/**
 * The sfc32 generator (Chris Doty-Humphrey, PractRand): four 32-bit words, passes the usual batteries.
 * `seed` is any number of 32-bit words.
 */
export function createRandom(seed: readonly number[]): Random {
  return new Sfc32([...seed], '')
}

/** A class, as a node has half a dozen: functions of each would take four times its memory. */
class Sfc32 implements Random {
  /** Where it comes from: the words of a seed, or another sequence and the label that it was forked by. */
  readonly #origin: readonly number[] | Sfc32
  readonly #label: string
  #a = 0x9e3779b9 | 0
  #b = 0x243f6a88
  #c = 0xb7e15162 | 0
  #counter = 1

  constructor(origin: readonly number[] | Sfc32, label: string) {
    this.#origin = origin
    this.#label = label
    for (const word of this.#seed()) {
      this.#a ^= word
      for (let i = 0; i < 4; i++) this.u32()
    }
    for (let i = 0; i < 12; i++) this.u32()
  }

  #seed(): readonly number[] {
    return this.#origin instanceof Sfc32
      ? [...this.#origin.#seed(), ...labelWords(this.#label)]
      : this.#origin
  }

  u32(): number {
    const b = this.#b
    const c = this.#c
    const t = (this.#a + b + this.#counter) | 0
    this.#counter = (this.#counter + 1) | 0
    this.#a = b ^ (b >>> 9)
    this.#b = (c + (c << 3)) | 0
    this.#c = (((c << 21) | (c >>> 11)) + t) | 0
    return t >>> 0
  }

  below(bound: number): number {
    // Values above the largest multiple of the bound are drawn again, or low results would be more likely.
    const limit = 4_294_967_296 - (4_294_967_296 % bound)
    for (;;) {
      const value = this.u32()
      if (value < limit) return value % bound
    }
  }

  fraction(): number {
    return this.u32() / 4_294_967_296
  }

  fork(label: string): Random {
    return new Sfc32(this, label)
  }
}

/** Two words that depend on each of the label's UTF-16 units (FNV-1a, twice with different bases). */
function labelWords(label: string): [number, number] {
  let x = 0x811c9dc5
  let y = 0x01000193
  for (let i = 0; i < label.length; i++) {
    const unit = label.charCodeAt(i)
    x = Math.imul(x ^ unit, 0x01000193)
    y = Math.imul(y ^ unit, 0x85ebca6b) ^ (y >>> 13)
  }
  return [x >>> 0, y >>> 0]
}
