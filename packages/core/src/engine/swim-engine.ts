import type { Address } from '../model/address.ts'
import { healthDelta } from '../model/local-health.ts'
import type { MemberView } from '../model/member-table.ts'
import type { PayloadRef, PeerRecord } from '../model/peer.ts'
import { RareSet } from '../model/rare-set.ts'
import type { Ref } from '../model/ref.ts'
import { type Fault, type FaultKind, isFault, type StreamMessage } from '../wire/codec.ts'
import { payloadHashBytes } from '../wire/limits.ts'
import type { ClusterConfig, ErrorCode, Query } from '../wire/message.ts'
import type { SwitchOutcome } from './configuration.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import type { CounterName } from './counters.ts'
import type { RequestOutcome } from './effects.ts'
import type { Engine, EngineOptions, FlapView, RoundTripView, SuspicionView } from './engine.ts'
import { Inbox } from './inbox.ts'
import { type Memory, memoryOf, recall } from './memory.ts'
import type { Question } from './messaging/queries.ts'
import { createParts, type Parts } from './parts.ts'
import type { RecordChange } from './payloads.ts'
import { Reports } from './reports.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'
import type { TraceEntry } from './trace.ts'

/** A tick this late, as a share of the probe timeout, counts as a sign that this process is starved. */
const lagShare = 0.25

const echo: RequestOutcome = {
  kind: 'fault',
  fault: {
    fault: 'malformed',
    detail: 'the answer is of this process itself: that address leads back to it',
  },
}

/** Hands inputs to the parts of the protocol, one at a time, and brings each to its end: see {@link Engine}. */
export class SwimEngine implements Engine {
  readonly #parts: Parts
  readonly #state: CoreState
  readonly #inbox: Inbox
  readonly #reports: Reports
  readonly #abandoned = new RareSet<number>()
  #operation = 0
  #busy = false
  #running = false
  #lastLag = Number.NEGATIVE_INFINITY
  /** When an input last left nothing overdue. */
  #onTimeAt: Millis

  constructor(options: EngineOptions) {
    const { effects } = options
    this.#onTimeAt = options.now
    this.#parts = createParts(options, {
      send: (to, packet) => effects.send(to, packet),
      request: (to, parts, token, limit) => effects.request(to, parts, token, limit),
      event: (event) => effects.event(event),
      deliver: (delivery) => effects.deliver(delivery),
      done: (operation, result) => {
        if (!this.#abandoned.delete(operation)) effects.done(operation, result)
      },
    })
    this.#state = this.#parts.state
    this.#inbox = new Inbox(this.#parts)
    this.#reports = new Reports(this.#parts)
    if (options.memory !== undefined) recall(this.#parts, options.memory, options.now)
  }

  get members(): MemberView {
    return this.#state.table
  }
  get health(): number {
    return this.#state.health.score
  }
  get digest(): string {
    return this.#state.table.digest.toString()
  }
  get config(): ClusterConfig {
    return this.#state.config
  }
  get doubtful(): boolean {
    return this.#state.doubt.doubtful
  }
  get backlog(): number {
    return this.#state.queue.backlog
  }
  get timers(): number {
    return this.#state.timers.size
  }
  get lostTo(): Address | undefined {
    return this.#parts.introductions.lostTo
  }

  payload(ref: Ref): Uint8Array | undefined {
    return this.#parts.payloads.of(ref)
  }

  fetchPayload(ref: Ref, now: Millis): number {
    const operation = ++this.#operation
    this.#enter()
    try {
      this.#parts.payloads.fetch(operation, ref, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  memory(now: Millis): Memory {
    return memoryOf(this.#parts, now)
  }

  suspicion(ref: Ref): SuspicionView | undefined {
    const suspicion = this.#parts.membership.suspicion(ref)
    if (suspicion === undefined) return undefined
    const { accusations, incarnation, start, timer } = suspicion
    return { ref, incarnation, start, accusations, deadline: timer.at }
  }

  flaps(ref: Ref): FlapView {
    return { count: this.#parts.flaps.count(ref), flapping: this.#parts.flaps.isFlapping(ref) }
  }

  explain(ref: Ref): readonly TraceEntry[] {
    return this.#state.trace.about(ref)
  }

  rtt(a: Ref, b: Ref = this.#state.table.self): RoundTripView {
    const { coordinates, roundTrips, table } = this.#state
    if (!table.has(a)) return { kind: 'unknown-member', ref: a }
    if (!table.has(b)) return { kind: 'unknown-member', ref: b }
    if (a === b) return { kind: 'estimated', rtt: 0 }
    const measured = b === table.self ? roundTrips.of(a) : a === table.self ? roundTrips.of(b) : undefined
    if (measured !== undefined) return { kind: 'measured', rtt: measured.mean }
    const rtt = coordinates?.between(a, b)
    if (rtt !== undefined) return { kind: 'estimated', rtt }
    return { kind: 'no-coordinate', ref: coordinates?.has(a) ? b : a }
  }

  stats(): Record<CounterName, number> & Record<string, number> {
    const { counters, health, table } = this.#state
    return {
      ...counters,
      members: table.size,
      active: table.active,
      backlog: this.backlog,
      eventsKept: this.#parts.rumours.kept,
      payloadBytes: this.#parts.payloads.bytes,
      timers: this.timers,
      health: health.score,
      doubtful: Number(this.doubtful),
    }
  }

  nextWake(): Millis {
    return this.#state.timers.next
  }

  start(now: Millis): void {
    this.#enter()
    try {
      this.#running = true
      this.#parts.syncs.start(now)
      this.#parts.rejoin.start(now)
      this.#parts.detection.start(now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
  }

  receive(from: Address, packet: Uint8Array, now: Millis): Fault | undefined {
    const { codec, counters } = this.#state
    counters.packetsIn++
    counters.bytesIn += packet.length
    const decoded = codec.decode(packet)
    if (isFault(decoded)) {
      counters[`fault:${decoded.fault}`]++
      return decoded
    }
    this.#enter()
    try {
      this.#inbox.take(decoded, from, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return undefined
  }

  exchange(request: StreamMessage, now: Millis, from?: Address): Iterable<Uint8Array> {
    this.#enter()
    try {
      const reply = this.#inbox.answer(request, from?.host, now)
      this.#settle(now)
      return this.#state.codec.encodeStream(this.#state.sender, reply)
    } finally {
      this.#busy = false
    }
  }

  refuse(fault: Fault): Iterable<Uint8Array> {
    const { codec, counters, sender } = this.#state
    counters[`fault:${fault.fault}`]++
    return codec.encodeStream(sender, {
      type: 'error',
      code: refusalCodes[fault.fault],
      message: fault.detail,
    })
  }

  settled(token: number, result: RequestOutcome, now: Millis): void {
    this.#enter()
    try {
      const outcome = this.#isEcho(result) ? echo : result
      if (outcome.kind === 'fault') this.#state.counters[`fault:${outcome.fault.fault}`]++
      if (!this.#parts.pings.onStream(token, outcome, now)) this.#parts.requests.settled(token, outcome, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
  }

  /** Whether this process answered itself, or somebody who needs no key for that sends back what it said. */
  #isEcho(result: RequestOutcome): boolean {
    if (result.kind !== 'reply') return false
    const { boot } = this.#state.sender
    return boot !== 0n && result.reply.sender?.boot === boot
  }

  tick(now: Millis): void {
    const { timers } = this.#state
    const due = timers.next
    if (due > now) return
    this.#enter()
    try {
      this.#checkLag(now - due, now)
      for (let timer = timers.due(now); timer !== undefined; timer = timers.due(now)) {
        this.#onTimer(timer, now)
        this.#reports.deliver(now)
      }
      this.#settle(now)
    } finally {
      this.#busy = false
    }
  }

  join(address: Address, now: Millis, replay = false): number {
    const operation = ++this.#operation
    this.#enter()
    try {
      if (this.#parts.own.hasLeft) {
        this.#parts.own.comeBack(now)
        if (this.#running) this.#parts.detection.start(now)
      }
      this.#parts.joins.join(operation, address, replay, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  leave(now: Millis): number {
    const operation = ++this.#operation
    this.#enter()
    try {
      this.#parts.detection.stop(now)
      const claim = this.#parts.own.depart(now)
      this.#parts.rumours.onLeft()
      this.#parts.departures.leave(operation, claim, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  ping(ref: Ref, now: Millis): number {
    const operation = ++this.#operation
    this.#enter()
    try {
      this.#reports.ping(operation, ref, this.#state.packets ? 'direct' : 'stream', now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  setRecord({ payload, ...change }: RecordChange, now: Millis): number {
    const operation = ++this.#operation
    const { outbox, own, payloads } = this.#parts
    this.#enter()
    try {
      const changed = payload === undefined ? change : { ...change, payload: payloads.own(payload) }
      own.announce(now, changed, 0, () => outbox.result(operation, { kind: 'disseminated' }))
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  forceLeave(ref: Ref, prune: boolean, now: Millis): number {
    const operation = ++this.#operation
    const { membership, outbox } = this.#parts
    this.#enter()
    try {
      membership.forceLeave(ref, prune, now, () => outbox.result(operation, { kind: 'disseminated' }))
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  broadcast(name: string, body: Uint8Array, now: Millis): number {
    const operation = ++this.#operation
    const { outbox, rumours } = this.#parts
    this.#enter()
    try {
      rumours.broadcast(name, body, now, () => outbox.result(operation, { kind: 'disseminated' }))
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  send(ref: Ref, body: Uint8Array, reliable: boolean, now: Millis): number {
    const operation = ++this.#operation
    this.#enter()
    try {
      this.#parts.directs.send(operation, ref, body, reliable, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  query(question: Question, now: Millis): number {
    const operation = ++this.#operation
    this.#enter()
    try {
      this.#parts.queries.ask(operation, question, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  answer(query: Query, body: Uint8Array | undefined, now: Millis): void {
    this.#enter()
    try {
      this.#parts.queries.answer(query, body, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
  }

  rumourSize(question: Pick<Question, 'name' | 'body' | 'names' | 'tags'>): { bytes: number; limit: number } {
    const { codec, maxPacketBytes, sender } = this.#state
    // The time and the timeout in their longest form, as they are not known yet; a query, as an event has no more than that.
    const id = { time: Number.MAX_SAFE_INTEGER, boot: sender.boot, origin: sender.name, timeout: 0xffffffff }
    const part = codec.encode({ type: 'query', ...id, ...question })
    return { bytes: codec.bundleOverhead(sender) + codec.partOverhead + part.length, limit: maxPacketBytes }
  }

  recordSize({ payload, ...change }: RecordChange): { bytes: number; limit: number } {
    const { codec, maxPacketBytes, sender, table } = this.#state
    const large = payload === undefined ? {} : { payload: sizedAs(payload) }
    const record: PeerRecord = { ...table.record(table.self), ...change, ...large }
    const claim = codec.encode({ type: 'alive', incarnation: 0xffffffff, record })
    return { bytes: codec.bundleOverhead(sender) + codec.partOverhead + claim.length, limit: maxPacketBytes }
  }

  switchDetector(detector: string, suspicion: boolean | undefined, now: Millis): SwitchOutcome {
    this.#enter()
    try {
      const outcome = this.#parts.configuration.switch(detector, suspicion, now)
      this.#settle(now)
      return outcome
    } finally {
      this.#busy = false
    }
  }

  setSeeds(seeds: readonly Address[]): void {
    this.#parts.rejoin.setSeeds(seeds)
  }

  abandon(operation: number): void {
    const { payloads, queries } = this.#parts
    // Of a query or a payload that nobody waits for there is no end to be kept back.
    if (!queries.abandon(operation) && !payloads.abandon(operation)) this.#abandoned.add(operation)
  }

  close(): void {
    this.#state.table.clear()
  }

  #onTimer(timer: Timer, now: Millis): void {
    const parts = this.#parts
    // Timers of members and pings carry their handle or number in `arg`.
    const ref = timer.arg as Ref
    switch (timer.kind) {
      case TimerKind.Detector:
        return parts.detection.onTimer(timer, now)
      case TimerKind.Look:
        return parts.looks.onTimer(timer.arg, now)
      case TimerKind.PingWatch:
        return parts.detection.onWatchTimer(now)
      case TimerKind.Judgement:
        return parts.judgement.onTimer(now)
      case TimerKind.Calm:
        return parts.flaps.onTimer(ref, now)
      case TimerKind.PingTimeout:
        return parts.pings.onTimeout(timer.arg, now)
      case TimerKind.RelayNack:
        return parts.pings.onRelayNack(timer.arg)
      case TimerKind.Gossip:
        return parts.gossip.onPeriod(now)
      case TimerKind.Urgent:
        return parts.gossip.onUrgentTimer(now)
      case TimerKind.Sync:
        return parts.syncs.onTimer(now)
      case TimerKind.Settle:
        return parts.syncs.onSettleTimer(now)
      case TimerKind.Stranger:
        return parts.syncs.onStrangerTimer(now)
      case TimerKind.Rejoin:
        return parts.rejoin.onTimer(now)
      case TimerKind.Suspicion:
        return parts.membership.onSuspicionTimer(ref, parts.judgement.holds, now)
      case TimerKind.Reap:
        return parts.membership.onReapTimer(ref, now)
      case TimerKind.Refute:
        return parts.own.onRefuteTimer(now)
      case TimerKind.Join:
        return parts.joins.onTimer(timer.arg)
      case TimerKind.Query:
        return parts.queries.onTimer(timer.arg, now)
      case TimerKind.Answer:
        return parts.queries.onPendingTimer(timer.arg, now)
      case TimerKind.Leave:
        return parts.departures.onTimer()
      case TimerKind.Payload:
        return parts.payloads.onTimer(ref, now)
    }
  }

  /** A late tick: by more than a probe interval this process stood still and knows nothing; by less it is starved. */
  #checkLag(lag: Millis, now: Millis): void {
    const { judgement, membership, pings } = this.#parts
    const { counters, health, settings } = this.#state
    const stalled = lag > settings.probeInterval
    const late = lag > Math.max(20, settings.probeTimeout * lagShare)
    if (!stalled && (!late || now - this.#lastLag < settings.probeInterval)) return
    this.#lastLag = now
    health.apply(healthDelta.loopLag)
    if (!stalled) {
      counters.loopLags++
      return
    }
    counters.stalls++
    // Since it last ran, not since the first timer was due: else a suspicion whose timer that was would end here and now.
    membership.extendSuspicions(this.#onTimeAt, now)
    judgement.reset()
    pings.voidAll(now)
    this.#reports.deliver(now)
  }

  #enter(): void {
    if (this.#busy) throw new Error('an engine was called from within its own effects')
    this.#busy = true
  }

  /** Brings an input to its end, what it led to is put together and let out, and what is due later is armed. */
  #settle(now: Millis): void {
    const parts = this.#parts
    const { state } = parts
    if ((state.due & Due.Contest) !== 0) parts.introductions.contest(now)
    this.#reports.deliver(now)
    if ((state.due & Due.Witness) !== 0) parts.witness.hear(parts.membership.foundClosed, now)
    if ((state.due & Due.Helpers) !== 0) parts.pings.flush()
    if ((state.due & Due.Urgent) !== 0) parts.gossip.pushUrgent(now)
    if ((state.due & Due.Gossip) !== 0) parts.gossip.pushNews(now)
    if ((state.due & Due.Reaped) !== 0) parts.rejoin.keepReaped(parts.membership.reaped)
    if ((state.due & Due.Lacking) !== 0) parts.detection.tellLacking(now)
    // Letting packets out may end the last transmission of an update, and that an operation.
    while ((state.due & Due.Outbox) !== 0) parts.outbox.flush()
    if ((state.due & Due.Config) !== 0) parts.news.retellConfig()
    if ((state.due & Due.Gossip) !== 0) parts.gossip.arm(now)
    if (state.timers.next > now) this.#onTimeAt = now
  }
}

const refusalCodes: Readonly<Record<FaultKind, ErrorCode>> = {
  malformed: 'malformed',
  version: 'version',
  'too-big': 'too-big',
  cluster: 'cluster-mismatch',
  plain: 'sealed',
  'no-key': 'sealed',
  'unknown-key': 'sealed',
  forged: 'sealed',
}

/** What a record would say of a payload, as far as its size goes. */
const sizedAs = (payload: Uint8Array): PayloadRef | undefined =>
  payload.length === 0 ? undefined : { size: payload.length, hash: new Uint8Array(payloadHashBytes) }
