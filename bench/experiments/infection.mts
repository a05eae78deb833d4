import { roundRobin, Status, transmitLimit } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { quantile, Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Done, Experiment, Report, Scale } from './kit/experiment.mts'
import { CountingPiggyback } from './kit/piggyback.mts'
import { ascending, fitLine, mean, rounded } from './kit/statistics.mts'

const period = 1_000
const gossipInterval = 200
const fanout = 3
const retransmitMult = 4

/** `swim`: updates ride on pings and acks, as in the paper. `gossip`: as the profile `lan` has it, told in between as well. */
type Mode = 'swim' | 'gossip'

interface Job {
  readonly mode: Mode
  readonly members: number
  readonly updates: number
  readonly seed: number
}

/** Of each update. */
interface Update {
  /** Milliseconds until half of the members knew it, 99 of 100, all that did. */
  readonly half: number
  readonly most: number
  readonly all: number
  /** Members that were never told. */
  readonly missed: number
  /** How often the busiest member told it, and all together. */
  readonly sentAtMost: number
  readonly sent: number
}
type Outcome = readonly Update[]

/** SWIM §4.1 and §5: an update spreads like an infection, in a time that grows with log n, told λ log n times by each. */
export const infection: Experiment<Job, Outcome> = {
  name: 'infection',
  title: 'SWIM: infection time',
  jobs,
  describe: ({ members, mode }) => `${mode}, ${members} members`,
  run,
  report,
}

function jobs({ runs = 1, seed, size }: Scale): Job[] {
  const sizes = {
    quick: [10, 100],
    default: [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000],
    full: [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000],
  }[size]
  const wanted = size === 'quick' ? 5 : 100
  return (['swim', 'gossip'] as const).flatMap((mode) =>
    sizes.flatMap((members) => {
      const updates = Math.max(
        size === 'quick' ? 2 : 10,
        Math.min(wanted, Math.round((wanted * 500) / members)),
      )
      return Array.from({ length: runs }, (_, i) => ({ mode, members, updates, seed: seed + i }))
    }),
  )
}

function run({ members, mode, seed, updates }: Job): Outcome {
  const queues: CountingPiggyback[] = []
  const simulation = new Simulation({
    // SWIM's members look at one another at random; the successor on a ring, told again and again, is no news.
    detectors: () => [mode === 'swim' ? pingAck({ strategy: roundRobin }) : pingAck()],
    seed,
    keepEvents: false,
    evidence: 16,
    disseminator: () => {
      const queue = new CountingPiggyback()
      queues.push(queue)
      return queue
    },
    settings: {
      probeInterval: period,
      retransmitMult,
      // What is told by comparing tables is not told by infection.
      syncInterval: 0,
      ...(mode === 'swim'
        ? { gossipInterval: 600_000, gossipFanout: 1 }
        : { gossipInterval, gossipFanout: fanout }),
    },
  })
  const nodes = simulation.populate(members)
  const random = simulation.random.fork('updates')
  const times: number[] = []
  let start = 0
  let source = ''
  simulation.observe({
    event(node, { record, type }, now) {
      if (type === 'update' && record.name === source && node.name !== source) times.push(now - start)
    },
  })
  simulation.run(period)
  // The first is told more: who has not gossiped for a gossip interval passes news on at once, and none has yet.
  const all = Array.from({ length: updates + 1 }, (_, number) => {
    const node = nodes[random.below(members)]!
    simulation.run(random.fraction() * period)
    for (const queue of queues) queue.sent = 0
    times.length = 0
    start = simulation.now
    source = node.name
    simulation.call(node, (engine, now) => engine.setRecord({ data: Uint8Array.of(number) }, now))
    // Until nobody has anything left to tell.
    while (queues.some(({ backlog }) => backlog > 0)) {
      simulation.run(period)
      if (simulation.now - start > 600_000) throw new Error('an update is still told after ten minutes')
    }
    if (node.engine.members.count(Status.Alive) !== members) throw new Error('somebody was suspected')
    const sorted = ascending(times)
    const when = (share: number): number =>
      sorted[Math.min(Math.ceil(share * members) - 2, sorted.length - 1)] ?? Number.NaN
    return {
      half: rounded(when(0.5), 3),
      most: rounded(when(0.99), 3),
      all: rounded(sorted.at(-1) ?? Number.NaN, 3),
      missed: members - 1 - times.length,
      sentAtMost: Math.max(...queues.map(({ sent }) => sent)),
      sent: queues.reduce((total, { sent }) => total + sent, 0),
    }
  })
  return all.slice(1)
}

/**
 * Periods until x of n members are infected, by SWIM's x(t) = n / (1 + (n − 1) e^(−(2 − 1/n) t)), solved for t, from two: the one whose update
 * it is tells one at once.
 */
const swimPeriods = (n: number, x: number): number => Math.log((((n - 2) / 2) * x) / (n - x)) / (2 - 1 / n)

/** Seconds until 99.99 % are infected, by the formula of Serf's convergence simulator: x(t) = 1 / (1 + (n + 1) e^(−c n t)) per round, c n = fanout / 2. */
const serfSeconds = (n: number): number =>
  ((Math.log((n + 1) * 9_999) / (fanout * 0.5)) * gossipInterval) / 1_000

function report(done: readonly Done<Job, Outcome>[]): Report {
  const sizes = [...new Set(done.map(({ job }) => job.members))]
  const rows = sizes.map((members) => {
    const of = (mode: Mode) => {
      const updates = done
        .filter(({ job }) => job.mode === mode && job.members === members)
        .flatMap(({ outcome }) => outcome)
      const unit = mode === 'swim' ? period : 1_000
      const average = (pick: (update: Update) => number): number => rounded(mean(updates.map(pick)) / unit, 4)
      return {
        updates: updates.length,
        half: average(({ half }) => half),
        most: average(({ most }) => most),
        all: average(({ all }) => all),
        last: rounded(quantile(ascending(updates.map(({ all }) => all)), 1) / unit, 4),
        missed: updates.reduce((total, { missed }) => total + missed, 0),
        sentAtMost: Math.max(...updates.map(({ sentAtMost }) => sentAtMost)),
        sentPerMember: rounded(mean(updates.map(({ sent }) => sent)) / members, 2),
      }
    }
    return {
      members,
      /** λ log n: how often each tells an update, and after how many periods SWIM has it told to all. */
      limit: transmitLimit({ retransmitMult }, members),
      swim: of('swim'),
      gossip: of('gossip'),
      formula: {
        half: rounded(swimPeriods(members, members / 2), 4),
        all: rounded(swimPeriods(members, members - 1), 4),
        serf: rounded(serfSeconds(members), 4),
      },
    }
  })
  type Row = (typeof rows)[number]
  const fit = (pick: (row: Row) => number) =>
    fitLine(rows.map((row) => [Math.log(row.members), pick(row)] as const))
  const fits = {
    swimHalf: fit(({ swim }) => swim.half),
    swimAll: fit(({ swim }) => swim.all),
    gossipHalf: fit(({ gossip }) => gossip.half),
    gossipAll: fit(({ gossip }) => gossip.all),
  }
  const missed = rows.reduce((total, { gossip, swim }) => total + swim.missed + gossip.missed, 0)
  const told = rows.reduce(
    (total, { gossip, members, swim }) => total + (swim.updates + gossip.updates) * (members - 1),
    0,
  )
  const whole = (value: number): string => value.toLocaleString('en-US')
  const ms = (seconds: number): string => (seconds * 1_000).toFixed(seconds < 0.01 ? 1 : 0)
  const text = [
    table(
      [
        'members',
        'SWIM: half',
        'found',
        'SWIM: all but one',
        'all, found',
        'λ log n',
        'slowest',
        'told by one, at most',
      ],
      rows.map(({ formula, limit, members, swim }) => [
        whole(members),
        formula.half.toFixed(1),
        swim.half.toFixed(1),
        formula.all.toFixed(1),
        swim.all.toFixed(1),
        whole(limit),
        swim.last.toFixed(1),
        whole(swim.sentAtMost),
      ]),
    ),
    [
      'Periods until an update is known, riding on pings and acks alone (`gossipInterval` at its highest), means over 10 to 100 updates at each size.',
      'SWIM: x(t) = n / (1 + (n − 1) e^(−(2 − 1/n) t)), here from two, as whose update it is tells one at once: half of the group after',
      `ln((n − 2) / 2) / (2 − 1/n) periods. λ log n is \`retransmitMult\` (${retransmitMult}) × (1 + log10(n + 1)), rounded up: how often each member tells an update at most, and the periods after`,
      'which SWIM expects all to know it; _slowest_ is the one update of all that took the longest.',
    ].join('\n'),
    table(
      [
        'members',
        'half, ms',
        '99 of 100, ms',
        'all, ms',
        "Serf's formula, ms",
        'slowest, ms',
        'told by one, at most',
      ],
      rows.map(({ formula, gossip, members }) => [
        whole(members),
        ms(gossip.half),
        ms(gossip.most),
        ms(gossip.all),
        ms(formula.serf),
        ms(gossip.last),
        whole(gossip.sentAtMost),
      ]),
    ),
    [
      `The same as the profile \`lan\` has it: told to ${fanout} members at once, and by each of these again, and to ${fanout} more every ${gossipInterval} ms`,
      "after that: half and most hear in the first wave, the last in the second or third. Beside it the time by the formula of Serf's convergence simulator for 200 ms × 3, to 99.99 %.",
      `Least squares over all sizes: all know after ${line(fits.swimAll)} periods (R² ${fits.swimAll.r2.toFixed(3)}) on pings and acks,`,
      `and after ${line(fits.gossipAll)} s (R² ${fits.gossipAll.r2.toFixed(3)}) at \`lan\`. Of ${whole(told)} times that somebody was to be told,`,
      `${whole(missed)} did not happen before everyone had told it as often as it may: what infection leaves out is for the comparing of tables, which is off here.`,
    ].join('\n'),
  ].join('\n\n')
  const halfOff = Math.max(...rows.map(({ formula, swim }) => Math.abs(swim.half / formula.half - 1)))
  return {
    text,
    data: { periodMs: period, gossipInterval, fanout, retransmitMult, rows, fits, told, missed },
    goals: [
      {
        what: 'infection time against log n, on pings and acks',
        wanted: 'a straight line: R² of 0.98 or more',
        found: `half ${fits.swimHalf.r2.toFixed(3)}, all ${fits.swimAll.r2.toFixed(3)}`,
        met: Math.min(fits.swimHalf.r2, fits.swimAll.r2) >= 0.98,
      },
      {
        what: 'the same, at `lan`',
        wanted: 'a straight line: R² of 0.98 or more',
        found: `half ${fits.gossipHalf.r2.toFixed(3)}, all ${fits.gossipAll.r2.toFixed(3)}`,
        met: Math.min(fits.gossipHalf.r2, fits.gossipAll.r2) >= 0.98,
      },
      {
        what: "half of the group, on pings and acks, beside SWIM's formula",
        wanted: 'within 20 % at every n',
        found: `within ${(100 * halfOff).toFixed(1)} %`,
        met: halfOff <= 0.2,
      },
      {
        what: 'transmissions of one update by one member',
        wanted: 'at most λ log n',
        found: rows.every(within) ? 'never more' : 'more',
        met: rows.every(within),
      },
    ],
    figure: {
      title: 'Infection time of one update',
      panels: [
        {
          title: 'On pings and acks alone',
          x: { name: 'members', scale: 'log', min: 10, max: sizes.at(-1)! },
          y: { name: 'periods', min: 0 },
          series: [
            {
              name: 'SWIM: all but one',
              kind: 'line',
              colour: 'published',
              points: rows.map(({ formula, members }) => [members, formula.all]),
            },
            {
              name: 'SWIM: half',
              kind: 'line',
              colour: 'theory',
              points: rows.map(({ formula, members }) => [members, formula.half]),
            },
            {
              name: 'all',
              kind: 'points',
              colour: 'ours',
              points: rows.map(({ members, swim }) => [members, swim.all]),
            },
            {
              name: 'half',
              kind: 'points',
              colour: 'second',
              points: rows.map(({ members, swim }) => [members, swim.half]),
            },
          ],
        },
        {
          title: 'With gossip, as the profile lan has it',
          x: { name: 'members', scale: 'log', min: 10, max: sizes.at(-1)! },
          y: { name: 'seconds', min: 0 },
          series: [
            {
              name: "Serf's formula, 99.99 %",
              kind: 'line',
              colour: 'published',
              points: rows.map(({ formula, members }) => [members, formula.serf]),
            },
            {
              name: 'all',
              kind: 'points',
              colour: 'ours',
              points: rows.map(({ gossip, members }) => [members, gossip.all]),
            },
            {
              name: 'half',
              kind: 'points',
              colour: 'second',
              points: rows.map(({ gossip, members }) => [members, gossip.half]),
            },
          ],
        },
      ],
    },
  }

  function within({ gossip, limit, swim }: Row): boolean {
    return Math.max(gossip.sentAtMost, swim.sentAtMost) <= limit
  }
}

const line = ({ at0, slope }: { readonly at0: number; readonly slope: number }): string =>
  `${at0.toFixed(2)} + ${slope.toFixed(2)} ln n`
