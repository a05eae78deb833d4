import type { AliveClaim } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { type SimNode, Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Done, Experiment, Goal, Report, Scale } from './kit/experiment.mts'
import { byPlace } from './kit/places.mts'
import { spread } from './kit/statistics.mts'
import { holdsFailed } from './kit/verdicts.mts'

/** What is waited for: all of the invented to be gone, or a member that crashes to be failed by all others. */
type Wait = 'gone' | 'closed' | 'silent'

interface Place {
  readonly members: number
  /** How many one of them makes up. */
  readonly invented: number
  readonly wait: Wait
}

interface Job extends Place {
  readonly seed: number
}

interface Outcome {
  /** Milliseconds. */
  readonly took: number
}

/** How long a lie goes on to tell when it is over: a member tells once of many that do not exist, at addresses where nobody is. */
export const invented: Experiment<Job, Outcome> = {
  name: 'invented',
  title: 'After a member has invented others',
  jobs,
  describe: ({ invented: count, members, seed, wait }) =>
    `${members} members and ${count} invented, ${wait}, seed ${seed}`,
  run,
  report,
}

/** From the lie to the crash, milliseconds. */
const crashAfter = 20_000
const claimsPerPacket = 10

function jobs({ runs, seed, size }: Scale): Job[] {
  const each = runs ?? { quick: 2, default: 20, full: 100 }[size]
  const places = [5, 20, 50].flatMap((members) =>
    [0, 50, 300].flatMap((count) =>
      (['closed', 'silent', 'gone'] as const)
        .filter((wait) => count > 0 || wait !== 'gone')
        .map((wait): Place => ({ members, invented: count, wait })),
    ),
  )
  return places.flatMap((where) => Array.from({ length: each }, (_, i) => ({ ...where, seed: seed + i })))
}

function run({ invented: count, members, seed, wait }: Job): Outcome {
  const simulation = new Simulation({ detectors: () => [pingAck()], seed, keepEvents: false, evidence: 16 })
  const nodes = simulation.populate(members)
  const [victim, ...others] = nodes as [SimNode, ...SimNode[]]
  simulation.run(10_000)
  invent(simulation, others.at(-1)!, nodes, count)
  const gone = (): boolean => nodes.every(({ engine }) => engine.members.active === members)
  if (wait === 'gone') return { took: Math.round(simulation.until(gone, 36_000_000)) }
  simulation.run(crashAfter)
  simulation.crash(victim, wait === 'silent')
  const found = (): boolean => others.every(({ engine }) => holdsFailed(engine, victim.name))
  return { took: Math.round(simulation.until(found, 36_000_000)) }
}

function invent(simulation: Simulation, liar: SimNode, nodes: readonly SimNode[], count: number): void {
  const { codec, engine } = liar
  const { members } = engine
  const record = members.record(members.self)
  const incarnation = members.incarnation(members.self)
  const ghost = (number: number): AliveClaim => ({
    type: 'alive',
    incarnation,
    record: {
      ...record,
      name: `ghost-${number}`,
      boot: BigInt(1_000 + number),
      address: { host: `10.8.${number >> 8}.${number & 255}`, port: 1 },
    },
  })
  const sender = { name: liar.name, boot: record.boot, incarnation }
  for (let first = 0; first < count; first += claimsPerPacket) {
    const claims = Array.from({ length: claimsPerPacket }, (_, i) => codec.encode(ghost(first + i)))
    const packet = codec.bundle(sender, claims, undefined)
    for (const node of nodes) {
      if (node !== liar) simulation.call(node, (at, now) => at.receive(liar.address, packet, now))
    }
  }
}

interface Row extends Place {
  readonly median: number
  readonly most: number
  readonly longest: number
}

const waits: Readonly<Record<Wait, string>> = {
  gone: 'all of the invented are failed',
  closed: 'a crash is found, its port closed',
  silent: 'a crash is found, its machine silent',
}

function report(done: readonly Done<Job, Outcome>[]): Report {
  const rows = byPlace(done, ({ invented: count, members, wait }) => ({
    members,
    invented: count,
    wait,
  })).map(({ outcomes, place }): Row => ({ ...place, ...spread(outcomes.map(({ took }) => took)) }))
  const seconds = (ms: number): string => (ms / 1_000).toFixed(1)
  const text = [
    table(
      ['members', 'invented', 'until', 'median, s', '95 % within, s', 'longest, s'],
      rows.map(({ invented: count, longest, median, members, most, wait }) => [
        String(members),
        String(count),
        waits[wait],
        seconds(median),
        seconds(most),
        seconds(longest),
      ]),
    ),
    [
      `One member tells all others once of so many that do not exist, at addresses where nobody is; ${done.length / rows.length} runs each, at \`lan\`, with ping/ack. The crash is ${crashAfter / 1_000} s later.`,
      'While most of those who are held alive are not there, most looks fail, most of those who are asked to help say nothing, and most news is told to nobody.',
    ].join('\n'),
  ].join('\n\n')
  return { text, data: { rows }, goals: goals(rows), figure: figure(rows) }
}

function goals(rows: readonly Row[]): Goal[] {
  const longest = (count: number): number =>
    Math.max(
      ...rows.filter(({ invented: of, wait }) => of === count && wait === 'gone').map((row) => row.longest),
    )
  const found = longest(50)
  const crash = Math.max(...rows.filter(({ wait }) => wait !== 'gone').map(({ median }) => median))
  return [
    {
      what: 'a crash is found, in each row: median',
      wanted: 'within a minute',
      found: `${(crash / 60_000).toFixed(1)} min`,
      met: crash <= 60_000,
    },
    {
      what: 'fifty are gone, in each row',
      wanted: 'within half an hour',
      found: `${(found / 60_000).toFixed(1)} min`,
      met: found <= 1_800_000,
    },
  ]
}

function figure(rows: readonly Row[]): Report['figure'] {
  return {
    title: 'After a member has invented others, median',
    panels: [
      {
        title: 'Until a crash is found, its port closed',
        x: { name: 'invented members', scale: 'linear', min: 0, max: 300 },
        y: { name: 'seconds', scale: 'log', min: 1 },
        series: ([5, 20, 50] as const).map((members, i) => ({
          name: `${members} members`,
          kind: 'points' as const,
          colour: (['ours', 'second', 'third'] as const)[i]!,
          points: rows
            .filter((row) => row.members === members && row.wait === 'closed')
            .map((row) => [row.invented, row.median / 1_000] as const),
        })),
      },
    ],
  }
}
