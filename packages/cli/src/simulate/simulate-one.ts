import {
  type LoadMark,
  Measures,
  type Parts,
  runScenario,
  type Scenario,
  Simulation,
  SimulationFailure,
} from '@swimkit/simulator'
import { isOutOfMemory } from './memory.ts'
import type { RunFailure, RunResult } from './run-result.ts'

/** One run, and what it is held against. */
export interface Order {
  readonly scenario: Scenario
  /** Whether the protocol's invariants are checked throughout, and the cluster is brought to rest in the end. */
  readonly check: boolean
}

/** Told of how far a run is, in virtual milliseconds, now and then. */
export type Progress = (now: number, total: number) => void

/** Deaths of which curves are kept. */
const curvesKept = 12
const curvePoints = 60

type Measured = Pick<RunResult, 'detail' | 'measures' | 'quietLoad' | 'samples'>

/** Runs a scenario, and measures it. Takes as long as it takes, and hands nothing to the event loop. */
export function simulateOne({ check, scenario }: Order, parts: Parts, progress: Progress): RunResult {
  const began = performance.now()
  const { seed = 1, start, steps } = scenario
  let observed: Observation | undefined
  let failure: RunFailure | null = null
  let traceHash: string
  try {
    const result = runScenario(scenario, parts, {
      closing: check,
      keepEvents: false,
      begin: (simulation) => {
        observed = new Observation(simulation, scenario, progress)
      },
      ...(check ? {} : { invariants: [] }),
    })
    traceHash = result.traceHash
  } catch (error) {
    if (!(error instanceof SimulationFailure)) throw error
    // That is no fault of the protocol.
    if (isOutOfMemory(error.what)) throw error.cause
    failure = failureOf(error)
    traceHash = error.traceHash
  }
  // Nothing has begun where the nodes did not come to agree when they joined: nothing is what there is to measure.
  const { beganAt, simulation } = observed ?? { beganAt: 0, simulation: undefined }
  return {
    seed,
    traceHash,
    steps,
    formedAfter: start === 'form' && observed !== undefined ? beganAt / 1_000 : null,
    virtualSeconds: (simulation?.now ?? 0) / 1_000,
    wallSeconds: (performance.now() - began) / 1_000,
    events: simulation?.steps ?? 0,
    failure,
    ...(observed ?? new Observation(new Simulation(parts), scenario, progress)).measured(),
  }
}

/** When a scenario is over, in milliseconds from its first step's time: as `runScenario` has it. */
export function endOf({ duration, steps }: Pick<Scenario, 'duration' | 'steps'>): number {
  if (duration !== undefined) return duration
  return steps.reduce((end, step) => Math.max(end, step.at + ('within' in step ? (step.within ?? 0) : 0)), 0)
}

/** What is looked at while a scenario runs, from its first step's time until it is over; what comes after that is not measured. */
class Observation {
  readonly simulation: Simulation
  readonly beganAt: number
  readonly #measures: Measures
  readonly #begin: LoadMark
  /** When the first thing was done. */
  #quiet: LoadMark | undefined
  #measured: Measured | undefined

  constructor(simulation: Simulation, scenario: Scenario, progress: Progress) {
    this.simulation = simulation
    this.beganAt = simulation.now
    this.#measures = new Measures(simulation)
    this.#begin = this.#measures.load.mark()
    const end = endOf(scenario)
    const tick = (): void => {
      progress(simulation.now - this.beganAt, end)
      simulation.after(Math.max(1, end / 200), tick)
    }
    tick()
    const first = scenario.steps.find((step) => 'do' in step)?.at ?? end
    if (first > 0) {
      simulation.after(first, () => {
        this.#quiet = this.#measures.load.mark()
      })
    }
    simulation.after(end, () => {
      this.#measured = this.#read()
    })
  }

  /** As it was when the scenario was over, or is now if it did not come to that. */
  measured(): Measured {
    return this.#measured ?? this.#read()
  }

  #read(): Measured {
    const { agreement, detection, dissemination, load } = this.#measures
    const measures = this.#measures.report()
    return {
      measures,
      quietLoad: this.#quiet === undefined ? null : load.between(this.#begin, this.#quiet),
      samples: {
        failed: detection.times(),
        suspected: detection.suspectTimes(),
        disseminated: dissemination.times(),
        missing: measures.detection.missing,
      },
      detail: {
        measuredSeconds: measures.load.seconds,
        knowing: detection.deaths
          .slice(0, curvesKept)
          .map((death) => ({ node: death.name, curve: detection.curve(death, curvePoints) })),
        packets: load
          .byNode()
          .map(({ packets }) => packets)
          .sort((a, b) => a - b),
        agreement: agreement.curve(),
      },
    }
  }
}

function failureOf({ about, at, check, explain, instant, rule, trace, what }: SimulationFailure): RunFailure {
  const where = [at === undefined ? '' : ` at ${at}`, about === undefined ? '' : ` about ${about}`].join('')
  return {
    check,
    at: instant / 1_000,
    message: `${check}${where}: ${what}`,
    rule: rule ?? null,
    trace,
    explain,
  }
}
