/**
 * Published figures, found anew on the simulator.
 *
 *   npm run experiment                      what there is
 *   npm run experiment -- swim-detection    one of them
 *   npm run experiment -- all
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { BenchOptionError, readNumber, runProgram } from '../peer/numbers.mts'
import { publish, resultsFolder } from '../run/publish.mts'
import { table } from '../run/table.mts'
import { experiments, findExperiment } from './catalogue.mts'
import { drawFigure } from './kit/chart.mts'
import type { Experiment, Goal, Report, Scale } from './kit/experiment.mts'
import { runJobs } from './kit/pool.mts'
import { Progress } from './kit/progress.mts'

const usage = `npm run experiment -- <name>... [options]

${experiments.map(({ name, title }) => `  ${name.padEnd(20)}${title}`).join('\n')}
  ${'all'.padEnd(20)}every one of them

  --runs <n>           runs of each point
  --seed 1             seed of the first run
  --full               the published set-up in full: hours
  --quick              to see that it runs; results to bench/dist/results
  --workers 1          threads, 1 or 2
  --out docs/results   folder for experiments-<name>.json, .svg and .md`

interface Options {
  readonly chosen: readonly Experiment[]
  readonly scale: Scale
  readonly workers: number
  readonly out: string
  /** What was asked for, beyond the name: to be said where the results are shown. */
  readonly asked: readonly string[]
}

/** Undefined: no experiment was named. */
function readOptions(args: readonly string[]): Options | undefined {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { positionals, values } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      runs: text,
      seed: { ...text, default: '1' },
      full: flag,
      quick: flag,
      workers: { ...text, default: '1' },
      out: text,
    },
  })
  if (positionals.length === 0) return undefined
  if (values.full && values.quick) throw new BenchOptionError('--full and --quick are not for one run')
  const whole = { whole: true }
  const runs = values.runs === undefined ? undefined : readNumber('--runs', values.runs, 1, 1_000, whole)
  const seed = readNumber('--seed', values.seed, 0, 1e9, whole)
  return {
    chosen: positionals.flatMap((name) => (name === 'all' ? experiments : [find(name)])),
    scale: { size: values.full ? 'full' : values.quick ? 'quick' : 'default', runs, seed },
    workers: readNumber('--workers', values.workers, 1, 2, whole),
    out: values.out ?? (values.quick ? 'bench/dist/results' : resultsFolder),
    asked: [
      ...(values.full ? ['--full'] : []),
      ...(values.quick ? ['--quick'] : []),
      ...(runs === undefined ? [] : [`--runs ${runs}`]),
      ...(seed === 1 ? [] : [`--seed ${seed}`]),
    ],
  }
}

function find(name: string): Experiment {
  try {
    return findExperiment(name)
  } catch (error) {
    throw new BenchOptionError((error as Error).message)
  }
}

async function run(experiment: Experiment, options: Options): Promise<void> {
  const { out, scale, workers } = options
  const jobs = experiment.jobs(scale)
  const progress = new Progress(experiment.name, jobs.length)
  const outcomes = await runJobs(experiment, jobs, workers, (index) =>
    progress.step(experiment.describe(jobs[index])),
  )
  progress.end()
  const report = experiment.report(jobs.map((job, i) => ({ job, outcome: outcomes[i] })))
  const command = ['npm run experiment --', experiment.name, ...options.asked].join(' ')
  const markdown = asMarkdown(experiment, report, command)
  console.log(markdown)
  await mkdir(out, { recursive: true })
  const path = join(out, `experiments-${experiment.name}`)
  const { data, goals } = report
  await writeFile(`${path}.json`, `${JSON.stringify({ command, goals, data }, null, 2)}\n`)
  await writeFile(`${path}.svg`, drawFigure(report.figure))
  await writeFile(`${path}.md`, markdown)
  if (out === resultsFolder) await publish(experiment.name, markdown)
  console.error(`written: ${path}.json, .svg and .md`)
}

function asMarkdown({ name, title }: Experiment, { goals, text }: Report, command: string): string {
  const parts = [`### ${title}`, `\`\`\`sh\n${command}\n\`\`\``, text]
  if (goals.length > 0) parts.push(goalTable(goals))
  parts.push(`![${title}](results/experiments-${name}.svg)`)
  return `${parts.join('\n\n')}\n`
}

const goalTable = (goals: readonly Goal[]): string =>
  table(
    ['goal', 'wanted', 'found', 'met'],
    goals.map(({ found, met, wanted, what }) => [what, wanted, found, met ? 'yes' : 'no']),
  )

await runProgram('experiment', usage, async (args) => {
  const options = readOptions(args)
  if (options === undefined) console.log(usage)
  else for (const experiment of options.chosen) await run(experiment, options)
})
