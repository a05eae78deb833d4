import { pingAck } from '@swimkit/detector-pingack'
import { Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Done, Experiment, Goal, Report, Scale } from './kit/experiment.mts'
import { byPlace } from './kit/places.mts'
import { spread } from './kit/statistics.mts'

type Trouble = 'restart' | 'partition'

interface Place {
  readonly trouble: Trouble
  readonly members: number
  /** Processes that are started again, or members on the one side. */
  readonly apart: number
  /** How long they are away, in seconds. */
  readonly seconds: number
}

interface Job extends Place {
  readonly seed: number
}

interface Outcome {
  /** From the end of the trouble until all agree on all, milliseconds. */
  readonly took: number
}

const troubles: Readonly<Record<Trouble, string>> = {
  restart: 'killed, and started again at the same address, alone and without seeds',
  partition: 'cut off from the others',
}

/** How long it takes until a cluster is whole again where nobody says whom to join. */
export const findingBack: Experiment<Job, Outcome> = {
  name: 'finding-back',
  title: 'Until those that were away are back',
  jobs,
  describe: ({ apart, members, seconds, seed, trouble }) =>
    `${trouble}, ${apart} of ${members} for ${seconds} s, seed ${seed}`,
  run,
  report,
}

function jobs({ runs, seed, size }: Scale): Job[] {
  const each = runs ?? { quick: 3, default: 200, full: 1_000 }[size]
  const place = (trouble: Trouble, members: number, apart: number, seconds: number): Place => ({
    trouble,
    members,
    apart,
    seconds,
  })
  const places = [
    ...[1, 3, 10, 60, 600].map((seconds) => place('restart', 5, 1, seconds)),
    place('restart', 5, 3, 3),
    ...[1, 10, 60].map((seconds) => place('restart', 50, 1, seconds)),
    ...[10, 30, 120, 600].map((seconds) => place('partition', 20, 10, seconds)),
    place('partition', 20, 1, 30),
    ...[30, 120].map((seconds) => place('partition', 50, 25, seconds)),
  ]
  return places.flatMap((where) => Array.from({ length: each }, (_, i) => ({ ...where, seed: seed + i })))
}

function run({ apart, members, seconds, seed, trouble }: Job): Outcome {
  const simulation = new Simulation({ detectors: () => [pingAck()], seed, keepEvents: false, evidence: 16 })
  const nodes = simulation.populate(members)
  // Their periods are not in step with the trouble.
  simulation.run(10_000 + simulation.random.fork('begin').fraction() * 30_000)
  const away = nodes.slice(0, apart)
  if (trouble === 'restart') {
    for (const node of away) simulation.crash(node)
    simulation.run(1_000 * seconds)
    for (const node of away) simulation.restart(node)
  } else {
    const heal = simulation.partition([away, nodes.slice(apart)])
    simulation.run(1_000 * seconds)
    heal()
  }
  return { took: Math.round(simulation.until(() => simulation.agreed(members), 3_600_000)) }
}

function report(done: readonly Done<Job, Outcome>[]): Report {
  const rows = byPlace(done, ({ apart, members, seconds, trouble }) => ({
    trouble,
    members,
    apart,
    seconds,
  })).map(({ outcomes, place }) => ({
    ...place,
    runs: outcomes.length,
    ...spread(outcomes.map(({ took }) => took)),
  }))
  const shown = (ms: number): string => (ms / 1_000).toFixed(2)
  const worst = (trouble: Trouble, upTo: number, pick: (row: (typeof rows)[number]) => number): number =>
    Math.max(...rows.filter((row) => row.trouble === trouble && row.seconds <= upTo).map(pick))
  const goal = (what: string, limit: number, ms: number, wanted = `${limit} s at most`): Goal => ({
    what: `${what}, at each place`,
    wanted,
    found: `${shown(ms)} s at most`,
    met: ms <= 1_000 * limit,
  })
  const seconds = [...new Set(rows.map((row) => row.seconds))]
  const text = [
    table(
      ['', 'members', 'of them', 'away, s', 'median, s', '95 % within, s', 'longest, s'],
      rows.map(({ apart, longest, median, members, most, seconds: away, trouble }) => [
        troubles[trouble],
        String(members),
        String(apart),
        String(away),
        shown(median),
        shown(most),
        shown(longest),
      ]),
    ),
    [
      `From the start of the process, or the end of the partition, until all agree on all; ${rows[0]!.runs} runs each, at \`lan\`, with ping/ack.`,
      'Nobody joins anybody: it is the members that look for those whom they miss. Serf tries one address every 30 s.',
    ].join('\n'),
  ].join('\n\n')
  return {
    text,
    data: { rows },
    goals: [
      goal(
        'started again within a minute: median',
        3,
        worst('restart', 60, ({ median }) => median),
      ),
      goal(
        'started again within a minute: 95 %',
        10,
        worst('restart', 60, ({ most }) => most),
      ),
      goal(
        'a partition of up to two minutes: median',
        3,
        worst('partition', 120, ({ median }) => median),
      ),
      goal(
        'away for ten minutes: median',
        10,
        Math.max(...rows.filter((row) => row.seconds === 600).map(({ median }) => median)),
        '10 s at most, a period of `rejoinInterval`',
      ),
    ],
    figure: {
      title: 'Until those that were away are back, median',
      panels: [
        {
          title: 'Of 5 started again, of 20 cut off',
          x: { name: 'seconds away', scale: 'log', min: 1, max: Math.max(...seconds) },
          y: { name: 'seconds', min: 0 },
          series: (
            [
              ['restart', 5, 1, 'ours'],
              ['partition', 20, 10, 'second'],
            ] as const
          ).map(([trouble, members, apart, colour]) => ({
            name: trouble === 'restart' ? 'one process of 5, started again' : 'two halves of 20',
            kind: 'points' as const,
            colour,
            points: rows
              .filter((row) => row.trouble === trouble && row.members === members && row.apart === apart)
              .map((row) => [row.seconds, row.median / 1_000] as const),
          })),
        },
      ],
    },
  }
}
