import type { Address } from '../model/address.ts'
import { formatAddress, sameAddress } from '../model/address.ts'
import type { Boot, PeerRecord } from '../model/peer.ts'
import { RareMap } from '../model/rare-map.ts'
import { Status } from '../model/status.ts'
import type { AliveClaim } from '../wire/message.ts'
import { type CoreState, Due } from './core-state.ts'
import type { Membership, Source } from './membership.ts'
import type { News } from './news.ts'
import type { Outbox } from './outbox.ts'
import type { OwnClaims } from './own-claims.ts'
import type { PathChecks } from './path-checks.ts'
import type { PingReport, PingService } from './ping-service.ts'
import type { Millis } from './time.ts'

/** A newcomer that waits to be dialled back, at its introducer. */
interface Admission {
  readonly id: number
  claim: AliveClaim
  /** First whether the process that has the name so far is still there, then whether the newcomer is where it says. */
  stage: 'incumbent' | 'dial'
  /** Who has the name so far, at another address. */
  incumbent: PeerRecord | undefined
  /** Pings of this stage whose outcome is open. */
  open: number
  packetTries: number
  reachedByStream: boolean
  reachedByPacket: boolean
  applied: boolean
}

/** A look at who else claims this node's name. */
interface Contest {
  readonly claim: AliveClaim
  open: number
}

/** Admissions and contests under way at most; beyond it newcomers are told `busy`. */
const maxAdmissions = 1_024
const maxContests = 16
/** Packets that are sent to a newcomer before it counts as out of reach by packets. */
const dialTries = 3

/** How long a newcomer waits to be dialled back: a look at the incumbent, the stream, the packets, and some way. */
export const dialBackLimit = (probeTimeout: Millis): Millis => (1 + 2 + dialTries + 1) * probeTimeout

/**
 * The doorway. An introducer dials a newcomer back at its advertised address, by packet and by stream, before it tells
 * anybody of it: a wrong address is an error at the newcomer, not a member that flaps. A newcomer whose name is another
 * live process's is not announced either. And a node that hears its own name from another boot finds out whether
 * that one lives, and which of the two was first.
 */
export class Introductions {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #own: OwnClaims
  readonly #news: News
  readonly #outbox: Outbox
  readonly #pings: PingService
  readonly #paths: PathChecks
  readonly #admissions = new RareMap<number, Admission>()
  readonly #contests = new RareMap<number, Contest>()
  #next = 1
  /** The process that this node's name belongs to, where this is not the one. */
  lostTo: Address | undefined

  constructor(
    state: CoreState,
    membership: Membership,
    own: OwnClaims,
    news: News,
    outbox: Outbox,
    pings: PingService,
    paths: PathChecks,
  ) {
    this.#state = state
    this.#membership = membership
    this.#own = own
    this.#news = news
    this.#outbox = outbox
    this.#pings = pings
    this.#paths = paths
  }

  /** Begins to introduce a newcomer. `busy`: there are too many. `taken`: another boot of that name waits. */
  admit(claim: AliveClaim, now: Millis): 'held' | 'known' | 'busy' | 'taken' {
    const { counters, table } = this.#state
    const { record } = claim
    counters.joinsServed++
    for (const waiting of this.#admissions.values()) {
      if (waiting.claim.record.name !== record.name) continue
      if (waiting.claim.record.boot !== record.boot) return 'taken'
      if (claim.incarnation > waiting.claim.incarnation) waiting.claim = claim
      return 'held'
    }
    const ref = table.find(record.name)
    const active = ref !== undefined && table.status(ref) <= Status.Suspect
    const held = active ? table.record(ref) : undefined
    const same = held !== undefined && held.boot === record.boot && sameAddress(held.address, record.address)
    if (same && held.streams) return 'known'
    if (this.#admissions.size >= maxAdmissions) {
      counters.newcomersRefused++
      return 'busy'
    }
    const moves = held !== undefined && !same && !sameAddress(held.address, record.address)
    const admission: Admission = {
      id: this.#next++,
      claim,
      stage: moves ? 'incumbent' : 'dial',
      incumbent: moves ? held : undefined,
      open: 0,
      packetTries: 0,
      reachedByStream: false,
      reachedByPacket: false,
      applied: same,
    }
    this.#admissions.set(admission.id, admission)
    if (moves) this.#askIncumbent(admission, now)
    else this.#dial(admission, now)
    return 'held'
  }

  /** What a process says of itself that is no member: if it waits here, it will be introduced by its latest word. */
  hear(claim: AliveClaim): void {
    for (const waiting of this.#admissions.values()) {
      if (waiting.claim.record.boot !== claim.record.boot) continue
      if (claim.incarnation > waiting.claim.incarnation) waiting.claim = claim
      return
    }
    this.#state.counters.claimsHeldBack++
  }

  /** A newcomer that leaves before it was introduced is not introduced. */
  withdraw(name: string, incarnation: number): void {
    for (const { claim, id } of this.#admissions.values()) {
      // A later boot may wait while the word that an earlier one left still goes round.
      if (claim.record.name === name && claim.incarnation <= incarnation) this.#admissions.delete(id)
    }
  }

  /** The other way round: dials an introducer that no stream has reached yet, so that it may say that one has. */
  returnCall(introducer: PeerRecord, now: Millis): void {
    if (!this.#state.streams || introducer.streams) return
    this.#ping(introducer, 'stream', this.#state.settings.streamTimeout, 'admission', 0, now)
  }

  /** Looks at the claims of other boots to this node's name that membership has collected. */
  contest(now: Millis): void {
    this.#state.due &= ~Due.Contest
    const { contested } = this.#own
    for (const claim of contested) {
      const underWay = [...this.#contests.values()].some(
        (contest) => contest.claim.record.boot === claim.record.boot,
      )
      if (underWay || this.#contests.size >= maxContests) continue
      const id = this.#next++
      const contest: Contest = { claim, open: 0 }
      this.#contests.set(id, contest)
      contest.open = this.#pingBoth(claim.record, 'conflict', id, now)
      if (contest.open === 0) this.#contests.delete(id)
    }
    contested.length = 0
  }

  /** The outcome of a ping that was sent for an admission or a contest. */
  onPing(report: PingReport, now: Millis): void {
    if (report.outcome === 'nack') return
    if (report.owner === 'conflict') return this.#onContestPing(report, now)
    const admission = this.#admissions.get(report.arg)
    if (admission === undefined) return
    const reached = report.outcome === 'ack'
    admission.open--
    if (admission.stage === 'incumbent') {
      if (reached) {
        this.#state.counters.claimsHeldBack++
        this.#forget(admission)
      } else if (admission.open === 0 && report.outcome === 'void') {
        // This node stood still: its silence says nothing of the incumbent.
        this.#askIncumbent(admission, now)
      } else if (admission.open === 0) {
        admission.stage = 'dial'
        this.#dial(admission, now)
      }
      return
    }
    const again =
      report.path === 'stream' ? admission.packetTries === 0 : !reached && admission.packetTries < dialTries
    if (again) this.#dialPacket(admission, now)
    // By packet it says that streams reach it, if they do, and is announced once instead of twice.
    if (report.path === 'stream') admission.reachedByStream = reached
    else if (reached) {
      admission.reachedByPacket = true
      if (!this.#apply(admission, now)) return
    }
    if (admission.open > 0) return
    if (admission.reachedByStream && !this.#apply(admission, now)) return
    if (!admission.applied) this.#state.counters.dialBacksFailed++
    else this.#checkPaths(admission, now)
    this.#forget(admission)
  }

  #askIncumbent(admission: Admission, now: Millis): void {
    const { id, incumbent } = admission
    admission.open = incumbent === undefined ? 0 : this.#pingBoth(incumbent, 'admission', id, now)
    if (admission.open === 0) this.#forget(admission)
  }

  /** By stream first: once one has reached it, it says so in its answer to the packet. */
  #dial(admission: Admission, now: Millis): void {
    const { settings, streams } = this.#state
    const limit = Math.min(settings.streamTimeout, 2 * settings.probeTimeout)
    const { record } = admission.claim
    if (streams && this.#ping(record, 'stream', limit, 'admission', admission.id, now)) admission.open++
    else this.#dialPacket(admission, now)
    if (admission.open === 0) this.#forget(admission)
  }

  #dialPacket(admission: Admission, now: Millis): void {
    if (!this.#state.packets) return
    admission.packetTries++
    const { probeTimeout } = this.#state.settings
    if (this.#ping(admission.claim.record, 'direct', probeTimeout, 'admission', admission.id, now)) {
      admission.open++
    }
  }

  /** Introduces a newcomer that was reached; false: this node has heard meanwhile of another process of that name, and looks for it first. */
  #apply(admission: Admission, now: Millis): boolean {
    if (admission.applied) return true
    const held = this.#elsewhere(admission.claim.record)
    if (held !== undefined && held.boot !== admission.incumbent?.boot) {
      admission.incumbent = held
      admission.stage = 'incumbent'
      this.#askIncumbent(admission, now)
      return false
    }
    admission.applied = true
    const source: Source = { path: 'sync', by: undefined }
    this.#membership.hearAlive(admission.claim, source, now)
    return true
  }

  /** The record of an active member of that name which is another process, at another address. */
  #elsewhere({ address, boot, name }: PeerRecord): PeerRecord | undefined {
    const { table } = this.#state
    const ref = table.find(name)
    if (ref === undefined || table.status(ref) > Status.Suspect) return undefined
    const held = table.record(ref)
    return held.boot !== boot && !sameAddress(held.address, address) ? held : undefined
  }

  /** It is a member, and one of the two ways to it has failed just now. */
  #checkPaths({ claim, packetTries, reachedByPacket, reachedByStream }: Admission, now: Millis): void {
    const { packets, streams, table } = this.#state
    const ref = table.find(claim.record.name)
    if (ref === undefined || table.record(ref).boot !== claim.record.boot) return
    if (streams && !reachedByStream) this.#paths.suspect(ref, 'streams', now)
    if (packets && packetTries > 0 && !reachedByPacket) this.#paths.suspect(ref, 'packets', now)
  }

  #forget(admission: Admission): void {
    this.#admissions.delete(admission.id)
  }

  #onContestPing(report: PingReport, now: Millis): void {
    const contest = this.#contests.get(report.arg)
    if (contest === undefined) return
    contest.open--
    const { claim } = contest
    if (report.outcome === 'ack') {
      this.#contests.delete(report.arg)
      this.#settle(claim, now)
    } else if (contest.open === 0 && report.outcome === 'void') {
      contest.open = this.#pingBoth(claim.record, 'conflict', report.arg, now)
      if (contest.open === 0) this.#contests.delete(report.arg)
    } else if (contest.open === 0) {
      this.#contests.delete(report.arg)
      // Nobody is there: that boot is an earlier one of this name. Heard at or above the own incarnation it would win.
      const { table } = this.#state
      if (claim.incarnation >= table.incarnation(table.self) && table.status(table.self) === Status.Alive) {
        this.#own.refute(claim.incarnation, now)
      }
    }
  }

  /** Another live process has this name: the one that started first keeps it, at a tie the smaller boot. */
  #settle(claim: AliveClaim, now: Millis): void {
    const { counters, table, trace } = this.#state
    const { self } = table
    const own = table.record(self)
    const other = claim.record
    counters.conflicts++
    trace.record(self, self, 'judgement', 'conflict', claim.incarnation, now)
    const first = startedBefore(own.startedAt, own.boot, other.startedAt, other.boot)
    this.#news.tell(
      'conflict',
      self,
      now,
      false,
      `${formatAddress(other.address)} claims the name of this node at ${formatAddress(own.address)}; ${first ? 'this node' : 'the other'} started first and keeps it`,
    )
    if (!first) {
      this.lostTo = other.address
      // Whoever holds this one would find it gone, and all would doubt the other under its name: that one has to speak up. Where nobody can hold it there is no need.
      if (!own.streams) return
    } else if (claim.incarnation >= table.incarnation(self)) this.#own.refute(claim.incarnation, now)
    // Members that hold the other look at it before they believe this one, and find it there: it learns of this one from nobody else.
    const incarnation = table.incarnation(self)
    this.#outbox.toAddress(other.address, undefined, {
      type: 'alive',
      incarnation,
      record: table.record(self),
    })
  }

  #pingBoth(record: PeerRecord, owner: 'admission' | 'conflict', id: number, now: Millis): number {
    const { packets, settings, streams } = this.#state
    let open = 0
    if (packets && this.#ping(record, 'direct', settings.probeTimeout, owner, id, now)) open++
    if (streams && this.#ping(record, 'stream', settings.probeTimeout, owner, id, now)) open++
    return open
  }

  #ping(
    record: PeerRecord,
    path: 'direct' | 'stream',
    timeout: Millis,
    owner: 'admission' | 'conflict',
    id: number,
    now: Millis,
  ): boolean {
    const boot = record.boot === 0n ? undefined : record.boot
    return (
      this.#pings.address(
        { name: record.name, boot, address: record.address },
        path,
        timeout,
        owner,
        id,
        now,
      ) >= 0
    )
  }
}

const startedBefore = (ownStart: number, ownBoot: Boot, otherStart: number, otherBoot: Boot): boolean =>
  ownStart === otherStart ? ownBoot < otherBoot : ownStart < otherStart
