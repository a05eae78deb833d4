import fc from 'fast-check'
import { schedules } from './arbitraries.ts'
import { runSchedule, type Schedule } from './schedule.ts'

/** What came of random schedules: all held, or the first that did not, as small as it could be made. */
export interface Outcome {
  readonly runs: number
  readonly virtualHours: number
  readonly failure: { readonly run: number; readonly schedule: Schedule; readonly error: unknown } | undefined
}

export interface CheckOptions {
  readonly runs: number
  readonly seed: number
  /** Whether a schedule that fails is made smaller. Default true. */
  readonly shrink?: boolean
  /** Called after every schedule that holds. */
  readonly held?: (count: number) => void
}

/** Runs so many random schedules under all invariants; the same seed draws the same ones. */
export function checkSchedules({ held, runs, seed, shrink = true }: CheckOptions): Outcome {
  let count = 0
  let virtual = 0
  let failing = false
  const property = fc.property(schedules, (schedule) => {
    try {
      virtual += runSchedule(schedule).endedAt
    } catch (error) {
      failing = true
      throw error
    }
    count++
    // What is run to make a schedule smaller does not count.
    if (!failing) held?.(count)
  })
  const { counterexample, errorInstance, failed, numRuns } = fc.check(property, {
    numRuns: runs,
    seed,
    endOnFailure: !shrink,
  })
  const schedule = counterexample?.[0]
  return {
    runs: numRuns,
    virtualHours: virtual / 3_600_000,
    failure: failed && schedule !== undefined ? { run: numRuns, schedule, error: errorInstance } : undefined,
  }
}

/** What a person needs of a failure: what happened, and the schedule as a regression test takes it. */
export function describeFailure(
  seed: number,
  { error, run, schedule }: NonNullable<Outcome['failure']>,
): string {
  const what = error instanceof Error ? error.message : String(error)
  return [
    `Schedule ${run} of seed ${seed} fails, made as small as it could be:`,
    JSON.stringify(schedule),
    '',
    what,
  ].join('\n')
}
