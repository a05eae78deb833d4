import { mix32 } from './hash.ts'
import type { PeerRecord } from './peer.ts'
import type { Status } from './status.ts'

/** Buckets of a table's digest, by name; a power of two. Members of buckets that agree are not exchanged. */
export const digestBuckets = 64

/**
 * Order-independent digest: each member is one pseudo-random 64-bit number, and a set of members is the exclusive or
 * of theirs. Adding and removing are the same O(1) step. With 64 bits, tables that differ by accident agree with
 * probability 2⁻⁶⁴; it is no defence against one who chooses what to claim.
 */
export class Digest {
  /** Two words for each bucket, over the active members. */
  readonly buckets = new Uint32Array(2 * digestBuckets)
  /** Two words over the members that failed or left. */
  terminalA = 0
  terminalB = 0

  /** Adds a member, or removes one that was added with the same values. */
  toggle(
    hashA: number,
    hashB: number,
    record: PeerRecord,
    recordIncarnation: number,
    status: Status,
    incarnation: number,
    terminal: boolean,
  ): void {
    const bootLow = Number(record.boot & 0xffffffffn)
    const bootHigh = Number(record.boot >> 32n)
    const a = mix32(
      mix32(hashA ^ incarnation) + Math.imul(mix32(recordIncarnation + status), 0x9e3779b1) + bootLow,
    )
    const b = mix32(
      mix32(hashB + incarnation) ^
        (Math.imul(mix32(recordIncarnation ^ (status << 29)), 0x85ebca77) + bootHigh),
    )
    if (terminal) {
      this.terminalA = (this.terminalA ^ a) >>> 0
      this.terminalB = (this.terminalB ^ b) >>> 0
      return
    }
    const at = 2 * bucketOf(hashA)
    this.buckets[at] = (this.buckets[at]! ^ a) >>> 0
    this.buckets[at + 1] = (this.buckets[at + 1]! ^ b) >>> 0
  }

  /** Becomes what another is. */
  copy(from: Digest): void {
    this.buckets.set(from.buckets)
    this.terminalA = from.terminalA
    this.terminalB = from.terminalB
  }

  /** The active members' digest as 16 hexadecimal digits. */
  toString(): string {
    let a = 0
    let b = 0
    for (let i = 0; i < this.buckets.length; i += 2) {
      a ^= this.buckets[i]!
      b ^= this.buckets[i + 1]!
    }
    return hex32(a) + hex32(b)
  }
}

export const bucketOf = (hashA: number): number => hashA & (digestBuckets - 1)

const hex32 = (x: number): string => (x >>> 0).toString(16).padStart(8, '0')
