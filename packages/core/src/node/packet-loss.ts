import type { Random } from '../engine/random.ts'
import { checkRange } from './options.ts'

/** Packets that a node drops on purpose, on their way in and out: every one alike. */
export class PacketLoss {
  readonly #random: Random
  #rate: number
  /** What was dropped so far. */
  packetsDroppedIn = 0
  packetsDroppedOut = 0

  constructor(rate: number, random: Random) {
    this.#rate = rate
    this.#random = random
  }

  /** Share that is dropped, 0..1. Setting anything else throws an `OptionError`. */
  get rate(): number {
    return this.#rate
  }
  set rate(rate: number) {
    checkRange('dropRate', rate, 0, 1)
    this.#rate = rate
  }

  /** Whether the next packet that comes in is lost. */
  in(): boolean {
    if (!this.#draw()) return false
    this.packetsDroppedIn++
    return true
  }

  /** Whether the next packet that goes out is lost. */
  out(): boolean {
    if (!this.#draw()) return false
    this.packetsDroppedOut++
    return true
  }

  #draw(): boolean {
    return this.#rate > 0 && this.#random.fraction() < this.#rate
  }
}
