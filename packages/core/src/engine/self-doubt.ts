import type { MemberTable } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import { othersActive } from './core-state.ts'
import type { Millis } from './time.ts'

/** Members in a row whose streams were refused, after which it is more likely this node that cannot open any. */
const refusedInARow = 3
/** Where there are fewer others, all of them; but one alone says nothing of this node. */
const fewest = 2

/** Latest looks, at different members, that are weighed; and how many of them must have failed at the least. */
const weighed = 6
const failuresWanted = 3

/**
 * Whether what this node sees may be its own fault: where nobody answers it, it is more likely that nothing of it arrives, or that nothing
 * comes back, than that all are gone at once. Two signs are kept, of streams and of looks.
 */
export class SelfDoubt {
  readonly #table: MemberTable
  readonly #enabled: boolean
  /** Different members that refused, since a packet was last answered or a stream went through. */
  readonly #refusedBy: Ref[] = []
  /** The latest look at each of the members that were looked at last, oldest first, from the first that failed on. */
  readonly #looks: { readonly ref: Ref; readonly reached: boolean }[] = []
  #failures = 0
  /** Looks before those that did not fail, as far as they are weighed. */
  #reachedBefore = 0
  /** When it doubted itself last. */
  #doubtedAt = Number.NEGATIVE_INFINITY
  /** Counts the times that this node began to doubt itself. */
  episode = 0

  constructor(table: MemberTable, enabled: boolean) {
    this.#table = table
    this.#enabled = enabled
  }

  /** An attempt to open a stream to a member came to an end; `undefined`: to one that is not known. */
  onStream(ref: Ref | undefined, refused: boolean): void {
    if (!refused) return this.onAnswer()
    if (!this.#enabled) return
    const list = this.#refusedBy
    if (ref === undefined || list.includes(ref)) return
    if (list.length === refusedInARow) list.shift()
    list.push(ref)
  }

  /** A packet of this node was answered. */
  onAnswer(): void {
    if (this.#refusedBy.length > 0) this.#refusedBy.length = 0
  }

  /** The last few streams, to different members, were all refused: that says nothing of those members. */
  get refused(): boolean {
    const few = Math.min(refusedInARow, Math.max(fewest, othersActive(this.#table)))
    return this.#refusedBy.length >= few
  }

  /** A look came to an end. */
  onLook(ref: Ref, reached: boolean, now: Millis): void {
    if (!this.#enabled) return
    const looks = this.#looks
    // Nothing to weigh: the rule, and it should cost nothing.
    if (reached && this.#failures === 0) {
      this.#reachedBefore = Math.min(weighed, this.#reachedBefore + 1)
      return
    }
    const was = this.doubtful
    const same = looks.findIndex((look) => look.ref === ref)
    if (same >= 0) this.#forget(same)
    else if (looks.length === weighed) this.#forget(0)
    looks.push({ ref, reached })
    if (!reached) this.#failures++
    if (this.doubtful) this.#doubtedAt = now
    if (!was && this.doubtful) this.episode++
    if (this.#failures > 0) return
    this.#reachedBefore = looks.length
    looks.length = 0
  }

  /** Most of the latest looks at different members failed, and three at the least. */
  get doubtful(): boolean {
    const looks = Math.min(weighed, this.#looks.length + this.#reachedBefore)
    return this.#failures >= failuresWanted && 2 * this.#failures > looks
  }

  /** Whether it has doubted itself at any time since an instant: what it then missed nobody knows. */
  doubtedSince(start: Millis): boolean {
    return this.doubtful || this.#doubtedAt >= start
  }

  /** This node has stood still: what it saw before says nothing of now. */
  onStall(): void {
    this.#looks.length = 0
    this.#failures = 0
    this.#reachedBefore = 0
    this.onAnswer()
  }

  #forget(place: number): void {
    const [look] = this.#looks.splice(place, 1)
    if (look?.reached === false) this.#failures--
  }
}
