/**
 * Puts bugs into the core, one at a time, and runs random schedules until an invariant catches it: `npm run mutants`. The sources stay as
 * they are: the text is replaced while the fuzz runner is bundled. Exits with 1 unless every bug is caught, and the core as it is
 * is not.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { build } from 'esbuild'
import { mutations } from './mutants/mutations.mjs'

const usage = `npm run mutants -- [options]
  --runs 1500   random schedules for each bug
  --seed 1      of the schedules
  --jobs N      bugs at a time; without: half as many as there are processors
  --only TEXT   those whose name contains it`

const values = readOptions()
const root = fileURLToPath(new URL('..', import.meta.url))
/** What a schedule that never ends is given. */
const limit = 600_000

const chosen = mutations.filter(({ name }) => name.includes(values.only))
if (chosen.length === 0) refuse(`--only is ${JSON.stringify(values.only)}: no bug has that in its name`)
const folder = mkdtempSync(join(tmpdir(), 'swimkit-mutants-'))
const began = performance.now()
const results = []
try {
  const unchanged = { name: '(the core as it is)', file: undefined }
  const queue = [...(values.only === '' ? [unchanged] : []), ...chosen].map((mutation, i) => ({
    mutation,
    i,
  }))
  await Promise.all(Array.from({ length: Number(values.jobs) }, () => work(queue)))
} finally {
  rmSync(folder, { recursive: true, force: true })
}

results.sort((a, b) => a.i - b.i)
const width = Math.max(...results.map(({ name }) => name.length))
console.log(`${'bug'.padEnd(width)}  schedule  caught by`)
for (const { check, name, runs } of results) {
  console.log(
    `${name.padEnd(width)}  ${check === undefined ? '       –' : String(runs).padStart(8)}  ${check ?? 'nothing'}`,
  )
}
const wrong = results.filter(({ check, file }) => (check === undefined) !== (file === undefined))
const seconds = ((performance.now() - began) / 1_000).toFixed(0)
console.log(
  `${chosen.length - wrong.filter(({ file }) => file !== undefined).length} of ${chosen.length} caught within ${values.runs} schedules each, in ${seconds} s`,
)
if (wrong.length > 0) process.exit(1)

function readOptions() {
  if (process.argv.includes('--help') || process.argv.includes('-h')) {
    console.log(usage)
    process.exit(0)
  }
  const options = {
    runs: { type: 'string', default: '1500' },
    seed: { type: 'string', default: '1' },
    jobs: { type: 'string', default: String(Math.max(1, availableParallelism() >> 1)) },
    only: { type: 'string', default: '' },
  }
  let values
  try {
    values = parseArgs({ options }).values
  } catch (error) {
    refuse(`${error.message.split(/\.\s/)[0]}; see --help`)
  }
  for (const [name, least] of [
    ['runs', 1],
    ['seed', 0],
    ['jobs', 1],
  ]) {
    const text = values[name]
    if (/^\d+$/.test(text) && Number(text) >= least && Number(text) < 2 ** 32) continue
    refuse(`--${name} is ${JSON.stringify(text)}: must be a whole number from ${least} to ${2 ** 32 - 1}`)
  }
  return values
}

function refuse(why) {
  console.error(`mutants: ${why}`)
  process.exit(2)
}

async function work(queue) {
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    const { i, mutation } = next
    const outfile = join(folder, `${i}.mjs`)
    await bundle(mutation, outfile)
    const { check, runs } = await fuzz(outfile)
    results.push({ ...mutation, i, check, runs })
    process.stderr.write(
      `${mutation.name}: ${check === undefined ? 'not caught' : `${check}, schedule ${runs}`}\n`,
    )
  }
}

async function bundle({ file, find, name, put }, outfile) {
  let replaced = 0
  const mutate = {
    name: 'mutate',
    setup({ onLoad }) {
      onLoad({ filter: /\.ts$/ }, ({ path }) => {
        if (file === undefined || path !== join(root, file)) return undefined
        const text = readFileSync(path, 'utf8')
        replaced = text.split(find).length - 1
        return { contents: text.replace(find, () => put), loader: 'ts' }
      })
    },
  }
  await build({
    entryPoints: [join(root, 'tests/fuzz/run.ts')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    conditions: ['@swimkit/source'],
    logLevel: 'error',
    plugins: [mutate],
  })
  if (file !== undefined && replaced !== 1) {
    throw new Error(`${name}: its text stands ${replaced} times in ${file}, and must stand there once`)
  }
}

/** Runs schedules until one fails; `check` says what caught it. */
function fuzz(file) {
  const args = [file, '--runs', values.runs, '--seed', values.seed, '--no-shrink', '--json']
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { timeout: limit }, (error, stdout, stderr) => {
      const line = stdout.trim().split('\n').at(-1) ?? ''
      if (line.startsWith('{')) resolve(JSON.parse(line))
      else if (error?.killed) resolve({ runs: 0, check: 'no end' })
      else reject(new Error(stderr || String(error)))
    })
  })
}
