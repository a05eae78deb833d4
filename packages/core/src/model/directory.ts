import { sameAddress } from './address.ts'
import { grown } from './grown.ts'
import { hashText } from './hash.ts'
import type { PayloadRef, PeerRecord } from './peer.ts'
import { generationOf, makeRef, maxSlots, type Ref, slotOf } from './ref.ts'

/** What a slot has without any record, and a record without a next one. */
const none = -1

/**
 * Interns names and records. Tables hold small numbers and share what stands behind them, so that a simulator, or a
 * process with many nodes, keeps each member's record once. Names and records are counted by their users, and their numbers
 * reused. Counts and links are kept in columns: an object for each would take more than the records themselves.
 */
export class Directory {
  readonly #byName = new Map<string, Ref>()
  readonly #names: (string | undefined)[] = []
  readonly #freeSlots: number[] = []
  /** By slot: users of the name, generation, hash, and the first of its records. */
  #users = new Int32Array(0)
  #generations = new Int32Array(0)
  #hashA = new Uint32Array(0)
  #hashB = new Uint32Array(0)
  #firstRecord = new Int32Array(0)

  readonly #records: (PeerRecord | undefined)[] = []
  readonly #freeRecords: number[] = []
  /** By number of the record: its users, the incarnation that announced it, its slot, and the next record of the same name. */
  #recordUsers = new Int32Array(0)
  #recordIncarnation = new Uint32Array(0)
  #recordSlot = new Int32Array(0)
  #nextRecord = new Int32Array(0)

  /** Slots ever used: tables size their columns by it. */
  get capacity(): number {
    return this.#names.length
  }

  /** Names in use. */
  get size(): number {
    return this.#byName.size
  }

  find(name: string): Ref | undefined {
    return this.#byName.get(name)
  }

  /** Takes a share in a name; undefined when the directory is full (1,048,576 names). */
  retain(name: string): Ref | undefined {
    const known = this.#byName.get(name)
    if (known !== undefined) {
      this.#users[slotOf(known)]!++
      return known
    }
    const slot = this.#freeSlots.pop() ?? this.#names.length
    if (slot >= maxSlots) return undefined
    if (slot >= this.#users.length) this.#growSlots(slot + 1)
    const ref = makeRef(slot, this.#generations[slot]! + 1)
    this.#generations[slot] = generationOf(ref)
    this.#names[slot] = name
    this.#users[slot] = 1
    this.#firstRecord[slot] = none
    this.#hashA[slot] = hashText(name, 0x811c9dc5)
    this.#hashB[slot] = hashText(name, 0x5bd1e995)
    this.#byName.set(name, ref)
    return ref
  }

  /** Gives a share in a name back; the last one frees the slot. */
  release(ref: Ref): void {
    const slot = slotOf(ref)
    if (!this.valid(ref) || --this.#users[slot]! > 0) return
    this.#byName.delete(this.#names[slot]!)
    this.#names[slot] = undefined
    this.#freeSlots.push(slot)
  }

  valid(ref: Ref): boolean {
    const slot = slotOf(ref)
    return this.#names[slot] !== undefined && this.#generations[slot] === generationOf(ref)
  }

  name(ref: Ref): string {
    return (this.valid(ref) ? this.#names[slotOf(ref)] : undefined) ?? ''
  }

  /** First and second word of a name's hash, for digests. */
  hashA(slot: number): number {
    return this.#hashA[slot]!
  }
  hashB(slot: number): number {
    return this.#hashB[slot]!
  }

  /** Takes a share in a record of a name, and returns its number. Equal records have one number. */
  retainRecord(ref: Ref, record: PeerRecord, incarnation: number): number {
    const slot = slotOf(ref)
    for (let number = this.#firstRecord[slot]!; number !== none; number = this.#nextRecord[number]!) {
      if (this.#recordIncarnation[number] === incarnation && sameRecord(this.#records[number]!, record)) {
        this.#recordUsers[number]!++
        return number
      }
    }
    const number = this.#freeRecords.pop() ?? this.#records.length
    if (number >= this.#recordUsers.length) this.#growRecords(number + 1)
    this.#records[number] = record
    this.#recordUsers[number] = 1
    this.#recordIncarnation[number] = incarnation
    this.#recordSlot[number] = slot
    this.#nextRecord[number] = this.#firstRecord[slot]!
    this.#firstRecord[slot] = number
    return number
  }

  /** Takes one more share in a name and a record of it that somebody holds. */
  share(slot: number, record: number): void {
    this.#users[slot]!++
    this.#recordUsers[record]!++
  }

  releaseRecord(number: number): void {
    if (this.#records[number] === undefined || --this.#recordUsers[number]! > 0) return
    this.#records[number] = undefined
    this.#freeRecords.push(number)
    const slot = this.#recordSlot[number]!
    const next = this.#nextRecord[number]!
    if (this.#firstRecord[slot] === number) {
      this.#firstRecord[slot] = next
      return
    }
    // A name has one or two records, rarely more.
    let before = this.#firstRecord[slot]!
    while (this.#nextRecord[before] !== number) before = this.#nextRecord[before]!
    this.#nextRecord[before] = next
  }

  record(number: number): PeerRecord {
    return this.#records[number]!
  }

  #growSlots(needed: number): void {
    const size = Math.max(needed, Math.ceil(this.#users.length * 1.5), 8)
    this.#users = grown(new Int32Array(size), this.#users)
    this.#generations = grown(new Int32Array(size).fill(-1), this.#generations)
    this.#hashA = grown(new Uint32Array(size), this.#hashA)
    this.#hashB = grown(new Uint32Array(size), this.#hashB)
    this.#firstRecord = grown(new Int32Array(size), this.#firstRecord)
  }

  #growRecords(needed: number): void {
    const size = Math.max(needed, Math.ceil(this.#recordUsers.length * 1.5), 8)
    this.#recordUsers = grown(new Int32Array(size), this.#recordUsers)
    this.#recordIncarnation = grown(new Uint32Array(size), this.#recordIncarnation)
    this.#recordSlot = grown(new Int32Array(size), this.#recordSlot)
    this.#nextRecord = grown(new Int32Array(size), this.#nextRecord)
  }
}

/** Whether two records say the same in every field. */
export function sameRecord(a: PeerRecord, b: PeerRecord): boolean {
  return (
    a === b ||
    (a.boot === b.boot &&
      a.name === b.name &&
      a.startedAt === b.startedAt &&
      a.streams === b.streams &&
      a.leaving === b.leaving &&
      a.protocolMin === b.protocolMin &&
      a.protocolMax === b.protocolMax &&
      sameAddress(a.address, b.address) &&
      a.capabilities.length === b.capabilities.length &&
      a.capabilities.every((capability, i) => capability === b.capabilities[i]) &&
      sameBytes(a.data, b.data) &&
      (a.opaque === b.opaque ||
        (a.opaque !== undefined && b.opaque !== undefined && sameBytes(a.opaque, b.opaque))) &&
      samePayload(a.payload, b.payload))
  )
}

/** Whether two records have the same payload beside their data, or none. */
export function samePayload(a: PayloadRef | undefined, b: PayloadRef | undefined): boolean {
  if (a === b) return true
  return a !== undefined && b !== undefined && a.size === b.size && sameBytes(a.hash, b.hash)
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
