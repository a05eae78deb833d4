/** `npm run fuzz -- --runs N [--seed S] [--no-shrink]`: random schedules, as many as asked for, from any seed. */
import process from 'node:process'
import { readNumber, readSeed, runCommand } from '../command.ts'
import { checkSchedules, describeFailure } from './check.ts'

const usage = `npm run fuzz -- [options]
  --runs 1000   random schedules
  --seed N      draws the same ones again; without: others each time
  --no-shrink   a schedule that fails is not made smaller
  --json        nothing but how many ran, and which check failed`

await runCommand(
  'fuzz',
  usage,
  {
    runs: { type: 'string', default: '1000' },
    seed: { type: 'string' },
    'no-shrink': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
  },
  async (values) => {
    const runs = readNumber('--runs', values.runs, 1, 2 ** 32 - 1, { whole: true })
    // A new seed each time: what is printed says which.
    const seed = values.seed === undefined ? Date.now() % 2 ** 31 : readSeed(values.seed)
    const began = performance.now()
    const seconds = (): string => `${((performance.now() - began) / 1_000).toFixed(0)} s`
    const outcome = checkSchedules({
      runs,
      seed,
      shrink: !values['no-shrink'],
      held: (count) => {
        if (count % 100 === 0 && !values.json) {
          process.stderr.write(`${count} of ${runs} hold, ${seconds()}\n`)
        }
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
    return failure === undefined ? 0 : 1
  },
)
