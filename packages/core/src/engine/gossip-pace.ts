import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { backlogOf, type CoreState, Due, othersActive, TimerKind } from './core-state.ts'
import type { Membership } from './membership.ts'
import type { Outbox } from './outbox.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/** Least time between two pushes of urgent updates: what comes in a burst shares packets. Milliseconds. */
const urgentSpacing = 10
/** Share of the gossip interval that is waited while there is more news than a packet holds. */
const crowdedShare = 0.25
/** Suspects that are told so at once, at most. */
const mostSuspectsTold = 32

/**
 * When queued updates are gossiped that do not ride on other packets: at once where the last gossip is a gossip interval ago, else
 * when it will be, and urgent ones without waiting for that. News thus runs through an idle group as fast as packets do, and none
 * of its members ever sends more for it than it would by a fixed period.
 */
export class GossipPace {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #outbox: Outbox
  #periodTimer: Timer | undefined
  #urgentTimer: Timer | undefined
  #lastUrgent = Number.NEGATIVE_INFINITY
  #lastPeriod = Number.NEGATIVE_INFINITY
  #failedTurn = 0
  #suspectsToldAt = Number.NEGATIVE_INFINITY

  constructor(state: CoreState, membership: Membership, outbox: Outbox) {
    this.#state = state
    this.#membership = membership
    this.#outbox = outbox
  }

  onPeriod(now: Millis): void {
    this.#periodTimer = undefined
    this.#dropUntellable()
    this.#tell(now)
  }

  onUrgentTimer(now: Millis): void {
    this.#urgentTimer = undefined
    this.#lastUrgent = now
    this.#lastPeriod = now
    this.#outbox.gossip(this.#state.settings.gossipFanout)
  }

  /** Pushes what became urgent during an input: now, or with what follows within moments of the last push. */
  pushUrgent(now: Millis): void {
    const state = this.#state
    state.due &= ~Due.Urgent
    if (othersActive(this.#state.table) === 0) return
    const { settings, timers } = state
    if (now - this.#lastUrgent >= urgentSpacing) {
      this.#lastUrgent = now
      this.#lastPeriod = now
      this.#outbox.gossip(settings.gossipFanout)
    } else {
      this.#urgentTimer ??= timers.arm(this.#lastUrgent + urgentSpacing, TimerKind.Urgent)
    }
  }

  /**
   * This node was cut off, as others held it failed: its suspicions of those that it could not reach have come to nobody's ears. They are told to those members
   * themselves, who refute them; of many, to those that have been suspect for the longest. Once per `probeInterval`, as often as it may refute: what it hears may be made up.
   */
  tellSuspects(now: Millis): void {
    if (now < this.#suspectsToldAt + this.#state.settings.probeInterval) return
    this.#suspectsToldAt = now
    let told = 0
    for (const ref of this.#membership.suspects) {
      if (told++ === mostSuspectsTold) return
      this.#outbox.updates(ref)
    }
  }

  /** Gossips what came during an input, if the last period is over. */
  pushNews(now: Millis): void {
    if (
      this.#periodTimer !== undefined ||
      backlogOf(this.#state) === 0 ||
      othersActive(this.#state.table) === 0
    )
      return
    if (now >= this.#nextPeriod) this.#tell(now)
  }

  /** Arms the next period, if there is anything to tell and anybody to tell it to: an idle node does not wake for it. */
  arm(now: Millis): void {
    const { timers } = this.#state
    const idle = this.#periodTimer !== undefined || backlogOf(this.#state) === 0
    // Alone it is asked again until there is somebody.
    if (!idle && othersActive(this.#state.table) === 0) return
    this.#state.due &= ~Due.Gossip
    if (idle) return
    this.#periodTimer = timers.arm(Math.max(now, this.#nextPeriod), TimerKind.Gossip)
  }

  #tell(now: Millis): void {
    this.#lastPeriod = now
    this.#state.due |= Due.Gossip
    this.#outbox.crowded = false
    this.#outbox.gossip(this.#state.settings.gossipFanout, this.#nextRecentlyFailed(now))
  }

  /** More news than a packet holds: the same packets sooner, rather than news that waits for stale news to be told. */
  get #nextPeriod(): Millis {
    const share = this.#outbox.crowded ? crowdedShare : 1
    return this.#lastPeriod + this.#state.settings.gossipInterval * share
  }

  /**
   * With one other member there is nobody to tell of it but itself: the queue would never drain. Not before a period is over, for who
   * asked to join meanwhile was answered without that news.
   */
  #dropUntellable(): void {
    const { queue, table } = this.#state
    if (othersActive(table) !== 1) return
    const first = table.activeAt(0)
    queue.drop(first === table.self ? table.activeAt(1) : first)
  }

  /** Members that failed lately take turns, so that one that lives hears of it. */
  #nextRecentlyFailed(now: Millis): Ref | undefined {
    const { recentlyFailed } = this.#membership
    while (recentlyFailed[0] !== undefined && recentlyFailed[0].until <= now) recentlyFailed.shift()
    if (recentlyFailed.length === 0) return undefined
    const { ref } = recentlyFailed[this.#failedTurn++ % recentlyFailed.length]!
    const { table } = this.#state
    return table.has(ref) && table.status(ref) > Status.Suspect ? ref : undefined
  }
}
