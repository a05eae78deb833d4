import type { Ref } from '../model/ref.ts'
import { roundRobin } from '../selection/round-robin.ts'
import type { ProbeScheduler } from '../selection/strategy.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { Judgement } from './judgement.ts'
import type { LookReport, Looks } from './looks.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/**
 * Watches by pings whom the cluster's detector cannot: members that do not have it, and all of them where this node has it not. Each
 * of them is looked at about once per probe interval by the whole group, as each member is by ping/ack.
 */
export class PingWatch {
  readonly #state: CoreState
  readonly #judgement: Judgement
  readonly #looks: Looks
  /** Made when there is somebody to watch: in most groups there never is. */
  #watched: Set<Ref> | undefined
  #scheduler: ProbeScheduler | undefined
  #timer: Timer | undefined
  #running = false

  constructor(state: CoreState, judgement: Judgement, looks: Looks) {
    this.#state = state
    this.#judgement = judgement
    this.#looks = looks
  }

  start(now: Millis): void {
    this.#running = true
    this.#arm(now)
  }

  /** Ends it, and forgets whom it watched. */
  stop(): void {
    this.#running = false
    this.#state.timers.cancel(this.#timer)
    this.#timer = undefined
    this.#looks.forgetAll('watch')
    this.#watched = undefined
    this.#scheduler = undefined
  }

  /** Whether a member is to be watched from now on. */
  set(ref: Ref, watched: boolean, now: Millis): void {
    if (watched === (this.#watched?.has(ref) ?? false)) return
    if (watched) {
      this.#watched ??= new Set()
      this.#watched.add(ref)
      this.#scheduler ??= roundRobin(
        this.#state.table,
        this.#state.random.fork('watch'),
        this.#state.roundTrips,
      )
      this.#scheduler.added(ref)
      this.#arm(now)
    } else {
      this.#watched?.delete(ref)
      this.#scheduler?.removed(ref)
    }
  }

  onTimer(now: Millis): void {
    this.#timer = undefined
    const ref = this.#scheduler?.next()
    if (ref === undefined) return
    const { health, settings } = this.#state
    this.#looks.begin(ref, { timeout: health.scale(settings.probeInterval) }, 'watch', now)
    this.#arm(now)
  }

  onLook({ evidence, outcome, seen }: LookReport, now: Millis): void {
    if (outcome === 'unreached') this.#judgement.report(seen, evidence, now)
  }

  #arm(now: Millis): void {
    const size = this.#watched?.size ?? 0
    if (!this.#running || this.#timer !== undefined || size === 0) return
    const { health, random, settings, table, timers } = this.#state
    const period = (health.scale(settings.probeInterval) * Math.max(1, table.active - 1)) / size
    // Somewhere in the period, so that those who began to watch at one time do not go on together.
    this.#timer = timers.arm(now + period * (0.5 + random.fraction()), TimerKind.PingWatch)
  }
}
