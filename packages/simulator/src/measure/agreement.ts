import type { Millis } from '@swimkit/core'
import type { Simulation } from '../simulation.ts'
import type { Curve } from './curve.ts'
import { seconds } from './quantile.ts'

/** Instants that are kept at most, an even number; then every second goes, and the period doubles. */
const kept = 400

/**
 * How far the nodes are of one mind: the share of those that run and are not paused which hold the commonest digest of the members, looked at
 * periodically. One look takes a string from each node.
 */
export class Agreement {
  readonly #simulation: Simulation
  #samples: (readonly [at: Millis, share: number])[] = []
  #period: Millis
  readonly #begin: Millis

  /** `period`: milliseconds between two looks. Default: the gossip interval. */
  constructor(simulation: Simulation, period: Millis = simulation.settings.gossipInterval) {
    this.#simulation = simulation
    this.#period = period
    this.#begin = simulation.now
    this.#look()
  }

  /** By seconds since the measure began. */
  curve(): Curve {
    return this.#samples.map(([at, share]) => [seconds(at - this.#begin), share])
  }

  /** Share of the nodes that hold the commonest digest now; 1 where none runs. */
  share(): number {
    const byDigest = new Map<string, number>()
    let running = 0
    let most = 0
    for (const { engine, state } of this.#simulation.nodes.values()) {
      if (state !== 'up') continue
      running++
      const count = (byDigest.get(engine.digest) ?? 0) + 1
      byDigest.set(engine.digest, count)
      if (count > most) most = count
    }
    return running === 0 ? 1 : most / running
  }

  #look(): void {
    this.#samples.push([this.#simulation.now, this.share()])
    // The latest is to stay, or the next would be further from the one before.
    if (this.#samples.length > kept) {
      this.#samples = this.#samples.filter((_, i) => i % 2 === 0)
      this.#period *= 2
    }
    this.#simulation.after(this.#period, () => this.#look())
  }
}
