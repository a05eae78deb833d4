import { type Millis, type StatusName, statusNames, suspicionMin } from '@swimkit/core'
import { type SimNode, Simulation, type SimulationOptions } from '@swimkit/simulator'
import { check } from '../case/check.ts'
import { show } from '../case/show.ts'
import { contract } from './contract.ts'
import type { Setup } from './setup.ts'
import { type Deed, type Tampering, Watch, type WatchedNode } from './watch.ts'

export interface TrialOptions extends Tampering {
  /** Default 1. */
  readonly seed?: number
  readonly network?: SimulationOptions['network']
}

/** Looks take a good part of their time here, so that much happens while one is under way; nothing is lost. */
export const slowNetwork: TrialOptions['network'] = { latency: { kind: 'constant', ms: 110 } }

/** Nodes that know each other, on a virtual network, with the detector that is tried and a watch over it. */
export class Trial {
  readonly simulation: Simulation
  readonly watch: Watch
  readonly nodes: readonly SimNode[]
  readonly #setup: Setup

  constructor(setup: Setup, n: number, { network, seed = 1, ...tampering }: TrialOptions = {}) {
    const watch = new Watch(setup.make(), tampering)
    this.#setup = setup
    this.watch = watch
    this.simulation = new Simulation({
      detectors: () => [watch.detector],
      seed,
      ...(network === undefined ? {} : { network }),
    })
    this.nodes = this.simulation.populate(
      n,
      tampering.carries === undefined ? {} : { engine: tampering.carries },
    )
  }

  run(ms: Millis): void {
    this.simulation.run(ms)
  }

  /** The deeds of a kind, since an instant. */
  done<W extends Deed['what']>(what: W, since: Millis = 0): Extract<Deed, { what: W }>[] {
    // A deed of a kind is what `what` says.
    return this.watch.deeds.filter((deed) => deed.what === what && deed.now >= since) as Extract<
      Deed,
      { what: W }
    >[]
  }

  watched(node: SimNode): WatchedNode {
    return this.watch.nodes.get(node.name)!
  }

  statusAt(observer: SimNode, name: string): StatusName | undefined {
    const { members } = observer.engine
    const ref = members.find(name)
    return ref === undefined ? undefined : statusNames[members.status(ref)]
  }

  /** Does something to the detector of a node, within an input of its engine. */
  command(node: SimNode, run: (watched: WatchedNode, now: Millis) => void): void {
    const watched = this.watched(node)
    this.simulation.call(node, (_, now) => watched.command(now, (at) => run(watched, at)))
    this.run(0)
  }

  /** Nobody that lived was reported, but who may be. */
  checkNobodyReported(when: string, but?: SimNode): void {
    const report = this.done('unreachable').find(({ about }) => about !== but?.name)
    check(
      report === undefined,
      contract.unreachable,
      () => `${report?.node} reported ${report?.about}, which lives, at ${report?.now} ms, ${when}`,
    )
  }

  /** Nobody that lives was failed. */
  checkNobodyFailed(when: string): void {
    for (const node of this.nodes) {
      const failed = node.events.find(
        ({ record, type }) => type === 'failed' && this.simulation.node(record.name).state !== 'gone',
      )
      check(
        failed === undefined,
        contract.unreachable,
        () => `${node.name} holds ${failed?.record.name} failed, which lives, at ${failed?.at} ms, ${when}`,
      )
    }
  }

  /** Ends a process, and checks that it is reported in time and then failed by all. Gives the first report. */
  checkFound(victim: SimNode, silent: boolean, when: string): Extract<Deed, { what: 'unreachable' }> {
    const { simulation } = this
    const others = simulation.live().filter((node) => node !== victim)
    const limit = this.#setup.detectsWithin(others.length + 1)
    const start = simulation.now
    simulation.crash(victim, silent)
    const report = () => this.done('unreachable', start).find(({ about }) => about === victim.name)
    this.#until(() => report() !== undefined, limit)
    const first = report()
    check(
      first !== undefined,
      contract.detector,
      () => `nobody reported ${victim.name} within ${limit} ms of its end, ${when}`,
    )
    // The longest suspicion, two of the longest periods for a node that doubts itself, and time for the verdict to get around.
    const { healthMax, probeInterval, suspicionMaxMult, suspicionMult } = simulation.settings
    const doubt = 2 * (healthMax + 1) * probeInterval
    const suspicion = suspicionMaxMult * suspicionMin(others.length + 1, suspicionMult, probeInterval)
    const verdict = doubt + suspicion + 10_000
    const holdsItFailed = (node: SimNode): boolean => this.statusAt(node, victim.name) === 'failed'
    this.#until(() => others.every(holdsItFailed), verdict)
    const unaware = others.find((node) => !holdsItFailed(node))
    check(
      unaware === undefined,
      contract.unreachable,
      () =>
        `${verdict} ms after the first report of ${victim.name}, of ${show(first?.seen)}, ${unaware?.name} holds it ${this.statusAt(unaware!, victim.name)}, ${when}`,
    )
    return first
  }

  #until(holds: () => boolean, limit: Millis): void {
    const end = this.simulation.now + limit
    while (!holds() && this.simulation.now < end) this.run(Math.min(100, end - this.simulation.now))
  }
}
