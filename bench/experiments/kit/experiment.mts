import type { Figure } from './chart.mts'

/** How much of an experiment is to be done. */
export interface Scale {
  /** `quick` is to see that it runs, `full` is the published set-up where the default is a part of it. */
  readonly size: 'quick' | 'default' | 'full'
  /** Runs of each point, each with a seed of its own; undefined: as many as the experiment takes by default. */
  readonly runs: number | undefined
  /** Seed of the first run. */
  readonly seed: number
}

/**
 * A published figure, and how it is found here. Jobs and outcomes are plain data, and an outcome is a function of its job
 * alone: any may run in another thread, in any order, and comes out the same.
 */
export interface Experiment<Job = unknown, Outcome = unknown> {
  /** As it is called on the command line and in the names of its files. */
  readonly name: string
  readonly title: string
  jobs(scale: Scale): readonly Job[]
  /** For the progress. */
  describe(job: Job): string
  run(job: Job): Outcome
  report(done: readonly Done<Job, Outcome>[]): Report
}

export interface Done<Job, Outcome> {
  readonly job: Job
  readonly outcome: Outcome
}

/** What an experiment comes to. */
export interface Report {
  /** Markdown, without a heading: tables and what is to be known to read them. */
  readonly text: string
  readonly figure: Figure
  /** What the tables and the figure are made of. */
  readonly data: unknown
  /** What was aimed at, and what came out. */
  readonly goals: readonly Goal[]
}

export interface Goal {
  readonly what: string
  readonly wanted: string
  readonly found: string
  readonly met: boolean
}
