/**
 * swimkit beside memberlist, and beside bare sockets: forming, steady cost, a metadata update, and nodes that are lost, at
 * several sizes and several times. README.md says what each figure is.
 *
 *   npm run bench
 *   npm run bench -- --help
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runProgram } from './peer/numbers.mts'
import { drawChart } from './run/chart.mts'
import { findIsolation } from './run/isolation.mts'
import { describeMachine, describeRevision, describeWhen } from './run/machine.mts'
import { measure } from './run/measure.mts'
import { buildMemberlist } from './run/memberlist.mts'
import { type BenchOptions, readBenchOptions, usage } from './run/options.mts'
import { plan } from './run/plan.mts'
import { commandLine, publish, requirePlace, resultsFolder } from './run/publish.mts'
import { describeSize } from './run/report.mts'
import { isFailure, type Size } from './run/result.mts'
import { summarize } from './run/summary.mts'

const say = (line: string): void => console.error(line)

async function run(options: BenchOptions, signal: AbortSignal): Promise<void> {
  const name = ['bench', ...(options.only ?? [])].join('-')
  if (options.out === resultsFolder) await requirePlace(name)
  const isolation = await findIsolation()
  const beside = options.only?.includes('memberlist') ?? true
  const memberlist = beside ? await buildMemberlist(signal) : undefined
  const absent = memberlist && 'missing' in memberlist ? [memberlist.missing] : []
  const peer = memberlist && 'binary' in memberlist ? memberlist : undefined
  const missing = [...absent, ...isolation.missing]
  for (const line of missing) say(`not measured: ${line}`)
  const steps = plan(options, { memberlist: peer !== undefined, silence: isolation.silence })
  const started = new Date()
  const sizes = await measure(steps, options, {
    isolation,
    memberlist: peer?.binary,
    signal,
    say,
  })

  const summaries = sizes.map((size) => summarize(size, options.only))
  const runtime = runtimeOf(sizes) ?? options.runtime
  const rival = peer && `memberlist ${peer.version} (${peer.go})`
  const caption = ['swimkit', `(${runtime})`, ...(rival === undefined ? [] : ['and', rival])].join(' ')
  const text = summaries.map((size) => describeSize(size, options.runs)).join('\n\n')
  console.log(`## ${caption}\n\n${text}`)

  await mkdir(options.out, { recursive: true })
  const { out: _, ...asked } = options
  const record = {
    measured: started.toISOString(),
    revision: await describeRevision(),
    machine: describeMachine(),
    versions: { runtime, memberlist: rival },
    options: asked,
    isolated: isolation.enter.length > 0,
    missing,
    sizes: sizes.map((size, i) => ({ ...summaries[i], ...size })),
  }
  const json = join(options.out, `${name}.json`)
  // It shows all beside each other.
  const svg = options.only === undefined ? join(options.out, `${name}.svg`) : undefined
  await writeFile(json, `${JSON.stringify(record, null, 2)}\n`)
  if (svg !== undefined) await writeFile(svg, drawChart(summaries, caption))
  if (options.out === resultsFolder) {
    const head = `\`${commandLine('bench')}\`: ${caption}, ${describeWhen(started)}.`
    const chart = svg === undefined ? [] : [`![${caption}](results/${name}.svg)`]
    await publish(name, [head, text, ...chart].join('\n\n'))
  }
  say(`written: ${json}${svg === undefined ? '' : ` and ${svg}`}`)
  if (
    sizes.some((size) => [size.apart, ...size.runs.flatMap(Object.values)].some((x) => x && isFailure(x)))
  ) {
    say('some processes failed: see the remarks under the tables')
    process.exitCode = 1
  }
}

function runtimeOf(sizes: readonly Size[]): string | undefined {
  for (const { runs } of sizes) {
    for (const { swimkit } of runs) if (swimkit && !isFailure(swimkit)) return swimkit.runtime
  }
  return undefined
}

await runProgram('bench', usage, async (args) => {
  const options = readBenchOptions(args)
  const interrupt = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => interrupt.abort(new Error(`ended by ${signal}`)))
  }
  await run(options, interrupt.signal)
})
