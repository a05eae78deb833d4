import type { Boot } from '../../model/peer.ts'
import { RareMap } from '../../model/rare-map.ts'

/** Numbers below the highest that are told apart: a multiple of 32. */
const remembered = 1_024
/** Senders that are remembered at most; of those beyond, the one that was heard longest ago is forgotten. */
const mostSenders = 4_096

/** `again`: it was taken in. `old`: it is so far behind that it may have been. */
export type Novelty = 'new' | 'again' | 'old'

interface Recent {
  highest: number
  /** By number modulo their count: whether it was taken in. */
  readonly taken: Uint32Array
}

/**
 * Tells messages that come for the first time from those that come again, by their senders' own numbers, in any order: as a receiver of IPsec does (RFC 4303 §3.4.3). Bounded by
 * senders; of each 1,024 numbers are remembered, and what is below them is not taken.
 */
export class Once {
  readonly #recent = new RareMap<Boot, Recent>()

  get size(): number {
    return this.#recent.size
  }

  /** Takes a number in, from 0 on, if it is new. */
  take(sender: Boot, number: number): Novelty {
    const recent = this.#recentOf(sender)
    const { highest, taken } = recent
    if (number <= highest - remembered) return 'old'
    if (number > highest) {
      // Those that come into it have not been taken in.
      if (number - highest >= remembered) taken.fill(0)
      else for (let each = highest + 1; each <= number; each++) clear(taken, each)
      recent.highest = number
    } else if (has(taken, number)) return 'again'
    set(taken, number)
    return 'new'
  }

  #recentOf(sender: Boot): Recent {
    const known = this.#recent.get(sender)
    if (known !== undefined) {
      // Heard last, it is forgotten last.
      this.#recent.delete(sender)
      this.#recent.set(sender, known)
      return known
    }
    if (this.#recent.size === mostSenders) this.#recent.delete(this.#recent.firstKey()!)
    const made: Recent = { highest: -1, taken: new Uint32Array(remembered / 32) }
    this.#recent.set(sender, made)
    return made
  }
}

const at = (number: number): number => (number % remembered) >>> 5
const bit = (number: number): number => 1 << (number & 31)
const has = (bits: Uint32Array, number: number): boolean => (bits[at(number)]! & bit(number)) !== 0
function set(bits: Uint32Array, number: number): void {
  bits[at(number)]! |= bit(number)
}
function clear(bits: Uint32Array, number: number): void {
  bits[at(number)]! &= ~bit(number)
}
