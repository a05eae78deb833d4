import type { UpdateSubject } from '../dissemination/disseminator.ts'
import { sameAddress } from '../model/address.ts'
import { sameRecord } from '../model/directory.ts'
import { healthDelta } from '../model/local-health.ts'
import type { Change } from '../model/member-table.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status, supersedes } from '../model/status.ts'
import { confirmationsWanted, suspicionMin, suspicionTimeout } from '../model/suspicion.ts'
import type {
  Accusation,
  AliveClaim,
  Claim,
  EvidenceKind,
  FailedClaim,
  LeftClaim,
  SuspectClaim,
} from '../wire/message.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { Observation } from './detector.ts'
import type { EngineEventType } from './effects.ts'
import type { Outbox } from './outbox.ts'
import { maxProtocol, minProtocol } from './protocol-version.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'
import type { TracePath } from './trace.ts'

/** How a claim came here, for the trace: the path, and who handed it on. */
export interface Source {
  readonly path: Extract<TracePath, 'gossip' | 'sync' | 'judgement'>
  readonly by: Ref | undefined
}

/** A suspicion under way. */
export interface Suspicion {
  readonly incarnation: number
  start: Millis
  readonly min: number
  readonly max: number
  /** K: confirmations that bring the timeout down to `min`. */
  readonly wanted: number
  /** Independent, by accuser; the first began it. */
  readonly accusations: Accusation[]
  readonly timer: Timer
}

/** Told of every change of status, of `after: undefined` for a removal. */
export type StatusListener = (
  ref: Ref,
  before: Status | undefined,
  after: Status | undefined,
  now: Millis,
) => void

/** No claim may be further than this above the wall clock in seconds: about two years of a member's own changes. */
const incarnationHeadroom = 2 ** 26
/** Members that are still gossiped to after they failed, at most: the latest. */
const recentlyFailedKept = 256
/** Accusers kept and told per suspicion, at most. */
const accusationsKept = 16

/**
 * The rules of membership, once for all detectors: what a claim changes, what follows from a change, and what this node
 * says of itself. Claims come in through `hear`, observations through `accuse`; everything that follows leaves
 * through `#commit`.
 */
export class Membership {
  readonly #state: CoreState
  readonly #onStatus: StatusListener
  readonly #suspicions = new Map<Ref, Suspicion>()
  readonly #retention = new Map<Ref, Timer>()
  #outbox!: Outbox
  #lastRefutation = Number.NEGATIVE_INFINITY
  /** Highest incarnation heard of this node that is still to be refuted. */
  #toRefute = -1
  #refuteTimer: Timer | undefined
  /** The latest claim of this node about itself, and who waits until it has been told. */
  #announcement = 0
  readonly #announcing: (() => void)[] = []
  /** Claims of another boot under this node's name: to be looked into. */
  readonly contested: AliveClaim[] = []
  /** Addresses of members that were reaped after they failed. */
  readonly reaped: PeerRecord[] = []
  /** Members that failed lately, oldest first; still told what they would want to refute. */
  readonly recentlyFailed: { readonly ref: Ref; readonly until: Millis }[] = []
  /** Something was queued that should not wait for the next gossip period. */
  urgent = false

  constructor(state: CoreState, onStatus: StatusListener) {
    this.#state = state
    this.#onStatus = onStatus
  }

  /** Set once, as outbox and membership need each other. */
  attach(outbox: Outbox): void {
    this.#outbox = outbox
  }

  suspicion(ref: Ref): Suspicion | undefined {
    return this.#suspicions.get(ref)
  }

  /** When a suspicion ends in failure, as things stand. */
  deadline(ref: Ref): Millis | undefined {
    return this.#suspicions.get(ref)?.timer.at
  }

  /** Applies a claim that another node made or handed on. */
  hear(claim: Claim, source: Source, now: Millis): void {
    switch (claim.type) {
      case 'alive':
        return this.hearAlive(claim, source, now)
      case 'suspect':
        return this.#hearSuspect(claim, source, now)
      case 'failed':
      case 'left':
        return this.#hearTerminal(claim, source, now)
    }
  }

  hearAlive(claim: AliveClaim, source: Source, now: Millis): void {
    const { counters, table } = this.#state
    const { incarnation, record } = claim
    if (!this.#plausible(incarnation, now)) return
    const ref = table.find(record.name)
    if (ref === table.self) return this.#hearOfSelf(claim, now)
    if (record.protocolMin > maxProtocol || record.protocolMax < minProtocol) {
      counters.claimsVersion++
      return
    }
    if (ref === undefined) {
      if (table.size >= this.#state.settings.maxMembers || !this.#admitted(record)) {
        counters.membersRefused++
        return
      }
      const change = table.add(record, incarnation, now)
      if (change === undefined) {
        counters.membersRefused++
        return
      }
      this.#commit(change, source, incarnation, now)
      return
    }
    const status = table.status(ref)
    if (supersedes(status, table.incarnation(ref), Status.Alive, incarnation)) {
      if (status > Status.Suspect && !this.#admitted(record)) {
        counters.membersRefused++
        return
      }
      this.#commit(table.set(ref, Status.Alive, incarnation, now, record), source, incarnation, now)
    } else if (incarnation > table.recordIncarnation(ref)) {
      // What it says of itself is news, although its status is another's claim at the same incarnation or above.
      this.#commit(table.setRecord(ref, record, incarnation), source, incarnation, now)
    } else {
      counters.claimsStale++
    }
  }

  #hearSuspect(claim: SuspectClaim, source: Source, now: Millis): void {
    const { counters, table } = this.#state
    const ref = this.#known(claim.name, claim.incarnation, now)
    if (ref === undefined) return
    if (ref === table.self) return this.#hearAgainstSelf(claim.incarnation, 'suspect', source, now)
    const suspicion = this.#suspicions.get(ref)
    if (suspicion !== undefined && suspicion.incarnation === claim.incarnation) {
      for (const accusation of claim.accusations) this.#confirm(ref, suspicion, accusation, source, now)
      return
    }
    if (!supersedes(table.status(ref), table.incarnation(ref), Status.Suspect, claim.incarnation)) {
      counters.claimsStale++
      return
    }
    this.#suspect(ref, claim.incarnation, claim.accusations, source, now)
  }

  #hearTerminal(claim: FailedClaim | LeftClaim, source: Source, now: Millis): void {
    const { counters, table } = this.#state
    const ref = this.#known(claim.name, claim.incarnation, now)
    if (ref === undefined) return
    if (ref === table.self) return this.#hearAgainstSelf(claim.incarnation, claim.type, source, now)
    const status = claim.type === 'failed' ? Status.Failed : Status.Left
    if (!supersedes(table.status(ref), table.incarnation(ref), status, claim.incarnation)) {
      counters.claimsStale++
      return
    }
    this.#end(ref, status, claim, source, now)
  }

  /**
   * A failure heard of by a full sync alone: one confused node must not fail members by its table, so the member becomes
   * suspect here and may refute.
   */
  hearFailedBySync(name: string, incarnation: number, age: Millis, source: Source, now: Millis): void {
    const { table } = this.#state
    const ref = this.#known(name, incarnation, now)
    if (ref === undefined || age > this.#state.settings.failedRetention) return
    if (ref !== table.self && table.status(ref) === Status.Failed && table.incarnation(ref) === incarnation) {
      this.#older(ref, now - age)
      return
    }
    const accuser = source.by === undefined ? this.#state.sender.name : table.name(source.by)
    this.#hearSuspect(
      { type: 'suspect', name, incarnation, accusations: [{ accuser, evidence: 'heard' }] },
      source,
      now,
    )
  }

  hearLeftBySync(name: string, incarnation: number, age: Millis, source: Source, now: Millis): void {
    const { table } = this.#state
    const ref = this.#known(name, incarnation, now)
    if (ref === undefined || age > this.#state.settings.leftRetention) return
    if (ref === table.self) return this.#hearAgainstSelf(incarnation, 'left', source, now)
    this.#hearTerminal({ type: 'left', name, incarnation, by: name }, source, now)
    if (table.status(ref) === Status.Left && table.incarnation(ref) === incarnation)
      this.#older(ref, now - age)
  }

  /** This node's own detector got no answer. `false`: the member has moved on since the look began. */
  accuse(seen: Observation, evidence: EvidenceKind, now: Millis): boolean {
    const { counters, sender, settings, table } = this.#state
    const { ref } = seen
    if (!table.has(ref) || ref === table.self) return false
    if (table.incarnation(ref) !== seen.incarnation || table.record(ref).boot !== seen.boot) return false
    const accusation: Accusation = { accuser: sender.name, evidence }
    const source: Source = { path: 'judgement', by: table.self }
    const status = table.status(ref)
    if (status === Status.Suspect) {
      this.#confirm(ref, this.#suspicions.get(ref)!, accusation, source, now)
    } else if (status === Status.Alive) {
      counters.suspectedOthers++
      if (this.#state.config.suspicion && settings.suspicionMult > 0) {
        this.#suspect(ref, seen.incarnation, [accusation], source, now)
      } else {
        this.#fail(ref, evidence, now)
      }
    }
    return true
  }

  /** The timer of a suspicion ran out. */
  onSuspicionTimer(ref: Ref, now: Millis): void {
    const suspicion = this.#suspicions.get(ref)
    if (suspicion !== undefined) this.#fail(ref, suspicion.accusations[0]!.evidence, now)
  }

  /** This node stalled: it may have missed refutations, so every suspect gets that time on top. */
  extendSuspicions(by: Millis): void {
    for (const suspicion of this.#suspicions.values()) {
      suspicion.start += by
      this.#state.timers.move(suspicion.timer, suspicion.timer.at + by)
    }
  }

  onReapTimer(ref: Ref, now: Millis): void {
    const { settings, table, timers } = this.#state
    this.#retention.delete(ref)
    if (!table.has(ref)) return
    const status = table.status(ref)
    if (status < Status.Failed) return
    const due =
      table.since(ref) + (status === Status.Failed ? settings.failedRetention : settings.leftRetention)
    if (due > now) {
      this.#retention.set(ref, timers.arm(due, TimerKind.Reap, ref))
      return
    }
    this.#reap(ref, now)
  }

  /** Removes a member that failed or left before its time. */
  #reap(ref: Ref, now: Millis): void {
    const { queue, table } = this.#state
    const record = table.record(ref)
    const status = table.status(ref)
    this.#emit('reap', ref, now, false)
    if (status === Status.Failed) this.reaped.push(record)
    queue.drop(ref)
    this.#onStatus(ref, status, undefined, now)
    table.remove(ref)
  }

  onRefuteTimer(now: Millis): void {
    this.#refuteTimer = undefined
    if (this.#toRefute >= 0) this.#refute(now)
  }

  /**
   * Raises the own incarnation to `incarnation` at least and says so, with another record if one is given. `done` is
   * called when it has been handed on as often as any update.
   */
  announce(now: Millis, change: Partial<PeerRecord>, atLeast = 0, done?: () => void): void {
    const { queue, table } = this.#state
    const { self } = table
    const incarnation = Math.min(0xffffffff, Math.max(atLeast, table.incarnation(self) + 1))
    const record: PeerRecord = { ...table.record(self), ...change }
    const outcome = table.set(self, Status.Alive, incarnation, now, record)
    this.#state.sender = { ...this.#state.sender, incarnation }
    this.#emitChange(outcome, now)
    const number = ++this.#announcement
    queue.drop(self)
    if (done !== undefined) this.#announcing.push(done)
    const told = (): void => {
      // One that a later announcement replaced is told with that one.
      if (number === this.#announcement) this.#allTold()
    }
    this.#enqueue(self, 'status', { type: 'alive', incarnation, record }, told)
    // Alone there is nobody to wait for, but whoever comes next is told.
    if (table.active === 1) this.#allTold()
    this.urgent = true
  }

  /** Says that this node leaves, at its current incarnation. Returns the claim. */
  depart(now: Millis): LeftClaim {
    const { queue, sender, table } = this.#state
    const { self } = table
    const incarnation = table.incarnation(self)
    const claim: LeftClaim = { type: 'left', name: sender.name, incarnation, by: sender.name }
    const change = table.set(self, Status.Left, incarnation, now)
    this.#emitChange(change, now)
    this.#announcement++
    queue.drop(self)
    this.#enqueue(self, 'status', claim, () => this.#allTold())
    this.urgent = true
    return claim
  }

  #allTold(): void {
    for (const done of this.#announcing.splice(0)) done()
  }

  /** What this node claims about a member, as it would hand it on. */
  claimAbout(ref: Ref): Claim {
    const { sender, table } = this.#state
    const status = table.status(ref)
    const incarnation = table.incarnation(ref)
    const name = table.name(ref)
    switch (status) {
      case Status.Alive:
        return { type: 'alive', incarnation: table.recordIncarnation(ref), record: table.record(ref) }
      case Status.Suspect:
        return {
          type: 'suspect',
          name,
          incarnation,
          accusations: this.#toldAccusations(this.#suspicions.get(ref)),
        }
      case Status.Failed:
        return { type: 'failed', name, incarnation, accuser: sender.name, evidence: 'heard' }
      case Status.Left:
        return { type: 'left', name, incarnation, by: name }
    }
  }

  /** Refutes as soon as the limit of once per probe interval allows. */
  refute(heard: number, now: Millis): void {
    const { settings, timers } = this.#state
    this.#toRefute = Math.max(this.#toRefute, heard)
    const earliest = this.#lastRefutation + settings.probeInterval
    if (now >= earliest) this.#refute(now)
    else this.#refuteTimer ??= timers.arm(earliest, TimerKind.Refute)
  }

  #refute(now: Millis): void {
    const { counters, health, table, timers } = this.#state
    timers.cancel(this.#refuteTimer)
    this.#refuteTimer = undefined
    const heard = this.#toRefute
    this.#toRefute = -1
    if (table.status(table.self) === Status.Left || heard < table.incarnation(table.self)) return
    this.#lastRefutation = now
    counters.refutations++
    health.apply(healthDelta.refuted)
    this.announce(now, {}, heard + 1)
    this.#state.trace.record(
      table.self,
      table.self,
      'judgement',
      'refuted',
      table.incarnation(table.self),
      now,
    )
  }

  /** An alive claim under this node's own name. */
  #hearOfSelf(claim: AliveClaim, now: Millis): void {
    const { table } = this.#state
    const { self } = table
    // A name that was given up is another's to take.
    if (table.status(self) === Status.Left) return
    const own = table.record(self)
    const { incarnation, record } = claim
    if (record.boot !== own.boot && record.boot !== 0n && own.boot !== 0n) {
      // At this very address it can only be an earlier boot of this process: nobody to ask.
      if (sameAddress(record.address, own.address)) {
        if (incarnation >= table.incarnation(self)) this.#answerSelf(incarnation, now)
      } else {
        this.contested.push(claim)
      }
      return
    }
    const ownIncarnation = table.incarnation(self)
    if (incarnation > ownIncarnation || (incarnation === ownIncarnation && !sameRecord(record, own))) {
      this.#answerSelf(incarnation, now)
    }
  }

  #hearAgainstSelf(
    incarnation: number,
    outcome: 'suspect' | 'failed' | 'left',
    source: Source,
    now: Millis,
  ): void {
    const { table, trace } = this.#state
    if (incarnation < table.incarnation(table.self)) {
      this.#state.counters.claimsStale++
      return
    }
    trace.record(table.self, source.by, source.path, outcome, incarnation, now)
    this.#answerSelf(incarnation, now)
  }

  /** A node that has left stands by that; a live one refutes. */
  #answerSelf(incarnation: number, now: Millis): void {
    const { table } = this.#state
    if (table.status(table.self) !== Status.Left) this.refute(incarnation, now)
  }

  #suspect(
    ref: Ref,
    incarnation: number,
    accusations: readonly Accusation[],
    source: Source,
    now: Millis,
  ): void {
    const { settings, table, timers } = this.#state
    this.#clearSuspicion(ref)
    const change = table.set(ref, Status.Suspect, incarnation, now)
    const n = table.active
    const wanted = confirmationsWanted(n, settings.suspicionMult)
    const min = suspicionMin(n, settings.suspicionMult, settings.probeInterval)
    const max = Math.round(min * settings.suspicionMaxMult)
    const kept = independent(accusations).slice(0, accusationsKept)
    const timeout = suspicionTimeout(kept.length - 1, wanted, min, max)
    this.#suspicions.set(ref, {
      incarnation,
      start: now,
      min,
      max,
      wanted,
      accusations: kept,
      timer: timers.arm(now + timeout, TimerKind.Suspicion, ref),
    })
    for (const { accuser, evidence } of kept) {
      this.#state.trace.record(ref, table.find(accuser), source.path, evidence, incarnation, now)
    }
    this.#commit(change, source, incarnation, now)
    this.#checkQuorum(ref, now)
  }

  /** One more report against a suspect, if it is from another accuser. */
  #confirm(ref: Ref, suspicion: Suspicion, accusation: Accusation, source: Source, now: Millis): void {
    const { counters, settings, table, timers, trace } = this.#state
    const { accusations } = suspicion
    // Beyond what shortens the timeout or makes a quorum a report changes nothing, and is not handed on.
    const useful = Math.max(suspicion.wanted + 1, settings.suspicionQuorum)
    if (accusations.length >= Math.min(useful, accusationsKept)) return
    if (accusations.some((held) => held.accuser === accusation.accuser)) return
    accusations.push(accusation)
    counters.confirmations++
    trace.record(
      ref,
      table.find(accusation.accuser),
      source.path,
      accusation.evidence,
      suspicion.incarnation,
      now,
    )
    const timeout = suspicionTimeout(accusations.length - 1, suspicion.wanted, suspicion.min, suspicion.max)
    timers.move(suspicion.timer, Math.min(suspicion.timer.at, suspicion.start + timeout))
    this.#broadcastStatus(ref)
    this.#checkQuorum(ref, now)
  }

  #checkQuorum(ref: Ref, now: Millis): void {
    const { suspicionQuorum } = this.#state.settings
    const suspicion = this.#suspicions.get(ref)
    if (suspicion === undefined || suspicionQuorum === 0) return
    if (suspicion.accusations.length >= suspicionQuorum) {
      this.#fail(ref, suspicion.accusations[0]!.evidence, now)
    }
  }

  /** This node's own verdict. */
  #fail(ref: Ref, evidence: EvidenceKind, now: Millis): void {
    const { counters, sender, table } = this.#state
    counters.failedOthers++
    const incarnation = table.incarnation(ref)
    const claim: FailedClaim = {
      type: 'failed',
      name: table.name(ref),
      incarnation,
      accuser: sender.name,
      evidence,
    }
    this.#end(ref, Status.Failed, claim, { path: 'judgement', by: table.self }, now)
  }

  #end(
    ref: Ref,
    status: typeof Status.Failed | typeof Status.Left,
    claim: FailedClaim | LeftClaim,
    source: Source,
    now: Millis,
  ): void {
    const { settings, table, timers } = this.#state
    const change = table.set(ref, status, claim.incarnation, now)
    const keep = status === Status.Failed ? settings.failedRetention : settings.leftRetention
    timers.cancel(this.#retention.get(ref))
    this.#retention.set(ref, timers.arm(now + keep, TimerKind.Reap, ref))
    this.#commit(change, source, claim.incarnation, now, claim)
  }

  /**
   * The one place where a change turns into what follows from it: suspicion and retention ended, schedulers and
   * detectors told, the update queued, the trace written, the event emitted.
   */
  #commit(change: Change, source: Source, incarnation: number, now: Millis, claim?: Claim): void {
    const { after, before, ref } = change
    const { counters, queue, settings, table, timers, trace } = this.#state
    counters.claimsApplied++
    if (before !== after) {
      if (after !== Status.Suspect) this.#clearSuspicion(ref)
      if (after < Status.Failed) {
        timers.cancel(this.#retention.get(ref))
        this.#retention.delete(ref)
      }
      if (after === Status.Failed) {
        if (this.recentlyFailed.length === recentlyFailedKept) this.recentlyFailed.shift()
        this.recentlyFailed.push({ ref, until: now + settings.gossipToFailed })
      }
      this.#onStatus(ref, before, after, now)
      if (before !== undefined || after !== Status.Alive) {
        trace.record(ref, source.by, source.path, statusOutcome[after], incarnation, now)
      }
      this.urgent ||= after !== Status.Alive || before === Status.Suspect
    }
    const alive = after === Status.Alive
    const sameStatus = before === after && change.recordBefore !== undefined
    if (alive || !sameStatus) queue.drop(ref, after === Status.Suspect ? 'status' : undefined)
    if (sameStatus && !alive) {
      // News of its data alone; of one that is gone it is nobody's business until it is back.
      if (after >= Status.Failed) return
      const record = table.record(ref)
      this.#enqueue(ref, 'record', { type: 'alive', incarnation: table.recordIncarnation(ref), record })
    } else {
      this.#broadcastStatus(ref, claim)
    }
    this.#emitChange(change, now)
  }

  #broadcastStatus(ref: Ref, claim: Claim = this.claimAbout(ref)): void {
    if (claim.type === 'suspect') this.urgent = true
    this.#enqueue(ref, 'status', claim)
  }

  /** Queues a claim to ride on packets. One that fits none, a large record of a cluster with larger packets, spreads by syncs alone. */
  #enqueue(ref: Ref, subject: UpdateSubject, claim: Claim, done?: () => void): void {
    const { codec, counters, maxPacketBytes, queue, sender } = this.#state
    const bytes = codec.encode(claim)
    if (bytes.length + codec.partOverhead + codec.bundleOverhead(sender) <= maxPacketBytes) {
      queue.push({ ref, subject, bytes, done })
      return
    }
    counters.oversize++
    queue.drop(ref, subject)
    done?.()
  }

  /** The accusations that are told: as many as can make a difference. */
  #toldAccusations(suspicion: Suspicion | undefined): readonly Accusation[] {
    if (suspicion === undefined) return [{ accuser: this.#state.sender.name, evidence: 'heard' }]
    const useful = Math.max(suspicion.wanted + 1, this.#state.settings.suspicionQuorum)
    return suspicion.accusations.slice(0, useful)
  }

  #clearSuspicion(ref: Ref): void {
    const suspicion = this.#suspicions.get(ref)
    if (suspicion === undefined) return
    this.#state.timers.cancel(suspicion.timer)
    this.#suspicions.delete(ref)
  }

  #emitChange(change: Change, now: Millis): void {
    const { after, before, recordBefore, ref } = change
    const record = this.#state.table.record(ref)
    const restarted = recordBefore !== undefined && recordBefore.boot !== record.boot
    const type = eventType(before, after)
    if (type !== undefined) this.#emit(type, ref, now, restarted)
    else if (after < Status.Failed && recordBefore !== undefined && !sameRecord(recordBefore, record)) {
      this.#emit('update', ref, now, restarted)
    }
  }

  #emit(type: EngineEventType, ref: Ref, now: Millis, restarted: boolean, detail?: string): void {
    const { table } = this.#state
    this.#outbox.event({
      type,
      record: table.record(ref),
      status: table.status(ref),
      incarnation: table.incarnation(ref),
      since: table.since(ref),
      at: now,
      restarted,
      detail,
    })
  }

  /** The handle of a name that a claim other than alive is about: unknown ones create nothing. */
  #known(name: string, incarnation: number, now: Millis): Ref | undefined {
    if (!this.#plausible(incarnation, now)) return undefined
    const ref = this.#state.table.find(name)
    if (ref === undefined) this.#state.counters.claimsUnknown++
    return ref
  }

  #plausible(incarnation: number, now: Millis): boolean {
    if (incarnation <= this.#state.wallSeconds(now) + incarnationHeadroom) return true
    this.#state.counters.claimsIncarnationTooHigh++
    return false
  }

  #admitted(record: PeerRecord): boolean {
    const { counters, hooks } = this.#state
    if (hooks.admit === undefined || hooks.admit(record)) return true
    counters.claimsRejected++
    return false
  }

  /** Another node has held this status for longer. */
  #older(ref: Ref, since: Millis): void {
    const { table, timers } = this.#state
    if (since >= table.since(ref)) return
    table.backdate(ref, since)
    const timer = this.#retention.get(ref)
    const { failedRetention, leftRetention } = this.#state.settings
    const keep = table.status(ref) === Status.Failed ? failedRetention : leftRetention
    if (timer !== undefined) timers.move(timer, since + keep)
  }
}

/** One accusation of each accuser: the first. */
function independent(accusations: readonly Accusation[]): Accusation[] {
  return accusations.filter(
    ({ accuser }, i) => accusations.findIndex((earlier) => earlier.accuser === accuser) === i,
  )
}

const statusOutcome = ['alive', 'suspect', 'failed', 'left'] as const

/** What a change of status is called; undefined where the status stayed. */
function eventType(before: Status | undefined, after: Status): EngineEventType | undefined {
  if (before === after) return undefined
  switch (after) {
    case Status.Alive:
      return before === Status.Suspect ? 'alive' : 'join'
    case Status.Suspect:
      return 'suspect'
    case Status.Failed:
      return 'failed'
    case Status.Left:
      return 'leave'
  }
}
