import type { Random } from '../engine/random.ts'
import type { Ref } from '../model/ref.ts'
import { slotOf } from '../model/ref.ts'
import { Places } from './active-set.ts'
import { distanceClasses, farthest } from './distance.ts'
import { Round } from './round.ts'

/**
 * Members by class of their distance, a round for each class; the farthest are not kept. Adding, removing and moving one is O(1), and a
 * turn looks at no more than the 32 classes. About ten bytes a member.
 */
export class Neighbourhood {
  readonly #random: Random
  readonly #places = new Places()
  /** Class by slot: where it was put last, which a slot's next member inherits until it is put anywhere. */
  readonly #classes = new Places()
  readonly #rounds: (Round | undefined)[] = new Array(distanceClasses).fill(undefined)
  /** Class of the last turn. */
  #last = -1

  constructor(random: Random) {
    this.#random = random
  }

  /** Puts a member into a class, out of the one it was in. */
  put(ref: Ref, distance: number): void {
    const before = this.#roundOf(ref)
    const after = distance < farthest ? this.#round(distance) : undefined
    if (before === after) return
    before?.remove(ref)
    after?.add(ref)
    if (after !== undefined) this.#classes.set(slotOf(ref), distance)
  }

  remove(ref: Ref): void {
    this.#roundOf(ref)?.remove(ref)
  }

  /**
   * The next one of the neighbourhood, which is the nearest classes, as many as it takes to hold `radius` members, and none above `reach`. Each
   * class that has any members has its turn after the one before it; in it, each member. Undefined where the neighbourhood is empty.
   */
  next(radius: number, reach: number): Ref | undefined {
    const border = this.#border(radius, reach)
    // The class after the last one's, or else the nearest there is.
    const found = this.#firstIn(this.#last + 1, border) ?? this.#firstIn(0, border)
    if (found === undefined) return undefined
    this.#last = found
    return this.#rounds[found]!.next()
  }

  /** The last class that is near. */
  #border(radius: number, reach: number): number {
    let members = 0
    for (let i = 0; i <= reach; i++) {
      members += this.#rounds[i]?.size ?? 0
      if (members >= radius) return i
    }
    return reach
  }

  #firstIn(from: number, to: number): number | undefined {
    for (let i = from; i <= to; i++) if ((this.#rounds[i]?.size ?? 0) > 0) return i
    return undefined
  }

  #round(distance: number): Round {
    let round = this.#rounds[distance]
    if (round === undefined) {
      round = new Round(this.#random, this.#places)
      this.#rounds[distance] = round
    }
    return round
  }

  /** The one that it is in. */
  #roundOf(ref: Ref): Round | undefined {
    const round = this.#rounds[this.#classes.get(slotOf(ref))]
    return round?.has(ref) ? round : undefined
  }
}
