import {
  distance,
  hasMoved,
  isPlausible,
  isValid,
  originCoordinate,
  ownCoordinate,
  startOver,
  update,
} from '../model/coordinate.ts'
import { coordinateBytes, packCoordinate, unpackCoordinate } from '../model/coordinate-bytes.ts'
import { CoordinateRows } from '../model/coordinate-rows.ts'
import type { MemberTable } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import { othersActive } from './core-state.ts'
import type { Counters } from './counters.ts'
import type { Random } from './random.ts'
import type { Millis } from './time.ts'

/**
 * Network coordinates: this node's own, which rides on its acks to packets, and those that came on the acks of others. From two
 * of them follows the round trip between any two members, though neither of them is here and nobody measured it.
 */
export class Coordinates {
  readonly #table: MemberTable
  readonly #counters: Counters
  /** A number and no generator: that is asked once or twice in a node's life. */
  readonly #seed: number
  readonly #own = ownCoordinate()
  readonly #rows = new CoordinateRows()
  /** The own coordinate as it goes out: written once for each change that somebody asks after. */
  readonly #packed = new Uint8Array(coordinateBytes)
  #isPacked = false
  /** Who moved it last, oldest first. */
  readonly #lately: Ref[] = []

  constructor(table: MemberTable, counters: Counters, random: Random) {
    this.#table = table
    this.#counters = counters
    this.#seed = random.u32()
  }

  /** The own coordinate, for an ack. The same bytes every time: to be copied before the next input. */
  get packed(): Uint8Array {
    if (!this.#isPacked) {
      packCoordinate(this.#own, this.#packed)
      this.#isPacked = true
    }
    return this.#packed
  }

  /** A member itself acknowledged a packet to it, with its coordinate. What cannot be right is counted, and does nothing. */
  heard(ref: Ref, packed: Uint8Array, rtt: Millis): void {
    if (!isPlausible(rtt) || !unpackCoordinate(packed, one) || !isValid(one)) {
      this.#counters.coordinatesRefused++
      return
    }
    const own = this.#own
    const typical = this.#rows.put(ref, packed, rtt)
    if (this.#isFrequent(ref)) return
    update(own, one, typical, this.#seed)
    this.#isPacked = false
    if (isValid(own)) return
    startOver(own)
    this.#counters.coordinatesReset++
  }

  /**
   * Whether a member has moved this node just lately. Whoever probes its neighbour on a ring every other time would else be placed by that one
   * alone; and one that lies about itself would have its way with it.
   */
  #isFrequent(ref: Ref): boolean {
    const others = othersActive(this.#table)
    // Few are each others' neighbours anyway.
    if (others < latelyMost / 2) return false
    const lately = this.#lately
    if (lately.includes(ref)) return true
    lately.push(ref)
    const most = Math.min(latelyMost, Math.floor(others / 2))
    while (lately.length > most) lately.shift()
    return false
  }

  /** Whether anything is known of where a member is. Of this node something is once it has heard a coordinate. */
  has(ref: Ref): boolean {
    return ref === this.#table.self ? hasMoved(this.#own) : this.#rows.has(ref)
  }

  /** Estimated round trip between two members; undefined where one of them has no coordinate yet. */
  between(a: Ref, b: Ref): Millis | undefined {
    const { self } = this.#table
    if (a === self) return this.#to(b)
    if (b === self) return this.#to(a)
    return this.#rows.read(a, one) && this.#rows.read(b, other) ? distance(one, other) : undefined
  }

  forget(ref: Ref): void {
    this.#rows.delete(ref)
  }

  #to(ref: Ref): Millis | undefined {
    return hasMoved(this.#own) && this.#rows.read(ref, one) ? distance(this.#own, one) : undefined
  }
}

/** Others that have to come before the same one again: so many, or half of them where there are fewer. */
const latelyMost = 16

/** Two for all nodes of a process: they are written and read at once. */
const one = originCoordinate()
const other = originCoordinate()
