import type { Address } from '../model/address.ts'
import type { Sender } from '../model/peer.ts'
import { Status } from '../model/status.ts'
import type { RumourId, SyncEntry } from '../wire/message.ts'
import type { Parts } from './parts.ts'
import { retentionOf } from './retention.ts'
import type { Millis } from './time.ts'

/** What a node knows that outlives its process. */
export interface Memory {
  /** The process that knew it. */
  readonly sender: Sender
  /** Wall-clock seconds at which it did: ages are as of then. */
  readonly savedAt: number
  /** Highest Lamport time that was heard; 0: none. */
  readonly clock: number
  /** Events that it had heard and that others may still tell of; at most 1,024. */
  readonly heard: readonly RumourId[]
  /** Of every other member, as a sync would say it; read while it is used. */
  readonly members: Iterable<SyncEntry>
  /** Where members were that are forgotten, the latest last; at most 256. */
  readonly addresses: readonly Address[]
}

/** What an engine knows. */
export function memoryOf({ rejoin, rumours, state, synchronizer }: Parts, now: Millis): Memory {
  return {
    sender: state.sender,
    savedAt: Math.floor(state.wallSeconds(now)),
    clock: rumours.clock,
    heard: rumours.heard(now),
    members: synchronizer.others(now),
    addresses: rejoin.kept,
  }
}

/**
 * Takes what an earlier process of this node knew for what it is: old. Members that had failed or left are held so for the rest of their retention, as nobody else may
 * tell of them; what the others are by now, they say themselves, so only where they were is kept.
 */
export function recall({ membership, rejoin, rumours, state }: Parts, memory: Memory, now: Millis): void {
  const { sender, settings, table } = state
  // A clock that was set back says nothing of how long this took.
  const away = Math.max(0, state.wallSeconds(now) - memory.savedAt)
  for (const address of memory.addresses) rejoin.keep(address)
  for (const entry of memory.members) {
    const { record, status } = entry
    if (record.name === sender.name) continue
    if (status >= Status.Failed) {
      const age = 1_000 * (entry.age + away)
      if (age <= retentionOf(settings, status, table.active)) {
        membership.recall(entry, now - age, now)
        continue
      }
    }
    // One that failed and would be forgotten by now is looked for like any that is.
    if (status !== Status.Left) rejoin.keep(record.address)
  }
  rumours.recall(memory.clock, memory.heard, now)
}
