import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'

/** Tables remembered, at most; then the memory starts anew. */
const remembered = 10_000

/**
 * Anti-entropy starts with a digest: equal digests end a sync, so tables that differ must never have the same one, and equal tables
 * must. Every table that any watched node comes to have is compared with all that there were.
 */
export const digestsTellTablesApart: Invariant = {
  name: 'digests-tell-tables-apart',
  rule: 'two tables have the same digest if, and only if, they hold the same of the same active members',
  watch: () => {
    const tableOf = new Map<string, string>()
    const digestOf = new Map<string, string>()
    const altered = new WeakSet<Process>()
    return {
      changed(at) {
        altered.add(at)
      },
      settled(at) {
        if (!altered.delete(at)) return
        const { digest } = at.node.engine
        const table = activeTable(at)
        const sameDigest = tableOf.get(digest)
        const sameTable = digestOf.get(table)
        if (sameDigest !== undefined && sameDigest !== table) {
          throw new InvariantViolation(
            digestsTellTablesApart,
            `two tables have the digest ${digest}:\n${sameDigest}\n${table}`,
            at.node,
            undefined,
          )
        }
        if (sameTable !== undefined && sameTable !== digest) {
          throw new InvariantViolation(
            digestsTellTablesApart,
            `one table has the digests ${sameTable} and ${digest}:\n${table}`,
            at.node,
            undefined,
          )
        }
        if (tableOf.size === remembered) {
          tableOf.clear()
          digestOf.clear()
        }
        tableOf.set(digest, table)
        digestOf.set(table, digest)
      },
    }
  },
}

/** Its active members and what it holds of each, sorted. */
function activeTable({ node: { engine } }: Process): string {
  const { members } = engine
  return Array.from({ length: members.active }, (_, i) => {
    const ref = members.activeAt(i)
    const { boot, name } = members.record(ref)
    return `${name} ${members.status(ref)}@${members.incarnation(ref)} record ${members.recordIncarnation(ref)} of ${boot}`
  })
    .sort()
    .join('\n')
}
