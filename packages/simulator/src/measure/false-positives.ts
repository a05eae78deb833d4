import type { EngineEvent, Millis } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'
import type { Curve } from './curve.ts'
import { Lives } from './lives.ts'
import { Separations } from './separations.ts'
import { TimeBins } from './time-bins.ts'

export interface FalsePositiveReport {
  /** `failed` events about members whose process ran, at whatever node: a verdict that spreads counts at each node that takes it. */
  readonly events: number
  /** Of these, at healthy nodes (Lifeguard's FP⁻). */
  readonly atHealthy: number
  /** Of these, about healthy members (Lifeguard's FP). */
  readonly aboutHealthy: number
  /** Of these, by verdicts that were reached across a partition. */
  readonly apart: number
  /** Verdicts: a member at an incarnation. One that was refuted and reached again is another. */
  readonly verdicts: number
  /** Of these, reached by a healthy node about a healthy member that was not apart from it: those without an excuse. */
  readonly unexcused: number
  /** `suspect` events about members whose process ran. */
  readonly suspicions: number
  /** `events` by seconds since the measure began. */
  readonly byTime: Curve
  /** Seconds that a bin of `byTime` is wide. */
  readonly binSeconds: number
}

/**
 * Verdicts on the living: `failed` events about a member whose process ran, paused ones included, and that had not said that it
 * leaves.
 *
 * A node is _healthy_ if it is neither paused, nor blocked, nor slow, nor its clock off, and has not been so within the longest
 * suspicion before (see `Lives.healthy`). Two nodes are _apart_ while a rule cuts packets or everything between them, in
 * either direction, and for as long after that. Whoever reports a verdict first has reached it.
 */
export class FalsePositives implements Observer {
  readonly #lives: Lives
  readonly #separations: Separations
  /** By member and incarnation: whether it was reached across a partition. */
  readonly #verdicts = new Map<string, { readonly apart: boolean }>()
  readonly #byTime: TimeBins
  readonly #begin: Millis
  #events = 0
  #atHealthy = 0
  #aboutHealthy = 0
  #unexcused = 0
  #apart = 0
  #suspicions = 0

  constructor(simulation: Simulation) {
    this.#lives = Lives.in(simulation)
    this.#separations = new Separations(simulation)
    this.#begin = simulation.now
    this.#byTime = new TimeBins(simulation.settings.probeInterval)
    simulation.observe(this)
  }

  event(observer: SimNode, { incarnation, record, type }: EngineEvent, now: Millis): void {
    if (type !== 'failed' && type !== 'suspect') return
    const subject = this.#lives.behind(record)
    if (subject?.node === undefined || subject.node.leaving) return
    if (type === 'suspect') {
      this.#suspicions++
      return
    }
    this.#events++
    this.#byTime.add(now - this.#begin)
    const atHealthy = this.#lives.healthy(this.#lives.of(observer), now)
    const aboutHealthy = this.#lives.healthy(subject, now)
    if (atHealthy) this.#atHealthy++
    if (aboutHealthy) this.#aboutHealthy++
    const key = `${subject.place} ${incarnation}`
    let verdict = this.#verdicts.get(key)
    if (verdict === undefined) {
      const apart = this.#separations.within(observer.place, subject.place, this.#lives.recovery, now)
      verdict = { apart }
      this.#verdicts.set(key, verdict)
      if (atHealthy && aboutHealthy && !verdict.apart) this.#unexcused++
    }
    if (verdict.apart) this.#apart++
  }

  report(): FalsePositiveReport {
    return {
      events: this.#events,
      atHealthy: this.#atHealthy,
      aboutHealthy: this.#aboutHealthy,
      apart: this.#apart,
      verdicts: this.#verdicts.size,
      unexcused: this.#unexcused,
      suspicions: this.#suspicions,
      byTime: this.#byTime.curve(),
      binSeconds: this.#byTime.width / 1_000,
    }
  }
}
