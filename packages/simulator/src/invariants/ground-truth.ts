import type { Address, Millis, PeerRecord, Settings } from '@swimkit/core'
import { sameAddress } from '@swimkit/core'
import { highestLatency } from '../network/latency.ts'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Simulation } from '../simulation.ts'
import { Process } from './process.ts'

/**
 * Member entries that are looked at after each input, over all nodes, at most: up to 256 nodes all tables are watched, of
 * larger clusters those of the first few. What a look costs grows with the table.
 */
const watchedEntries = 65_536

/** What is so, as opposed to what nodes believe: which processes ran when, and what each has said. */
export class GroundTruth {
  readonly simulation: Simulation
  readonly settings: Settings
  readonly processes: Process[] = []
  readonly #byNode = new Map<SimNode, Process>()
  readonly #byBoot = new Map<bigint, Process>()
  readonly #byName = new Map<string, Process[]>()
  /** Who knew each other from the start: the roster that their tables were copied from keeps their names. */
  readonly roster = new Set<string>()
  #relinkedAt: Millis = Number.NEGATIVE_INFINITY
  /** Members that an operator forced out, by name and incarnation; `true`: they are to be forgotten at once. */
  readonly #forced = new Map<string, boolean>()

  constructor(simulation: Simulation) {
    this.simulation = simulation
    this.settings = simulation.settings
  }

  get now(): Millis {
    return this.simulation.now
  }

  start(node: SimNode): Process {
    const process = new Process(node, this.processes.length, this.now)
    this.processes.push(process)
    this.#byNode.set(node, process)
    const { members } = node.engine
    if (members.active > 1 && this.roster.size === 0) {
      for (let i = 0; i < members.active; i++) this.roster.add(members.name(members.activeAt(i)))
    }
    this.#byBoot.set(process.boot, process)
    const namesakes = this.#byName.get(node.name)
    if (namesakes === undefined) this.#byName.set(node.name, [process])
    else namesakes.push(process)
    return process
  }

  end(node: SimNode): Process {
    const process = this.of(node)
    process.end(this.now)
    return process
  }

  relinked(): void {
    this.#relinkedAt = this.now
  }

  /** An operator says that a member is gone, at this incarnation. */
  force(name: string, incarnation: number, prune: boolean): void {
    const key = forcedKey(name, incarnation)
    this.#forced.set(key, prune || this.#forced.get(key) === true)
  }

  /** Whether an operator has said so. */
  wasForced(name: string, incarnation: number): boolean {
    return this.#forced.has(forcedKey(name, incarnation))
  }

  /** Whether an operator has said that it is to be forgotten at once. */
  wasPruned(name: string, incarnation: number): boolean {
    return this.#forced.get(forcedKey(name, incarnation)) === true
  }

  of(node: SimNode): Process {
    const process = this.#byNode.get(node)
    if (process === undefined) throw new Error(`${node.name} was started before anybody watched`)
    return process
  }

  /** All processes that a name ever had, the earliest first. */
  named(name: string): readonly Process[] {
    return this.#byName.get(name) ?? []
  }

  /** The process that a record is of; undefined where the wire format has no boot. */
  behind({ boot }: Pick<PeerRecord, 'boot'>): Process | undefined {
    return this.#byBoot.get(boot)
  }

  running(): Process[] {
    return this.processes.filter(({ running }) => running)
  }

  /** Who should be alive in everybody's eyes. */
  standing(): Process[] {
    return this.processes.filter(({ standing }) => standing)
  }

  /** Who listens there: one process, or none. */
  listeners(address: Address): Process[] {
    return this.processes.filter(({ node, running }) => running && sameAddress(node.address, address))
  }

  /** Whether a process of this name listens there, whichever. */
  listens(name: string, address: Address): boolean {
    return this.listeners(address).some((process) => process.name === name)
  }

  /** Whether so many entries that the tables of this process are looked at after each input. */
  watches({ node, number }: Process): boolean {
    return (number + 1) * node.engine.members.size <= watchedEntries
  }

  /**
   * Since when nothing is done to any node or link; undefined while something is, or where the network as such is lossy or slow:
   * a packet may then be late or lost by rights. Processes may start and end in calm.
   */
  calmSince(): Millis | undefined {
    const { rules } = this.simulation
    const { cut, latency, loss, mtu, reorder, reorderBy, streams } = rules.base
    const { packetBytes, probeTimeout } = this.settings
    const slowest = highestLatency(latency) + (reorder > 0 ? reorderBy : 0)
    if (rules.count > 0 || loss > 0 || cut !== 'nothing' || streams !== 'open') return undefined
    if (mtu < packetBytes || 6 * slowest > probeTimeout) return undefined
    let since = this.#relinkedAt
    for (const process of this.processes) {
      if (!process.running) continue
      if (process.disturbed) return undefined
      since = Math.max(since, process.disturbedAt)
    }
    return since
  }

  /** How long it has been calm; −1: it is not. */
  calmFor(): Millis {
    const since = this.calmSince()
    return since === undefined ? -1 : this.now - since
  }

  /** When a process other than this one last started or ended. */
  lastStartOrEnd(except?: Process): Millis {
    let last = Number.NEGATIVE_INFINITY
    for (const process of this.processes) {
      if (process === except) continue
      last = Math.max(last, process.running ? process.startedAt : process.endedAt)
    }
    return last
  }
}

const forcedKey = (name: string, incarnation: number): string => `${incarnation} ${name}`
