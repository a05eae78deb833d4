import type { Disseminator, QueuedUpdate, Ref, UpdateSubject } from '@swimkit/core'
import { check, checkSame } from '../case/check.ts'
import { contract } from './contract.ts'

/** A handle, as members of a table have them: a small integer. */
export const member = (n: number): Ref => n as Ref

/** An update that counts its end and its transmissions. Its bytes tell it from all others. */
export interface Watched extends QueuedUpdate {
  readonly id: number
  ended: number
  sent: number
}

/** A disseminator, and everything that was pushed to it. */
export class Queue {
  readonly it: Disseminator
  readonly pushed: Watched[] = []
  readonly #byBytes = new Map<Uint8Array, Watched>()

  constructor(it: Disseminator) {
    this.it = it
  }

  push(ref: number, size = 10, subject: UpdateSubject = 'status'): Watched {
    const update: Watched = {
      id: this.pushed.length,
      ref: member(ref),
      subject,
      bytes: new Uint8Array(size),
      ended: 0,
      sent: 0,
      done: () => {
        update.ended++
      },
    }
    this.pushed.push(update)
    this.#byBytes.set(update.bytes, update)
    this.it.push(update)
    return update
  }

  /** Fills a packet, and gives what is in it, in order. What holds for every packet is checked here. */
  fill(
    budget: number,
    { limit = 1_000, overhead = 0, to }: { limit?: number; overhead?: number; to?: number | undefined } = {},
  ): Watched[] {
    const before = new Uint8Array(3)
    const out = [before]
    const used = this.it.fill(to === undefined ? undefined : member(to), budget, overhead, limit, out)
    check(out[0] === before, contract.budget, () => 'what was in `out` before is no longer at its beginning')
    const taken = out.slice(1).map((bytes) => {
      const update = this.#byBytes.get(bytes)
      check(update !== undefined, contract.budget, () => 'bytes are in `out` that no update has')
      return update
    })
    checkSame(new Set(taken).size, taken.length, contract.budget, 'updates in one packet, each counted once')
    const size = taken.reduce((sum, { bytes }) => sum + bytes.length + overhead, 0)
    checkSame(used, size, contract.budget, 'the bytes that it says it used')
    check(used <= budget, contract.budget, () => `${used} bytes are used of a budget of ${budget}`)
    const about = taken.find(({ ref }) => to !== undefined && ref === member(to))
    check(about === undefined, contract.self, () => `a packet to member ${to} has an update about it`)
    const counts = taken.map(({ sent }) => sent)
    checkSame(
      counts,
      [...counts].sort((a, b) => a - b),
      contract.order,
      'how often the updates of a packet were sent before, in their order',
    )
    for (const update of taken) update.sent++
    return taken
  }

  drop(ref: number, subject?: UpdateSubject): void {
    this.it.drop(member(ref), subject)
  }
}
