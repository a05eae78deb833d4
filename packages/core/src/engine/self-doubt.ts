import type { Ref } from '../model/ref.ts'
import { type CoreState, othersActive } from './core-state.ts'

/** Members in a row whose streams were refused, after which it is more likely this node that cannot open any. */
const refusedInARow = 3
/** Where there are fewer others, all of them; but one alone says nothing of this node. */
const fewest = 2

/**
 * Whether what this node sees may be its own fault: a firewall that has begun to reject what it sends makes every other member look
 * as if its process were gone.
 */
export class SelfDoubt {
  readonly #state: CoreState
  /** Different members that refused, since a stream last went through. */
  readonly #refusedBy: Ref[] = []

  constructor(state: CoreState) {
    this.#state = state
  }

  /** An attempt to open a stream to a member came to an end; `undefined`: to one that is not known. */
  onStream(ref: Ref | undefined, refused: boolean): void {
    const list = this.#refusedBy
    if (!refused) {
      if (list.length > 0) list.length = 0
      return
    }
    if (ref === undefined || list.includes(ref)) return
    if (list.length === refusedInARow) list.shift()
    list.push(ref)
  }

  /** The last few streams, to different members, were all refused: that says nothing of those members. */
  get refused(): boolean {
    const few = Math.min(refusedInARow, Math.max(fewest, othersActive(this.#state.table)))
    return this.#refusedBy.length >= few
  }
}
