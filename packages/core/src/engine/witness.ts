import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { type CoreState, Due } from './core-state.ts'
import type { LookReport, Looks } from './looks.ts'
import type { Membership } from './membership.ts'
import type { Random } from './random.ts'
import type { Millis } from './time.ts'

/**
 * How many members look for each one that is needed, on average: each decides for itself, so there may be fewer. With three needed one has
 * looked already, and of seven others less than two look once in 137 times.
 */
const looksPerReport = 7 / 3

/**
 * Looks for itself at a suspect whose port another has found closed, at once, if the lot falls on this node. As many independent
 * finds as `refusalQuorum` spare a dead process's group the wait for its refutation; see docs/protocol.md, "Closed ports".
 */
export class Witness {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #looks: Looks
  readonly #random: Random

  constructor(state: CoreState, membership: Membership, looks: Looks) {
    this.#state = state
    this.#membership = membership
    this.#looks = looks
    this.#random = state.random.fork('witness')
  }

  /** Others have found the ports of these closed. */
  hear(found: Ref[], now: Millis): void {
    this.#state.due &= ~Due.Witness
    for (const ref of found) if (this.#isCalled(ref)) this.#look(ref, now)
    found.length = 0
  }

  onLook({ evidence, outcome, seen }: LookReport, now: Millis): void {
    // Silence goes the long way: whose turn it is to probe may say so.
    if (outcome === 'unreached' && evidence === 'refused') this.#membership.accuse(seen, evidence, now)
  }

  #isCalled(ref: Ref): boolean {
    const { doubt, sender, settings, streams, table } = this.#state
    if (!streams || settings.refusalQuorum === 0 || doubt.refused || doubt.doubtful) return false
    if (!table.has(ref) || table.status(ref) !== Status.Suspect || !table.record(ref).streams) return false
    if (table.status(table.self) !== Status.Alive) return false
    const accusations = this.#membership.suspicion(ref)?.accusations ?? []
    if (accusations.some(({ accuser, evidence }) => accuser === sender.name && evidence === 'refused')) {
      return false
    }
    // Neither the suspect nor who found it is among those that may be called.
    const others = Math.max(1, table.active - 2)
    return this.#random.fraction() * others < settings.refusalQuorum * looksPerReport
  }

  #look(ref: Ref, now: Millis): void {
    this.#state.counters.witnessLooks++
    this.#looks.begin(ref, { timeout: this.#looks.patience(ref), urgent: true }, 'witness', now)
  }
}
