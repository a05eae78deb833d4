/** `npm run fuzz -- --runs N [--seed S] [--no-shrink]`: random schedules, as many as asked for, from any seed. */
import process from 'node:process'
import { parseArgs } from 'node:util'
import { checkSchedules, describeFailure } from './check.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
})
const runs = whole('runs', values.runs, 1)
// A new seed each time: what is printed says which.
const seed = values.seed === undefined ? Date.now() % 2 ** 31 : whole('seed', values.seed, 0)
const began = performance.now()
const seconds = (): string => `${((performance.now() - began) / 1_000).toFixed(0)} s`

const outcome = checkSchedules({
  runs,
  seed,
  shrink: !values['no-shrink'],
  held: (count) => {
    if (count % 100 === 0 && !values.json) process.stderr.write(`${count} of ${runs} hold, ${seconds()}\n`)
  },
})
const { failure, virtualHours } = outcome
if (values.json) {
  const { check } = (failure?.error ?? {}) as { readonly check?: string } // of a SimulationFailure
  const what = failure === undefined ? undefined : (check ?? String(failure.error))
  console.log(JSON.stringify({ runs: outcome.runs, check: what }))
} else if (failure === undefined) {
  console.log(
    `seed ${seed}: ${runs} schedules hold, ${virtualHours.toFixed(1)} virtual hours in ${seconds()}`,
  )
} else console.log(describeFailure(seed, failure))
process.exitCode = failure === undefined ? 0 : 1

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value < 2 ** 32) return value
  console.error(`--${name} is ${text}: must be a whole number from ${least} on`)
  process.exit(2)
}
