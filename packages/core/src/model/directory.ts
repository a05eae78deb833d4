import { sameAddress } from './address.ts'
import { hashText } from './hash.ts'
import type { PeerRecord } from './peer.ts'
import { generationOf, makeRef, maxSlots, type Ref, slotOf } from './ref.ts'

/** A record of a name, shared by all who hold it. `users` counts them. */
interface RecordSlot {
  readonly record: PeerRecord
  readonly slot: number
  /** Incarnation that announced it. */
  readonly incarnation: number
  users: number
}

/**
 * Interns names and records. Tables hold small numbers and share what stands behind them, so that a simulator, or a
 * process with many nodes, keeps each member's record once. Slots and records are counted by their users and reused.
 */
export class Directory {
  readonly #byName = new Map<string, Ref>()
  readonly #names: (string | undefined)[] = []
  readonly #users: number[] = []
  readonly #generations: number[] = []
  #hashA = new Uint32Array(0)
  #hashB = new Uint32Array(0)
  readonly #freeSlots: number[] = []
  readonly #records: (RecordSlot | undefined)[] = []
  readonly #freeRecords: number[] = []
  /** Numbers of the records of each slot: one or two, rarely more. */
  readonly #recordsOf: number[][] = []

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
    const generation = (this.#generations[slot] ?? -1) + 1
    const ref = makeRef(slot, generation)
    this.#generations[slot] = generationOf(ref)
    this.#names[slot] = name
    this.#users[slot] = 1
    this.#recordsOf[slot] = []
    if (slot >= this.#hashA.length) this.#growHashes(slot + 1)
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

  /** The current handle of an occupied slot. */
  refAt(slot: number): Ref {
    return makeRef(slot, this.#generations[slot] ?? 0)
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
    for (const number of this.#recordsOf[slot]!) {
      const held = this.#records[number]!
      if (held.incarnation === incarnation && sameRecord(held.record, record)) {
        held.users++
        return number
      }
    }
    const number = this.#freeRecords.pop() ?? this.#records.length
    this.#records[number] = { record, slot, incarnation, users: 1 }
    this.#recordsOf[slot]!.push(number)
    return number
  }

  releaseRecord(number: number): void {
    const held = this.#records[number]
    if (held === undefined || --held.users > 0) return
    const of = this.#recordsOf[held.slot]!
    of.splice(of.indexOf(number), 1)
    this.#records[number] = undefined
    this.#freeRecords.push(number)
  }

  record(number: number): PeerRecord {
    return this.#records[number]!.record
  }

  #growHashes(needed: number): void {
    const size = Math.max(needed, this.#hashA.length * 2, 16)
    const a = new Uint32Array(size)
    a.set(this.#hashA)
    this.#hashA = a
    const b = new Uint32Array(size)
    b.set(this.#hashB)
    this.#hashB = b
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
        (a.opaque !== undefined && b.opaque !== undefined && sameBytes(a.opaque, b.opaque))))
  )
}

export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}
