import type { MemberView } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { ringAhead, ringPosition } from './ring-position.ts'

/** Successors that are kept. */
const kept = 8
/** With fewer than this, others are looked for. */
const wanted = kept / 2
/** Members that one step of the search looks at. */
const stepSize = 64

/**
 * The members next after this node on the ring of names, up to eight of them; whoever is added or removed takes O(1).
 *
 * As others go, members further on move up that were not kept. They are found by a search through all members, `stepSize` of them
 * at each `step`, which begins while four are left: a group of 10,000 is gone through in 157 steps, and its node has a wrong successor, or none,
 * only where four neighbours on the ring go in that time.
 */
export class Successors {
  readonly #members: MemberView
  readonly #position: number
  #nearest = new Nearest()
  /** What the search has found, of all members from {@link #left} on and of those that came since it began. */
  #found: Nearest | undefined
  /** Members before this place are not searched yet. */
  #left = 0

  constructor(members: MemberView) {
    this.#members = members
    this.#position = ringPosition(members.name(members.self))
  }

  /**
   * Whom to look at: the first that is alive. A suspect before it is looked at once more, since several members' word about it counts for more than
   * one's, and then passed over, since it may no longer look at whoever comes after it. Undefined where none is left.
   */
  turn(): Ref | undefined {
    for (const each of this.#nearest.list) {
      const suspect = this.#members.status(each.ref) !== Status.Alive
      if (suspect && each.looked) continue
      each.looked = suspect
      return each.ref
    }
    return undefined
  }

  added(ref: Ref): void {
    const distance = ringAhead(this.#position, ringPosition(this.#members.name(ref)))
    this.#nearest.add(ref, distance)
    this.#found?.add(ref, distance)
  }

  removed(ref: Ref): void {
    this.#nearest.remove(ref)
    this.#found?.remove(ref)
  }

  /** Searches on, if there is anything to search for. */
  step(): void {
    const { list, complete } = this.#nearest
    if (this.#found === undefined) {
      if (complete || list.length >= wanted) return
      this.#found = new Nearest()
      this.#left = this.#members.active
    }
    this.#search(this.#found)
  }

  /**
   * Backwards, as the table puts its last active member in the place of one that goes, and newcomers at the end: nobody gets from the part that
   * is to be searched into the one that has been.
   */
  #search(found: Nearest): void {
    const members = this.#members
    this.#left = Math.min(this.#left, members.active)
    const end = Math.max(0, this.#left - stepSize)
    while (this.#left > end) {
      const ref = members.activeAt(--this.#left)
      if (ref !== members.self) found.add(ref, ringAhead(this.#position, ringPosition(members.name(ref))))
    }
    if (this.#left > 0) return
    this.#nearest = found
    this.#found = undefined
  }
}

interface Entry {
  readonly ref: Ref
  readonly distance: number
  /** It has had its look as a suspect. */
  looked: boolean
}

/** The nearest of those it was told of, in order. */
class Nearest {
  readonly list: Entry[] = []
  /** Nobody nearer than this was left out. */
  #horizon = Number.POSITIVE_INFINITY

  /** Nobody was left out. */
  get complete(): boolean {
    return this.#horizon === Number.POSITIVE_INFINITY
  }

  add(ref: Ref, distance: number): void {
    if (distance >= this.#horizon) return
    if (this.list.some((each) => each.ref === ref)) return
    let place = this.list.length
    while (place > 0 && this.list[place - 1]!.distance > distance) place--
    this.list.splice(place, 0, { ref, distance, looked: false })
    if (this.list.length > kept) this.#horizon = this.list.pop()!.distance
  }

  remove(ref: Ref): void {
    const place = this.list.findIndex((each) => each.ref === ref)
    if (place >= 0) this.list.splice(place, 1)
  }
}
