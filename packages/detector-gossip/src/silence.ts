import type { Millis } from '@swimkit/core'
import { deviationsAt, nextMean, nextVariance } from './accrual.ts'
import { graceOf, patienceLimit, renewal } from './bound.ts'
import type { Resolved } from './options.ts'
import { Flag, type Peers } from './peers.ts'

/** A heartbeat may be so much higher than the last one known, beside what time allows: more is no heartbeat. */
const leap = 16
/** What time allows: so many heartbeats per interval, as clocks and intervals may differ. */
const haste = 4

/** How long silences are as a rule, and thus which one is a reason to look. Times are those of the node's clock. */
export class Silence {
  readonly #peers: Peers
  readonly #options: Resolved
  /** Deviations above the mean at which the threshold is crossed. */
  readonly #deviations: number
  #n = 0
  #renewal: Millis = 0
  #limit: Millis = 0
  #grace: Millis = 0
  /** Silences that began before are no measure: this node has not run all the time since. */
  #since: Millis = 0
  /** Until then silence is nobody's fault. */
  #quietUntil: Millis = 0
  /** Heartbeats that could not be. */
  implausible = 0

  constructor(peers: Peers, options: Resolved) {
    this.#peers = peers
    this.#options = options
    this.#deviations = deviationsAt(options.threshold)
  }

  /** The group has so many active members. */
  resize(n: number): void {
    if (n === this.#n) return
    this.#n = n
    const group = { ...this.#options, n }
    this.#renewal = renewal(group)
    this.#limit = patienceLimit(group)
    this.#grace = graceOf(group)
  }

  /** The detector has just begun. */
  begin(now: Millis): void {
    this.#since = now
    this.#quietUntil = now + this.#grace
  }

  /** This node has stood still for so long: others went on meanwhile, and have to be heard again first. */
  pause(late: Millis, now: Millis): void {
    this.#since = now
    this.#quietUntil = Math.max(
      this.#quietUntil,
      now + Math.min(this.#grace, late + afterPause * this.#renewal),
    )
  }

  /** A new row: what is expected of it. */
  expect(row: number): void {
    this.#peers.means[row] = this.#renewal
    this.#peers.variances[row] = (expectedDeviation * this.#renewal) ** 2
  }

  /** A heartbeat of it was told. `false`: that is no news, or none that is to be believed. */
  heard(row: number, heartbeat: number, now: Millis): boolean {
    const peers = this.#peers
    const { interval } = this.#options
    const known = peers.is(row, Flag.Heard)
    const silence = now - peers.heardAt[row]!
    if (known) {
      const above = heartbeat - peers.heartbeats[row]!
      const rebased = peers.is(row, Flag.Rebase)
      // What is a little lower has been under way for longer than the one that is known.
      if (above <= 0 && !(rebased && above < -leap)) return false
      if (!rebased && above > leap + (haste * silence) / interval) {
        this.implausible++
        return false
      }
    }
    peers.heartbeats[row] = heartbeat
    peers.unmark(row, Flag.Rebase)
    if (known) {
      // What comes so close behind another has waited together with it.
      if (silence < interval / 4) return true
      if (peers.doubts[row]! > 0) this.#reconsider(row, silence)
      this.#measure(row, silence, now)
      peers.backoffs[row] = 0
    } else peers.mark(row, Flag.Heard)
    peers.heardAt[row] = now
    return true
  }

  /** It is there, as a look has shown, or its own refutation. */
  reached(row: number, now: Millis): void {
    const peers = this.#peers
    this.#measure(row, now - peers.heardAt[row]!, now)
    if (peers.backoffs[row]! < backoffs) peers.backoffs[row]!++
    peers.mark(row, Flag.Rebase)
    peers.heardAt[row] = now
  }

  /** It has refuted what was held against it: it was there a moment ago, and all is forgotten. */
  refuted(row: number, now: Millis): void {
    const peers = this.#peers
    peers.doubts[row] = 0
    peers.backoffs[row] = 0
    peers.heardAt[row] = now
  }

  /** It did not answer: it takes some heartbeats in time until it is trusted again. */
  unreached(row: number): void {
    this.#peers.doubts[row] = this.#options.trustAfter
  }

  /** How long a member may be silent, with `penalty` of its threshold on top. */
  patience(row: number, penalty: number): Millis {
    const { means, variances } = this.#peers
    const { interval, minDeviation, threshold } = this.#options
    const deviations = penalty === 0 ? this.#deviations : deviationsAt(threshold * (1 + penalty))
    const deviation = Math.max(minDeviation, Math.sqrt(variances[row]!))
    const mean = Math.max(interval, means[row]!)
    return Math.min(this.#limit * (1 + penalty), mean + deviations * deviation)
  }

  /** When its silence is a reason to look, if it is not heard until then. */
  due(row: number, penalty: number): Millis {
    const known = this.#peers.is(row, Flag.Heard | Flag.Rebase)
    const silence = known ? this.spacing(row, penalty) : this.#grace
    return Math.max(this.#peers.heardAt[row]! + silence, this.#quietUntil)
  }

  /** The patience with one that keeps being silent and is there all the same. */
  spacing(row: number, penalty: number): Millis {
    return this.patience(row, penalty) * (1 << this.#peers.backoffs[row]!)
  }

  #reconsider(row: number, silence: Millis): void {
    const { doubts } = this.#peers
    doubts[row] = silence <= this.patience(row, 0) ? doubts[row]! - 1 : this.#options.trustAfter
  }

  #measure(row: number, silence: Millis, now: Millis): void {
    if (now - silence < this.#since) return
    const { means, variances } = this.#peers
    // One long silence must not cover up the next one for long.
    const counted = Math.min(silence, this.#limit)
    const mean = means[row]!
    variances[row] = nextVariance(variances[row]!, mean, counted)
    means[row] = nextMean(mean, counted)
  }
}

/** Deviation of the silences of a member of whom nothing is known, in renewals. */
const expectedDeviation = 2 / 3
/** Renewals after a pause in which silence does not count, beside its own length. */
const afterPause = 3
/** Looks that found a member there, although it was silent, double its patience so often at most. */
const backoffs = 2
