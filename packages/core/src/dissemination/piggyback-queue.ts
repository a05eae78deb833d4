import type { Ref } from '../model/ref.ts'
import type { Disseminator, QueuedUpdate, UpdateSubject } from './disseminator.ts'

interface Entry {
  readonly update: QueuedUpdate
  /** Times sent: its tier. */
  sent: number
  newer: Entry | undefined
  older: Entry | undefined
}

/** Entries that were sent equally often, newest first. */
interface Tier {
  newest: Entry | undefined
  oldest: Entry | undefined
}

/** A fill stops after this many updates in a row that did not fit: the rest will hardly fit either. */
const misfitsAllowed = 8

/**
 * Updates in tiers by how often they were sent: what was sent least goes first, and within a tier the newest, so that
 * news spreads fastest while it is news (SWIM §4.1; memberlist's queue). Replacing, dropping and moving an entry are
 * O(1); a fill looks at as many entries as it takes, and at most eight misfits in a row.
 *
 * With more than `capacity` updates queued the most-sent, oldest one is let go.
 */
export class PiggybackQueue implements Disseminator {
  readonly #capacity: number
  readonly #tiers: Tier[] = []
  readonly #entries = { status: new Map<Ref, Entry>(), record: new Map<Ref, Entry>() }
  readonly #taken: Entry[] = []
  /** Updates let go unsent or half sent because the queue was full. */
  overflowed = 0

  constructor(capacity = 16_384) {
    this.#capacity = capacity
  }

  get backlog(): number {
    return this.#entries.status.size + this.#entries.record.size
  }

  push(update: QueuedUpdate): void {
    this.drop(update.ref, update.subject)
    if (this.backlog >= this.#capacity) this.#dropMostSent()
    const entry: Entry = { update, sent: 0, newer: undefined, older: undefined }
    this.#entries[update.subject].set(update.ref, entry)
    this.#link(entry)
  }

  fill(to: Ref | undefined, budget: number, partOverhead: number, limit: number, out: Uint8Array[]): number {
    let used = 0
    let misfits = 0
    const taken = this.#taken
    scan: for (const tier of this.#tiers) {
      for (let entry = tier.newest; entry !== undefined; entry = entry.older) {
        if (entry.update.ref === to) continue
        const size = entry.update.bytes.length + partOverhead
        if (used + size > budget) {
          if (++misfits === misfitsAllowed) break scan
          continue
        }
        misfits = 0
        used += size
        taken.push(entry)
      }
    }
    // Oldest first, so that a tier keeps the newest in front.
    for (let i = taken.length - 1; i >= 0; i--) this.#sent(taken[i]!, limit)
    for (const entry of taken) out.push(entry.update.bytes)
    taken.length = 0
    return used
  }

  drop(ref: Ref, subject?: UpdateSubject): void {
    if (subject !== 'record') this.#remove(this.#entries.status.get(ref))
    if (subject !== 'status') this.#remove(this.#entries.record.get(ref))
  }

  #sent(entry: Entry, limit: number): void {
    if (entry.sent + 1 >= limit) {
      this.#remove(entry)
      return
    }
    this.#unlink(entry)
    entry.sent++
    this.#link(entry)
  }

  #remove(entry: Entry | undefined): void {
    if (entry === undefined) return
    this.#unlink(entry)
    this.#entries[entry.update.subject].delete(entry.update.ref)
    entry.update.done?.()
  }

  #link(entry: Entry): void {
    while (this.#tiers.length <= entry.sent) this.#tiers.push({ newest: undefined, oldest: undefined })
    const tier = this.#tiers[entry.sent]!
    entry.newer = undefined
    entry.older = tier.newest
    if (tier.newest !== undefined) tier.newest.newer = entry
    else tier.oldest = entry
    tier.newest = entry
  }

  #unlink(entry: Entry): void {
    const tier = this.#tiers[entry.sent]!
    if (entry.newer !== undefined) entry.newer.older = entry.older
    else tier.newest = entry.older
    if (entry.older !== undefined) entry.older.newer = entry.newer
    else tier.oldest = entry.newer
  }

  #dropMostSent(): void {
    for (let sent = this.#tiers.length - 1; sent >= 0; sent--) {
      const { oldest } = this.#tiers[sent]!
      if (oldest !== undefined) {
        this.overflowed++
        this.#remove(oldest)
        return
      }
    }
  }
}
