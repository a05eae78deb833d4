import { RareMap } from '../model/rare-map.ts'
import type { Ref } from '../model/ref.ts'
import type { Disseminator, QueuedUpdate, UpdateSubject } from './disseminator.ts'

interface Entry {
  readonly update: QueuedUpdate
  tier: Tier
  newer: Entry | undefined
  older: Entry | undefined
}

/** Entries that were sent equally often, newest first. How often is the tier's place among the tiers. */
interface Tier {
  sent: number
  newest: Entry | undefined
  oldest: Entry | undefined
}

/** A fill stops after this many updates in a row that did not fit: the rest will hardly fit either. */
const misfitsAllowed = 8

/**
 * Updates in tiers by how often they were sent: what was sent least goes first, and within a tier the newest, so that
 * news spreads fastest while it is news (SWIM §4.1; memberlist's queue). Replacing, dropping and moving an entry are
 * O(1); a fill looks at as many entries as it takes, and at most eight misfits in a row. Where everything fits, which is
 * the rule, whole tiers move.
 *
 * With more than `capacity` updates queued the most-sent, oldest one is let go.
 */
export class PiggybackQueue implements Disseminator {
  readonly #capacity: number
  readonly #onOverflow: (() => void) | undefined
  readonly #tiers: Tier[] = []
  readonly #entries = { status: new RareMap<Ref, Entry>(), record: new RareMap<Ref, Entry>() }
  readonly #taken: Entry[] = []
  #backlog = 0
  /** Bytes of all that is queued. */
  #bytes = 0
  /** Updates let go unsent or half sent because the queue was full. */
  overflowed = 0

  /** `onOverflow` is called for each of those. */
  constructor(capacity = 16_384, onOverflow?: () => void) {
    this.#capacity = capacity
    this.#onOverflow = onOverflow
  }

  get backlog(): number {
    return this.#backlog
  }

  push(update: QueuedUpdate): void {
    this.drop(update.ref, update.subject)
    if (this.#backlog >= this.#capacity) this.#dropMostSent()
    const entry: Entry = { update, tier: this.#tier(0), newer: undefined, older: undefined }
    this.#entries[update.subject].set(update.ref, entry)
    this.#backlog++
    this.#bytes += update.bytes.length
    this.#link(entry)
  }

  fill(to: Ref | undefined, budget: number, partOverhead: number, limit: number, out: Uint8Array[]): number {
    const { record, status } = this.#entries
    const all = this.#bytes + this.#backlog * partOverhead
    if (all <= budget && (to === undefined || !(status.has(to) || record.has(to)))) {
      this.#sendAll(limit, out)
      return all
    }
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

  /** Everything is sent once more: each tier becomes the next. */
  #sendAll(limit: number, out: Uint8Array[]): void {
    const tiers = this.#tiers
    for (const tier of tiers) {
      for (let entry = tier.newest; entry !== undefined; entry = entry.older) out.push(entry.update.bytes)
      tier.sent++
    }
    const last = tiers[tiers.length - 1]
    // The empty one at the end comes round as the first.
    const first = last !== undefined && last.newest === undefined ? tiers.pop()! : emptyTier()
    first.sent = 0
    tiers.unshift(first)
    for (let sent = tiers.length - 1; sent >= limit; sent--) {
      const { newest } = tiers[sent]!
      for (let entry = newest; entry !== undefined; entry = entry.older) this.#remove(entry)
    }
  }

  drop(ref: Ref, subject?: UpdateSubject): void {
    if (subject !== 'record') this.#remove(this.#entries.status.get(ref))
    if (subject !== 'status') this.#remove(this.#entries.record.get(ref))
  }

  #sent(entry: Entry, limit: number): void {
    const sent = entry.tier.sent + 1
    if (sent >= limit) {
      this.#remove(entry)
      return
    }
    this.#unlink(entry)
    entry.tier = this.#tier(sent)
    this.#link(entry)
  }

  #remove(entry: Entry | undefined): void {
    if (entry === undefined) return
    this.#unlink(entry)
    this.#backlog--
    this.#bytes -= entry.update.bytes.length
    this.#entries[entry.update.subject].delete(entry.update.ref)
    entry.update.done?.()
  }

  #link(entry: Entry): void {
    const { tier } = entry
    entry.newer = undefined
    entry.older = tier.newest
    if (tier.newest !== undefined) tier.newest.newer = entry
    else tier.oldest = entry
    tier.newest = entry
  }

  #unlink(entry: Entry): void {
    const { tier } = entry
    if (entry.newer !== undefined) entry.newer.older = entry.older
    else tier.newest = entry.older
    if (entry.older !== undefined) entry.older.newer = entry.newer
    else tier.oldest = entry.newer
  }

  #tier(sent: number): Tier {
    while (this.#tiers.length <= sent) this.#tiers.push(emptyTier(this.#tiers.length))
    return this.#tiers[sent]!
  }

  #dropMostSent(): void {
    for (let sent = this.#tiers.length - 1; sent >= 0; sent--) {
      const { oldest } = this.#tiers[sent]!
      if (oldest !== undefined) {
        this.overflowed++
        this.#onOverflow?.()
        this.#remove(oldest)
        return
      }
    }
  }
}

const emptyTier = (sent = 0): Tier => ({ sent, newest: undefined, oldest: undefined })
