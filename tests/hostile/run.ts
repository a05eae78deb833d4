/**
 * `npm run fuzz:inputs -- [--seconds N] [--seed S] [--target NAME]`: damages what is valid and looks for code that none reached before, as long as one likes.
 * `--target NAME --replay HEX` tries one input again; `--keep` writes what reached new code to the corpus.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readNumber, readSeed, runCommand, UsageError } from '../command.ts'
import { fitting, fromHex, readCorpus, writeCorpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { describeFinding, type Finding, failureOf, minimised } from './finding.ts'
import { fuzzGuided } from './guided.ts'
import type { Target } from './target.ts'
import { targets } from './targets.ts'

const corpusFolder = join('tests', 'hostile', 'corpus')
/** Of the whole corpus of a target; a run goes on with what it was given. */
const keptBytes = 24_576

const usage = `npm run fuzz:inputs -- [options]
  --seconds 60   for all targets together
  --seed N       what is drawn; without: the day
  --target NAME  one of ${targets.map(({ name }) => name).join(', ')}; as often as one likes; without: all
  --replay HEX   tries this one input; needs one --target
  --keep         writes to the corpus what reached new code`

await runCommand(
  'fuzz:inputs',
  usage,
  {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    target: { type: 'string', multiple: true },
    replay: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
  async (values) => {
    if (!existsSync(corpusFolder)) {
      throw new UsageError(`there is no ${corpusFolder} here: run it in the project's folder`)
    }
    const seconds = readNumber('--seconds', values.seconds, 1, 2 ** 32 - 1, { whole: true })
    // The day, so that each explores another part, and what is printed says which.
    const seed =
      values.seed === undefined
        ? Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''))
        : readSeed(values.seed)
    const chosen = values.target === undefined ? targets : values.target.map(named)
    const finding =
      values.replay === undefined
        ? await explore(chosen, seconds, seed, values.keep)
        : await replay(chosen, values.replay)
    if (finding === undefined) return 0
    console.log(describeFinding(finding))
    console.log('\nmade as small as it gets:')
    console.log(describeFinding(await minimised(named(finding.target), finding.input, finding.error)))
    return 1
  },
)

/** Returns what it found, at which it ends. */
async function explore(
  chosen: readonly Target[],
  seconds: number,
  seed: number,
  keep: boolean,
): Promise<Finding | undefined> {
  const ends = performance.now() + 1_000 * seconds
  console.log(`seed ${seed}, ${seconds} s for ${chosen.map(({ name }) => name).join(', ')}`)
  for (const [i, target] of chosen.entries()) {
    // Of the time that is left, whatever those before it took.
    const now = performance.now()
    const until = now + (ends - now) / (chosen.length - i)
    const coverage = new Coverage((url) => url.includes('swimkit-fuzz-inputs'))
    const known = readCorpus(corpusFolder, target.name)
    const progress = await fuzzGuided(target, coverage, known, seed, () => performance.now() >= until)
    coverage.close()
    const { executions, finding, kept, reached } = progress
    const rate = Math.round(executions / progress.seconds)
    console.log(
      `${target.name}: ${executions} inputs, ${rate} a second, ${reached} characters of code reached, corpus ${known.length} and ${kept.length} new`,
    )
    if (finding !== undefined) return finding
    if (keep) writeCorpus(corpusFolder, target.name, [...known, ...fitting(known, kept, keptBytes)])
  }
  return undefined
}

async function replay(of: readonly Target[], hex: string): Promise<Finding | undefined> {
  const [target] = of
  if (of.length !== 1 || target === undefined) throw new UsageError('--replay needs one --target')
  const input = inputOf(hex)
  const error = await failureOf(target, input)
  if (error !== undefined) return { target: target.name, input, error }
  console.log(`${target.name}: this input of ${input.length} bytes breaks nothing`)
  return undefined
}

function inputOf(hex: string): Uint8Array {
  try {
    return fromHex(hex)
  } catch (error) {
    throw new UsageError(`--replay: ${(error as Error).message}`)
  }
}

function named(name: string): Target {
  const target = targets.find((each) => each.name === name)
  if (target === undefined) {
    throw new UsageError(`--target is ${name}: must be one of ${targets.map((each) => each.name).join(', ')}`)
  }
  return target
}
