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
  const key = Uint32Array.from(seed)
  let a = 0x9e3779b9
  let b = 0x243f6a88
  let c = 0xb7e15162
  let counter = 1
  const next = (): number => {
    const t = (a + b + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (const word of key) {
    a ^= word
    for (let i = 0; i < 4; i++) next()
  }
  for (let i = 0; i < 12; i++) next()

  const below = (bound: number): number => {
    // Values above the largest multiple of the bound are drawn again, or low results would be more likely.
    const limit = 4_294_967_296 - (4_294_967_296 % bound)
    for (;;) {
      const value = next()
      if (value < limit) return value % bound
    }
  }
  return {
    u32: next,
    below,
    fraction: () => next() / 4_294_967_296,
    fork: (label) => createRandom([...key, ...labelWords(label)]),
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
