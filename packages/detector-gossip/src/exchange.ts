import { type ByteReader, type MemberView, maxU32 } from '@swimkit/core'
import { entriesOf } from './bound.ts'
import { DigestReader, DigestWriter } from './digest.ts'
import type { Freshness } from './freshness.ts'
import { Flag, type Peers, self } from './peers.ts'

// Everything is done within one call of one node, so that all nodes of a process share these.
const reader = new DigestReader()
const writer = new DigestWriter()
/** Rows of the entries that were read; −1: nobody that is known. */
let rows = new Int32Array(256)
/** By row: the number of the latest push, to whichever node, that spoke of it. */
let stamps = new Uint32Array(256)
let stamp = 0

/** An answer may be so many times the push, or so many bytes: whoever is sent a lot for little can be made to flood somebody else. */
const answerShare = 2
const leastAnswer = 256

/**
 * What this node tells of the heartbeats that it knows, and what it is told: digests of them. A push is answered with what its sender
 * lacks (push-pull: Demers et al., PODC 1987, §1.3); an answer is not.
 */
export class Exchange {
  readonly #peers: Peers
  readonly #freshness: Freshness
  readonly #members: MemberView
  readonly #digestBytes: number
  /** Rows that are thought of for one digest, at most; and how many are left of them. */
  readonly #offers: number
  readonly #heard: (row: number, heartbeat: number) => void
  /** Rows that a sender knows an older heartbeat of. */
  readonly #lacking: number[] = []
  /** Rows that the digest tells of which is put together. */
  readonly #told: number[] = []
  #left = 0
  /** This node's own heartbeat: of all the time that the process has run. */
  heartbeat = 0
  /** Packets on the channel that were no digests. */
  malformed = 0

  /** `heard` is told of every heartbeat that is higher than the one known. */
  constructor(
    peers: Peers,
    freshness: Freshness,
    members: MemberView,
    digestBytes: number,
    heard: (row: number, heartbeat: number) => void,
  ) {
    this.#peers = peers
    this.#freshness = freshness
    this.#members = members
    this.#digestBytes = digestBytes
    this.#offers = 2 * entriesOf(digestBytes)
    this.#heard = heard
  }

  /** One more; after 2³² of them it stays, and members have to be looked at. */
  beat(): number {
    if (this.heartbeat < maxU32) this.heartbeat++
    return this.heartbeat
  }

  /** What to tell a member. */
  push(to: number): Uint8Array {
    writer.begin(true, this.#digestBytes)
    this.#write(self, this.heartbeat)
    this.#left = this.#offers
    this.#tell(this.#freshness.untold, to, false)
    this.#tell(this.#freshness.longestTold, to, false)
    this.#rotate()
    return writer.finish()
  }

  /**
   * Takes in a digest, and gives the answer if it wants one and there is anything to tell. `from` is the sender's row, or 0 where it has
   * none: held failed perhaps, of which any packet will tell it.
   */
  receive(from: number, body: ByteReader): Uint8Array | undefined {
    const bytes = body.remaining
    if (!reader.read(body)) {
      this.malformed++
      return undefined
    }
    const ownKnown = this.#compare()
    const answer = reader.push ? this.#answer(from, ownKnown, bytes) : undefined
    // After the answer, which else had to pass over all these; from the last one on, so that its sender's order is kept.
    const { count, heartbeats } = reader
    const { heartbeats: known } = this.#peers
    for (let i = count - 1; i >= 0; i--) {
      const row = rows[i]!
      if (row <= self) continue
      const told = heartbeats[i]!
      if (told > known[row]! || this.#peers.is(row, Flag.Rebase)) this.#heard(row, told)
    }
    return answer
  }

  /** Finds who is spoken of, and of whom the sender lacks news. Returns whether it knows this node's own heartbeat. */
  #compare(): boolean {
    const { heartbeats: known } = this.#peers
    const { count, heartbeats, ids, names } = reader
    const lacking = this.#lacking
    const number = nextStamp(known.length)
    if (rows.length < count) rows = new Int32Array(2 * count)
    let ownKnown = false
    let name = 0
    lacking.length = 0
    for (let i = 0; i < count; i++) {
      const id = ids[i]!
      const row = id === 0 ? this.#byName(names[name++]!) : this.#peers.byId(id)
      rows[i] = row
      if (row < 0) continue
      if (row === self) ownKnown = heartbeats[i] === this.heartbeat
      else if (stamps[row] !== number) {
        stamps[row] = number
        if (heartbeats[i]! < known[row]!) lacking.push(row)
      }
    }
    return ownKnown
  }

  #byName(name: string): number {
    const ref = this.#members.find(name)
    if (ref === undefined) return -1
    if (ref === this.#members.self) return self
    const row = this.#peers.rowOf(ref)
    return row === self ? -1 : row
  }

  #answer(from: number, ownKnown: boolean, bytes: number): Uint8Array | undefined {
    const lacking = this.#lacking
    writer.begin(false, Math.min(this.#digestBytes, Math.max(leastAnswer, answerShare * bytes)))
    this.#write(self, this.heartbeat)
    const own = writer.length
    for (let i = 0; i < lacking.length && writer.hasRoom; i++) {
      const row = lacking[i]!
      if (row !== from && this.#write(row, this.#peers.heartbeats[row]!)) this.#freshness.told(row)
    }
    // Of what was not spoken of, only what this node has told nobody yet.
    this.#left = this.#offers
    this.#tell(this.#freshness.untold, from, true)
    this.#rotate()
    return writer.length === own && ownKnown && from !== self ? undefined : writer.finish()
  }

  /** Adds a row and those behind it, as far as there is room; neither the receiver nor, in an answer, those that the push spoke of. */
  #tell(first: number, receiver: number, answer: boolean): void {
    const { heartbeats } = this.#peers
    const freshness = this.#freshness
    for (let row = first; row >= 0 && this.#left > 0 && writer.hasRoom; row = freshness.after(row)) {
      this.#left--
      if (row === receiver || (answer && stamps[row] === stamp)) continue
      if (this.#write(row, heartbeats[row]!)) this.#told.push(row)
    }
  }

  /** What the digest tells of goes behind all others, the freshest last. */
  #rotate(): void {
    const told = this.#told
    while (told.length > 0) this.#freshness.told(told.pop()!)
  }

  /** `false`: there is no room for its name. */
  #write(row: number, heartbeat: number): boolean {
    if (this.#peers.is(row, Flag.Named)) {
      return writer.named(this.#members.name(this.#peers.refOf(row)), heartbeat)
    }
    writer.short(this.#peers.ids[row]!, heartbeat)
    return true
  }
}

/** A number that stands beside no row yet, for a node with so many of them. */
function nextStamp(count: number): number {
  if (stamps.length < count) stamps = new Uint32Array(2 * count)
  if (stamp === maxU32) {
    stamps.fill(0)
    stamp = 0
  }
  return ++stamp
}
