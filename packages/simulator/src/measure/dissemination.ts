import type { EngineEvent, Millis } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'
import type { Detection } from './detection.ts'
import { pooled, type Spread, spreadOf } from './quantile.ts'

export interface DisseminationReport {
  /** From the first node that held a dead process failed to each other. */
  readonly failures: Spread
  /** From a member's change of its own record to each other node. */
  readonly updates: Spread
  /** Both. */
  readonly all: Spread
}

/** A member's change of what it says of itself, and when each node, by place, heard of it. */
interface Announcement {
  readonly incarnation: number
  readonly at: Millis
  readonly heard: Float64Array
}

/**
 * How long news takes from the first node that has it to each other. News of a death is first with whoever fails the process;
 * that several may come to it by themselves is part of how it spreads. News of a record is first with the member itself.
 */
export class Dissemination implements Observer {
  readonly #simulation: Simulation
  readonly #detection: Detection
  readonly #limit: number
  readonly #announcements: Announcement[] = []
  readonly #byName = new Map<string, Announcement[]>()

  /** `limit`: changes of records that are followed, the first ones; each takes 8 bytes for each node. Default 1,000. */
  constructor(simulation: Simulation, detection: Detection, limit = 1_000) {
    this.#simulation = simulation
    this.#detection = detection
    this.#limit = limit
    simulation.observe(this)
  }

  event(node: SimNode, { incarnation, record, type }: EngineEvent, now: Millis): void {
    if (type !== 'update' && type !== 'alive' && type !== 'join') return
    const { name } = record
    if (node.name === name) {
      if (type === 'update') this.#announce(name, incarnation, now)
      return
    }
    const announced = this.#byName.get(name)
    if (announced === undefined) return
    // Whoever hears of a later one has heard of the earlier ones.
    for (const { at, heard, incarnation: of } of announced) {
      if (of <= incarnation && node.startedAt <= at && Number.isNaN(heard[node.place])) {
        heard[node.place] = now - at
      }
    }
  }

  /** From the first node that held a dead process failed to each other, milliseconds, in no order. */
  failureTimes(): Float64Array {
    return pooled(
      this.#detection.deaths.map(({ failed }) => {
        const sorted = failed.filter((ms) => !Number.isNaN(ms)).sort()
        return sorted.subarray(1).map((ms) => ms - sorted[0]!)
      }),
    )
  }

  /** From a member's change of its own record to each other node, milliseconds, in no order. */
  updateTimes(): Float64Array {
    return pooled(this.#announcements.map(({ heard }) => heard.filter((ms) => !Number.isNaN(ms))))
  }

  /** Both. */
  times(): Float64Array {
    return pooled([this.failureTimes(), this.updateTimes()])
  }

  report(): DisseminationReport {
    return {
      failures: spreadOf(this.failureTimes()),
      updates: spreadOf(this.updateTimes()),
      all: spreadOf(this.times()),
    }
  }

  #announce(name: string, incarnation: number, at: Millis): void {
    if (this.#announcements.length === this.#limit) return
    const heard = new Float64Array(this.#simulation.names.length).fill(Number.NaN)
    const announcement = { incarnation, at, heard }
    this.#announcements.push(announcement)
    const earlier = this.#byName.get(name)
    if (earlier === undefined) this.#byName.set(name, [announcement])
    else earlier.push(announcement)
  }
}
