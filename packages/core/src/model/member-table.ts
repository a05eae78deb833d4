import type { Millis } from '../engine/time.ts'
import { type ColumnKind, GrowingColumn } from './column.ts'
import { Digest } from './digest.ts'
import type { Directory } from './directory.ts'
import { doublePages, intPages } from './pages.ts'
import type { PeerRecord } from './peer.ts'
import { type Ref, slotOf } from './ref.ts'
import { RefList } from './ref-list.ts'
import { Status } from './status.ts'

/** What of the members anybody may read: detectors, strategies, drivers. */
export interface MemberView {
  readonly self: Ref
  /** Alive and suspect members, this node included: the n of every formula. A counter, never a scan. */
  readonly active: number
  /** Members of every status. */
  readonly size: number
  count(status: Status): number
  find(name: string): Ref | undefined
  has(ref: Ref): boolean
  name(ref: Ref): string
  status(ref: Ref): Status
  /** Incarnation of the status. */
  incarnation(ref: Ref): number
  /** Incarnation that announced the record. */
  recordIncarnation(ref: Ref): number
  record(ref: Ref): PeerRecord
  since(ref: Ref): Millis
  /** The i-th active member, 0..active−1; the order changes with every join and leave. */
  activeAt(index: number): Ref
  /** The i-th failed or left member, 0..size−active−1. */
  terminalAt(index: number): Ref
}

/** What a change to a member was; `undefined` before: it was not known. */
export interface Change {
  readonly ref: Ref
  readonly before: Status | undefined
  readonly after: Status
  /** Record held before, if another. */
  readonly recordBefore: PeerRecord | undefined
}

/** A member's words. The record's number is one higher, so that 0 is a slot that holds none; place and status share a word. */
const Word = { Record: 0, RecordIncarnation: 1, Incarnation: 2, Place: 3 } as const
const words = 4
const statusBits = 2
const statusMask = 3

const isActive = (status: Status): boolean => status <= Status.Suspect

/**
 * The members a node holds, by slot, in numbers. Says nothing of the rules: whether a claim replaces what is held is
 * decided before. Every operation but iteration is O(1), and keeps the counters, the two dense lists and the digest.
 */
export class MemberTable implements MemberView {
  readonly directory: Directory
  readonly digest = new Digest()
  self: Ref
  /** Four words a member: see {@link Word}. */
  #words = intPages()
  #since = doublePages()
  #activeList = new RefList()
  #terminalList = new RefList()
  readonly #counts = [0, 0, 0, 0]
  readonly #columns: GrowingColumn[] = []

  constructor(directory: Directory) {
    this.directory = directory
    // Set by the first `add`, which is the node itself.
    this.self = -1 as Ref
  }

  get active(): number {
    return this.#activeList.length
  }
  get size(): number {
    return this.#activeList.length + this.#terminalList.length
  }
  count(status: Status): number {
    return this.#counts[status]!
  }
  find(name: string): Ref | undefined {
    const ref = this.directory.find(name)
    return ref !== undefined && this.#numberOf(slotOf(ref)) >= 0 ? ref : undefined
  }
  has(ref: Ref): boolean {
    return this.#numberOf(slotOf(ref)) >= 0 && this.directory.valid(ref)
  }
  name(ref: Ref): string {
    return this.directory.name(ref)
  }
  status(ref: Ref): Status {
    return (this.#words.get(slotOf(ref) * words + Word.Place) & statusMask) as Status
  }
  incarnation(ref: Ref): number {
    return this.#words.get(slotOf(ref) * words + Word.Incarnation) >>> 0
  }
  recordIncarnation(ref: Ref): number {
    return this.#words.get(slotOf(ref) * words + Word.RecordIncarnation) >>> 0
  }
  record(ref: Ref): PeerRecord {
    return this.directory.record(this.#numberOf(slotOf(ref)))
  }
  since(ref: Ref): Millis {
    return this.#since.get(slotOf(ref))
  }
  activeAt(index: number): Ref {
    return this.#activeList.at(index)
  }
  terminalAt(index: number): Ref {
    return this.#terminalList.at(index)
  }

  /** A column of one number per member, for detectors and strategies. */
  column(kind: ColumnKind, initial: number): GrowingColumn {
    const column = new GrowingColumn(kind, initial, this)
    this.#columns.push(column)
    return column
  }

  /** Adds an unknown name as alive; undefined when the directory is full. */
  add(record: PeerRecord, incarnation: number, now: Millis): Change | undefined {
    const ref = this.directory.retain(record.name)
    if (ref === undefined) return undefined
    const slot = slotOf(ref)
    this.#words.reserve((slot + 1) * words)
    this.#since.reserve(slot + 1)
    if (this.self < 0) this.self = ref
    const at = slot * words
    this.#words.set(at + Word.Record, this.directory.retainRecord(ref, record, incarnation) + 1)
    this.#words.set(at + Word.RecordIncarnation, incarnation)
    this.#words.set(at + Word.Incarnation, incarnation)
    this.#since.set(slot, now)
    this.#list(ref, Status.Alive)
    this.#toggle(ref)
    return { ref, before: undefined, after: Status.Alive, recordBefore: undefined }
  }

  /** Sets a status and its incarnation, and with `record` also what it says of itself at that incarnation. */
  set(ref: Ref, status: Status, incarnation: number, now: Millis, record?: PeerRecord): Change {
    const slot = slotOf(ref)
    const before = this.status(ref)
    const recordBefore = record === undefined ? undefined : this.record(ref)
    // Failed, left or suspect at another incarnation: it has been alive in between.
    const anew = status !== Status.Alive && incarnation !== this.incarnation(ref)
    this.#toggle(ref)
    if (record !== undefined) this.#replaceRecord(ref, record, incarnation)
    this.#words.set(slot * words + Word.Incarnation, incarnation)
    if (status !== before || anew) this.#since.set(slot, now)
    if (status !== before) {
      this.#unlist(ref, before)
      this.#list(ref, status)
    }
    this.#toggle(ref)
    return { ref, before, after: status, recordBefore }
  }

  /** Newer data of a member whose status stays as it is. */
  setRecord(ref: Ref, record: PeerRecord, incarnation: number): Change {
    const status = this.status(ref)
    const recordBefore = this.record(ref)
    this.#toggle(ref)
    this.#replaceRecord(ref, record, incarnation)
    this.#toggle(ref)
    return { ref, before: status, after: status, recordBefore }
  }

  /** It has had this status for longer than this node knew. */
  backdate(ref: Ref, since: Millis): void {
    this.#since.set(slotOf(ref), since)
  }

  remove(ref: Ref): void {
    const slot = slotOf(ref)
    this.#toggle(ref)
    this.#unlist(ref, this.status(ref))
    this.directory.releaseRecord(this.#numberOf(slot))
    this.#words.set(slot * words + Word.Record, 0)
    for (const column of this.#columns) column.reset(slot)
    this.directory.release(ref)
  }

  /** The same members, held by one of them in a table of its own. Columns of detectors and strategies stay behind. */
  copyFor(name: string): MemberTable {
    const self = this.find(name)
    if (self === undefined) throw new RangeError(`${JSON.stringify(name)} is not among these members`)
    const copy = new MemberTable(this.directory)
    copy.self = self
    copy.#words = this.#words.copy()
    copy.#since = this.#since.copy()
    copy.#activeList = this.#activeList.copy()
    copy.#terminalList = this.#terminalList.copy()
    for (const [i, count] of this.#counts.entries()) copy.#counts[i] = count
    copy.digest.copy(this.digest)
    for (const list of [this.#activeList, this.#terminalList]) {
      for (let i = 0; i < list.length; i++) {
        const slot = slotOf(list.at(i))
        this.directory.share(slot, this.#numberOf(slot))
      }
    }
    return copy
  }

  /** Gives back everything a shared directory holds for this table. */
  clear(): void {
    for (const list of [this.#activeList, this.#terminalList]) {
      while (list.length > 0) this.remove(list.at(list.length - 1))
    }
  }

  #replaceRecord(ref: Ref, record: PeerRecord, incarnation: number): void {
    const slot = slotOf(ref)
    const next = this.directory.retainRecord(ref, record, incarnation)
    this.directory.releaseRecord(this.#numberOf(slot))
    this.#words.set(slot * words + Word.Record, next + 1)
    this.#words.set(slot * words + Word.RecordIncarnation, incarnation)
  }

  #toggle(ref: Ref): void {
    const slot = slotOf(ref)
    const status = this.status(ref)
    this.digest.toggle(
      this.directory.hashA(slot),
      this.directory.hashB(slot),
      this.record(ref),
      this.recordIncarnation(ref),
      status,
      this.incarnation(ref),
      !isActive(status),
    )
  }

  #list(ref: Ref, status: Status): void {
    const list = isActive(status) ? this.#activeList : this.#terminalList
    this.#setPlace(ref, list.length, status)
    list.push(ref)
    this.#counts[status]!++
  }

  #unlist(ref: Ref, status: Status): void {
    const list = isActive(status) ? this.#activeList : this.#terminalList
    const place = this.#words.get(slotOf(ref) * words + Word.Place) >>> statusBits
    const last = list.pop()
    if (last !== ref) {
      list.put(place, last)
      this.#setPlace(last, place, this.status(last))
    }
    this.#counts[status]!--
  }

  #setPlace(ref: Ref, place: number, status: Status): void {
    this.#words.set(slotOf(ref) * words + Word.Place, (place << statusBits) | status)
  }

  /** Number of a member's record in the directory; −1 for a slot that holds none here. */
  #numberOf(slot: number): number {
    const at = slot * words
    return at < this.#words.capacity ? this.#words.get(at) - 1 : -1
  }
}
