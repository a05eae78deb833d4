import type { Disseminator, QueuedUpdate, Ref, UpdateSubject } from '@swimkit/core'

/** What is wrong with one. */
export type DisseminatorFlaw =
  | 'forgets the overhead of parts'
  | 'sends the most sent first'
  | 'sends the oldest first, however often it was sent'
  | 'tells a member about itself'
  | 'counts what it held back as sent'
  | 'keeps the older of one key'
  | 'keeps both of one key'
  | 'takes status and record for one key'
  | 'lets a replacement begin where the older was'
  | 'sends once too often'
  | 'ends only what was sent as often as the limit exactly'
  | 'says that it used the whole budget'
  | 'clears what is in the packet'
  | 'puts an update in twice'
  | 'does not end what is replaced'
  | 'does not end what is dropped'
  | 'ends twice'
  | 'drops both kinds for one'
  | 'counts only members'
  | 'gives up at the first that does not fit'
  | 'looks at everything'
  | 'holds any number'
  | 'does not end what it has no room for'

interface Entry {
  readonly update: QueuedUpdate
  sent: number
}

const capacity = 1_000
const misfitsAllowed = 8

/** A list, sorted for each packet; right, unless it is given a flaw. */
export class ListQueue implements Disseminator {
  readonly #flaw: DisseminatorFlaw | undefined
  #entries: Entry[] = []

  constructor(flaw?: DisseminatorFlaw) {
    this.#flaw = flaw
  }

  get backlog(): number {
    if (this.#flaw === 'counts only members')
      return new Set(this.#entries.map(({ update }) => update.ref)).size
    return this.#entries.length
  }

  push(update: QueuedUpdate): void {
    const older = this.#entries.find(
      (entry) =>
        entry.update.ref === update.ref &&
        (entry.update.subject === update.subject || this.#flaw === 'takes status and record for one key'),
    )
    if (older !== undefined && this.#flaw === 'keeps the older of one key') return
    if (older !== undefined && this.#flaw !== 'keeps both of one key') {
      this.#remove(older, this.#flaw !== 'does not end what is replaced')
    }
    if (this.#entries.length >= capacity && this.#flaw !== 'holds any number') {
      this.#remove(this.#entries.at(-1)!, this.#flaw !== 'does not end what it has no room for')
    }
    const sent = this.#flaw === 'lets a replacement begin where the older was' ? (older?.sent ?? 0) : 0
    // The newest first, so that a sort keeps that order among equals.
    this.#entries.unshift({ update, sent })
  }

  fill(to: Ref | undefined, budget: number, partOverhead: number, limit: number, out: Uint8Array[]): number {
    const flaw = this.#flaw
    if (flaw === 'clears what is in the packet') out.length = 0
    let used = 0
    let misfits = 0
    for (const entry of this.#inOrder()) {
      const { update } = entry
      if (update.ref === to && flaw !== 'tells a member about itself') {
        if (flaw === 'counts what it held back as sent') this.#count(entry, limit)
        continue
      }
      const size = update.bytes.length + (flaw === 'forgets the overhead of parts' ? 0 : partOverhead)
      if (used + size > budget) {
        if (flaw === 'gives up at the first that does not fit') break
        if (flaw !== 'looks at everything' && ++misfits === misfitsAllowed) break
        continue
      }
      misfits = 0
      used += size
      out.push(update.bytes)
      if (flaw === 'puts an update in twice' && used + size <= budget) {
        used += size
        out.push(update.bytes)
      }
      this.#count(entry, limit)
    }
    return flaw === 'says that it used the whole budget' ? budget : used
  }

  drop(ref: Ref, subject?: UpdateSubject): void {
    const both = subject === undefined || this.#flaw === 'drops both kinds for one'
    for (const entry of [...this.#entries]) {
      const { update } = entry
      if (update.ref !== ref || (!both && update.subject !== subject)) continue
      this.#remove(entry, this.#flaw !== 'does not end what is dropped')
    }
  }

  #inOrder(): Entry[] {
    const sign = this.#flaw === 'sends the most sent first' ? -1 : 1
    if (this.#flaw === 'sends the oldest first, however often it was sent')
      return [...this.#entries].reverse()
    return [...this.#entries].sort((a, b) => sign * (a.sent - b.sent))
  }

  #count(entry: Entry, limit: number): void {
    entry.sent++
    const flaw = this.#flaw
    const last = flaw === 'sends once too often' ? limit + 1 : limit
    const over =
      flaw === 'ends only what was sent as often as the limit exactly'
        ? entry.sent === last
        : entry.sent >= last
    if (over) this.#remove(entry, true)
  }

  #remove(entry: Entry, ends: boolean): void {
    this.#entries = this.#entries.filter((each) => each !== entry)
    if (ends) entry.update.done?.()
    if (ends && this.#flaw === 'ends twice') entry.update.done?.()
  }
}
