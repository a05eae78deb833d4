import {
  difference,
  differingMembers,
  entriesOf,
  knowsMore,
  takeDigest,
} from '../dissemination/anti-entropy.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { Sync, SyncEntry } from '../wire/message.ts'
import { type CoreState, othersActive } from './core-state.ts'
import type { Membership } from './membership.ts'
import type { Rumours } from './messaging/rumours.ts'
import { retentionOf } from './retention.ts'
import type { Millis } from './time.ts'

const nothing: readonly SyncEntry[] = []

/**
 * Comparing tables with another node over a stream: digests first, then only what differs, both ways (see `Sync`). What is
 * sent and what a received table means; when, and with whom, is the engine's.
 */
export class Synchronizer {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #rumours: Rumours

  constructor(state: CoreState, membership: Membership, rumours: Rumours) {
    this.#state = state
    this.#membership = membership
    this.#rumours = rumours
  }

  /** What to ask another node with. */
  request(join: boolean, now: Millis): Sync {
    const { codec, config, hooks, table } = this.#state
    return {
      type: 'sync',
      join,
      alone: othersActive(table) === 0,
      digest: codec.digests ? takeDigest(table.digest) : undefined,
      config,
      entries: codec.digests ? [this.#entry(table.self, now)] : this.#all(now),
      events: this.#rumours.digest(now),
      state: hooks.syncState?.(join),
    }
  }

  /** The answer to a request that has been merged as far as it will be. `dialBack`: this node is going to introduce the asker. */
  answer(request: Sync, dialBack: boolean, now: Millis): Sync {
    const { codec, config, counters, hooks, table } = this.#state
    if (request.join) this.#rumours.onJoinedBy()
    const base = {
      type: 'sync',
      join: dialBack,
      alone: othersActive(table) === 0,
      config,
      events: this.#rumours.digest(now),
      state: hooks.syncState?.(request.join),
    } as const
    if (!codec.digests) return { ...base, digest: undefined, entries: this.#all(now) }
    // A push: the asker has seen this table already.
    if (request.digest === undefined)
      return { ...base, digest: undefined, entries: nothing, events: undefined, state: undefined }
    const where = difference(table.digest, request.digest)
    if (where.equal) counters.syncsEqual++
    else counters.syncsExchanged++
    const refs = where.equal ? [] : differingMembers(table, where)
    return {
      ...base,
      digest: takeDigest(table.digest),
      entries: this.#entries(refs, now),
    }
  }

  /** After an answer was merged: what the other lacks, to be pushed; undefined where it lacks nothing. */
  push(answer: Sync, now: Millis): Sync | undefined {
    const { codec, config, table } = this.#state
    if (!codec.digests || answer.digest === undefined) return undefined
    const where = difference(table.digest, answer.digest)
    if (where.equal) return undefined
    const theirs = new Map<string, SyncEntry>()
    for (const entry of answer.entries) theirs.set(entry.record.name, entry)
    const refs = differingMembers(table, where).filter(
      (ref) =>
        ref !== table.self && !this.#isPast(ref, now) && knowsMore(table, ref, theirs.get(table.name(ref))),
    )
    if (refs.length === 0) return undefined
    return {
      type: 'sync',
      join: false,
      alone: false,
      digest: undefined,
      config,
      entries: this.#entries(refs, now),
      events: undefined,
      state: undefined,
    }
  }

  /** What there is to be said of all other members. */
  others(now: Millis): Iterable<SyncEntry> {
    const { table } = this.#state
    const all = differingMembers(table, difference(table.digest, undefined))
    return this.#entries(
      all.filter((ref) => ref !== table.self),
      now,
    )
  }

  /** Whether the application lets these in. */
  admits(sync: Sync): boolean {
    const { hooks } = this.#state
    if (hooks.admitMerge === undefined) return true
    const records: PeerRecord[] = []
    for (const { record } of sync.entries) records.push(record)
    return records.length === 0 || hooks.admitMerge(records)
  }

  /**
   * Takes what another node's table says, but for the entry of `except`. `by` is that node, if it is known; `from` the host that it is on, where it was not asked.
   */
  merge(sync: Sync, by: string | undefined, now: Millis, except?: string, from?: string): void {
    for (const entry of sync.entries) if (entry.record.name !== except) this.#mergeEntry(entry, by, from, now)
    if (sync.state !== undefined) this.#state.hooks.onSyncState?.(sync.state, sync.join)
  }

  #mergeEntry(entry: SyncEntry, by: string | undefined, from: string | undefined, now: Millis): void {
    const { record, recordIncarnation, status, incarnation } = entry
    const { name } = record
    const source = {
      path: 'sync',
      by: by === undefined ? undefined : this.#state.table.find(by),
      from,
    } as const
    const age = entry.age * 1_000
    switch (status) {
      case Status.Alive:
        return this.#membership.hearAlive({ type: 'alive', incarnation, record }, source, now)
      case Status.Suspect: {
        this.#membership.hearAlive({ type: 'alive', incarnation: recordIncarnation, record }, source, now)
        const accusations =
          entry.accusations.length > 0
            ? entry.accusations
            : [{ accuser: by ?? this.#state.sender.name, evidence: 'heard' as const }]
        return this.#membership.hear({ type: 'suspect', name, incarnation, accusations }, source, now)
      }
      case Status.Failed:
        return this.#membership.hearFailedBySync(name, incarnation, age, source, now)
      case Status.Left:
        return this.#membership.hearLeftBySync(name, incarnation, age, source, now)
    }
  }

  #all(now: Millis): Iterable<SyncEntry> {
    const { table } = this.#state
    return this.#entries(differingMembers(table, difference(table.digest, undefined)), now)
  }

  #entries(refs: readonly Ref[], now: Millis): Iterable<SyncEntry> {
    const sent = refs.filter((ref) => !this.#isPast(ref, now))
    return entriesOf(this.#state.table, sent, (ref) => this.#entry(ref, now))
  }

  /** Its retention is over. After a stall it is asked for before the timer that removes it. */
  #isPast(ref: Ref, now: Millis): boolean {
    const { settings, table } = this.#state
    const status = table.status(ref)
    if (status < Status.Failed) return false
    return now - table.since(ref) > retentionOf(settings, status, table.active)
  }

  #entry(ref: Ref, now: Millis): SyncEntry {
    const { table } = this.#state
    const status = table.status(ref)
    return {
      record: table.record(ref),
      recordIncarnation: table.recordIncarnation(ref),
      status,
      incarnation: table.incarnation(ref),
      age: status >= Status.Failed ? Math.max(0, Math.floor((now - table.since(ref)) / 1_000)) : 0,
      accusations: this.#membership.suspicion(ref)?.accusations ?? [],
    }
  }
}
