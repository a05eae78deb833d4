import { RareMap } from '../model/rare-map.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { confirmationsWanted, suspicionMin, suspicionTimeout } from '../model/suspicion.ts'
import type { Accusation, EvidenceKind } from '../wire/message.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

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
  timer: Timer
}

/** Accusers kept and told per suspicion, at most. */
const accusationsKept = 16

/**
 * The suspicions of a node and their deadlines, which come closer with every independent confirmation (Lifeguard §4.2).
 * Knows nothing of status: what follows from a deadline or a quorum is the membership's.
 */
export class Suspicions {
  readonly #state: CoreState
  readonly #byMember = new RareMap<Ref, Suspicion>()

  constructor(state: CoreState) {
    this.#state = state
  }

  get(ref: Ref): Suspicion | undefined {
    return this.#byMember.get(ref)
  }

  /** Who is suspect, the one that has been for the longest first. */
  get members(): Iterable<Ref> {
    return this.#byMember.keys()
  }

  /** Begins one, in place of an earlier one of the same member. Returns the accusations that count. */
  begin(
    ref: Ref,
    incarnation: number,
    accusations: readonly Accusation[],
    now: Millis,
  ): readonly Accusation[] {
    const { settings, table, timers } = this.#state
    this.end(ref)
    const n = table.active
    const wanted = confirmationsWanted(n, settings.suspicionConfirmations)
    const min = suspicionMin(n, settings.suspicionMult, settings.probeInterval)
    const max = Math.round(min * settings.suspicionMaxMult)
    const kept = independent(accusations).slice(0, accusationsKept)
    const timeout = suspicionTimeout(kept.length - 1, wanted, min, max)
    this.#byMember.set(ref, {
      incarnation,
      start: now,
      min,
      max,
      wanted,
      accusations: kept,
      timer: timers.arm(now + timeout, TimerKind.Suspicion, ref),
    })
    return kept
  }

  /** Whether anything more could make a difference. */
  wantsMore(suspicion: Suspicion): boolean {
    const { accusations } = suspicion
    return (
      accusations.length < Math.min(this.#useful(suspicion), accusationsKept) ||
      countOf(accusations, 'refused') < this.#state.settings.refusalQuorum
    )
  }

  /** One more report. `false` where it changes nothing: the accuser has said so before, or there are enough. */
  confirm(suspicion: Suspicion, accusation: Accusation, now: Millis): boolean {
    const { accusations, max, min, start, timer, wanted } = suspicion
    const { refusalQuorum } = this.#state.settings
    const refused = accusation.evidence === 'refused' && countOf(accusations, 'refused') < refusalQuorum
    const place = accusations.findIndex(({ accuser }) => accuser === accusation.accuser)
    if (place >= 0) {
      // The same accuser has looked again, and found the port closed.
      if (!refused || accusations[place]!.evidence === 'refused') return false
      accusations[place] = accusation
      return true
    }
    if (accusations.length >= accusationsKept) return false
    if (!refused && accusations.length >= this.#useful(suspicion)) return false
    accusations.push(accusation)
    const timeout = suspicionTimeout(accusations.length - 1, wanted, min, max)
    // Not before now: a timer that is overdue would look as if this node had stood still.
    this.#state.timers.move(timer, Math.min(timer.at, Math.max(now, start + timeout)))
    return true
  }

  /**
   * Whether there are as many reports as fail a suspect at once. Whose table was heard has not looked: two tables may say so because
   * of one look.
   */
  hasQuorum({ accusations }: Suspicion): boolean {
    const { suspicionQuorum } = this.#state.settings
    return suspicionQuorum > 0 && accusations.length - countOf(accusations, 'heard') >= suspicionQuorum
  }

  /** Whether so many have found its port closed that it is failed at once: all who could, where there are fewer than that. */
  isClosed({ accusations }: Suspicion): boolean {
    const { settings, table } = this.#state
    if (settings.refusalQuorum === 0) return false
    // The suspect is not among those that are alive; this node is.
    const wanted = Math.min(settings.refusalQuorum, Math.max(1, table.count(Status.Alive)))
    return countOf(accusations, 'refused') >= wanted
  }

  /**
   * The accusations that are told: as many as can make a difference elsewhere, closed ports first, by accuser, so that nodes that know
   * the same say the same.
   */
  told(ref: Ref): readonly Accusation[] {
    const suspicion = this.#byMember.get(ref)
    if (suspicion === undefined) return [{ accuser: this.#state.sender.name, evidence: 'heard' }]
    const { accusations } = suspicion
    const useful = this.#useful(suspicion)
    if (accusations.length <= useful) return [...accusations].sort(byAccuser)
    return [...accusations]
      .sort((a, b) => Number(b.evidence === 'refused') - Number(a.evidence === 'refused'))
      .slice(0, useful)
      .sort(byAccuser)
  }

  /**
   * Gives a suspect whose time is over the shortest suspicion once more, up to the longest: should this node be heard again meanwhile, that
   * is what a refutation takes. `false`: the longest is over as well.
   */
  prolong(ref: Ref, now: Millis): boolean {
    const suspicion = this.#byMember.get(ref)
    if (suspicion === undefined) return false
    const until = Math.min(now + suspicion.min, suspicion.start + suspicion.max)
    if (until <= now) return false
    suspicion.timer = this.#state.timers.arm(until, TimerKind.Suspicion, ref)
    return true
  }

  end(ref: Ref): void {
    const suspicion = this.#byMember.get(ref)
    if (suspicion === undefined) return
    this.#state.timers.cancel(suspicion.timer)
    this.#byMember.delete(ref)
  }

  /**
   * This node has stood still since an instant: it may have missed refutations, so every suspect gets that time on top. One that became
   * suspect by what was let in before the tick has missed nothing of it.
   */
  extendAll(since: Millis, now: Millis): void {
    for (const suspicion of this.#byMember.values()) {
      const by = now - Math.max(since, suspicion.start)
      suspicion.start += by
      this.#state.timers.move(suspicion.timer, suspicion.timer.at + by)
    }
  }

  /** Reports beyond this neither shorten the timeout nor make a quorum. */
  #useful({ accusations, wanted }: Suspicion): number {
    const { refusalQuorum, suspicionQuorum } = this.#state.settings
    const refusals = Math.min(refusalQuorum, countOf(accusations, 'refused'))
    return Math.max(wanted + 1, refusals, countOf(accusations, 'heard') + suspicionQuorum)
  }
}

const countOf = (accusations: readonly Accusation[], kind: EvidenceKind): number => {
  let count = 0
  for (const { evidence } of accusations) if (evidence === kind) count++
  return count
}

const byAccuser = (a: Accusation, b: Accusation): number => (a.accuser < b.accuser ? -1 : 1)

/** One accusation of each accuser: the first. */
function independent(accusations: readonly Accusation[]): Accusation[] {
  return accusations.filter(
    ({ accuser }, i) => accusations.findIndex((earlier) => earlier.accuser === accuser) === i,
  )
}
