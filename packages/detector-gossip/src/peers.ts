import type { Column, Millis, PeerRecord, Ref } from '@swimkit/core'
import { Ids, mix32 } from './ids.ts'
import { type Links, stride } from './lists.ts'

/** What is kept of a member, by 32-bit word. */
export const Word = {
  /** Low half of its boot, or of its name's hash where it has no boot. */
  Id: 0,
  /** Its highest heartbeat that was heard. */
  Heartbeat: 1,
  /** Number of the latest push that spoke of it. */
  Stamp: 2,
  /** See {@link Flag}. */
  Flags: 3,
  /** When it was last heard, and until then, when it became known: a double, of two words. */
  Last: 4,
  /** Running mean and variance of its silences, milliseconds: floats. */
  Mean: 6,
  Variance: 7,
  /** Two words each, see `Lists`. */
  FreshLinks: 8,
  WheelLinks: 10,
  Ref: 12,
  /** Heartbeats in time that are missing until it is trusted again. */
  Doubt: 13,
  /** How often it was silent and yet reached, one time after the other. */
  Backoff: 14,
} as const

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
 * The members that are expected to gossip: 64 bytes each in one block of memory, in rows, and no object. Rows are numbered from 0,
 * this node's, and are used again once their member has gone.
 */
export class Peers implements Links {
  words!: Int32Array
  /** The same bytes, as what else they are. */
  unsigned!: Uint32Array
  floats!: Float32Array
  doubles!: Float64Array
  readonly #ids: Ids
  readonly #rows: Column
  readonly #free: number[] = []
  #used = 0

  /** `rows`: a column of the member table for the row of each, 0 where it has none. */
  constructor(rows: Column, salt: number) {
    this.#rows = rows
    this.#ids = new Ids(this, salt)
    this.#view(new ArrayBuffer(firstRows * 4 * stride))
  }

  /** Row of a member; 0: it has none. */
  rowOf(ref: Ref): number {
    return this.#rows.get(ref)
  }

  /** Row of the one member that has this id; −1: none, or several. */
  byId(id: number): number {
    const row = this.#ids.find(id)
    return row >= 0 && !this.is(row, Flag.Named) ? row : -1
  }

  refOf(row: number): Ref {
    return this.words[row * stride + Word.Ref] as Ref // as `add` put it there
  }

  is(row: number, flag: number): boolean {
    return (this.words[row * stride + Word.Flags]! & flag) !== 0
  }

  mark(row: number, flag: number): void {
    this.words[row * stride + Word.Flags]! |= flag
  }

  unmark(row: number, flag: number): void {
    this.words[row * stride + Word.Flags]! &= ~flag
  }

  /** A row for a member that has none. The first one is this node's. */
  add(ref: Ref, record: PeerRecord, now: Millis): number {
    const row = this.#free.pop() ?? this.#used++
    if ((row + 1) * stride > this.words.length) this.#grow()
    const at = row * stride
    const id = idOf(record)
    this.words.fill(0, at, at + stride)
    this.words[at + Word.Ref] = ref
    this.unsigned[at + Word.Id] = id ?? hashText(record.name)
    this.doubles[(at + Word.Last) / 2] = now
    if (row !== self) this.#rows.set(ref, row)
    if (id === undefined) this.mark(row, Flag.Named)
    else {
      const other = this.#ids.find(id)
      // Whose heartbeat it is can from now on only be told by name.
      if (other >= 0) {
        this.mark(row, Flag.Named)
        this.mark(other, Flag.Named)
      }
      this.#ids.add(row)
    }
    return row
  }

  remove(row: number): void {
    const id = this.unsigned[row * stride + Word.Id]!
    this.#rows.set(this.refOf(row), self)
    this.#ids.remove(row)
    this.#free.push(row)
    if (!this.is(row, Flag.Named)) return
    const other = this.#ids.only(id)
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
    return this.unsigned[row * stride + Word.Id] === (idOf(record) ?? hashText(record.name))
  }

  #grow(): void {
    const before = this.words
    this.#view(new ArrayBuffer(2 * before.byteLength))
    this.words.set(before)
  }

  #view(bytes: ArrayBuffer): void {
    this.words = new Int32Array(bytes)
    this.unsigned = new Uint32Array(bytes)
    this.floats = new Float32Array(bytes)
    this.doubles = new Float64Array(bytes)
  }
}

const firstRows = 16

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
