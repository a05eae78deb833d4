import { pingAck } from '@swimkit/detector-pingack'
import { type SimNode, Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Figure } from './kit/chart.mts'
import type { Done, Experiment, Goal, Report, Scale } from './kit/experiment.mts'
import { byPlace } from './kit/places.mts'
import { spread, sum } from './kit/statistics.mts'
import { holdsFailed } from './kit/verdicts.mts'

/** Who stands still, and when. */
interface Place {
  readonly members: number
  /** How long a stall takes, milliseconds. */
  readonly stall: number
  /** Mean time between two stalls of a member, milliseconds; 0: all stand still at once, once, and that is over a second before the crash. */
  readonly between: number
  /** Whether the machine of the crashed process goes with it, so that nothing refuses. */
  readonly silent: boolean
}

interface Job extends Place {
  readonly seed: number
}

interface Outcome {
  /** From the crash until all others that run hold it failed, milliseconds. */
  readonly took: number
  /** Verdicts on members that live. */
  readonly wrong: number
}

/** How long members stall before the crash, where they do so again and again: for so long they may be wrong. */
const leadMs = 60_000

/** What it costs that a JavaScript process does one thing at a time: a long computation, a collection of garbage, the loading of a program. */
export const stalls: Experiment<Job, Outcome> = {
  name: 'stalls',
  title: 'Crashes among members that stand still now and then',
  jobs,
  describe: ({ between, members, seed, silent, stall }) =>
    `${members} members, ${stall} ms ${between === 0 ? 'once' : `every ${between} ms`}, ${silent ? 'silent' : 'refusing'}, seed ${seed}`,
  run,
  report,
}

function jobs({ runs, seed, size }: Scale): Job[] {
  const each = runs ?? { quick: 3, default: 200, full: 1_000 }[size]
  const places = [5, 50].flatMap((members) =>
    [false, true].flatMap((silent): Place[] => [
      ...[0, 1_500, 3_000, 10_000].map((stall) => ({ members, stall, between: 0, silent })),
      ...[
        [400, 2_000],
        [1_500, 20_000],
        [1_500, 5_000],
        [3_000, 10_000],
      ].map(([stall, between]) => ({ members, stall: stall!, between: between!, silent })),
    ]),
  )
  return places.flatMap((where) => Array.from({ length: each }, (_, i) => ({ ...where, seed: seed + i })))
}

function run({ between, members, seed, silent, stall }: Job): Outcome {
  const simulation = new Simulation({ detectors: () => [pingAck()], seed, evidence: 16 })
  const random = simulation.random.fork('stalls')
  const nodes = simulation.populate(members)
  const [victim, ...others] = nodes as [SimNode, ...SimNode[]]
  // Their periods are not in step with what is done to them.
  simulation.run(10_000 + 1_000 * random.fraction())
  if (between > 0) {
    for (const node of nodes) {
      stallAgainAndAgain(simulation, node, stall, () => -between * Math.log(1 - random.fraction()))
    }
    simulation.run(leadMs)
  } else if (stall > 0) {
    for (const node of nodes) simulation.pause(node)
    simulation.run(stall)
    for (const node of nodes) simulation.resume(node)
    simulation.run(1_000)
  }
  let wrong = verdicts(nodes)
  for (const { events } of nodes) events.length = 0
  simulation.crash(victim, silent)
  const holds = ({ engine }: SimNode): boolean => holdsFailed(engine, victim.name)
  // Who stands still cannot know; but where all do, nobody has found it.
  const found = (): boolean =>
    others.some(holds) && others.every((node) => node.state === 'paused' || holds(node))
  const took = simulation.until(found, 3_600_000)
  wrong += verdicts(others, victim.name)
  return { took: Math.round(took), wrong }
}

function stallAgainAndAgain(simulation: Simulation, node: SimNode, stall: number, pause: () => number): void {
  simulation.after(pause(), () => {
    if (node.state === 'gone') return
    simulation.pause(node)
    simulation.after(stall, () => {
      if (node.state === 'gone') return
      simulation.resume(node)
      stallAgainAndAgain(simulation, node, stall, pause)
    })
  })
}

const verdicts = (nodes: readonly SimNode[], butOf?: string): number =>
  sum(
    nodes.map(({ events }) => {
      const wrong = events.filter(({ record, type }) => type === 'failed' && record.name !== butOf)
      return wrong.length
    }),
  )

interface Row extends Place {
  readonly median: number
  readonly most: number
  readonly longest: number
  readonly wrong: number
}

function report(done: readonly Done<Job, Outcome>[]): Report {
  const rows = byPlace(done, ({ between, members, silent, stall }) => ({
    between,
    members,
    silent,
    stall,
  })).map(
    ({ outcomes, place }): Row => ({
      ...place,
      ...spread(outcomes.map(({ took }) => took)),
      wrong: sum(outcomes.map(({ wrong }) => wrong)),
    }),
  )
  const runs = done.length / rows.length
  const text = [
    table(
      [
        'all members',
        'members',
        'the port is',
        'median, s',
        '95 % within, s',
        'longest, s',
        'wrong verdicts',
      ],
      rows.map((row) => [
        standing(row),
        String(row.members),
        row.silent ? 'silent' : 'closed',
        seconds(row.median),
        seconds(row.most),
        seconds(row.longest),
        String(row.wrong),
      ]),
    ),
    [
      `From the crash until every other member that runs just then holds it failed; ${runs} runs each, at \`lan\`, with ping/ack. Once: all at the same time, until a second before the`,
      'crash. Again and again: each for itself, at random times that are so far apart in the middle, for a minute before the crash and until it is found. Wrong verdicts are those on',
      'members that live, at all members and in all runs together.',
    ].join('\n'),
  ].join('\n\n')
  return { text, data: { rows }, goals: goals(rows), figure: figure(rows) }
}

const seconds = (ms: number): string => (ms / 1_000).toFixed(2)

function standing({ between, stall }: Place): string {
  if (stall === 0) return 'never stand still'
  return between === 0
    ? `stood still for ${stall / 1_000} s`
    : `stand still for ${stall / 1_000} s, every ${between / 1_000} s`
}

function goals(rows: readonly Row[]): Goal[] {
  const share = (row: Row): number =>
    row.median /
    rows.find(
      ({ members, silent, stall }) => members === row.members && silent === row.silent && stall === 0,
    )!.median
  const worst = (which: (row: Row) => boolean): number => Math.max(...rows.filter(which).map(share))
  const goal = (what: string, limit: number, found: number): Goal => ({
    what: `${what}: median, of that without`,
    wanted: `${limit} times at most, in each row`,
    found: found.toFixed(2),
    met: found <= limit,
  })
  const wrong = sum(rows.map((row) => row.wrong))
  return [
    goal(
      'stood still once',
      1.5,
      worst(({ between }) => between === 0),
    ),
    goal(
      'stand still again and again',
      4,
      worst(({ between }) => between > 0),
    ),
    { what: 'wrong verdicts', wanted: '0', found: String(wrong), met: wrong === 0 },
  ]
}

function figure(rows: readonly Row[]): Figure {
  const once = rows.filter(({ between, silent }) => between === 0 && !silent)
  return {
    title: 'Until a crash is found, after all members stood still',
    panels: [
      {
        title: 'The port is closed; median',
        x: { name: 'seconds stood still', scale: 'linear', min: 0, max: 10 },
        y: { name: 'seconds', min: 0 },
        series: ([5, 50] as const).map((members, i) => ({
          name: `${members} members`,
          kind: 'points' as const,
          colour: (['ours', 'second'] as const)[i]!,
          points: once
            .filter((row) => row.members === members)
            .map((row) => [row.stall / 1_000, row.median / 1_000] as const),
        })),
      },
    ],
  }
}
