import { sameAddress } from '../model/address.ts'
import type { Change } from '../model/member-table.ts'
import type { PeerRecord } from '../model/peer.ts'
import { RareMap } from '../model/rare-map.ts'
import type { Ref } from '../model/ref.ts'
import { Status, supersedes } from '../model/status.ts'
import type {
  Accusation,
  AliveClaim,
  Claim,
  EvidenceKind,
  FailedClaim,
  LeftClaim,
  SuspectClaim,
  SyncEntry,
} from '../wire/message.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import type { Observation } from './detector.ts'
import { highestAccusation, highestAlive } from './incarnation-limits.ts'
import type { News } from './news.ts'
import type { OwnClaims } from './own-claims.ts'
import { maxProtocol, minProtocol } from './protocol-version.ts'
import { retentionOf } from './retention.ts'
import type { Settings } from './settings.ts'
import { type Suspicion, Suspicions } from './suspicions.ts'
import { tellingTime } from './tellings.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'
import type { TracePath } from './trace.ts'

/** How a claim came here, for the trace: the path, and who handed it on. */
export interface Source {
  readonly path: Extract<TracePath, 'gossip' | 'sync' | 'judgement'>
  readonly by: Ref | undefined
  /** The host that sent it without having been asked. */
  readonly from?: string | undefined
}

/** Bytes of what the application, or a foreign wire format, has put into a record. */
export const carriedBy = ({ data, opaque }: PeerRecord): number => data.length + (opaque?.length ?? 0)
/** As much of it is taken in of another: more than any fits into a packet, where members differ in what they allow themselves. */
export const mostCarried = ({ maxDataBytes }: Settings): number => Math.max(4_096, maxDataBytes)

/** Told of what is committed, before it is told to others. */
export interface MembershipListener {
  /** Every change of status, of `after: undefined` for a removal. */
  onStatus(ref: Ref, before: Status | undefined, after: Status | undefined, now: Millis): void
  /** A suspect, or one that had failed, is alive; after that was told. */
  onReturn(ref: Ref, now: Millis): void
  /** Others held this node failed, which it refutes. */
  onHeldFailed(now: Millis): void
  /** Every other record of an active member. */
  onRecord(ref: Ref, before: PeerRecord, now: Millis): void
}

/** Members that are still gossiped to after they failed, at most: the latest. */
const recentlyFailedKept = 256
/** Claims remembered as stale, at most. */
const staleKept = 32

/**
 * The rules of membership, once for all detectors: what a claim or an observation changes, and what follows from a change.
 * Claims come in through `hear`, observations through `accuse`; everything that follows leaves through `#commit`.
 */
export class Membership {
  readonly #state: CoreState
  readonly #news: News
  readonly #own: OwnClaims
  readonly #listener: MembershipListener
  readonly #suspicions: Suspicions
  readonly #retention = new RareMap<Ref, Timer>()
  /**
   * Claims that changed nothing when they were heard, and so never will as long as their member is held: news comes to
   * each node many times over, mostly as the very same object.
   */
  readonly #stale = new Set<Claim>()
  /** Those that left and are to be forgotten as soon as all have been told, and since when that is so. */
  readonly #pruned = new RareMap<Ref, Millis>()
  /** Records of members that were reaped after they failed: to be taken out. */
  readonly reaped: PeerRecord[] = []
  /** Suspects whose port another has just been the first to find closed: to be looked at, and taken out. */
  readonly foundClosed: Ref[] = []
  /** Members that failed or were forced out lately, oldest first; still told what they would want to refute. */
  readonly recentlyFailed: { readonly ref: Ref; readonly until: Millis }[] = []

  constructor(state: CoreState, news: News, own: OwnClaims, listener: MembershipListener) {
    this.#state = state
    this.#news = news
    this.#own = own
    this.#listener = listener
    this.#suspicions = new Suspicions(state)
  }

  suspicion(ref: Ref): Suspicion | undefined {
    return this.#suspicions.get(ref)
  }

  /** Who is suspect, the one that has been for the longest first. */
  get suspects(): Iterable<Ref> {
    return this.#suspicions.members
  }

  /** Applies a claim that another node made or handed on. */
  hear(claim: Claim, source: Source, now: Millis): void {
    if (this.#stale.has(claim)) {
      this.#state.counters.claimsStale++
      return
    }
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
    if (incarnation > highestAlive(this.#state.wallSeconds(now))) {
      counters.claimsIncarnationTooHigh++
      return
    }
    const ref = table.find(record.name)
    if (ref === table.self) return this.#own.hearAlive(claim, now)
    if (record.protocolMin > maxProtocol || record.protocolMax < minProtocol) {
      counters.claimsVersion++
      return
    }
    if (carriedBy(record) > mostCarried(this.#state.settings)) {
      counters.recordsTooLarge++
      return
    }
    if (ref === undefined) {
      if (table.size >= this.#state.settings.maxMembers || !this.#admitted(record)) {
        counters.membersRefused++
        return
      }
      if (source.from !== undefined && !this.#state.newNames.allows(source.from, now)) {
        counters.newNamesLimited++
        return
      }
      const change = table.add(record, incarnation, now)
      if (change === undefined) {
        counters.membersRefused++
        return
      }
      this.#commit(change, source, incarnation, now, claim)
      return
    }
    const status = table.status(ref)
    if (supersedes(status, table.incarnation(ref), Status.Alive, incarnation)) {
      if (this.#isAnother(ref, record) && !this.#admitted(record)) {
        counters.membersRefused++
        return
      }
      this.#commit(table.set(ref, Status.Alive, incarnation, now, record), source, incarnation, now, claim)
    } else if (incarnation > table.recordIncarnation(ref)) {
      if (this.#isAnother(ref, record) && !this.#admitted(record)) {
        counters.membersRefused++
        return
      }
      // What it says of itself is news, although its status is another's claim at the same incarnation or above.
      this.#commit(table.setRecord(ref, record, incarnation), source, incarnation, now)
    } else {
      this.#nothingNew(claim)
    }
  }

  #hearSuspect(claim: SuspectClaim, source: Source, now: Millis): void {
    const { counters, table } = this.#state
    const ref = this.#known(claim.name, claim.incarnation, now)
    if (ref === undefined) return
    if (ref === table.self) return this.#hearAgainstSelf(claim.incarnation, 'suspect', source, now)
    const suspicion = this.#suspicions.get(ref)
    if (suspicion !== undefined && suspicion.incarnation === claim.incarnation) {
      const before = counters.confirmations
      if (this.#suspicions.wantsMore(suspicion)) {
        for (const accusation of claim.accusations) this.#confirm(ref, suspicion, accusation, source, now)
      }
      if (counters.confirmations === before) this.#nothingNew(claim)
      return
    }
    if (!supersedes(table.status(ref), table.incarnation(ref), Status.Suspect, claim.incarnation)) {
      this.#nothingNew(claim)
      return
    }
    this.#suspect(ref, claim.incarnation, claim.accusations, source, now)
  }

  #hearTerminal(claim: FailedClaim | LeftClaim, source: Source, now: Millis): void {
    const { table } = this.#state
    const ref = this.#known(claim.name, claim.incarnation, now)
    if (ref === undefined) return
    if (ref === table.self) return this.#hearAgainstSelf(claim.incarnation, claim.type, source, now)
    const status = claim.type === 'failed' ? Status.Failed : Status.Left
    if (supersedes(table.status(ref), table.incarnation(ref), status, claim.incarnation)) {
      this.#end(ref, status, claim, source, now)
    } else if (this.#isPrunedBy(ref, claim)) {
      this.#prune(ref, now)
      this.#queueStatus(ref, claim)
    } else this.#nothingNew(claim)
  }

  /**
   * A failure heard of by a full sync alone: one confused node must not fail members by its table, so the member becomes
   * suspect here and may refute.
   */
  hearFailedBySync(name: string, incarnation: number, age: Millis, source: Source, now: Millis): void {
    const { table } = this.#state
    const ref = this.#known(name, incarnation, now)
    if (ref === undefined || age > this.#retentionOf(Status.Failed)) return
    if (ref === table.self) return this.#hearAgainstSelf(incarnation, 'failed', source, now)
    if (table.status(ref) === Status.Failed && table.incarnation(ref) === incarnation) {
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
    if (ref === undefined || age > this.#retentionOf(Status.Left)) return
    if (ref === table.self) return this.#hearAgainstSelf(incarnation, 'left', source, now)
    this.#hearTerminal({ type: 'left', name, incarnation, by: name }, source, now)
    if (table.status(ref) === Status.Left && table.incarnation(ref) === incarnation)
      this.#older(ref, now - age)
  }

  /** Holds a member failed or left since then, as an earlier process of this node did: nothing of it is told or reported. */
  recall({ incarnation, record, recordIncarnation, status }: SyncEntry, since: Millis, now: Millis): void {
    const { table, timers, settings } = this.#state
    if (table.find(record.name) !== undefined || table.size >= settings.maxMembers) return
    const added = table.add(record, recordIncarnation, now)
    if (added === undefined) return
    const { ref } = added
    table.set(ref, status, incarnation, now)
    table.backdate(ref, since)
    this.#retention.set(ref, timers.arm(Math.max(now, this.#dueOf(ref)), TimerKind.Reap, ref))
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

  /**
   * The timer of a suspicion ran out. `held`: this node doubts itself, and waits with its verdict, as long as a suspicion may last. If it did so at
   * any time of the suspicion it fails the member in its own table alone: the others, who were told that it suspects it, have heard of it what this node could not.
   */
  onSuspicionTimer(ref: Ref, held: boolean, now: Millis): void {
    const suspicion = this.#suspicions.get(ref)
    if (suspicion === undefined) return
    if (held && this.#suspicions.prolong(ref, now)) {
      this.#state.counters.verdictsHeld++
      return
    }
    const doubted = this.#state.doubt.doubtedSince(suspicion.start)
    this.#fail(ref, suspicion.accusations[0]!.evidence, now, !doubted)
  }

  /** See `Suspicions.extendAll`. */
  extendSuspicions(since: Millis, now: Millis): void {
    this.#suspicions.extendAll(since, now)
  }

  onReapTimer(ref: Ref, now: Millis): void {
    const { table, timers } = this.#state
    this.#retention.delete(ref)
    if (!table.has(ref)) return
    const status = table.status(ref)
    if (status < Status.Failed) return
    const due = this.#dueOf(ref)
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
    this.#news.tell('reap', ref, now)
    if (status === Status.Failed) {
      this.reaped.push(record)
      this.#state.due |= Due.Reaped
    }
    queue.drop(ref)
    this.#pruned.delete(ref)
    this.#listener.onStatus(ref, status, undefined, now)
    table.remove(ref)
    // Heard again, what was stale of it would be news.
    this.#stale.clear()
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
        return { type: 'suspect', name, incarnation, accusations: this.#suspicions.told(ref) }
      case Status.Failed:
        return { type: 'failed', name, incarnation, accuser: sender.name, evidence: 'heard' }
      case Status.Left:
        return {
          type: 'left',
          name,
          incarnation,
          by: name,
          ...(this.#pruned.has(ref) ? { prune: true } : {}),
        }
    }
  }

  /**
   * An operator's word that a member is gone for good, at the incarnation at which it is known: one that lives refutes it. `prune`: it is
   * forgotten as soon as all have been told. `done` is called when this has been told as often as it will be, at once where there is nothing to say.
   */
  forceLeave(ref: Ref, prune: boolean, now: Millis, done: () => void): void {
    const { sender, table, trace } = this.#state
    const incarnation = table.incarnation(ref)
    const claim: LeftClaim = {
      type: 'left',
      name: table.name(ref),
      incarnation,
      by: sender.name,
      ...(prune ? { prune: true } : {}),
    }
    if (table.status(ref) !== Status.Left) {
      trace.record(ref, table.self, 'judgement', 'operator', incarnation, now)
      this.#end(ref, Status.Left, claim, { path: 'judgement', by: table.self }, now, false)
    } else if (prune && !this.#pruned.has(ref)) this.#prune(ref, now)
    else return done()
    this.#news.queue(ref, 'status', claim, this.#news.awaitTold(done))
    // Alone there is nobody to tell.
    this.#news.onOtherGone()
    this.#state.due |= Due.Urgent
  }

  /** Whether a claim says no more of one that has left than that it is to be forgotten now. */
  #isPrunedBy(ref: Ref, claim: FailedClaim | LeftClaim): boolean {
    const { table } = this.#state
    if (claim.type !== 'left' || !claim.prune || this.#pruned.has(ref)) return false
    return table.status(ref) === Status.Left && table.incarnation(ref) === claim.incarnation
  }

  #prune(ref: Ref, now: Millis): void {
    const { timers } = this.#state
    this.#pruned.set(ref, now)
    const timer = this.#retention.get(ref)
    // Not before now: a timer that is overdue would look as if this node had stood still.
    if (timer !== undefined) timers.move(timer, Math.max(now, this.#dueOf(ref)))
  }

  #hearAgainstSelf(
    incarnation: number,
    outcome: 'suspect' | 'failed' | 'left',
    source: Source,
    now: Millis,
  ): void {
    const { counters, table, trace } = this.#state
    if (incarnation < table.incarnation(table.self)) {
      counters.claimsStale++
      return
    }
    trace.record(table.self, source.by, source.path, outcome, incarnation, now)
    this.#own.refute(incarnation, now)
    if (outcome === 'failed') this.#listener.onHeldFailed(now)
  }

  #suspect(
    ref: Ref,
    incarnation: number,
    accusations: readonly Accusation[],
    source: Source,
    now: Millis,
  ): void {
    const { table, trace } = this.#state
    const change = table.set(ref, Status.Suspect, incarnation, now)
    for (const { accuser, evidence } of this.#suspicions.begin(ref, incarnation, accusations, now)) {
      trace.record(ref, table.find(accuser), source.path, evidence, incarnation, now)
    }
    this.#commit(change, source, incarnation, now)
    if (accusations.some(isRefusal)) this.#callWitnesses(ref)
    this.#checkQuorum(ref, now)
  }

  /** One more report against a suspect, if it is from another accuser. */
  #confirm(ref: Ref, suspicion: Suspicion, accusation: Accusation, source: Source, now: Millis): void {
    const { counters, table, trace } = this.#state
    const known = suspicion.accusations.some(isRefusal)
    if (!this.#suspicions.confirm(suspicion, accusation, now)) return
    counters.confirmations++
    const { accuser, evidence } = accusation
    const closed = isRefusal(accusation)
    trace.record(ref, table.find(accuser), source.path, evidence, suspicion.incarnation, now)
    this.#queueStatus(ref)
    // A confirmation shortens a wait of seconds, so it may wait for the next gossip; of a quorum it is the verdict.
    if (closed || this.#state.settings.suspicionQuorum > 0) this.#state.due |= Due.Urgent
    if (closed && !known) this.#callWitnesses(ref)
    this.#checkQuorum(ref, now)
  }

  #callWitnesses(ref: Ref): void {
    if (this.#state.settings.refusalQuorum === 0) return
    this.foundClosed.push(ref)
    this.#state.due |= Due.Witness
  }

  #checkQuorum(ref: Ref, now: Millis): void {
    const suspicion = this.#suspicions.get(ref)
    if (suspicion === undefined) return
    if (this.#suspicions.isClosed(suspicion)) {
      this.#state.counters.refusalVerdicts++
      this.#fail(ref, 'refused', now)
    } else if (this.#suspicions.hasQuorum(suspicion)) {
      this.#fail(ref, suspicion.accusations[0]!.evidence, now)
    }
  }

  /** This node's own verdict. `tell`: others are told. */
  #fail(ref: Ref, evidence: EvidenceKind, now: Millis, tell = true): void {
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
    this.#end(ref, Status.Failed, claim, { path: 'judgement', by: table.self }, now, tell)
  }

  #end(
    ref: Ref,
    status: typeof Status.Failed | typeof Status.Left,
    claim: FailedClaim | LeftClaim,
    source: Source,
    now: Millis,
    tell = true,
  ): void {
    const { table, timers } = this.#state
    const change = table.set(ref, status, claim.incarnation, now)
    if (claim.type === 'left' && claim.prune) this.#pruned.set(ref, now)
    else this.#pruned.delete(ref)
    timers.cancel(this.#retention.get(ref))
    this.#retention.set(ref, timers.arm(this.#dueOf(ref), TimerKind.Reap, ref))
    this.#commit(change, source, claim.incarnation, now, claim, tell)
  }

  /**
   * The one place where a change turns into what follows from it: suspicion and retention ended, schedulers and
   * detectors told, the update queued, the trace written, the event emitted.
   */
  #commit(
    change: Change,
    source: Source,
    incarnation: number,
    now: Millis,
    claim?: Claim,
    tell = true,
  ): void {
    const { after, before, ref } = change
    const { counters, queue, settings, table, timers, trace } = this.#state
    counters.claimsApplied++
    if (before !== after) {
      if (after !== Status.Suspect) this.#suspicions.end(ref)
      if (after < Status.Failed) {
        timers.cancel(this.#retention.get(ref))
        this.#retention.delete(ref)
        this.#pruned.delete(ref)
      }
      // Who was forced out may live, and has to hear of it to refute it.
      if (after === Status.Failed || (claim?.type === 'left' && claim.by !== claim.name)) {
        if (this.recentlyFailed.length === recentlyFailedKept) this.recentlyFailed.shift()
        this.recentlyFailed.push({ ref, until: now + settings.gossipToFailed })
      }
      this.#listener.onStatus(ref, before, after, now)
      if (before !== undefined || after !== Status.Alive) {
        trace.record(ref, source.by, source.path, statusOutcome[after], incarnation, now)
      }
      if (after !== Status.Alive || before === Status.Suspect) this.#state.due |= Due.Urgent
    }
    const { recordBefore } = change
    if (recordBefore !== undefined && after < Status.Failed) this.#listener.onRecord(ref, recordBefore, now)
    const alive = after === Status.Alive
    const sameStatus = before === after && recordBefore !== undefined
    if (alive || !sameStatus) queue.drop(ref, after === Status.Suspect ? 'status' : undefined)
    if (sameStatus && !alive) {
      // News of its data alone; of one that is gone it is nobody's business until it is back.
      if (after >= Status.Failed) return
      const record = table.record(ref)
      this.#news.queue(ref, 'record', { type: 'alive', incarnation: table.recordIncarnation(ref), record })
    } else if (tell) this.#queueStatus(ref, claim)
    this.#news.tellChange(change, now)
    if (after === Status.Alive && (before === Status.Suspect || before === Status.Failed)) {
      this.#listener.onReturn(ref, now)
    }
  }

  #queueStatus(ref: Ref, claim: Claim = this.claimAbout(ref)): void {
    this.#news.queue(ref, 'status', claim)
  }

  #nothingNew(claim: Claim): void {
    this.#state.counters.claimsStale++
    if (this.#stale.size === staleKept) this.#stale.clear()
    this.#stale.add(claim)
  }

  /** The handle of a name that a claim other than alive is about: unknown ones create nothing. */
  #known(name: string, incarnation: number, now: Millis): Ref | undefined {
    const { counters, table, wallSeconds } = this.#state
    const ref = table.find(name)
    const seconds = wallSeconds(now)
    // Whatever others may hold of this node, it has to hear of it, and refute it.
    const known = ref === undefined ? 0 : ref === table.self ? highestAlive(seconds) : table.incarnation(ref)
    if (incarnation > highestAccusation(seconds, known)) {
      counters.claimsIncarnationTooHigh++
      return undefined
    }
    if (ref === undefined) counters.claimsUnknown++
    return ref
  }

  /** Whether it is not just what an active member says anew of itself, but one that comes back, another process, or one that has moved. */
  #isAnother(ref: Ref, { address, boot }: PeerRecord): boolean {
    const { table } = this.#state
    const held = table.record(ref)
    return table.status(ref) > Status.Suspect || held.boot !== boot || !sameAddress(held.address, address)
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
    if (timer !== undefined) timers.move(timer, this.#dueOf(ref))
  }

  /** When one that failed or left is forgotten. */
  #dueOf(ref: Ref): Millis {
    const { settings, table } = this.#state
    const prunedAt = this.#pruned.get(ref)
    const due = table.since(ref) + this.#retentionOf(table.status(ref))
    return prunedAt === undefined ? due : Math.min(due, prunedAt + tellingTime(settings, table.active))
  }

  #retentionOf(status: Status): Millis {
    return retentionOf(this.#state.settings, status, this.#state.table.active)
  }
}

const statusOutcome = ['alive', 'suspect', 'failed', 'left'] as const

const isRefusal = ({ evidence }: Accusation): boolean => evidence === 'refused'
