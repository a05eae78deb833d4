import type { Address, EngineEvent, Memory, Random } from '@swimkit/core'
import type { GroundTruth } from '../invariants/ground-truth.ts'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'

/** Addresses of a snapshot that are tried at a time. */
const remembered = 5

/** An operation that a scenario has asked a process for. */
export interface Asked {
  readonly node: SimNode
  readonly operation: number
  readonly what: 'join' | 'leave' | 'forceLeave' | 'update' | 'broadcast' | 'query' | 'send'
}

/**
 * What surrounds an engine in production: a newcomer tries to join until it is with others, seeds are looked up anew when somebody has
 * started somewhere, and a process that has lost its name ends.
 */
export class Joining implements Observer {
  readonly #simulation: Simulation
  readonly #truth: GroundTruth
  readonly #seeds: readonly string[]
  readonly #random: Random
  readonly asked: Asked[] = []

  constructor(simulation: Simulation, truth: GroundTruth, seeds: readonly string[]) {
    this.#simulation = simulation
    this.#truth = truth
    this.#seeds = seeds
    this.#random = simulation.random.fork('rejoining')
    simulation.observe(this)
  }

  started(): void {
    // Names in DNS, or a list that is written anew, lag behind.
    this.#simulation.after(this.#simulation.settings.rejoinInterval, () => this.lookUpSeeds())
  }

  event({ engine }: SimNode, { type }: EngineEvent): void {
    if (type !== 'conflict' || engine.lostTo === undefined) return
    this.#simulation.after(0, () => this.#endLosers())
  }

  /** Tells everybody where the seeds are now. */
  lookUpSeeds(): void {
    const addresses = this.#seeds
      .map((name) => this.#simulation.nodes.get(name)?.address)
      .filter((address): address is Address => address !== undefined)
    for (const { node } of this.#truth.running()) node.engine.setSeeds(addresses)
  }

  /** Joins through a node, and goes on trying through others until it is with somebody. */
  join(node: SimNode, via: string | undefined): void {
    this.#attempt(node, via, 0)
  }

  /** Joins where its snapshot says that others were, a few addresses at a time, until it is with somebody. */
  rejoin(node: SimNode): void {
    if (!this.#isSearching(node) || node.engine.members.active > 1) return
    const { rejoinInterval } = this.#simulation.settings
    if (node.state === 'up') {
      const known = rememberedAddresses(node.memory)
      for (let i = 0; i < remembered && known.length > 0; i++) {
        const [address] = known.splice(this.#random.below(known.length), 1)
        // There may be one under way at any time, as long as nobody is there.
        this.#simulation.call(node, (engine, now) => engine.join(address!, now, true))
      }
    }
    this.#simulation.after(rejoinInterval, () => this.rejoin(node))
  }

  ask(node: SimNode, what: Asked['what'], operation: number): void {
    this.asked.push({ node, what, operation })
  }

  #attempt(node: SimNode, via: string | undefined, attempts: number): void {
    if (!this.#isSearching(node)) return
    const { rejoinInterval } = this.#simulation.settings
    const introducers = this.#introducers(node, via)
    if (node.state !== 'up' || introducers.length === 0) {
      this.#simulation.after(rejoinInterval, () => this.#attempt(node, via, attempts))
      return
    }
    const introducer = introducers[attempts % introducers.length]!
    const operation = this.#simulation.call(node, (engine, now) => engine.join(introducer.address, now))
    this.ask(node, 'join', operation)
    this.#await(node, operation, () => this.#attempt(node, via, attempts + 1))
  }

  /** Once a join has ended and the node is still alone, tries again. */
  #await(node: SimNode, operation: number, again: () => void): void {
    const { probeInterval, rejoinInterval } = this.#simulation.settings
    this.#simulation.after(probeInterval, () => {
      if (!this.#isSearching(node)) return
      const result = node.results.get(operation)
      if (result === undefined) this.#await(node, operation, again)
      else if (result.kind !== 'joined' && node.engine.members.active <= 1) {
        this.#simulation.after(rejoinInterval, again)
      }
    })
  }

  #isSearching(node: SimNode): boolean {
    const process = this.#truth.of(node)
    return process.running && !node.leaving && node.engine.lostTo === undefined
  }

  /** The one that was asked for, if it is a member, and then the others; through nobody can it join itself. */
  #introducers(node: SimNode, via: string | undefined): SimNode[] {
    const others = this.#truth
      .standing()
      .filter((process) => process.name !== node.name)
      .map((process) => process.node)
    return [...others.filter(({ name }) => name === via), ...others.filter(({ name }) => name !== via)]
  }

  #endLosers(): void {
    for (const { name, node } of this.#truth.running()) {
      if (node.engine.lostTo === undefined) continue
      this.#simulation.crash(node)
      const keeper = this.#truth.named(name).findLast(({ running }) => running)
      if (keeper !== undefined) this.#simulation.nodes.set(name, keeper.node)
    }
  }
}

function rememberedAddresses(memory: Memory | undefined): Address[] {
  if (memory === undefined) return []
  return [...[...memory.members].map(({ record }) => record.address), ...memory.addresses]
}
