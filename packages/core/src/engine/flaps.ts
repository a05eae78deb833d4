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

interface Returns {
  /** In all. */
  count: number
  /** The decaying sum, as it was at its instant. */
  penalty: number
  at: Millis
  flapping: boolean
}

/**
 * Counts how often members come back from suspicion or failure. One that does so again and again is told to be flapping, until it has kept
 * still for long enough: consumers may prefer not to follow each turn.
 */
export class Flaps {
  readonly #state: CoreState
  readonly #news: News
  /** Of those that ever came back: made when the first does, as in most groups nobody does. */
  #returns: Map<Ref, Returns> | undefined

  constructor(state: CoreState, news: News) {
    this.#state = state
    this.#news = news
  }

  count(ref: Ref): number {
    return this.#returns?.get(ref)?.count ?? 0
  }

  isFlapping(ref: Ref): boolean {
    return this.#returns?.get(ref)?.flapping ?? false
  }

  /** A member is alive again. */
  onReturn(ref: Ref, now: Millis): void {
    this.#returns ??= new Map()
    const returns = this.#returns.get(ref) ?? { count: 0, penalty: 0, at: now, flapping: false }
    this.#returns.set(ref, returns)
    returns.count++
    returns.penalty = Math.min(most, this.#decayed(returns, now) + 1)
    returns.at = now
    if (returns.penalty < flapsFrom || returns.flapping) return
    returns.flapping = true
    this.#state.counters.flappers++
    this.#news.tell('flapping', ref, now, false, `it has come back ${returns.count} times`)
    this.#arm(ref, returns, now)
  }

  onGone(ref: Ref): void {
    this.#returns?.delete(ref)
  }

  onTimer(ref: Ref, now: Millis): void {
    const returns = this.#returns?.get(ref)
    if (returns === undefined || !returns.flapping) return
    // It has come back since the timer was armed.
    if (this.#decayed(returns, now) > calmBelow + 1e-6) return this.#arm(ref, returns, now)
    returns.flapping = false
    this.#news.tell('calm', ref, now, false, 'it has kept its status')
  }

  /** Halvings, and a straight line between them: the same on every runtime, which a power of a fraction is not. */
  #decayed({ at, penalty }: Returns, now: Millis): number {
    const halvings = (now - at) / this.#halfLife
    const whole = Math.floor(halvings)
    if (whole > 32) return 0
    const floor = penalty / 2 ** whole
    return floor - (floor / 2) * (halvings - whole)
  }

  get #halfLife(): Millis {
    return halfLifeIntervals * this.#state.settings.probeInterval
  }

  /** For when what is left has come down to calm, if nothing more is added. */
  #arm(ref: Ref, { at: since, penalty }: Returns, now: Millis): void {
    let left = penalty
    let halvings = 0
    while (left / 2 > calmBelow) {
      left /= 2
      halvings++
    }
    // The rest of the way is a straight line down to half.
    halvings += Math.max(0, (left - calmBelow) / (left / 2))
    const at = since + halvings * this.#halfLife
    this.#state.timers.arm(Math.max(at, now + 1), TimerKind.Calm, ref)
  }
}
