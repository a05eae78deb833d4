import type { Millis } from '@swimkit/core'
import { detectionBound, longestAgreement, longestDrain } from '../invariants/durations.ts'
import type { GroundTruth } from '../invariants/ground-truth.ts'
import { Inspection } from '../invariants/inspection.ts'
import { type Invariant, InvariantViolation } from '../invariants/invariant.ts'
import { allInvariants } from '../invariants/invariants.ts'
import { disagreement } from '../invariants/rest.ts'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import { Simulation } from '../simulation.ts'
import { Assertions } from './assertions.ts'
import { checkScenario, nodeName } from './check.ts'
import { SimulationFailure } from './failure.ts'
import { Joining } from './joining.ts'
import { Operations } from './operations.ts'
import type { Parts, Scenario } from './scenario.ts'

export interface ScenarioOptions {
  /** Look on from the start. */
  readonly observers?: readonly Observer[]
  /** What must hold throughout. Default: {@link allInvariants}, for the `look` of the parts. */
  readonly invariants?: readonly Invariant[]
  /**
   * Whether the run is brought to rest after the last step: what is in force is undone, the nodes get the longest that agreement may
   * take, and what must hold at rest is checked. Default true; measurements that end at `duration` turn it off.
   */
  readonly closing?: boolean
  /** Called when the nodes that the scenario begins with have started, and formed: the first step's time begins. */
  readonly begin?: (simulation: Simulation) => void
  /** Whether `SimNode.events` collects what each node reports. Default true. */
  readonly keepEvents?: boolean
}

export interface ScenarioResult {
  readonly simulation: Simulation
  readonly seed: number
  /** Of everything that happened: equal on Node, Bun and Deno. */
  readonly traceHash: string
  /** Virtual milliseconds: when the first step's time began, when the last step was over, and the end. */
  readonly beganAt: Millis
  readonly stepsEndedAt: Millis
  readonly endedAt: Millis
  /** From the last fault to the agreement of all that run; undefined without closing. */
  readonly agreedAfter: Millis | undefined
}

const defaultSeeds = 3
/** How often agreement is looked for, as a share of the gossip interval. */
const lookShare = 0.5

/**
 * Runs a scenario: starts its nodes, does what its steps say, checks what they expect and, all along, the invariants. Synchronous,
 * and a function of its arguments.
 *
 * @throws ScenarioError, ConditionsError, SettingsError for a scenario that cannot be run; {@link SimulationFailure} when an
 * invariant or assertion does not hold, or an engine throws.
 */
export function runScenario(scenario: Scenario, parts: Parts, options: ScenarioOptions = {}): ScenarioResult {
  checkScenario(scenario)
  const simulation = simulationOf(scenario, parts, options)
  const inspection = new Inspection(simulation, options.invariants ?? allInvariants(parts.look))
  for (const observer of options.observers ?? []) simulation.observe(observer)
  try {
    return new Run(scenario, parts, simulation, inspection).run(options)
  } catch (error) {
    throw failureOf(scenario, simulation, error)
  }
}

function simulationOf(
  { network, profile, seed = 1, settings, snapshots }: Scenario,
  { codec, detectors, disseminator }: Parts,
  { keepEvents = true }: ScenarioOptions,
): Simulation {
  return new Simulation({
    detectors,
    seed,
    keepEvents,
    ...(codec === undefined ? {} : { codec }),
    ...(disseminator === undefined ? {} : { disseminator }),
    ...(network === undefined ? {} : { network }),
    ...(profile === undefined ? {} : { profile }),
    ...(settings === undefined ? {} : { settings }),
    ...(snapshots === undefined ? {} : { snapshots }),
  })
}

function failureOf(scenario: Scenario, simulation: Simulation, error: unknown): unknown {
  if (error instanceof SimulationFailure || !(error instanceof Error)) return error
  if (error instanceof InvariantViolation) {
    const { about, at, invariant, rule } = error
    const what = error.message.slice(invariant.length + 2)
    return new SimulationFailure(scenario, simulation, { check: invariant, what, rule, at, about })
  }
  const details = {
    check: 'error',
    what: `${error.name}: ${error.message}`,
    rule: undefined,
    at: undefined,
    about: undefined,
  }
  return new SimulationFailure(scenario, simulation, details, { cause: error })
}

class Run {
  readonly #scenario: Scenario
  readonly #parts: Parts
  readonly #simulation: Simulation
  readonly #inspection: Inspection
  readonly #truth: GroundTruth
  readonly #assertions: Assertions
  readonly #joining: Joining
  readonly #operations: Operations

  constructor(scenario: Scenario, parts: Parts, simulation: Simulation, inspection: Inspection) {
    this.#scenario = scenario
    this.#parts = parts
    this.#simulation = simulation
    this.#inspection = inspection
    this.#truth = inspection.truth
    this.#assertions = new Assertions(simulation, this.#truth)
    const { nodes, seeds } = scenario
    const first = Array.from({ length: Math.min(nodes, defaultSeeds) }, (_, i) => nodeName(i))
    this.#joining = new Joining(simulation, this.#truth, seeds ?? first)
    this.#operations = new Operations(simulation, this.#truth, this.#joining)
  }

  run({ begin, closing = true }: ScenarioOptions): ScenarioResult {
    const simulation = this.#simulation
    const { nodes, seed = 1, start, steps } = this.#scenario
    if (start === 'form') this.#form(nodes)
    else simulation.populate(nodes)
    this.#joining.lookUpSeeds()
    begin?.(simulation)
    const beganAt = simulation.now
    let last = beganAt
    for (const step of steps) {
      simulation.run(beganAt + step.at - simulation.now)
      if ('do' in step) this.#operations.perform(step)
      else {
        this.#assertions.expect(step, ({ about, at, what }) => {
          const check = `expect ${step.expect}`
          throw new SimulationFailure(this.#scenario, simulation, { check, what, rule: undefined, at, about })
        })
        if ('within' in step) last = Math.max(last, beganAt + step.at + (step.within ?? 0))
      }
    }
    const { duration } = this.#scenario
    const end = duration === undefined ? Math.max(last, simulation.now) : beganAt + duration
    simulation.run(end - simulation.now)
    const stepsEndedAt = simulation.now
    const agreedAfter = closing ? this.#close() : undefined
    const endedAt = simulation.now
    return { simulation, seed, traceHash: simulation.trace.hash, beganAt, stepsEndedAt, endedAt, agreedAfter }
  }

  #form(count: number): void {
    const nodes = Array.from({ length: count }, () => this.#simulation.add())
    for (const node of nodes.slice(1)) this.#joining.join(node, nodes[0]!.name)
    this.#agree('they were started')
  }

  /** Brings everything to rest; returns how long agreement took. */
  #close(): Millis {
    const simulation = this.#simulation
    simulation.run(Math.max(0, this.#operations.endsAt - simulation.now))
    this.#operations.heal()
    const healedAt = simulation.now
    const drain = longestDrain(simulation.settings, this.#truth.processes.length)
    // They may agree by chance while something is under way that was begun in worse times: once that has ended, they agree for good.
    this.#agree('the last fault')
    simulation.run(drain)
    const ended = simulation.now
    const again = this.#agree('what was under way had ended')
    const took = (again === 0 ? ended - drain : simulation.now) - healedAt
    simulation.run(drain)
    this.#checkAsked()
    this.#inspection.atRest()
    return took
  }

  /** Runs until all that run agree. */
  #agree(since: string): Millis {
    const simulation = this.#simulation
    const { settings } = simulation
    const start = simulation.now
    const names = simulation.names.length
    const addresses = new Set(
      this.#truth.processes.map(({ node }) => `${node.address.host} ${node.address.port}`),
    )
    const longest = detectionBound(this.#parts.look ?? 'ring-successor')
    const bound = longestAgreement(settings, names, addresses.size, longest(settings, names))
    for (;;) {
      const found = disagreement(this.#truth)
      if (found === undefined) return simulation.now - start
      if (simulation.now - start > bound) {
        throw new SimulationFailure(this.#scenario, simulation, {
          check: 'all-agree-at-rest',
          what: `${Math.round(bound / 1_000)} s after ${since}: ${found.what}`,
          rule: 'all that run agree within the stated bound after the last fault',
          at: found.at.node,
          about: found.about,
        })
      }
      simulation.run(settings.gossipInterval * lookShare)
    }
  }

  /** Every operation of a process that runs has ended by now. */
  #checkAsked(): void {
    for (const { node, operation, what } of this.#joining.asked) {
      if (node.state === 'gone' || node.results.has(operation)) continue
      throw new SimulationFailure(this.#scenario, this.#simulation, {
        check: 'operations-end',
        what: `its ${what} has not ended`,
        rule: 'every operation that a process is asked for ends while it runs',
        at: node satisfies SimNode,
        about: undefined,
      })
    }
  }
}
