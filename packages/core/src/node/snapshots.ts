import type { Engine } from '../engine/engine.ts'
import type { Millis } from '../engine/time.ts'
import { formatAddress } from '../model/address.ts'
import { samePayload } from '../model/directory.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status, type StatusName, statusNames } from '../model/status.ts'
import type { Explanation, LargePayload, Member, SuspectInfo } from './api.ts'
import { decodeMemberData, type MemberData } from './member-data.ts'

/** Of all nodes: those that share a directory share records, and what they were decoded to. */
const decoded = new WeakMap<PeerRecord, MemberData>()

/** Turns what an engine holds, in handles and instants, into what the public API hands out. */
export class Snapshots {
  readonly #engine: Engine
  /** Wall clock at the instant zero of the engine's clock, in milliseconds. */
  readonly #wallOrigin: number

  constructor(engine: Engine, wallOrigin: number) {
    this.#engine = engine
    this.#wallOrigin = wallOrigin
  }

  date(at: Millis): Date {
    return new Date(Math.round(this.#wallOrigin + at))
  }

  get self(): Member {
    return this.#member(this.#engine.members.self)
  }

  members(): Member[] {
    const { members } = this.#engine
    const all: Member[] = []
    for (let i = 0; i < members.active; i++) all.push(this.#member(members.activeAt(i)))
    for (let i = 0; i < members.size - members.active; i++) all.push(this.#member(members.terminalAt(i)))
    return all
  }

  member(name: string): Member | undefined {
    const ref = this.#engine.members.find(name)
    return ref === undefined ? undefined : this.#member(ref)
  }

  counts(): Record<StatusName, number> {
    const { members } = this.#engine
    return {
      alive: members.count(Status.Alive),
      suspect: members.count(Status.Suspect),
      failed: members.count(Status.Failed),
      left: members.count(Status.Left),
    }
  }

  suspects(): SuspectInfo[] {
    const { members } = this.#engine
    const suspects: SuspectInfo[] = []
    if (members.count(Status.Suspect) === 0) return suspects
    for (let i = 0; i < members.active; i++) {
      const view = this.#engine.suspicion(members.activeAt(i))
      if (view === undefined) continue
      suspects.push({
        name: members.name(view.ref),
        incarnation: view.incarnation,
        since: this.date(view.start),
        deadline: this.date(view.deadline),
        accusers: view.accusations.map(({ accuser }) => accuser),
      })
    }
    return suspects
  }

  explain(name: string): Explanation | undefined {
    const { members } = this.#engine
    const ref = members.find(name)
    if (ref === undefined) return undefined
    const evidence = this.#engine.explain(ref).map(({ at, by, incarnation, outcome, path }) => ({
      at: this.date(at),
      by: by !== undefined && members.has(by) ? members.name(by) : 'unknown',
      path,
      outcome,
      incarnation,
    }))
    const { count, flapping } = this.#engine.flaps(ref)
    return { name, status: statusNames[members.status(ref)], flaps: count, flapping, evidence }
  }

  /** A member as it was when this was true of it. */
  describe(record: PeerRecord, status: Status, incarnation: number, since: Millis): Member {
    let data = decoded.get(record)
    if (data === undefined) {
      data = decodeMemberData(record.data)
      decoded.set(record, data)
    }
    const large = this.#large(record)
    return {
      name: record.name,
      address: formatAddress(record.address),
      status: statusNames[status],
      leaving: record.leaving && status === Status.Alive,
      incarnation,
      boot: record.boot.toString(16).padStart(16, '0'),
      since: this.date(since),
      tags: data.tags,
      services: data.services,
      payload: large?.content ?? data.payload,
      ...(large === undefined ? {} : { largePayload: large.about }),
      streams: record.streams,
      capabilities: record.capabilities,
    }
  }

  /** A payload that is not in the record, as far as it is here. */
  #large({
    name,
    payload,
  }: PeerRecord): { about: LargePayload; content: Uint8Array | undefined } | undefined {
    if (payload === undefined) return undefined
    const { members } = this.#engine
    const ref = members.find(name)
    const current = ref !== undefined && samePayload(members.record(ref).payload, payload)
    const content = current ? this.#engine.payload(ref) : undefined
    const hash = Array.from(payload.hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
    return { about: { bytes: payload.size, hash, here: content !== undefined }, content }
  }

  #member(ref: Ref): Member {
    const { members } = this.#engine
    return this.describe(
      members.record(ref),
      members.status(ref),
      members.incarnation(ref),
      members.since(ref),
    )
  }
}
