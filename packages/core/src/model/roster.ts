import type { Millis } from '../engine/time.ts'
import { Directory } from './directory.ts'
import { MemberTable } from './member-table.ts'
import type { PeerRecord } from './peer.ts'

/**
 * A membership that many nodes start from: all of these alive, each at an incarnation. Made once and then copied column by column,
 * as hearing of 10,000 members takes a node seconds, and ten thousand nodes hours.
 */
export class Roster {
  readonly directory: Directory
  readonly #table: MemberTable

  /** Throws a RangeError where the directory has no room for all names. */
  constructor(
    members: Iterable<{ readonly record: PeerRecord; readonly incarnation: number }>,
    now: Millis,
    directory: Directory = new Directory(),
  ) {
    this.directory = directory
    this.#table = new MemberTable(directory)
    for (const { incarnation, record } of members) {
      if (this.#table.add(record, incarnation, now) === undefined) {
        throw new RangeError('the directory is full: it holds 1,048,576 names')
      }
    }
  }

  /** A table of its own for one of them. Throws a RangeError for a name that is not here. */
  tableOf(name: string): MemberTable {
    return this.#table.copyFor(name)
  }
}
