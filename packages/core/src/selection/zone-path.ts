import type { MemberView } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import { decodeMemberData } from '../node/member-data.ts'

/** Parts of a zone that count; what is behind them does not. */
export const maxZoneParts = 8

/** Parts of a member's zone, the widest first: `eu/fra/rack1` is in `eu`, there in `fra`, there in `rack1`. None: it has no such tag. */
export type ZonePath = readonly string[]

const nowhere: ZonePath = []

/** Reads members' zones off a tag of theirs. O(bytes of the member's data), which is decoded each time. */
export function zoneOf(members: MemberView, ref: Ref, tag: string): ZonePath {
  const { tags } = decodeMemberData(members.record(ref).data)
  const value = Object.hasOwn(tags, tag) ? tags[tag]! : ''
  return value === '' ? nowhere : value.split('/', maxZoneParts)
}

/** Leading parts that both have in common. */
export function commonParts(a: ZonePath, b: ZonePath): number {
  let parts = 0
  while (parts < a.length && parts < b.length && a[parts] === b[parts]) parts++
  return parts
}
