import { healthDelta } from '../model/local-health.ts'
import { RareMap } from '../model/rare-map.ts'
import type { Ref } from '../model/ref.ts'
import { Status, statusBit } from '../model/status.ts'
import type { EvidenceKind } from '../wire/message.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import type { LookOptions, LookOutcome, Observation, PingPath } from './detector.ts'
import type { PingReport, PingService } from './ping-service.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/** On whose behalf a look is taken: the result goes there. */
export type LookOwner = 'detector' | 'witness' | 'watch'

/** What became of a look; see `LookResult` of the detector interface. */
export interface LookReport {
  readonly owner: LookOwner
  readonly arg: number
  readonly seen: Observation
  readonly outcome: LookOutcome
  readonly path: PingPath | undefined
  readonly rtt: Millis
  readonly evidence: EvidenceKind
}

interface Look {
  readonly id: number
  readonly owner: LookOwner
  readonly arg: number
  readonly seen: Observation
  readonly urgent: boolean
  readonly chooses: LookOptions['helpers']
  /** When its time is over. */
  readonly until: Millis
  /** The next step: to turn to helpers, to conclude early, or to conclude. */
  timer: Timer | undefined
  /** Helpers and a stream have been asked, as far as there are any. */
  asked: boolean
  helpers: number
  nacks: number
  /** Its stream port is closed. */
  refused: boolean
}

/**
 * A look at a member by every way there is (SWIM §3.1, Lifeguard §4.1): a direct ping; where no ack comes in the time that path
 * usually takes, `indirectProbes` others that ping it, each answering with the relayed ack or a nack, and a ping over a stream,
 * in case only packets are lost. What happens to a look moves the local health: an answer lowers the score, every nack that
 * stayed out raises it.
 *
 * A port that is closed ends a look early: the packets have had their time by then, twice over with the helpers'.
 */
export class Looks {
  readonly #state: CoreState
  readonly #pings: PingService
  readonly #looks = new RareMap<number, Look>()
  readonly #helpers: Ref[] = []
  #next = 0
  /** Results that were not yet handed to their owners. */
  readonly reports: LookReport[] = []

  constructor(state: CoreState, pings: PingService) {
    this.#state = state
    this.#pings = pings
  }

  /** Begins one. `false`: nothing will come of it, as too many pings are under way. */
  begin(
    ref: Ref,
    { arg = 0, helpers, timeout, urgent = false }: LookOptions,
    owner: LookOwner,
    now: Millis,
  ): boolean {
    const { packets, streams, table, timers } = this.#state
    const id = ++this.#next
    const path = packets ? 'direct' : 'stream'
    if (this.#pings.member(ref, path, undefined, timeout, 'look', id, now) < 0) return false
    const asked = urgent || !packets
    const look: Look = {
      id,
      owner,
      arg,
      seen: { ref, incarnation: table.incarnation(ref), boot: table.record(ref).boot },
      urgent,
      chooses: helpers,
      until: now + timeout,
      // With a direct ping, its own time is the look's.
      timer: asked ? undefined : timers.arm(now + Math.min(timeout, this.patience(ref)), TimerKind.Look, id),
      asked,
      helpers: 0,
      nacks: 0,
      refused: false,
    }
    this.#looks.set(id, look)
    if (urgent && packets && streams) {
      this.#pings.member(ref, 'stream', undefined, timeout, 'look', id, now)
    }
    return true
  }

  /** See `DetectorContext.patience`. */
  patience(ref: Ref): Millis {
    const { health, roundTrips } = this.#state
    return health.scale(roundTrips.patience(ref))
  }

  onTimer(id: number, now: Millis): void {
    const look = this.#looks.get(id)
    if (look === undefined) return
    look.timer = undefined
    if (!look.asked) this.#turnToOthers(look, now)
    // Ended early for a refusal that says nothing by now, as others refuse this node as well: it takes its whole time after all.
    else if (look.refused && now < look.until && !this.#counts(look)) this.#onPathClosed(look, 'stream')
    else this.#conclude(look, now)
  }

  /** The outcome of one of a look's pings. */
  onPing(report: PingReport, now: Millis): void {
    const look = this.#looks.get(report.arg)
    // An answer to an earlier look says nothing of a later one, not even if it is the same member's.
    if (look === undefined) return
    const { outcome, path, rtt } = report
    switch (outcome) {
      case 'ack':
        this.#state.health.apply(healthDelta.probeAnswered)
        this.#state.doubt.onLook(look.seen.ref, true, now)
        this.#end(look, 'reached', path, rtt)
        return
      case 'nack':
        look.nacks++
        return
      case 'void':
        this.#end(look, 'void', undefined, 0)
        return
      case 'refused':
        look.refused = true
        if (this.#counts(look)) this.#arm(look, now + this.patience(look.seen.ref))
        else this.#onPathClosed(look, path)
        return
      case 'timeout':
        if (path === 'direct' || !this.#state.packets) this.#conclude(look, now)
        return
      case 'reset':
      case 'unreachable':
        this.#onPathClosed(look, path)
        return
    }
  }

  /** Forgets all looks of an owner: nothing will come of them. */
  forgetAll(owner: LookOwner): void {
    for (const look of this.#looks.values()) if (look.owner === owner) this.#drop(look)
  }

  /** Where streams are all there is, one that ended is not the end: an answer counts until the time is over. */
  #onPathClosed(look: Look, path: PingPath): void {
    if (path === 'stream' && !this.#state.packets) this.#arm(look, look.until)
  }

  /** No later than the look's end, and no later than it is armed for already. */
  #arm(look: Look, at: Millis): void {
    const { timers } = this.#state
    const due = Math.min(at, look.until)
    if (look.timer === undefined) look.timer = timers.arm(due, TimerKind.Look, look.id)
    else if (due < look.timer.at) timers.move(look.timer, due)
  }

  #turnToOthers(look: Look, now: Millis): void {
    const { sampler, settings, streams, table } = this.#state
    const { id } = look
    const { ref } = look.seen
    const timeout = look.until - now
    look.asked = true
    if (timeout <= 0 || !table.has(ref)) return
    const helpers = this.#helpers
    const k = settings.indirectProbes
    if (look.chooses === undefined) sampler.sample(k, statusBit(Status.Alive), helpers, ref)
    else look.chooses(k, helpers)
    for (const via of helpers) {
      if (via === ref || via === table.self || !table.has(via) || table.status(via) !== Status.Alive) continue
      if (look.helpers < k && this.#pings.member(ref, 'indirect', via, timeout, 'look', id, now) >= 0)
        look.helpers++
    }
    while (helpers.length > 0) helpers.pop()
    if (streams) this.#pings.member(ref, 'stream', undefined, timeout, 'look', id, now)
  }

  /**
   * Whether a refusal says anything: a closed port is evidence where streams are known to have reached that very process, and where it is
   * not this node that everybody refuses.
   */
  #counts({ refused, seen }: Look): boolean {
    const { settings, table } = this.#state
    if (!refused || this.#state.doubt.refused || settings.refusalQuorum === 0 || !table.has(seen.ref))
      return false
    const { boot, streams } = table.record(seen.ref)
    return streams && boot === seen.boot
  }

  /** No answer has come: that is evidence, and a hint about this node itself. */
  #conclude(look: Look, now: Millis): void {
    const { health, table } = this.#state
    const { ref } = look.seen
    if (!table.has(ref) || table.status(ref) > Status.Suspect) return this.#drop(look)
    const evidence = this.#counts(look) ? 'refused' : 'timeout'
    // A port that is closed has answered, in its way: this node's network works. And who looks for itself has asked nobody else.
    if (evidence === 'timeout' && !look.urgent) {
      const { helpers, nacks } = look
      health.apply(
        helpers > 0 ? Math.max(0, helpers - nacks) * healthDelta.nackMissed : healthDelta.probeFailed,
      )
    }
    // A witness looks at whom another has found silent.
    if (!look.urgent) this.#state.doubt.onLook(ref, false, now)
    this.#end(look, 'unreached', undefined, 0, evidence)
  }

  #end(
    look: Look,
    outcome: LookOutcome,
    path: PingPath | undefined,
    rtt: Millis,
    evidence: EvidenceKind = 'timeout',
  ): void {
    this.#drop(look)
    const { arg, owner, seen } = look
    this.#state.due |= Due.Reports
    this.reports.push({ owner, arg, seen, outcome, path, rtt, evidence })
  }

  #drop(look: Look): void {
    this.#state.timers.cancel(look.timer)
    this.#looks.delete(look.id)
  }
}
