import { sameBytes, samePayload } from '../model/directory.ts'
import { binaryDigits } from '../model/logarithm.ts'
import type { PayloadRef, PeerRecord } from '../model/peer.ts'
import { RareMap } from '../model/rare-map.ts'
import type { Ref } from '../model/ref.ts'
import { activeStatuses, Status } from '../model/status.ts'
import type { Fetch, Message } from '../wire/message.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { RequestOutcome } from './effects.ts'
import type { News } from './news.ts'
import type { Outbox } from './outbox.ts'
import type { Requests } from './requests.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/** Payloads that are fetched at once at most; the others wait. */
const mostUnderWay = 4
/** Payloads that this node hands out in a gossip interval at most: who comes too soon asks another, or again. */
const mostServed = 8

/** Hashes bytes as all nodes of the cluster do: SHA-256. */
export type PayloadHash = (bytes: Uint8Array) => Uint8Array

/** What a record says of a payload. Throws a TypeError where there is no hash to say it by. */
export function payloadRefOf(bytes: Uint8Array, hash: PayloadHash | undefined): PayloadRef {
  if (hash === undefined) throw new TypeError('a payload beside the record needs a hash')
  return { size: bytes.length, hash: hash(bytes) }
}

/** A payload that is here. */
interface Held {
  readonly ref: PayloadRef
  readonly bytes: Uint8Array
}

/** A payload that is not. */
interface Wanted {
  readonly ref: PayloadRef
  attempts: number
  /** Undefined while somebody is asked. */
  timer: Timer | undefined
  /** Operations that wait for it. */
  readonly waiting: number[]
}

/**
 * Payloads that are too large for the records of their members. A record says which one it is, and whoever lacks that fetches it over a stream: of its owner or of any
 * other member that has it, so that a large group does not hang on one node. What comes is believed by its hash alone.
 */
export class Payloads {
  readonly #state: CoreState
  readonly #news: News
  readonly #outbox: Outbox
  readonly #requests: Requests
  readonly #hash: PayloadHash | undefined
  #own: Held | undefined
  readonly #held = new RareMap<Ref, Held>()
  readonly #wanted = new RareMap<Ref, Wanted>()
  #bytes = 0
  #underWay = 0
  #served = 0
  #servedSince = Number.NEGATIVE_INFINITY

  constructor(
    state: CoreState,
    news: News,
    outbox: Outbox,
    requests: Requests,
    hash: PayloadHash | undefined,
  ) {
    this.#state = state
    this.#news = news
    this.#outbox = outbox
    this.#requests = requests
    this.#hash = hash
  }

  /** Bytes of others' payloads that are here. */
  get bytes(): number {
    return this.#bytes
  }

  /** Takes this node's own payload, an empty one for none; returns what its record is to say of it. */
  own(bytes: Uint8Array): PayloadRef | undefined {
    if (bytes.length === 0) {
      this.#own = undefined
      return undefined
    }
    const ref = payloadRefOf(bytes, this.#hash)
    this.#own = { ref, bytes }
    return ref
  }

  /** The payload of a member, where it is large and here. */
  of(ref: Ref): Uint8Array | undefined {
    const { table } = this.#state
    const { payload } = table.record(ref)
    if (payload === undefined) return undefined
    const held = ref === table.self ? this.#own : this.#held.get(ref)
    return held !== undefined && samePayload(held.ref, payload) ? held.bytes : undefined
  }

  /** A member has another record or status. */
  onChange(ref: Ref, after: Status | undefined, now: Millis): void {
    const { table } = this.#state
    if (ref === table.self) return
    const payload = after === undefined ? undefined : table.record(ref).payload
    const active = after !== undefined && after < Status.Failed
    const held = this.#held.get(ref)
    if (held !== undefined && !samePayload(held.ref, payload)) this.#drop(ref, held)
    const wanted = this.#wanted.get(ref)
    if (wanted !== undefined) {
      if (active && samePayload(wanted.ref, payload)) return
      this.#forget(ref, wanted, active ? 'changed' : 'unreachable')
    }
    if (payload === undefined || !active || this.#held.get(ref) !== undefined) return
    if (this.#isWanted(payload)) this.#want(ref, payload, this.#firstDelay(), now)
  }

  /** Fetches a member's payload whether there is room to keep it or not. The operation ends when it is here, or cannot be had. */
  fetch(operation: number, ref: Ref, now: Millis): void {
    const { streams, table } = this.#state
    const here = this.of(ref)
    const { payload } = table.record(ref)
    if (here !== undefined) {
      this.#outbox.result(operation, { kind: 'fetched', payload: here })
      return
    }
    if (payload === undefined) return this.#failed(operation, 'changed')
    if (!streams || this.#hash === undefined || table.status(ref) >= Status.Failed)
      return this.#failed(operation, 'unreachable')
    if (payload.size > this.#state.settings.maxPayloadBytes) return this.#failed(operation, 'too-large')
    const wanted = this.#wanted.get(ref) ?? this.#want(ref, payload, 0, now)
    if (wanted.timer !== undefined) this.#state.timers.move(wanted.timer, now)
    wanted.waiting.push(operation)
  }

  /** Nobody waits for it any more: one that never comes would keep all who ever asked. Whether it was a fetch that had not ended. */
  abandon(operation: number): boolean {
    for (const [ref, wanted] of this.#wanted) {
      const { waiting } = wanted
      const place = waiting.indexOf(operation)
      if (place < 0) continue
      waiting.splice(place, 1)
      if (waiting.length === 0 && !this.#fits(wanted.ref)) this.#forget(ref, wanted, 'changed')
      return true
    }
    return false
  }

  onTimer(ref: Ref, now: Millis): void {
    const wanted = this.#wanted.get(ref)
    if (wanted === undefined) return
    const { random, settings, table } = this.#state
    if (this.#underWay >= mostUnderWay) {
      this.#arm(ref, wanted, settings.gossipInterval * (0.5 + random.fraction()), now)
      return
    }
    const source = this.#source(ref, wanted)
    const { name } = table.record(ref)
    wanted.timer = undefined
    wanted.attempts++
    this.#underWay++
    this.#state.counters.payloadsAsked++
    const request: Fetch = { type: 'fetch', name, hash: wanted.ref.hash }
    this.#requests.ask(table.record(source).address, request, (outcome, at) => {
      this.#underWay--
      if (this.#wanted.get(ref) === wanted) this.#onReply(ref, wanted, source === ref, outcome, at)
    })
  }

  /** Answers another who lacks a payload. */
  answer({ hash, name }: Fetch, now: Millis): Message {
    const { counters, settings, table } = this.#state
    const ref = table.find(name)
    const held = ref === undefined ? undefined : ref === table.self ? this.#own : this.#held.get(ref)
    if (held === undefined || !sameBytes(held.ref.hash, hash)) {
      return { type: 'error', code: 'rejected', message: 'that payload is not here' }
    }
    if (now - this.#servedSince >= settings.gossipInterval) {
      this.#served = 0
      this.#servedSince = now
    }
    if (this.#served >= mostServed) {
      counters.payloadsRefused++
      return { type: 'error', code: 'busy', message: 'too many ask for payloads' }
    }
    this.#served++
    counters.payloadsServed++
    return { type: 'payload', body: held.bytes }
  }

  #onReply(ref: Ref, wanted: Wanted, ofOwner: boolean, outcome: RequestOutcome, now: Millis): void {
    const { counters, settings, table } = this.#state
    const reply = outcome.kind === 'reply' ? outcome.reply.message : undefined
    if (reply?.type === 'payload') {
      const { body } = reply
      if (body.length === wanted.ref.size && sameBytes(this.#hash!(body), wanted.ref.hash)) {
        this.#take(ref, wanted, body, now)
        return
      }
      counters.payloadsCorrupt++
    }
    // Its owner has another by now, and says so in its record sooner or later; or it cannot be reached.
    const refused = reply?.type === 'error' && reply.code === 'rejected'
    if (wanted.waiting.length > 0 && ofOwner && (outcome.kind !== 'reply' || refused)) {
      for (const operation of wanted.waiting.splice(0))
        this.#failed(operation, refused ? 'changed' : 'unreachable')
      if (!this.#isWanted(wanted.ref)) return this.#forget(ref, wanted, 'changed')
    }
    if (!table.has(ref)) return
    const longest = Math.max(settings.gossipInterval, settings.rejoinInterval)
    const wait = Math.min(longest, settings.gossipInterval * 2 ** Math.min(16, wanted.attempts >> 1))
    this.#arm(ref, wanted, wait * (0.5 + this.#state.random.fraction()), now)
  }

  #take(ref: Ref, wanted: Wanted, bytes: Uint8Array, now: Millis): void {
    this.#state.counters.payloadsFetched++
    this.#wanted.delete(ref)
    const kept = this.#fits(wanted.ref)
    if (kept) {
      this.#held.set(ref, { ref: wanted.ref, bytes })
      this.#bytes += bytes.length
    }
    for (const operation of wanted.waiting) {
      this.#outbox.result(operation, { kind: 'fetched', payload: bytes })
    }
    // Whoever asked for one that there is no room for has been given it, and nobody else will find it here.
    if (kept) this.#news.tell('payload', ref, now)
  }

  #want(ref: Ref, payload: PayloadRef, delay: Millis, now: Millis): Wanted {
    const wanted: Wanted = { ref: payload, attempts: 0, timer: undefined, waiting: [] }
    this.#wanted.set(ref, wanted)
    this.#arm(ref, wanted, delay, now)
    return wanted
  }

  /** Spread over about the time in which the news of it goes round, so that its owner is not asked by all at once. */
  #firstDelay(): Millis {
    const { random, settings, table } = this.#state
    return settings.gossipInterval * binaryDigits(table.active) * random.fraction()
  }

  /** Every other time a random member, who may have it by now, else the owner: so they double instead of coming one by one. */
  #source(ref: Ref, { attempts }: Wanted): Ref {
    if (attempts % 2 === 0) return ref
    const drawn: Ref[] = []
    this.#state.sampler.sample(1, activeStatuses, drawn, ref)
    return drawn[0] ?? ref
  }

  /** Whether it is fetched without being asked for. */
  #isWanted({ size }: PayloadRef): boolean {
    const { counters, settings, streams } = this.#state
    if (!streams || this.#hash === undefined) return false
    if (size <= settings.maxPayloadBytes && this.#fits({ size })) return true
    counters.payloadsPassedOver++
    return false
  }

  #fits({ size }: Pick<PayloadRef, 'size'>): boolean {
    return this.#bytes + size <= this.#state.settings.payloadMemory
  }

  #arm(ref: Ref, wanted: Wanted, delay: Millis, now: Millis): void {
    wanted.timer = this.#state.timers.arm(now + delay, TimerKind.Payload, ref)
  }

  #drop(ref: Ref, held: Held): void {
    this.#held.delete(ref)
    this.#bytes -= held.bytes.length
  }

  #forget(ref: Ref, wanted: Wanted, code: string): void {
    this.#wanted.delete(ref)
    this.#state.timers.cancel(wanted.timer)
    for (const operation of wanted.waiting) this.#failed(operation, code)
  }

  #failed(operation: number, code: string): void {
    this.#outbox.result(operation, { kind: 'fetch-failed', code })
  }
}

/** What changes of a record: data, that it is leaving, or a payload beside it, an empty one for none. */
export type RecordChange = Partial<Pick<PeerRecord, 'data' | 'leaving'>> & { readonly payload?: Uint8Array }
