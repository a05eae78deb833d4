import { type EngineEvent, type Millis, Status } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'
import { type Curve, shareCurve } from './curve.ts'
import { type Life, Lives } from './lives.ts'
import { pooled, quantile, type Spread, seconds, spreadOf } from './quantile.ts'

/** A process that died without a word, and who found out when. Times are milliseconds from its death. */
export interface Death {
  readonly name: string
  /** Milliseconds from the simulation's start. */
  readonly at: Millis
  /** When each node that ran at the time, by place, first held it suspect; NaN: never. */
  readonly suspected: Float64Array
  /** When each first held it failed. */
  readonly failed: Float64Array
  /** Nodes that ran when it died, by place. */
  readonly witnesses: Uint8Array
  /** When its name was started again; NaN: was not. */
  backAfter: Millis
}

/** What one death came to, in seconds: `at` from when the measure began, the others from the death. Null: has not happened. */
export interface Timeline {
  readonly node: string
  readonly at: number
  readonly firstSuspect: number | null
  readonly firstFailed: number | null
  /** When the last of those that could learn of it held it failed; null where one still does not. */
  readonly allFailed: number | null
  /** When its name was started again. */
  readonly backAfter: number | null
  /** Witnesses that held it failed. */
  readonly knowing: number
  /** Witnesses that run, and hold the dead process alive or suspect. */
  readonly missing: number
  /** Witnesses with nothing to find out: they heard of its restart first, or held it failed or left before. */
  readonly moot: number
}

export interface DetectionReport {
  readonly deaths: number
  /** Deaths beyond the limit: not looked at. */
  readonly untracked: number
  /** From each death until each witness held it failed. */
  readonly failed: Spread
  /** From each death until each witness held it suspect. */
  readonly suspected: Spread
  /** From each death until anybody held it failed. */
  readonly firstByDeath: Spread
  /** From each death until all its witnesses held it failed, of those where they do. */
  readonly allByDeath: Spread
  /** `Timeline.missing` of all deaths together. */
  readonly missing: number
  readonly timelines: readonly Timeline[]
}

/** What a witness made of a death by now. `gone`: it has ended itself. */
type Outcome = 'knowing' | 'missing' | 'moot' | 'gone'

/**
 * How long it takes until a crash is found out: from the end of a process that had not said that it leaves until the first `failed`
 * event about it at each node that ran then, its witnesses. One that ends later counts as far as it got.
 */
export class Detection implements Observer {
  readonly deaths: Death[] = []
  /** Deaths beyond the limit. */
  untracked = 0
  readonly #simulation: Simulation
  readonly #lives: Lives
  readonly #limit: number
  readonly #begin: Millis
  readonly #byLife = new Map<Life, Death>()
  readonly #latest = new Map<string, Death>()

  /** `limit`: deaths that are looked at, the first ones; each takes 17 bytes for each node. Default 1,000. */
  constructor(simulation: Simulation, limit = 1_000) {
    this.#simulation = simulation
    this.#limit = limit
    this.#begin = simulation.now
    this.#lives = Lives.in(simulation)
    simulation.observe(this)
  }

  started({ name }: SimNode): void {
    const death = this.#latest.get(name)
    if (death === undefined) return
    death.backAfter = this.#simulation.now - death.at
    this.#latest.delete(name)
  }

  ended(node: SimNode): void {
    // One that ends because its name is another's has not died to anybody.
    if (node.leaving || node.engine.lostTo !== undefined) return
    if (this.deaths.length === this.#limit) {
      this.untracked++
      return
    }
    const places = this.#simulation.names.length
    const death: Death = {
      name: node.name,
      at: this.#simulation.now,
      suspected: new Float64Array(places).fill(Number.NaN),
      failed: new Float64Array(places).fill(Number.NaN),
      witnesses: new Uint8Array(places),
      backAfter: Number.NaN,
    }
    for (const { place, state } of this.#simulation.nodes.values()) {
      if (state !== 'gone') death.witnesses[place] = 1
    }
    this.deaths.push(death)
    this.#byLife.set(this.#lives.of(node), death)
    this.#latest.set(node.name, death)
  }

  event({ place, startedAt }: SimNode, { record, type }: EngineEvent, now: Millis): void {
    if (type !== 'failed' && type !== 'suspect') return
    const life = this.#lives.behind(record)
    const death = life === undefined ? undefined : this.#byLife.get(life)
    if (death === undefined || death.witnesses[place] !== 1 || startedAt > death.at) return
    const times = type === 'failed' ? death.failed : death.suspected
    if (Number.isNaN(times[place])) times[place] = now - death.at
  }

  /** From each death until each of its witnesses held it failed, milliseconds, in no order. */
  times(): Float64Array {
    return pooled(this.deaths.map(({ failed }) => known(failed)))
  }

  /** From each death until each of its witnesses held it suspect. */
  suspectTimes(): Float64Array {
    return pooled(this.deaths.map(({ suspected }) => known(suspected)))
  }

  /** Share of the witnesses that held it failed, by time since the death: of one, or over all deaths. */
  curve(death?: Death, points?: number): Curve {
    const deaths = death === undefined ? this.deaths : [death]
    const times = pooled(deaths.map(({ failed }) => known(failed))).sort()
    const missing = deaths.reduce((sum, each) => sum + this.#outcomes(each).missing, 0)
    return shareCurve(times, times.length + missing, points)
  }

  timeline(death: Death): Timeline {
    const failed = known(death.failed).sort()
    const suspected = known(death.suspected).sort()
    const { knowing, missing, moot } = this.#outcomes(death)
    const at = (sorted: Float64Array, q: number): number | null =>
      sorted.length === 0 ? null : seconds(quantile(sorted, q))
    return {
      node: death.name,
      at: seconds(death.at - this.#begin),
      firstSuspect: at(suspected, 0),
      firstFailed: at(failed, 0),
      allFailed: missing === 0 ? at(failed, 1) : null,
      backAfter: Number.isNaN(death.backAfter) ? null : seconds(death.backAfter),
      knowing,
      missing,
      moot,
    }
  }

  report(): DetectionReport {
    const { deaths, untracked } = this
    const timelines = deaths.map((death) => this.timeline(death))
    const spread = (pick: (timeline: Timeline) => number | null): Spread =>
      spreadOf(timelines.map((timeline) => (pick(timeline) ?? Number.NaN) * 1_000))
    return {
      deaths: deaths.length + untracked,
      untracked,
      failed: spreadOf(this.times()),
      suspected: spreadOf(this.suspectTimes()),
      firstByDeath: spread(({ firstFailed }) => firstFailed),
      allByDeath: spread(({ allFailed }) => allFailed),
      missing: timelines.reduce((sum, { missing }) => sum + missing, 0),
      timelines,
    }
  }

  /** What the witnesses of a death made of it by now, by how many. */
  #outcomes(death: Death): Readonly<Record<Outcome, number>> {
    const counts = { knowing: 0, missing: 0, moot: 0, gone: 0 }
    for (let place = 0; place < death.witnesses.length; place++) {
      if (death.witnesses[place] === 1) counts[this.#outcome(death, place)]++
    }
    return counts
  }

  #outcome(death: Death, place: number): Outcome {
    if (!Number.isNaN(death.failed[place])) return 'knowing'
    const witness = this.#simulation.nodeAt(place)
    if (witness.state === 'gone' || witness.startedAt > death.at) return 'gone'
    const { members } = witness.engine
    const ref = members.find(death.name)
    if (ref === undefined || members.status(ref) >= Status.Failed) return 'moot'
    const life = this.#lives.behind(members.record(ref))
    return life !== undefined && this.#byLife.get(life) === death ? 'missing' : 'moot'
  }
}

const known = (times: Float64Array): Float64Array => times.filter((ms) => !Number.isNaN(ms))
