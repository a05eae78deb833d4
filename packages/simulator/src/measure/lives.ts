import { type Millis, type PeerRecord, suspicionMin } from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'

/** One process, from its start to its end. */
export interface Life {
  readonly name: string
  readonly place: number
  readonly startedAt: Millis
  /** Undefined once it has ended. */
  node: SimNode | undefined
  /** Infinity while it runs. */
  endedAt: Millis
  /** Had said that it leaves when it ended. */
  left: boolean
  /** When it was last paused, resumed, blocked, let go, slowed down or sped up, or its clock changed. */
  disturbedAt: Millis
}

const lives = new WeakMap<Simulation, Lives>()

/**
 * Which processes ran when, and in what condition: what a report is about is a process, not a name. All measures of a
 * simulation share one.
 */
export class Lives implements Observer {
  readonly #simulation: Simulation
  readonly #byBoot = new Map<bigint, Life>()
  readonly #byNode = new WeakMap<SimNode, Life>()
  readonly #latest = new Map<string, Life>()
  /** Processes that run. */
  running = 0

  static in(simulation: Simulation): Lives {
    let known = lives.get(simulation)
    if (known === undefined) {
      known = new Lives(simulation)
      lives.set(simulation, known)
      simulation.observe(known)
    }
    return known
  }

  private constructor(simulation: Simulation) {
    this.#simulation = simulation
    for (const node of simulation.live()) this.started(node)
  }

  started(node: SimNode): void {
    const { members } = node.engine
    const life: Life = {
      name: node.name,
      place: node.place,
      startedAt: node.startedAt,
      node,
      endedAt: Number.POSITIVE_INFINITY,
      left: false,
      disturbedAt: Number.NEGATIVE_INFINITY,
    }
    this.#byBoot.set(members.record(members.self).boot, life)
    this.#byNode.set(node, life)
    this.#latest.set(node.name, life)
    this.running++
  }

  ended(node: SimNode): void {
    const life = this.of(node)
    life.node = undefined
    life.endedAt = this.#simulation.now
    life.left = node.leaving
    this.running--
  }

  disturbed(node: SimNode, now: Millis): void {
    this.of(node).disturbedAt = now
  }

  of(node: SimNode): Life {
    const life = this.#byNode.get(node)
    if (life === undefined) throw new Error(`${node.name} is of another simulation`)
    return life
  }

  /** The process that a record is of; without a boot (memberlist's wire format has none) the latest of its name. */
  behind({ boot, name }: Pick<PeerRecord, 'boot' | 'name'>): Life | undefined {
    return boot === 0n ? this.#latest.get(name) : this.#byBoot.get(boot)
  }

  /**
   * Whether nothing is done to a process now, and nothing was done within the longest suspicion before
   * (`suspicionMaxMult × suspicionMin`): a suspicion that it began while it stood still, heard nothing or was slow may last
   * that long, and what comes of it is no healthy node's verdict.
   */
  healthy(life: Life, now: Millis): boolean {
    const { node } = life
    if (node === undefined || node.state !== 'up' || node.blocked) return false
    if (node.slowness > 0 || node.clock.rate !== 1) return false
    return now - life.disturbedAt >= this.recovery
  }

  /** See {@link healthy}. Milliseconds. */
  get recovery(): Millis {
    const { probeInterval, suspicionMaxMult, suspicionMult } = this.#simulation.settings
    return suspicionMaxMult * suspicionMin(this.running, suspicionMult, probeInterval)
  }
}
