import type { Millis } from '@swimkit/core'
import type { LinkRules } from '../network/rules.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'

/** Rules that were in force until an instant. */
interface Past {
  readonly rules: LinkRules
  readonly until: Millis
}

/** Which nodes packets could not pass between, and until when. */
export class Separations implements Observer {
  readonly #simulation: Simulation
  readonly #past: Past[] = []

  constructor(simulation: Simulation) {
    this.#simulation = simulation
    simulation.observe(this)
  }

  /** The rules change, now. */
  relinked(now: Millis): void {
    const { rules } = this.#simulation
    if (rules.count > 0) this.#past.push({ rules: rules.copy(), until: now })
  }

  /** Whether packets were cut between two places, in either direction, at any time within so many milliseconds up to now. */
  within(place: number, other: number, window: Millis, now: Millis): boolean {
    const past = this.#past
    // Windows are alike, or nearly so: what is behind twice of one is behind all of them.
    while (past.length > 0 && past[0]!.until < now - 2 * window) past.shift()
    return (
      areCut(this.#simulation.rules, place, other) ||
      past.some(({ rules, until }) => until > now - window && areCut(rules, place, other))
    )
  }
}

const areCut = (rules: LinkRules, place: number, other: number): boolean =>
  [rules.of(place, other).cut, rules.of(other, place).cut].some(
    (cut) => cut === 'packets' || cut === 'everything',
  )
