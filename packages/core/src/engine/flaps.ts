import type { Column } from '../model/column.ts'
import type { Ref } from '../model/ref.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { News } from './news.ts'
import type { Millis } from './time.ts'

/** A return counts one, and loses half of that in so many probe intervals: a minute at `lan`. */
const halfLifeIntervals = 60
/** From this on a member flaps, and below this it does so no longer (RFC 2439 has the same shape for routes). */
const flapsFrom = 3
const calmBelow = 1
const most = 12

/**
 * Counts how often members come back from suspicion or failure. One that does so again and again is told to be flapping, until it has kept
 * still for long enough: consumers may prefer not to follow each turn.
 */
export class Flaps {
  readonly #state: CoreState
  readonly #news: News
  /** Returns in all. */
  readonly #count: Column
  /** The decaying sum, as it was at its instant. */
  readonly #penalty: Column
  readonly #at: Column
  readonly #flapping = new Set<Ref>()

  constructor(state: CoreState, news: News) {
    this.#state = state
    this.#news = news
    this.#count = state.table.column('u16', 0)
    this.#penalty = state.table.column('f64', 0)
    this.#at = state.table.column('f64', 0)
  }

  count(ref: Ref): number {
    return this.#count.get(ref)
  }

  isFlapping(ref: Ref): boolean {
    return this.#flapping.size > 0 && this.#flapping.has(ref)
  }

  /** A member is alive again. */
  onReturn(ref: Ref, now: Millis): void {
    const count = Math.min(0xffff, this.#count.get(ref) + 1)
    this.#count.set(ref, count)
    const penalty = Math.min(most, this.#decayed(ref, now) + 1)
    this.#penalty.set(ref, penalty)
    this.#at.set(ref, now)
    if (penalty < flapsFrom || this.#flapping.has(ref)) return
    this.#flapping.add(ref)
    this.#state.counters.flappers++
    this.#news.tell('flapping', ref, now, false, `it has come back ${count} times`)
    this.#arm(ref, now)
  }

  onGone(ref: Ref): void {
    this.#flapping.delete(ref)
  }

  onTimer(ref: Ref, now: Millis): void {
    if (!this.#flapping.has(ref)) return
    const penalty = this.#decayed(ref, now)
    // It has come back since the timer was armed.
    if (penalty > calmBelow + 1e-6) return this.#arm(ref, now)
    this.#flapping.delete(ref)
    this.#news.tell('calm', ref, now, false, 'it has kept its status')
  }

  /** Halvings by squaring and a straight line between them: the same on every runtime, which a power of a fraction is not. */
  #decayed(ref: Ref, now: Millis): number {
    const halvings = (now - this.#at.get(ref)) / this.#halfLife
    const whole = Math.floor(halvings)
    if (whole > 32) return 0
    const floor = this.#penalty.get(ref) / 2 ** whole
    return floor - (floor / 2) * (halvings - whole)
  }

  get #halfLife(): Millis {
    return halfLifeIntervals * this.#state.settings.probeInterval
  }

  /** For when what is left has come down to calm, if nothing more is added. */
  #arm(ref: Ref, now: Millis): void {
    let left = this.#penalty.get(ref)
    let halvings = 0
    while (left / 2 > calmBelow) {
      left /= 2
      halvings++
    }
    // The rest of the way is a straight line down to half.
    halvings += Math.max(0, (left - calmBelow) / (left / 2))
    const at = this.#at.get(ref) + halvings * this.#halfLife
    this.#state.timers.arm(Math.max(at, now + 1), TimerKind.Calm, ref)
  }
}
