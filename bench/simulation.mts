/**
 * How fast the simulator runs, beside a bare event heap that delivers the same pings and acks and does nothing else: what is
 * between the two is the protocol itself.
 *
 *   npm run bench:simulation                      the standard ones, each in processes of its own; to docs/results
 *   npm run bench:simulation -- --nodes 1000      one, in this process
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readNumber, runProgram } from './peer/numbers.mts'
import { runChild } from './run/child.mts'
import { describeMachine, describeRevision, describeWhen } from './run/machine.mts'
import { commandLine, publish, resultsFolder } from './run/publish.mts'
import { table } from './run/table.mts'
import { type SimulationFigures, type SimulationOrder, simulate } from './simulation/simulate.mts'

interface Standard extends Omit<SimulationOrder, 'seed'> {
  /** Virtual seconds a second at least, and GiB at most. */
  readonly goal?: { readonly speed: number; readonly memory: number }
}

const standard: readonly Standard[] = [
  { nodes: 100, seconds: 600, crash: 0 },
  { nodes: 1_000, seconds: 60, crash: 0, goal: { speed: 40, memory: 1 } },
  { nodes: 1_000, seconds: 60, crash: 10 },
  { nodes: 10_000, seconds: 60, crash: 0 },
  { nodes: 10_000, seconds: 60, crash: 10, goal: { speed: 3, memory: 6 } },
]

const usage = `npm run bench:simulation -- [options]
  --runs 3              runs of each size
  --seed 1
  --out docs/results    folder for simulation.json
  --nodes N             instead, one simulation of that size, whose figures are printed as JSON
  --seconds 60          how long it is, in virtual time
  --crash 0             nodes that crash in it`

await runProgram('simulation', usage, async () => {
  const { values } = parseArgs({
    options: {
      nodes: { type: 'string' },
      seconds: { type: 'string', default: '60' },
      crash: { type: 'string', default: '0' },
      seed: { type: 'string', default: '1' },
      runs: { type: 'string', default: '3' },
      out: { type: 'string', default: resultsFolder },
    },
  })
  const whole = { whole: true }
  const seed = readNumber('--seed', values.seed, 0, 1e9, whole)
  if (values.nodes === undefined) {
    await runStandard(seed, readNumber('--runs', values.runs, 1, 100, whole), values.out)
    return
  }
  const nodes = readNumber('--nodes', values.nodes, 2, 65_536, whole)
  const seconds = readNumber('--seconds', values.seconds, 1, 86_400, whole)
  const crash = readNumber('--crash', values.crash, 0, nodes - 1, whole)
  console.log(JSON.stringify(simulate({ nodes, seconds, crash, seed })))
})

async function runStandard(seed: number, runs: number, out: string): Promise<void> {
  const started = new Date()
  const results: { readonly order: Standard; readonly figures: SimulationFigures[] }[] = []
  for (const order of standard) {
    const figures: SimulationFigures[] = []
    for (let run = 0; run < runs; run++) {
      figures.push(await inChild({ ...order, seed }))
      const { nodes, crash } = order
      console.error(
        `${nodes} nodes, ${crash} crash, run ${run + 1}: ${figures.at(-1)!.wallSeconds.toFixed(1)} s`,
      )
    }
    results.push({ order, figures })
  }
  const text = describe(results, runs)
  console.log(text)
  await mkdir(out, { recursive: true })
  const path = join(out, 'simulation.json')
  const record = {
    measured: started.toISOString(),
    revision: await describeRevision(),
    machine: describeMachine(),
    results,
  }
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`)
  if (out === resultsFolder)
    await publish(
      'simulation',
      `\`${commandLine('bench:simulation')}\`: ${describeWhen(started)}.\n\n${text}`,
    )
  console.error(`written: ${path}`)
}

/** In a process of its own: what one run leaves in memory would slow the next. */
async function inChild({ crash, nodes, seconds, seed }: SimulationOrder): Promise<SimulationFigures> {
  const args = Object.entries({ nodes, seconds, crash, seed }).flatMap(([name, value]) => [
    `--${name}`,
    `${value}`,
  ])
  const command = [process.execPath, ...process.execArgv, fileURLToPath(import.meta.url), ...args]
  return JSON.parse(await runChild(command, { limit: 1_800_000 }))
}

function describe(
  results: readonly { readonly order: Standard; readonly figures: readonly SimulationFigures[] }[],
  runs: number,
): string {
  const rows = results.map(({ figures, order: { crash, goal, nodes } }) => {
    const of = (key: 'bareHeapVirtualSecondsPerCpuSecond' | 'cpuMicrosecondsPerEvent' | 'ratioToBareHeap') =>
      middle(figures.map((each) => each[key]))
    const speeds = figures.map(({ virtualSecondsPerSecond }) => virtualSecondsPerSecond)
    const memory = middle(figures.map(({ maxRssMiB }) => maxRssMiB)) / 1_024
    const met = goal !== undefined && middle(speeds) >= goal.speed && memory <= goal.memory
    return [
      `${nodes.toLocaleString('en-US')} nodes, ${crash === 0 ? 'nothing happens' : `${crash} crash`}`,
      `${short(middle(speeds))} (${short(Math.min(...speeds))} to ${short(Math.max(...speeds))})`,
      short(of('bareHeapVirtualSecondsPerCpuSecond')),
      short(of('ratioToBareHeap')),
      short(of('cpuMicrosecondsPerEvent')),
      memory.toFixed(2),
      goal === undefined ? '' : `≥ ${goal.speed}, ≤ ${goal.memory} GiB: ${met ? 'met' : 'missed'}`,
    ]
  })
  const head = [
    `median of ${runs} (lowest to highest)`,
    'virtual seconds a second',
    'bare heap, by CPU time',
    'ratio',
    'µs of CPU per event',
    'resident memory, GiB',
    'goal',
  ]
  return table(head, rows)
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!
}

function short(value: number): string {
  return value.toFixed(value < 10 ? 2 : 0)
}
