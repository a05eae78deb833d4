import { PiggybackQueue } from '../dissemination/piggyback-queue.ts'
import type { Address } from '../model/address.ts'
import { Directory } from '../model/directory.ts'
import { HealthScore, healthDelta } from '../model/local-health.ts'
import { MemberTable, type MemberView } from '../model/member-table.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { createSampler } from '../selection/sampler.ts'
import { type Fault, type FaultKind, isFault, type StreamMessage } from '../wire/codec.ts'
import {
  type AliveClaim,
  type Claim,
  type ClusterConfig,
  type ErrorCode,
  isClaim,
  type Message,
} from '../wire/message.ts'
import { Configuration, type SwitchOutcome } from './configuration.ts'
import { Coordinates } from './coordinates.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import { type CounterName, createCounters } from './counters.ts'
import { Detection } from './detection.ts'
import type { Effects, RequestOutcome } from './effects.ts'
import type { Engine, EngineOptions, FlapView, RoundTripView, SuspicionView } from './engine.ts'
import { Exchanges } from './exchanges.ts'
import { Flaps } from './flaps.ts'
import { GossipPace } from './gossip-pace.ts'
import { Introductions } from './introductions.ts'
import { Judgement } from './judgement.ts'
import { Looks } from './looks.ts'
import { Membership } from './membership.ts'
import { News } from './news.ts'
import { isHeldAgainst, Outbox } from './outbox.ts'
import { OwnClaims } from './own-claims.ts'
import { PathChecks } from './path-checks.ts'
import { type PingReport, PingService } from './ping-service.ts'
import { RoundTrips } from './round-trips.ts'
import { SelfDoubt } from './self-doubt.ts'
import { Synchronizer } from './synchronizer.ts'
import type { Millis } from './time.ts'
import { type Timer, TimerHeap } from './timers.ts'
import { Trace, type TraceEntry } from './trace.ts'
import { Witness } from './witness.ts'

/** A tick this late, as a share of the probe timeout, counts as a sign that this process is starved. */
const lagShare = 0.25

/** Composes the parts of the protocol, and hands inputs to them: see {@link Engine}. */
export class SwimEngine implements Engine {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #news: News
  readonly #own: OwnClaims
  readonly #gossip: GossipPace
  readonly #outbox: Outbox
  readonly #pings: PingService
  readonly #paths: PathChecks
  readonly #flaps: Flaps
  readonly #looks: Looks
  readonly #witness: Witness
  readonly #introductions: Introductions
  readonly #exchanges: Exchanges
  readonly #detection: Detection
  readonly #judgement: Judgement
  readonly #configuration: Configuration
  readonly #effects: Effects
  readonly #abandoned = new Set<number>()
  #operation = 0
  #busy = false
  #running = false
  #lastLag = Number.NEGATIVE_INFINITY
  /** When an input last left nothing overdue. */
  #onTimeAt: Millis

  constructor(options: EngineOptions) {
    const { codec, detectors, now, random, record, settings, wallSeconds } = options
    const first = detectors[0]
    if (first === undefined) throw new TypeError('an engine needs at least one detector')
    for (const detector of detectors) {
      if (detector.api !== 1) {
        throw new TypeError(
          `detector ${JSON.stringify(detector.name)} speaks plugin contract ${detector.api}; this build speaks 1`,
        )
      }
    }
    const { buddy = true, doubt = true, coordinates: withCoordinates = true, roster } = options
    const table =
      roster === undefined
        ? new MemberTable(options.directory ?? new Directory())
        : roster.tableOf(record.name)
    const sampling = random.fork('sampler')
    const counters = createCounters()
    const coordinates = withCoordinates
      ? new Coordinates(table, counters, random.fork('coordinates'))
      : undefined
    const state: CoreState = {
      settings,
      table,
      timers: new TimerHeap(),
      health: new HealthScore(settings.healthMax),
      doubt: new SelfDoubt(table, doubt),
      roundTrips: new RoundTrips(settings, table, coordinates),
      coordinates,
      trace: new Trace(options.traceCapacity ?? 512),
      counters,
      random: random.fork('engine'),
      sampler: createSampler(table, sampling),
      codec,
      queue: options.disseminator ?? new PiggybackQueue(),
      hooks: options.hooks ?? {},
      maxPacketBytes: options.maxPacketBytes,
      packets: options.packets,
      streams: options.streams,
      sender: { name: record.name, boot: record.boot, incarnation: options.incarnation },
      config: { epoch: 0, detector: first.name, suspicion: true },
      due: 0,
      wallSeconds: (at) => wallSeconds + (at - now) / 1_000,
    }
    this.#state = state
    this.#effects = options.effects
    this.#onTimeAt = now
    if (roster === undefined && table.add(record, options.incarnation, now) === undefined) {
      throw new RangeError('the directory is full: it holds 1,048,576 names')
    }
    this.#outbox = new Outbox(
      state,
      {
        send: (to, packet) => this.#effects.send(to, packet),
        request: (to, parts, token, limit) => this.#effects.request(to, parts, token, limit),
        event: (event) => this.#effects.event(event),
        done: (operation, result) => {
          if (!this.#abandoned.delete(operation)) this.#effects.done(operation, result)
        },
      },
      (ref) => (buddy && isHeldAgainst(table.status(ref)) ? this.#membership.claimAbout(ref) : undefined),
    )
    const news = new News(state, this.#outbox)
    this.#news = news
    this.#own = new OwnClaims(state, news)
    this.#membership = new Membership(state, news, this.#own, {
      onStatus: (ref, before, after, at) => {
        this.#detection.onStatus(ref, before, after, at)
        if (after === undefined) coordinates?.forget(ref)
        if (after === undefined) this.#flaps.onGone(ref)
        if (after === undefined || after >= Status.Failed) this.#paths.onGone(ref)
        if (after !== undefined && after >= Status.Failed) this.#own.onOtherGone()
      },
      onReturn: (ref, at) => this.#flaps.onReturn(ref, at),
      onRecord: (ref, before, at) => {
        this.#paths.onRecord(ref, before)
        this.#detection.onRecord(ref, before, at)
      },
    })
    this.#gossip = new GossipPace(state, this.#membership, this.#outbox)
    this.#pings = new PingService(state, this.#outbox)
    this.#paths = new PathChecks(state, news, this.#pings)
    this.#flaps = new Flaps(state, news)
    this.#looks = new Looks(state, this.#pings)
    this.#witness = new Witness(state, this.#membership, this.#looks)
    this.#introductions = new Introductions(
      state,
      this.#membership,
      this.#own,
      news,
      this.#pings,
      this.#paths,
    )
    this.#configuration = new Configuration(
      state,
      news,
      (name) => this.#detection.has(name),
      (before, at) => this.#detection.reconfigured(before, at),
    )
    this.#exchanges = new Exchanges(
      state,
      this.#membership,
      this.#own,
      this.#introductions,
      new Synchronizer(state, this.#membership),
      this.#outbox,
      this.#configuration,
      this.#paths,
    )
    this.#judgement = new Judgement(state, this.#membership)
    this.#detection = new Detection(
      state,
      this.#judgement,
      this.#pings,
      this.#looks,
      this.#outbox,
      news,
      detectors,
    )
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
  get lostTo(): Address | undefined {
    return this.#introductions.lostTo
  }

  suspicion(ref: Ref): SuspicionView | undefined {
    const suspicion = this.#membership.suspicion(ref)
    if (suspicion === undefined) return undefined
    const { accusations, incarnation, start, timer } = suspicion
    return { ref, incarnation, start, accusations, deadline: timer.at }
  }

  flaps(ref: Ref): FlapView {
    return { count: this.#flaps.count(ref), flapping: this.#flaps.isFlapping(ref) }
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
    const { counters, health, queue, table, timers } = this.#state
    return {
      ...counters,
      members: table.size,
      active: table.active,
      backlog: queue.backlog,
      timers: timers.size,
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
      this.#exchanges.start(now)
      this.#detection.start(now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
  }

  receive(from: Address, packet: Uint8Array, now: Millis): void {
    const { codec, counters } = this.#state
    counters.packetsIn++
    counters.bytesIn += packet.length
    const decoded = codec.decode(packet)
    if (isFault(decoded)) {
      counters[`fault:${decoded.fault}`]++
      return
    }
    this.#enter()
    try {
      counters.messagesSkipped += decoded.skipped
      const { messages, sender } = decoded
      // Claims first: the answers then carry what follows from them, a refutation above all.
      for (const message of messages) if (isClaim(message)) this.#hear(message, sender, now)
      for (const message of messages) if (!isClaim(message)) this.#onMessage(message, sender, from, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
  }

  exchange(request: StreamMessage, now: Millis): Iterable<Uint8Array> {
    this.#enter()
    try {
      const reply = this.#answer(request, now)
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

  settled(token: number, outcome: RequestOutcome, now: Millis): void {
    this.#enter()
    try {
      if (outcome.kind === 'fault') this.#state.counters[`fault:${outcome.fault.fault}`]++
      if (!this.#pings.onStream(token, outcome, now)) this.#exchanges.settled(token, outcome, now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
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
        this.#deliverReports(now)
      }
      this.#settle(now)
    } finally {
      this.#busy = false
    }
  }

  join(address: Address, now: Millis): number {
    const operation = ++this.#operation
    this.#enter()
    try {
      if (this.#own.hasLeft) {
        this.#own.comeBack(now)
        if (this.#running) this.#detection.start(now)
      }
      this.#exchanges.join(operation, address, now)
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
      this.#detection.stop(now)
      const claim = this.#own.depart(now)
      this.#exchanges.leave(operation, claim, now)
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
      this.#pingFor(operation, ref, this.#state.packets ? 'direct' : 'stream', now)
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  setRecord(change: Partial<Pick<PeerRecord, 'data' | 'leaving'>>, now: Millis): number {
    const operation = ++this.#operation
    this.#enter()
    try {
      this.#own.announce(now, change, 0, () => this.#outbox.result(operation, { kind: 'disseminated' }))
      this.#settle(now)
    } finally {
      this.#busy = false
    }
    return operation
  }

  recordSize(change: Partial<Pick<PeerRecord, 'data' | 'leaving'>>): { bytes: number; limit: number } {
    const { codec, maxPacketBytes, sender, table } = this.#state
    const record = { ...table.record(table.self), ...change }
    const claim = codec.encode({ type: 'alive', incarnation: 0xffffffff, record })
    return { bytes: codec.bundleOverhead(sender) + codec.partOverhead + claim.length, limit: maxPacketBytes }
  }

  switchDetector(detector: string, suspicion: boolean | undefined, now: Millis): SwitchOutcome {
    this.#enter()
    try {
      const outcome = this.#configuration.switch(detector, suspicion, now)
      this.#settle(now)
      return outcome
    } finally {
      this.#busy = false
    }
  }

  setSeeds(seeds: readonly Address[]): void {
    this.#exchanges.setSeeds(seeds)
  }

  abandon(operation: number): void {
    this.#abandoned.add(operation)
  }

  close(): void {
    this.#state.table.clear()
  }

  #hear(claim: Claim, sender: StreamMessage['sender'], now: Millis): void {
    if (claim.type === 'left') this.#introductions.withdraw(claim.name, claim.incarnation)
    if (claim.type === 'alive' && this.#isStranger(claim, sender)) return this.#introductions.hear(claim)
    this.#membership.hear(claim, { path: 'gossip', by: this.#refOf(sender?.name) }, now)
  }

  /**
   * Whether a claim is the own word of somebody whose name is not known: nobody becomes a member by that, but by that of one who has
   * reached it where it says.
   */
  #isStranger({ record }: AliveClaim, sender: StreamMessage['sender']): boolean {
    return sender?.name === record.name && this.#state.table.find(record.name) === undefined
  }

  /** What a whole request over a stream is answered with. */
  #answer(request: StreamMessage, now: Millis): Message {
    const { message, sender } = request
    this.#state.counters.streamsIn++
    if (isClaim(message)) {
      this.#hear(message, sender, now)
      return understood
    }
    switch (message.type) {
      case 'ping':
        if (!this.#pings.isForMe(message))
          return { type: 'error', code: 'rejected', message: 'this is another node' }
        this.#exchanges.onReached('stream', now)
        return this.#pings.ack(message.seq)
      case 'custom':
        this.#detection.onCustom(message, this.#refOf(sender?.name), now)
        return understood
      case 'sync':
        return this.#exchanges.answer(message, sender?.name, now)
      default:
        return { type: 'error', code: 'rejected', message: `a ${message.type} is no request` }
    }
  }

  #onMessage(
    message: Exclude<Message, Claim>,
    sender: StreamMessage['sender'],
    from: Address,
    now: Millis,
  ): void {
    switch (message.type) {
      case 'ping': {
        if (!this.#pings.isForMe(message)) return
        if (message.boot !== undefined) this.#exchanges.onReached('packet', now)
        this.#reply(this.#pings.packetAck(message.seq), sender, from, now)
        return
      }
      case 'pingReq': {
        const ref = this.#refOf(sender?.name)
        this.#pings.onPingReq(message, this.#replyAddress(ref, sender, from), sender?.name, now)
        return
      }
      case 'ack':
        return this.#pings.onAck(message, sender, now)
      case 'nack':
        return this.#pings.onNack(message.seq, sender, now)
      case 'custom': {
        const ref = this.#refOf(sender?.name)
        if (ref === undefined && sender !== undefined) this.#exchanges.onStranger(sender.boot, now)
        return this.#detection.onCustom(message, ref, now)
      }
      case 'config':
        return this.#configuration.hear(message, this.#memberOf(sender), now)
      case 'sync':
      case 'user':
      case 'error':
        // None of these is of use in a packet.
        this.#state.counters.messagesSkipped++
        return
    }
  }

  #onTimer(timer: Timer, now: Millis): void {
    // Timers of members and pings carry their handle or number in `arg`.
    const ref = timer.arg as Ref
    switch (timer.kind) {
      case TimerKind.Detector:
        return this.#detection.onTimer(timer, now)
      case TimerKind.Look:
        return this.#looks.onTimer(timer.arg, now)
      case TimerKind.PingWatch:
        return this.#detection.onWatchTimer(now)
      case TimerKind.Judgement:
        return this.#judgement.onTimer(now)
      case TimerKind.Calm:
        return this.#flaps.onTimer(ref, now)
      case TimerKind.PingTimeout:
        return this.#pings.onTimeout(timer.arg, now)
      case TimerKind.RelayNack:
        return this.#pings.onRelayNack(timer.arg)
      case TimerKind.Gossip:
        return this.#gossip.onPeriod(now)
      case TimerKind.Urgent:
        return this.#gossip.onUrgentTimer(now)
      case TimerKind.Sync:
        return this.#exchanges.onSyncTimer(now)
      case TimerKind.Rejoin:
        return this.#exchanges.onRejoinTimer(now)
      case TimerKind.Suspicion:
        return this.#membership.onSuspicionTimer(ref, this.#judgement.holds, now)
      case TimerKind.Reap:
        return this.#membership.onReapTimer(ref, now)
      case TimerKind.Refute:
        return this.#own.onRefuteTimer(now)
      case TimerKind.Join:
        return this.#exchanges.onJoinTimer(timer.arg)
      case TimerKind.Leave:
        return this.#exchanges.onLeaveTimer()
    }
  }

  /** A late tick: by more than a probe interval this process stood still and knows nothing; by less it is starved. */
  #checkLag(lag: Millis, now: Millis): void {
    const { counters, health, settings } = this.#state
    if (lag > settings.probeInterval) {
      counters.stalls++
      health.worst()
      // Since it last ran, not since the first timer was due: else a suspicion whose timer that was would end here and now.
      this.#membership.extendSuspicions(this.#onTimeAt, now)
      this.#judgement.reset()
      this.#pings.voidAll(now)
      this.#deliverReports(now)
    } else if (
      lag > Math.max(20, settings.probeTimeout * lagShare) &&
      now - this.#lastLag >= settings.probeInterval
    ) {
      this.#lastLag = now
      counters.loopLags++
      health.apply(healthDelta.loopLag)
    }
  }

  #deliverReports(now: Millis): void {
    if ((this.#state.due & Due.Reports) === 0) return
    this.#state.due &= ~Due.Reports
    const { reports } = this.#pings
    for (let i = 0; i < reports.length; i++) {
      const report = reports[i]!
      this.#paths.onPing(report, now)
      switch (report.owner) {
        case 'look':
          this.#looks.onPing(report, now)
          break
        case 'detector':
          this.#detection.onPing(report, now)
          break
        case 'path':
          break
        case 'operation':
          this.#onOperationPing(report.arg, report, now)
          break
        case 'conflict':
        case 'admission':
          this.#introductions.onPing(report, now)
          break
      }
    }
    while (reports.length > 0) reports.pop()
    const looks = this.#looks.reports
    for (let i = 0; i < looks.length; i++) {
      const look = looks[i]!
      if (look.outcome === 'reached' && look.path !== 'direct')
        this.#paths.suspect(look.seen.ref, 'packets', now)
      if (look.owner === 'witness') this.#witness.onLook(look, now)
      else this.#detection.onLook(look, now)
    }
    while (looks.length > 0) looks.pop()
  }

  #onOperationPing(operation: number, report: PingReport, now: Millis): void {
    const { outcome, path, payload, ref, rtt } = report
    if (path === 'indirect' || outcome === 'nack') return
    if (outcome === 'ack') this.#outbox.result(operation, { kind: 'pong', rtt, path, payload })
    else if (path === 'direct' && this.#state.streams && ref !== undefined && this.#state.table.has(ref)) {
      this.#pingFor(operation, ref, 'stream', now)
    } else this.#outbox.result(operation, { kind: 'ping-failed', code: outcome })
  }

  #pingFor(operation: number, ref: Ref, path: 'direct' | 'stream', now: Millis): void {
    const seq = this.#pings.member(
      ref,
      path,
      undefined,
      this.#state.settings.probeTimeout,
      'operation',
      operation,
      now,
    )
    if (seq < 0) this.#outbox.result(operation, { kind: 'ping-failed', code: 'busy' })
  }

  /** A reply goes to the advertised address of a known process, else to where the packet came from. */
  #replyAddress(ref: Ref | undefined, sender: StreamMessage['sender'], from: Address): Address {
    if (ref === undefined || sender === undefined) return from
    const record = this.#state.table.record(ref)
    return record.boot === sender.boot ? record.address : from
  }

  #reply(message: Message, sender: StreamMessage['sender'], from: Address, now: Millis): void {
    const ref = this.#refOf(sender?.name)
    if (ref === undefined && sender !== undefined) this.#exchanges.onStranger(sender.boot, now)
    this.#outbox.toAddress(this.#replyAddress(ref, sender, from), ref, message)
  }

  /** The member that sent something, if it is that very process. */
  #memberOf(sender: StreamMessage['sender']): Ref | undefined {
    const ref = this.#refOf(sender?.name)
    return ref !== undefined && this.#state.table.record(ref).boot === sender?.boot ? ref : undefined
  }

  #refOf(name: string | undefined): Ref | undefined {
    return name === undefined ? undefined : this.#state.table.find(name)
  }

  #enter(): void {
    if (this.#busy) throw new Error('an engine was called from within its own effects')
    this.#busy = true
  }

  /** Brings an input to its end, what it led to is put together and let out, and what is due later is armed. */
  #settle(now: Millis): void {
    const state = this.#state
    if ((state.due & Due.Contest) !== 0) this.#introductions.contest(now)
    this.#deliverReports(now)
    if ((state.due & Due.Witness) !== 0) this.#witness.hear(this.#membership.foundClosed, now)
    if ((state.due & Due.Helpers) !== 0) this.#pings.flush()
    if ((state.due & Due.Urgent) !== 0) this.#gossip.pushUrgent(now)
    if ((state.due & Due.Gossip) !== 0) this.#gossip.pushNews(now)
    if ((state.due & Due.Reaped) !== 0) this.#exchanges.keepReaped(this.#membership.reaped)
    if ((state.due & Due.Lacking) !== 0) this.#detection.tellLacking(now)
    // Letting packets out may end the last transmission of an update, and that an operation.
    while ((state.due & Due.Outbox) !== 0) this.#outbox.flush()
    if ((state.due & Due.Config) !== 0) this.#news.retellConfig()
    if ((state.due & Due.Gossip) !== 0) this.#gossip.arm(now)
    if (state.timers.next > now) this.#onTimeAt = now
  }
}

/** The answer to what wants none but has been taken in. */
const understood: Message = { type: 'ack', seq: 0, payload: undefined }

const refusalCodes: Readonly<Record<FaultKind, ErrorCode>> = {
  malformed: 'malformed',
  version: 'version',
  'too-big': 'too-big',
  cluster: 'cluster-mismatch',
  sealed: 'sealed',
}
