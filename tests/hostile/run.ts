/**
 * `npm run fuzz:inputs -- [--seconds N] [--seed S] [--target NAME]`: damages what is valid and looks for code that none reached before, as long as one likes.
 * `--target NAME --replay HEX` tries one input again; `--keep` writes what reached new code to the corpus.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import process from 'node:process'
import { parseArgs } from 'node:util'
import { fromHex, readCorpus, writeCorpus } from './corpus.ts'
import { Coverage } from './coverage.ts'
import { describeFinding, failureOf, minimised } from './finding.ts'
import { fuzzGuided } from './guided.ts'
import type { Target } from './target.ts'
import { targets } from './targets.ts'

const corpusFolder = join('tests', 'hostile', 'corpus')
/** Of the whole corpus of a target; a run goes on with what it was given. */
const keptBytes = 24_576

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '60' },
    seed: { type: 'string' },
    target: { type: 'string', multiple: true },
    replay: { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
})
if (!existsSync(corpusFolder)) refuse(`there is no ${corpusFolder} here: run it in the project's folder`)
const seconds = whole('seconds', values.seconds, 1)
// The day, so that each explores another part, and what is printed says which.
const seed =
  values.seed === undefined
    ? Number(new Date().toISOString().slice(0, 10).replaceAll('-', ''))
    : whole('seed', values.seed, 0)
const chosen = values.target === undefined ? targets : values.target.map(named)

if (values.replay === undefined) await explore()
else await replay(chosen, values.replay)

async function explore(): Promise<void> {
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
    if (finding !== undefined) {
      console.log(describeFinding(finding))
      process.exit(1)
    }
    if (values.keep) keep(target, [...known, ...kept])
  }
}

async function replay(of: readonly Target[], hex: string): Promise<void> {
  const [target] = of
  if (of.length !== 1 || target === undefined) refuse('--replay needs one --target')
  const input = fromHex(hex)
  const error = await failureOf(target, input)
  if (error === undefined) {
    console.log(`${target.name}: this input of ${input.length} bytes breaks nothing`)
    return
  }
  console.log(describeFinding(await minimised(target, input, error)))
  process.exit(1)
}

/** The known ones first, then the shortest of those that are new. */
function keep(target: Target, inputs: readonly Uint8Array[]): void {
  let left = keptBytes
  const fitting = inputs.filter(({ length }) => {
    left -= length
    return left >= 0
  })
  writeCorpus(corpusFolder, target.name, fitting)
}

function named(name: string): Target {
  const target = targets.find((each) => each.name === name)
  if (target === undefined) {
    refuse(`--target is ${name}: must be one of ${targets.map((each) => each.name).join(', ')}`)
  }
  return target
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= least && value < 2 ** 32) return value
  return refuse(`--${name} is ${text}: must be a whole number from ${least} on`)
}

function refuse(why: string): never {
  console.error(why)
  process.exit(2)
}
