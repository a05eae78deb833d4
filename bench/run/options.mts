import { parseArgs } from 'node:util'
import { BenchOptionError, readNumber } from '../peer/numbers.mts'
import { type Contender, contenders } from './plan.mts'
import { type Runtime, runtimes } from './runtime.mts'

/** What `npm run bench` is to measure. */
export interface BenchOptions {
  /** Sizes at which nodes stop without a word at the end. */
  readonly nodes: readonly number[]
  /** Sizes at which hosts go silent at the end. */
  readonly silentNodes: readonly number[]
  /** Who is measured; undefined: all. */
  readonly only: readonly Contender[] | undefined
  readonly runs: number
  /** Seconds of rest between the forming of a cluster and its steady state. */
  readonly settle: number
  /** Seconds of steady state in each run. */
  readonly hold: number
  /** Nodes to lose at the end of each run. */
  readonly kill: number
  /** Changes of metadata in each run. */
  readonly updates: number
  /** Seconds for all survivors to notice. */
  readonly limit: number
  /** Seconds for a cluster to form. */
  readonly formLimit: number
  /** Port of the first node. */
  readonly base: number
  /** What runs swimkit and the bare sockets. */
  readonly runtime: Runtime
  /** Folder for `bench.json` and `bench.svg`. */
  readonly out: string
}

export const usage = `npm run bench -- [options]
  --nodes 50,200,500    sizes to measure, nodes that stop at the end
  --silent-nodes 200    sizes to measure with hosts that go silent at the end; "none": leave out
  --only swimkit,sealed those contenders of ${contenders.join(', ')}; files are called by them
  --runs 5              runs at each size, swimkit and memberlist in turn
  --settle 15           seconds of rest once a cluster has formed, in each run
  --hold 15             seconds of steady state after that
  --kill 5              nodes to lose at the end of each run
  --updates 5           changes of metadata in each run
  --limit 120           seconds for all survivors to notice
  --form-limit 120      seconds for a cluster to form
  --base 20000          port of the first node
  --runtime node        node, bun or deno
  --out docs/results    folder for bench.json and bench.svg
  --quick               50 nodes, one run of 5 s, results to bench/dist/results; other options still hold`

const thorough = {
  nodes: '50,200,500',
  'silent-nodes': '200',
  runs: '5',
  settle: '15',
  hold: '15',
  updates: '5',
  out: 'docs/results',
}
const quick = {
  nodes: '50',
  'silent-nodes': '50',
  runs: '1',
  settle: '5',
  hold: '5',
  updates: '1',
  out: 'bench/dist/results',
}

export function readBenchOptions(args: readonly string[]): BenchOptions {
  const text = { type: 'string' } as const
  const flag = { type: 'boolean', default: false } as const
  const { values: given } = parseArgs({
    args: [...args],
    options: {
      nodes: text,
      'silent-nodes': text,
      only: text,
      runs: text,
      settle: text,
      hold: text,
      kill: { ...text, default: '5' },
      updates: text,
      limit: { ...text, default: '120' },
      'form-limit': { ...text, default: '120' },
      base: { ...text, default: '20000' },
      runtime: { ...text, default: 'node' },
      out: text,
      quick: flag,
    },
  })
  const values = { ...(given.quick ? quick : thorough), ...given }
  const kill = readNumber('--kill', values.kill, 1, 1_000, { whole: true })
  const sizes = (option: string, list: string): number[] =>
    list === 'none'
      ? []
      : list.split(',').map((size) => readNumber(option, size, kill + 2, 5_000, { whole: true }))
  return {
    nodes: sizes('--nodes', values.nodes),
    silentNodes: sizes('--silent-nodes', values['silent-nodes']),
    only: values.only?.split(',').map(readContender),
    runs: readNumber('--runs', values.runs, 1, 1_000, { whole: true }),
    settle: readNumber('--settle', values.settle, 0, 3_600),
    hold: readNumber('--hold', values.hold, 1, 3_600),
    kill,
    updates: readNumber('--updates', values.updates, 0, 1_000, { whole: true }),
    limit: readNumber('--limit', values.limit, 1, 3_600),
    formLimit: readNumber('--form-limit', values['form-limit'], 1, 3_600),
    base: readNumber('--base', values.base, 1, 60_000, { whole: true }),
    runtime: readRuntime(values.runtime),
    out: values.out,
  }
}

function readContender(name: string): Contender {
  const known = contenders.find((each) => each === name)
  if (known !== undefined) return known
  throw new BenchOptionError(
    `--only has ${JSON.stringify(name)}: must be some of ${contenders.join(', ')}, with commas between`,
  )
}

function readRuntime(name: string): Runtime {
  if (Object.hasOwn(runtimes, name)) return name as Runtime
  throw new BenchOptionError(
    `--runtime is ${JSON.stringify(name)}: must be ${Object.keys(runtimes).join(', ')}`,
  )
}
