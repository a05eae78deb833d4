import { type ProbeStrategy, ringSuccessor, roundRobin, uniform } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { Simulation } from '@swimkit/simulator'
import type { Experiment, Scale } from './kit/experiment.mts'
import {
  type Death,
  type Job,
  type Outcome,
  period,
  type StrategyName,
  strategies,
} from './selection/job.mts'
import { report } from './selection/report.mts'

const made: Readonly<Record<StrategyName, ProbeStrategy>> = { uniform, roundRobin, ringSuccessor }

/** Within this many periods even one that nobody confirms has been failed. */
const patience = 200

/** How soon a crash is looked at, and what that does for the verdict, with selections that cost the same. */
export const selection: Experiment<Job, Outcome> = {
  name: 'selection',
  title: 'Whom to probe next: time until a crash is looked at',
  jobs,
  describe: ({ kind, members, strategy }) => `${strategy}, ${members} members, ${kind}`,
  run: (job) => (job.kind === 'single' ? oneByOne(job) : [together(job)]),
  report,
}

function jobs({ runs = 1, seed, size }: Scale): Job[] {
  const share = { quick: 0.05, default: 1, full: 10 }[size]
  const single = [
    { members: 64, victims: 4, groups: 100 },
    { members: 256, victims: 16, groups: 25 },
  ]
  const all = { members: 200, victims: 5, groups: 150 }
  return strategies.flatMap((strategy) =>
    [
      ...single.flatMap((shape) => repeated({ ...shape, kind: 'single' })),
      ...repeated({ ...all, kind: 'together' }),
    ].map((job) => ({ ...job, strategy })),
  )

  function repeated({ groups, ...job }: Omit<Job, 'seed' | 'strategy'> & { groups: number }) {
    return Array.from({ length: Math.ceil(groups * share) * runs }, (_, i) => ({
      ...job,
      seed: 1_000_000 * seed + i,
    }))
  }
}

/** A group that runs, and what happens to those of its members that have crashed. */
class Watched {
  readonly simulation: Simulation
  readonly #deaths = new Map<string, { since: number; lookers: Set<string>; death: Death }>()

  constructor({ members, seed, strategy }: Job) {
    // A look at a member begins with a ping to it, at that very instant.
    const watching: ProbeStrategy = (view, random, paths) => {
      const scheduler = made[strategy](view, random, paths)
      const next = () => {
        const ref = scheduler.next()
        if (ref !== undefined) this.#looked(view.name(ref), view.name(view.self))
        return ref
      }
      return { ...scheduler, next }
    }
    this.simulation = new Simulation({
      detectors: () => [pingAck({ strategy: watching })],
      seed,
      keepEvents: false,
      evidence: 1,
      traceCapacity: 1,
      settings: { probeInterval: period },
    })
    this.simulation.observe({
      event: (_node, { record, type }) => {
        const { death, since } = this.#deaths.get(record.name) ?? {}
        if (death === undefined || since === undefined) return
        if (type === 'suspect') death.suspected ??= this.#since(since)
        if (type === 'failed') death.failed ??= this.#since(since)
      },
    })
    this.simulation.populate(members)
    this.simulation.run(5 * period)
  }

  /** One of those that still run falls silent, with its machine. */
  crash(): Death {
    const { simulation } = this
    const live = simulation.live()
    const node = live[simulation.random.below(live.length)]!
    const death: Death = { looks: [], suspected: undefined, failed: undefined }
    this.#deaths.set(node.name, { since: simulation.now, lookers: new Set(), death })
    simulation.crash(node, true)
    return death
  }

  until(holds: () => boolean): void {
    for (let periods = 0; !holds(); periods++) {
      if (periods === patience) throw new Error(`nothing came of it in ${patience} periods`)
      this.simulation.run(period)
    }
  }

  /** A part of a period, at random. */
  runOn(): void {
    this.simulation.run(period * this.simulation.random.fraction())
  }

  #looked(name: string, by: string): void {
    const found = this.#deaths.get(name)
    if (found === undefined || found.lookers.has(by)) return
    found.lookers.add(by)
    if (found.death.looks.length < 3) found.death.looks.push(this.#since(found.since))
  }

  #since(time: number): number {
    return (this.simulation.now - time) / period
  }
}

/** One after the other, each when the one before it is dealt with. */
function oneByOne(job: Job): Outcome {
  const watched = new Watched(job)
  return Array.from({ length: job.victims }, () => {
    watched.runOn()
    const death = watched.crash()
    watched.until(() => death.failed !== undefined && death.looks.length === 3)
    watched.simulation.run(2 * period)
    return death
  })
}

/** Several at once; the times are those of whichever was last. */
function together(job: Job): Death {
  const watched = new Watched(job)
  watched.runOn()
  const deaths = Array.from({ length: job.victims }, () => watched.crash())
  watched.until(() => deaths.every(({ looks }) => looks.length > 0))
  return {
    looks: [Math.max(...deaths.map(({ looks }) => looks[0]!))],
    suspected: undefined,
    failed: undefined,
  }
}
