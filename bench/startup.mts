/**
 * What the command costs before it does anything: `swim-cli --version`, and the time until `start` is ready, beside `node -e 0`,
 * alternately in one run.
 *
 *   npm run bench:startup
 *   npm run bench:startup -- --runs 3 --out bench/dist/results
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { host } from '@swimkit/host'
import { readNumber, runProgram } from './peer/numbers.mts'
import { median } from './peer/quantiles.mts'
import { describeMachine, describeRevision, describeWhen } from './run/machine.mts'
import { commandLine, publish, resultsFolder } from './run/publish.mts'
import { table } from './run/table.mts'

interface Start {
  readonly name: string
  readonly command: readonly string[]
  /** It has started once it has printed this; without, once it has ended. */
  readonly until?: RegExp
}

/** Milliseconds in which a program has to start. */
const limit = 30_000

// This runs as bench/dist/startup.mjs.
const root = fileURLToPath(new URL('../..', import.meta.url))
const launcher = resolve(root, 'packages/cli/bin/swim-cli.js')
const bin = (name: string): string => resolve(root, 'node_modules/.bin', name)
const serve = [launcher, 'start', '--bind', '127.0.0.1', '--port', '0', '--log-level', 'error']
const until = /^ready /m

const starts: readonly Start[] = [
  { name: '`node -e 0`', command: [process.execPath, '-e', '0'] },
  { name: '`swim-cli --version`', command: [process.execPath, launcher, '--version'] },
  { name: 'until `ready`, on Node', command: [process.execPath, ...serve], until },
  { name: 'until `ready`, on Bun', command: [bin('bun'), ...serve], until },
  { name: 'until `ready`, on Deno', command: [bin('deno'), 'run', '-A', ...serve], until },
]

const usage = `npm run bench:startup -- [options]
  --runs 15             times that each command is started, in turn
  --out docs/results    folder for startup.json`

await runProgram('startup', usage, async () => {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '15' },
      out: { type: 'string', default: resultsFolder },
    },
  })
  const runs = readNumber('--runs', values.runs, 1, 1_000, { whole: true })
  const started = new Date()
  const times = new Map<string, number[]>(starts.map(({ name }) => [name, []]))
  for (let run = 0; run < runs; run++)
    for (const start of starts) times.get(start.name)!.push(await timeOf(start))

  const results = starts.map(({ name }) => ({ name, ms: median(times.get(name)!) }))
  const base = results[0]!.ms
  const rows = results.map(({ ms, name }) => [name, `${ms.toFixed(0)} ms`, (ms / base).toFixed(2)])
  const text = table([`medians of ${runs}`, 'time', 'ratio'], rows)
  console.log(text)
  await mkdir(values.out, { recursive: true })
  const path = join(values.out, 'startup.json')
  const { runtime } = host()
  const record = {
    measured: started.toISOString(),
    revision: await describeRevision(),
    machine: describeMachine(),
    versions: { runtime },
    times: Object.fromEntries(times),
  }
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`)
  if (values.out === resultsFolder)
    await publish('startup', `\`${commandLine('bench:startup')}\`: ${describeWhen(started)}.\n\n${text}`)
  console.error(`written: ${path}`)
})

/** Milliseconds until it has started. Throws where it ends without. */
async function timeOf({ command: [program, ...args], name, until }: Start): Promise<number> {
  const begin = performance.now()
  const child = spawn(program!, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: limit,
    killSignal: 'SIGKILL',
  })
  const ended = once(child, 'close')
  const said = { out: '', err: '' }
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said.err += text
  })
  for await (const text of child.stdout.setEncoding('utf8')) {
    said.out += text
    if (until?.test(said.out)) {
      const took = performance.now() - begin
      child.kill('SIGKILL')
      await ended
      return took
    }
  }
  const [code] = await ended
  if (until !== undefined || code !== 0)
    throw new Error(`${name} did not start: it ended with ${code}: ${said.err.trim() || said.out.trim()}`)
  return performance.now() - begin
}
