import { bucketOf, type Digest, digestBuckets } from '../model/digest.ts'
import type { MemberTable } from '../model/member-table.ts'
import { type Ref, slotOf } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { SyncDigest, SyncEntry } from '../wire/message.ts'

/** Where two tables differ. */
export interface Difference {
  /** By bucket: 1 where the active members differ. */
  readonly buckets: Uint8Array
  /** Whether the members that failed or left differ. */
  readonly terminal: boolean
  /** Nothing differs at all. */
  readonly equal: boolean
}

/** A copy of a table's digest, as it is sent. */
export function takeDigest(digest: Digest): SyncDigest {
  return { buckets: digest.buckets.slice(), terminal: [digest.terminalA, digest.terminalB] }
}

/** Compares; one that is missing, or has another number of buckets, differs everywhere. */
export function difference(own: Digest, other: SyncDigest | undefined): Difference {
  const buckets = new Uint8Array(digestBuckets)
  if (other === undefined || other.buckets.length !== own.buckets.length) {
    return { buckets: buckets.fill(1), terminal: true, equal: false }
  }
  let equal = true
  for (let i = 0; i < digestBuckets; i++) {
    const same =
      own.buckets[2 * i] === other.buckets[2 * i] && own.buckets[2 * i + 1] === other.buckets[2 * i + 1]
    if (!same) {
      buckets[i] = 1
      equal = false
    }
  }
  const terminal = own.terminalA !== other.terminal[0] || own.terminalB !== other.terminal[1]
  return { buckets, terminal, equal: equal && !terminal }
}

/** The members in what differs, as they are when this is called. */
export function differingMembers(table: MemberTable, where: Difference): Ref[] {
  const refs: Ref[] = []
  for (let i = 0; i < table.active; i++) {
    const ref = table.activeAt(i)
    if (where.buckets[bucketOf(table.directory.hashA(slotOf(ref)))] === 1) refs.push(ref)
  }
  if (where.terminal) for (let i = 0; i < table.size - table.active; i++) refs.push(table.terminalAt(i))
  return refs
}

/** Entries of members, made as they are taken; members removed meanwhile are passed over. */
export function* entriesOf(
  table: MemberTable,
  refs: readonly Ref[],
  entry: (ref: Ref) => SyncEntry,
): Generator<SyncEntry> {
  for (const ref of refs) if (table.has(ref)) yield entry(ref)
}

/** Whether a table holds more about a member than another's entry says. */
export function knowsMore(table: MemberTable, ref: Ref, theirs: SyncEntry | undefined): boolean {
  if (theirs === undefined) return true
  const incarnation = table.incarnation(ref)
  return (
    incarnation > theirs.incarnation ||
    (incarnation === theirs.incarnation && table.status(ref) > theirs.status) ||
    table.recordIncarnation(ref) > theirs.recordIncarnation ||
    // Both hold it failed, and each may know the longer age.
    (table.status(ref) >= Status.Failed && table.status(ref) === theirs.status)
  )
}

/**
 * Factor on the period of syncs in a group of n, as memberlist: 1 up to 32 members, then one more with each doubling, so that
 * the load of full tables does not grow with the square of the group.
 */
export function syncScale(n: number): number {
  if (n <= 32) return 1
  let doublings = 0
  for (let size = 32; size < n; size *= 2) doublings++
  return doublings + 1
}
