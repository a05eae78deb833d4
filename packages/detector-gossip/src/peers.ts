import type { Column, Millis, PeerRecord, Ref } from '@swimkit/core'
import { Ids, mix32 } from './ids.ts'
import { firstRows, grown } from './rows.ts'

export const Flag = {
  /** Told by name: it has no id, or its id is another's as well. */
  Named: 1,
  /** The membership holds it suspect. */
  Suspect: 2,
  /** A heartbeat of it was heard. */
  Heard: 4,
  /** A look has found it there while its heartbeats did not come: the next one counts, whatever it is. */
  Rebase: 8,
  /** It came back not long ago. */
  Returned: 16,
} as const

/** Row of this node itself; as the row of another it means that there is none. */
export const self = 0

/**
 * The members that are expected to gossip, in columns of numbers, and no object for any of them. What handles one packet touches few
 * columns, and those from end to end. Rows are numbered from 0, this node's, and are used again once their member has gone. Columns
 * are replaced as they grow.
 */
export class Peers {
  /** Low half of each boot, or of the name's hash where there is no boot. */
  ids: Uint32Array = new Uint32Array(firstRows)
  /** The highest heartbeat that was heard of each. */
  heartbeats: Uint32Array = new Uint32Array(firstRows)
  /** When each was last heard, and until then, when it became known. */
  heardAt: Float64Array = new Float64Array(firstRows)
  /** Running mean and variance of the silences of each, milliseconds. */
  means: Float32Array = new Float32Array(firstRows)
  variances: Float32Array = new Float32Array(firstRows)
  /** Heartbeats in time that are missing until it is trusted again. */
  doubts: Uint8Array = new Uint8Array(firstRows)
  /** How often it was silent and yet reached, one time after the other. */
  backoffs: Uint8Array = new Uint8Array(firstRows)
  /** See {@link Flag}. */
  #flags: Uint8Array = new Uint8Array(firstRows)
  #refs: Int32Array = new Int32Array(firstRows)
  readonly #byId: Ids
  /** Of the member table. */
  readonly #rows: Column
  readonly #free: number[] = []
  #used = 0

  /** `rows`: a column of the member table for the row of each, 0 where it has none. */
  constructor(rows: Column, salt: number) {
    this.#rows = rows
    this.#byId = new Ids(this, salt)
  }

  /** Row of a member; 0: it has none. */
  rowOf(ref: Ref): number {
    return this.#rows.get(ref)
  }

  /** Row of the one member that has this id; −1: none, or several. */
  byId(id: number): number {
    const row = this.#byId.find(id)
    return row >= 0 && !this.is(row, Flag.Named) ? row : -1
  }

  refOf(row: number): Ref {
    return this.#refs[row] as Ref // as `add` put it there
  }

  is(row: number, flag: number): boolean {
    return (this.#flags[row]! & flag) !== 0
  }

  mark(row: number, flag: number): void {
    this.#flags[row]! |= flag
  }

  unmark(row: number, flag: number): void {
    this.#flags[row]! &= ~flag
  }

  /** A row for a member that has none. The first one is this node's. */
  add(ref: Ref, record: PeerRecord, now: Millis): number {
    const row = this.#free.pop() ?? this.#used++
    if (row >= this.ids.length) this.#grow(row + 1)
    const id = idOf(record)
    this.ids[row] = id ?? hashText(record.name)
    this.heartbeats[row] = 0
    this.heardAt[row] = now
    this.means[row] = 0
    this.variances[row] = 0
    this.doubts[row] = 0
    this.backoffs[row] = 0
    this.#flags[row] = 0
    this.#refs[row] = ref
    if (row !== self) this.#rows.set(ref, row)
    if (id === undefined) this.mark(row, Flag.Named)
    else {
      const other = this.#byId.find(id)
      // Whose heartbeat it is can from now on only be told by name.
      if (other >= 0) {
        this.mark(row, Flag.Named)
        this.mark(other, Flag.Named)
      }
      this.#byId.add(row)
    }
    return row
  }

  remove(row: number): void {
    const id = this.ids[row]!
    this.#rows.set(this.refOf(row), self)
    this.#byId.remove(row)
    this.#free.push(row)
    if (!this.is(row, Flag.Named)) return
    const other = this.#byId.only(id)
    if (other >= 0) this.unmark(other, Flag.Named)
  }

  /** Forgets all of them. */
  clear(): void {
    for (let row = self + 1; row < this.#used; row++) {
      const ref = this.refOf(row)
      if (this.#rows.get(ref) === row) this.#rows.set(ref, self)
    }
  }

  /** Whether a row is that very process's. */
  isOf(row: number, record: PeerRecord): boolean {
    return this.ids[row] === (idOf(record) ?? hashText(record.name))
  }

  #grow(rows: number): void {
    this.ids = grown(this.ids, rows)
    this.heartbeats = grown(this.heartbeats, rows)
    this.heardAt = grown(this.heardAt, rows)
    this.means = grown(this.means, rows)
    this.variances = grown(this.variances, rows)
    this.doubts = grown(this.doubts, rows)
    this.backoffs = grown(this.backoffs, rows)
    this.#flags = grown(this.#flags, rows)
    this.#refs = grown(this.#refs, rows)
  }
}

/** A short id; undefined where there is none: the boot is unknown, or would read as the mark of an entry by name. */
function idOf({ boot }: PeerRecord): number | undefined {
  const low = Number(BigInt.asUintN(32, boot))
  return low === 0 ? undefined : low
}

function hashText(text: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193)
  return mix32(hash)
}
