import { Status } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Done, Experiment, Report, Scale } from './kit/experiment.mts'
import { CountingPiggyback } from './kit/piggyback.mts'
import { sum } from './kit/statistics.mts'

const retransmitMult = 4

/** Who says how often an update is told: memberlist's `retransmitMult × ceil(log10(n + 1))`, or the engine. */
const tellers = ['memberlist', 'swimkit'] as const
type Teller = (typeof tellers)[number]

const losses = [0, 0.05] as const

interface Job {
  readonly teller: Teller
  readonly members: number
  /** Share of packets that are lost. */
  readonly loss: number
  readonly updates: number
  readonly seed: number
}

interface Outcome {
  readonly updates: number
  /** Updates of which somebody was not told at all. */
  readonly missed: number
  /** How often a member tells one, at most. */
  readonly most: number
}

/** How many updates do not reach everybody before all have told them as often as they may: these wait until tables are compared. */
export const missedUpdates: Experiment<Job, Outcome> = {
  name: 'missed-updates',
  title: 'Updates that miss somebody',
  jobs,
  describe: ({ loss, members, teller }) => `as ${teller}, ${members} members, loss ${100 * loss} %`,
  run,
  report,
}

function jobs({ runs = 1, seed, size }: Scale): Job[] {
  const sizes = size === 'quick' ? [5, 9] : [3, 5, 7, 9, 10, 20, 30, 50, 99, 100, 200]
  const updates = { quick: 20, default: 2_000, full: 20_000 }[size]
  return sizes.flatMap((members) =>
    losses.flatMap((loss) =>
      tellers.flatMap((teller) =>
        Array.from({ length: runs }, (_, i) => ({ teller, members, loss, updates, seed: seed + i })),
      ),
    ),
  )
}

const memberlistLimit = (n: number): number => retransmitMult * String(n).length

function run({ loss, members, seed, teller, updates }: Job): Outcome {
  const queues: CountingPiggyback[] = []
  const simulation = new Simulation({
    detectors: () => [pingAck()],
    seed,
    keepEvents: false,
    evidence: 16,
    disseminator: () => {
      const queue = new CountingPiggyback(teller === 'memberlist' ? memberlistLimit(members) : undefined)
      queues.push(queue)
      return queue
    },
    // What is told by comparing tables is not told by gossip; and nobody is to be suspected for the loss.
    settings: { retransmitMult, syncInterval: 0, suspicionMult: 16 },
    network: { loss },
  })
  const nodes = simulation.populate(members)
  const random = simulation.random.fork('updates')
  let heard = 0
  let source = ''
  simulation.observe({
    event(node, { record, type }) {
      if (type === 'update' && record.name === source && node.name !== source) heard++
    },
  })
  simulation.run(1_000)
  let missed = 0
  let most = 0
  for (let number = 0; number < updates; number++) {
    const node = nodes[random.below(members)]!
    simulation.run(200 + random.fraction() * 1_000)
    for (const queue of queues) queue.sent = 0
    heard = 0
    source = node.name
    simulation.call(node, (engine, now) =>
      engine.setRecord({ data: Uint8Array.of(number & 255, number >> 8) }, now),
    )
    // Until nobody has anything left to tell.
    while (queues.some(({ backlog }) => backlog > 0)) simulation.run(200)
    if (heard < members - 1) missed++
    most = Math.max(most, ...queues.map(({ sent }) => sent))
  }
  if (nodes[0]!.engine.members.count(Status.Alive) !== members) throw new Error('somebody was failed')
  return { updates, missed, most }
}

function report(done: readonly Done<Job, Outcome>[]): Report {
  const sizes = [...new Set(done.map(({ job }) => job.members))]
  const rows = sizes.map((members) => {
    const of = (teller: Teller, loss: number) => {
      const outcomes = done
        .filter(({ job }) => job.members === members && job.teller === teller && job.loss === loss)
        .map(({ outcome }) => outcome)
      return {
        most: Math.max(...outcomes.map(({ most }) => most)),
        share: sum(outcomes.map(({ missed }) => missed)) / sum(outcomes.map(({ updates }) => updates)),
      }
    }
    const both = (teller: Teller) => ({ still: of(teller, losses[0]), lossy: of(teller, losses[1]) })
    return { members, memberlist: both('memberlist'), swimkit: both('swimkit') }
  })
  const updates = done[0]!.outcome.updates
  const whole = (value: number): string => value.toLocaleString('en-US')
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
  const worst = Math.max(...rows.map(({ swimkit }) => swimkit.still.share))
  const worstLossy = Math.max(...rows.map(({ swimkit }) => swimkit.lossy.share))
  const text = [
    table(
      [
        'members',
        'told by each, as memberlist',
        'miss somebody',
        'at 5 % loss',
        'told by each, here',
        'miss somebody',
        'at 5 % loss',
      ],
      rows.map(({ memberlist, members, swimkit }) => [
        String(members),
        `${memberlist.still.most}`,
        percent(memberlist.still.share),
        percent(memberlist.lossy.share),
        `${swimkit.still.most}`,
        percent(swimkit.still.share),
        percent(swimkit.lossy.share),
      ]),
    ),
    [
      `Of ${whole(updates)} updates at each size, at \`lan\`, with ping/ack: how many somebody has not heard of when all have told them as often as they may.`,
      'Comparing tables, which makes good for it within `syncInterval` and more, is off. Told k times by each, an update misses n·e^−k members on average.',
      `As memberlist: \`retransmitMult\` (${retransmitMult}) × ceil(log10(n + 1)) times. Here: ${retransmitMult} × (1 + log10(n + 1)) times, rounded up.`,
    ].join('\n'),
  ].join('\n\n')
  return {
    text,
    data: { retransmitMult, losses, rows },
    goals: [
      {
        what: 'updates that miss somebody, no loss',
        wanted: 'less than 0.5 % in a group of any size',
        found: `${percent(worst)} at most`,
        met: worst < 0.005,
      },
      {
        what: 'updates that miss somebody, 5 % loss',
        wanted: 'less than 1 % in a group of any size',
        found: `${percent(worstLossy)} at most`,
        met: worstLossy < 0.01,
      },
    ],
    figure: {
      title: 'Updates that miss somebody',
      panels: [
        {
          title: 'No loss',
          x: { name: 'members', scale: 'log', min: 3, max: sizes.at(-1)! },
          y: { name: '% of updates', min: 0 },
          series: [
            {
              name: 'told as often as memberlist does',
              kind: 'points',
              colour: 'published',
              points: rows.map(({ memberlist, members }) => [members, 100 * memberlist.still.share]),
            },
            {
              name: 'as here',
              kind: 'points',
              colour: 'ours',
              points: rows.map(({ members, swimkit }) => [members, 100 * swimkit.still.share]),
            },
          ],
        },
      ],
    },
  }
}
