import { pingAck } from '@swimkit/detector-pingack'
import { Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Done, Experiment, Report, Scale } from './kit/experiment.mts'
import { mean, rounded } from './kit/statistics.mts'

const period = 1_000
/** Periods that are measured. */
const window = 60

const conditions = {
  quiet: 'nothing happens',
  crash: '5 % of the members crash',
  loss: '10 % of the packets are lost',
} as const
type Condition = keyof typeof conditions

interface Job {
  readonly members: number
  readonly condition: Condition
  readonly seed: number
}

interface Outcome {
  /** Sent per live member and period. */
  readonly packets: number
  readonly bytes: number
  /** Requests and answers over streams. */
  readonly streamMessages: number
  /** The busiest period of the window. */
  readonly busiest: number
  /** Members and periods by the packets that were sent: at index 4 how often 4 were. */
  readonly counts: readonly number[]
}

/** SWIM §5: about two messages per member and period, whatever the size of the group. */
export const messageLoad: Experiment<Job, Outcome> = {
  name: 'message-load',
  title: 'SWIM: message load',
  jobs,
  describe: ({ condition, members }) => `${condition}, ${members} members`,
  run,
  report,
}

function jobs({ runs = 1, seed, size }: Scale): Job[] {
  const sizes = {
    quick: [10, 28],
    default: [10, 28, 55, 100, 200, 500, 1_000, 2_000],
    full: [10, 28, 55, 100, 200, 500, 1_000, 2_000, 5_000],
  }[size]
  return (Object.keys(conditions) as Condition[]).flatMap((condition) =>
    sizes.flatMap((members) =>
      Array.from({ length: runs }, (_, i) => ({ members, condition, seed: seed + i })),
    ),
  )
}

function run({ condition, members, seed }: Job): Outcome {
  const simulation = new Simulation({
    detectors: () => [pingAck()],
    seed,
    keepEvents: false,
    evidence: 16,
    network: { loss: condition === 'loss' ? 0.1 : 0 },
    settings: { probeInterval: period },
  })
  const nodes = simulation.populate(members)
  simulation.run(20 * period)
  const { traffic } = simulation
  const before = { ...traffic }
  const gone = condition === 'crash' ? Math.max(1, Math.round(members / 20)) : 0
  for (const node of nodes.slice(members - gone)) simulation.crash(node, true)
  const alive = nodes.slice(0, members - gone)
  const counts: number[] = []
  let busiest = 0
  const sent = new Float64Array(members)
  simulation.observe({
    packet: ({ place }) => {
      sent[place]!++
    },
  })
  for (let i = 0; i < window; i++) {
    sent.fill(0)
    const start = traffic.packets
    simulation.run(period)
    busiest = Math.max(busiest, (traffic.packets - start) / alive.length)
    for (const { place } of alive) counts[sent[place]!] = (counts[sent[place]!] ?? 0) + 1
  }
  const per = alive.length * window
  return {
    packets: (traffic.packets - before.packets) / per,
    bytes: (traffic.bytes - before.bytes) / per,
    streamMessages: (traffic.streamMessages - before.streamMessages) / per,
    busiest,
    counts: Array.from(counts, (count) => count ?? 0),
  }
}

function report(done: readonly Done<Job, Outcome>[]): Report {
  const sizes = [...new Set(done.map(({ job }) => job.members))]
  const rows = sizes.map((members) => {
    const of = (condition: Condition) => {
      const outcomes = done
        .filter(({ job }) => job.members === members && job.condition === condition)
        .map(({ outcome }) => outcome)
      const average = (pick: (outcome: Outcome) => number, digits = 3): number =>
        rounded(mean(outcomes.map(pick)), digits)
      return {
        packets: average(({ packets }) => packets),
        bytes: average(({ bytes }) => bytes, 1),
        streamMessages: average(({ streamMessages }) => streamMessages),
        busiest: average(({ busiest }) => busiest),
        below5: average(({ counts }) => shareBelow(counts, 5), 4),
        upTo5: average(({ counts }) => shareBelow(counts, 6), 4),
      }
    }
    return { members, quiet: of('quiet'), crash: of('crash'), loss: of('loss') }
  })
  const whole = (value: number): string => value.toLocaleString('en-US')
  const quiet = rows.map((row) => row.quiet.packets)
  const at28 = rows.find(({ members }) => members === 28)
  const text = [
    table(
      [
        'members',
        'SWIM',
        'packets',
        'bytes',
        'fewer than 5',
        'messages over streams',
        '5 % crash: packets',
        'busiest period',
        '10 % loss: packets',
      ],
      rows.map(({ crash, loss, members, quiet: still }) => [
        whole(members),
        members <= 55 ? '2.0' : '',
        still.packets.toFixed(2),
        still.bytes.toFixed(0),
        `${(100 * still.below5).toFixed(1)} %`,
        still.streamMessages.toFixed(3),
        crash.packets.toFixed(2),
        crash.busiest.toFixed(1),
        loss.packets.toFixed(2),
      ]),
    ),
    [
      `Sent per live member and period (1 s, profile \`lan\`), means over ${window} periods. SWIM measured up to 55 members; it has fewer than 5`,
      'messages with a probability of 0.99 at 28. _Fewer than 5_ is the share of members and periods with 4 packets or fewer: one ping, and one ack for',
      'each member that looked at this one, of whom there is one on average. _5 % crash_: the 60 periods after 5 % of the members fell silent at once, found',
      'out, failed and told of; _busiest period_ is the mean over members of the one among them with the most packets. _10 % loss_: with the helpers and',
      'suspicions that follow from it.',
    ].join('\n'),
  ].join('\n\n')
  const flat = Math.max(...quiet) - Math.min(...quiet)
  return {
    text,
    data: { periodMs: period, periods: window, rows },
    goals: [
      {
        what: 'packets per member and period, nothing happens',
        wanted: '2.0, whatever n (within 0.1)',
        found: `${Math.min(...quiet).toFixed(2)} to ${Math.max(...quiet).toFixed(2)}`,
        met: flat <= 0.1 && Math.abs(mean(quiet) - 2) <= 0.1,
      },
      ...(at28 === undefined
        ? []
        : [
            {
              what: 'at 28 members: at most 5 packets in a period',
              wanted: 'with a probability of 0.99 or more (SWIM: under 5)',
              found: `${at28.quiet.upTo5.toFixed(3)} (under 5: ${at28.quiet.below5.toFixed(3)})`,
              met: at28.quiet.upTo5 >= 0.99,
            },
          ]),
    ],
    figure: {
      title: 'Packets sent per member and period',
      panels: [
        {
          title: 'By the size of the group',
          x: { name: 'members', scale: 'log', min: 10, max: sizes.at(-1)! },
          y: { name: 'packets', min: 0 },
          series: [
            {
              name: 'SWIM, measured up to 55: 2.0',
              kind: 'line',
              colour: 'published',
              points: sizes.map((members) => [members, 2]),
            },
            {
              name: conditions.quiet,
              kind: 'points',
              colour: 'ours',
              points: rows.map((row) => [row.members, row.quiet.packets]),
            },
            {
              name: conditions.crash,
              kind: 'points',
              colour: 'second',
              points: rows.map((row) => [row.members, row.crash.packets]),
            },
            {
              name: conditions.loss,
              kind: 'points',
              colour: 'third',
              points: rows.map((row) => [row.members, row.loss.packets]),
            },
          ],
        },
      ],
    },
  }
}

/** Share of what was counted that is below `limit`. */
function shareBelow(counts: readonly number[], limit: number): number {
  const all = counts.reduce((total, count) => total + count, 0)
  return counts.slice(0, limit).reduce((total, count) => total + count, 0) / all
}
