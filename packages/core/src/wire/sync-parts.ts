import type { Message, Sync, SyncEntry } from './message.ts'

/**
 * A sync travels as several parts, so that a table of any size can be sent and read a piece at a time: its head,
 * then one part for each entry, then the application's part if there is one. These put it together again;
 * false where the part before was not of a sync.
 */
export function addSyncEntry(messages: readonly Message[], entry: SyncEntry): boolean {
  const sync = openSync(messages)
  if (sync === undefined || sync.state !== undefined) return false
  sync.entries.push(entry)
  return true
}

export function addSyncState(messages: readonly Message[], state: Uint8Array): boolean {
  const sync = openSync(messages)
  if (sync === undefined || sync.state !== undefined) return false
  sync.state = state
  return true
}

type OpenSync = { -readonly [K in keyof Sync]: Sync[K] } & { entries: SyncEntry[] }

function openSync(messages: readonly Message[]): OpenSync | undefined {
  const last = messages[messages.length - 1]
  // A sync among decoded messages was made by the codec a moment ago, with an array for its entries.
  return last?.type === 'sync' ? (last as OpenSync) : undefined
}
