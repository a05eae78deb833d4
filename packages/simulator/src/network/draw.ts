const bits = new Float64Array(1)
const words = new Uint32Array(bits.buffer)

/**
 * Draws that depend on a seed, a link, the instant and the place among the link's packets of that instant, and on nothing else:
 * what happens on one link shifts nothing on another, and ten thousand nodes need no generator for each of their
 * hundred million links. The mixing is MurmurHash3's (Austin Appleby).
 */
export class LinkDraw {
  readonly #seed: number
  #state = 0

  constructor(seed: number) {
    this.#seed = seed >>> 0
  }

  /** Turns to a packet of a link; `place` tells apart those of one instant. */
  turn(from: number, to: number, at: number, place: number): void {
    bits[0] = at
    this.#state = mix(
      mix(mix(mix(mix(this.#seed, from), to ^ 0x5bd1e995), words[0]!), words[1]!),
      place ^ 0x27d4eb2f,
    )
  }

  /** In [0, 1), 32 bits: the next of this packet. */
  fraction(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0
    let x = this.#state
    x = Math.imul(x ^ (x >>> 16), 0x85ebca6b)
    x = Math.imul(x ^ (x >>> 13), 0xc2b2ae35)
    return ((x ^ (x >>> 16)) >>> 0) / 4_294_967_296
  }
}

function mix(state: number, word: number): number {
  let k = Math.imul(word, 0xcc9e2d51)
  k = (k << 15) | (k >>> 17)
  const h = state ^ Math.imul(k, 0x1b873593)
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}
