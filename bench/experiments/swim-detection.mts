import { type Detector, type ProbeStrategy, type Random, roundRobin, uniform } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { quantile, Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Done, Experiment, Report, Scale } from './kit/experiment.mts'
import { NoPiggyback } from './kit/piggyback.mts'
import { ascending, confidence, mean, rounded, slopeWithConfidence } from './kit/statistics.mts'

/** Milliseconds. */
const period = 1_000

const modes = {
  'lock-step': {
    label: 'uniform, all tick together',
    strategy: uniform,
    together: true,
  },
  'lock-step-round-robin': {
    label: 'round-robin, all tick together',
    strategy: roundRobin,
    together: true,
  },
  staggered: {
    label: 'uniform, staggered',
    strategy: uniform,
    together: false,
  },
} as const satisfies Record<string, { label: string; strategy: ProbeStrategy; together: boolean }>
type Mode = keyof typeof modes

interface Job {
  readonly mode: Mode
  readonly members: number
  /** Members that fall silent at once in each trial. */
  readonly victims: number
  readonly trials: number
  readonly seed: number
}

/**
 * Of each victim, in periods of time. Where all tick together: from the first tick after it fell silent until somebody suspects it;
 * that is a whole number, 1 if it was looked at in the first period. Else: from its silence on.
 */
type Outcome = readonly number[]

/**
 * SWIM §3.1 and §5: with every member looking at one other at random in each period, a failed one is found out after
 * e/(e − 1) periods on average, however large the group.
 */
export const swimDetection: Experiment<Job, Outcome> = {
  name: 'swim-detection',
  title: 'SWIM: time to the first detection',
  jobs,
  describe: ({ members, mode }) => `${mode}, ${members} members`,
  run,
  report,
}

function jobs({ runs = 1, seed, size }: Scale): Job[] {
  const sizes = size === 'quick' ? [10, 100] : [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000]
  // Half as many of the largest: a trial of theirs costs as much as hundreds of the small ones.
  const wanted = (members: number): number =>
    ({ quick: 100, default: members > 1_000 ? 500 : 1_000, full: 5_000 })[size]
  return (Object.keys(modes) as Mode[]).flatMap((mode) =>
    sizes.flatMap((members) => {
      // A hundredth at most, from a hundred on: few enough to be looked at as if they were alone.
      const victims = Math.max(1, Math.floor(members / 100))
      const trials = Math.ceil(wanted(members) / victims)
      return Array.from({ length: runs }, (_, i) => ({ mode, members, victims, trials, seed: seed + i }))
    }),
  )
}

/** A detector whose first period begins at once, so that those of all nodes that start together begin together. */
function together(inner: Detector): Detector {
  return {
    ...inner,
    attach: (context) => inner.attach({ ...context, random: atOnce(context.random) }),
  }
}

const atOnce = (random: Random): Random => ({
  u32: () => random.u32(),
  below: (bound) => random.below(bound),
  fraction: () => 0,
  fork: (label) => random.fork(label),
})

function run({ members, mode, seed, trials, victims }: Job): Outcome {
  return Array.from({ length: trials }, (_, i) => trial(mode, members, victims, 1_000_000 * seed + i)).flat()
}

/** A group of its own for each: nothing of an earlier silence is left in it. */
function trial(mode: Mode, members: number, victims: number, seed: number): number[] {
  const { strategy, together: lockStep } = modes[mode]
  const detector = pingAck({ strategy })
  const simulation = new Simulation({
    detectors: () => [lockStep ? together(detector) : detector],
    seed,
    keepEvents: false,
    evidence: 1,
    traceCapacity: 1,
    // It is about the first to find out, and not about whom they tell.
    disseminator: () => new NoPiggyback(),
    settings: {
      probeInterval: period,
      syncInterval: 0,
      // Nobody is to slow down, and nobody to be failed before the last is found out.
      healthMax: 0,
      suspicionMult: 100,
      suspicionMaxMult: 1,
      suspicionConfirmations: 0,
    },
  })
  const nodes = simulation.populate(members)
  const random = simulation.random.fork('victims')
  simulation.run(period * (1 + random.below(10)))
  // Not within the milliseconds that a probe is under way.
  const offset = period * (0.01 + 0.98 * random.fraction())
  simulation.run(offset)
  const since = simulation.now + (lockStep ? period - offset : 0)
  const silent = new Set<string>()
  const found: number[] = []
  simulation.observe({
    event(_node, { record, type }, now) {
      if (type === 'suspect' && silent.delete(record.name)) found.push((now - since) / period)
    },
  })
  while (silent.size < victims) {
    const node = nodes[random.below(members)]!
    silent.add(node.name)
    simulation.crash(node, true)
  }
  for (let periods = 0; silent.size > 0; periods++) {
    if (periods === 100) throw new Error(`${silent.size} of ${victims} were not found out in 100 periods`)
    simulation.run(period)
  }
  return found
}

/** Expected number of the first period in which one of the others draws a given member: the n − 1 others draw out of n − 1 each. */
function expectedPeriods(members: number, victims: number): number {
  return 1 / (1 - (1 - 1 / (members - 1)) ** (members - victims))
}

/** SWIM's, for an infinite group. */
const published = Math.E / (Math.E - 1)

function report(done: readonly Done<Job, Outcome>[]): Report {
  const sizes = [...new Set(done.map(({ job }) => job.members))]
  const of = (mode: Mode, members: number): number[] =>
    done.filter(({ job }) => job.mode === mode && job.members === members).flatMap(({ outcome }) => outcome)
  const rows = sizes.map((members) => {
    const { victims } = done.find(({ job }) => job.members === members)!.job
    const figures = (mode: Mode) => {
      const values = of(mode, members)
      return {
        mean: rounded(mean(values), 4),
        confidence: rounded(confidence(values), 4),
        p99: rounded(quantile(ascending(values), 0.99), 4),
        samples: values.length,
      }
    }
    return {
      members,
      victims,
      expected: rounded(expectedPeriods(members, victims), 4),
      'lock-step': figures('lock-step'),
      'lock-step-round-robin': figures('lock-step-round-robin'),
      staggered: figures('staggered'),
    }
  })
  const shown = (mode: Mode) => (row: (typeof rows)[number]) =>
    `${row[mode].mean.toFixed(2)} ± ${row[mode].confidence.toFixed(2)}`
  const all = done.filter(({ job }) => job.mode === 'lock-step').flatMap(({ outcome }) => outcome)
  const large = done
    .filter(({ job }) => job.mode === 'lock-step' && job.members >= 100)
    .flatMap(({ outcome }) => outcome)
  const staggered = done.filter(({ job }) => job.mode === 'staggered').flatMap(({ outcome }) => outcome)
  const trend = slopeWithConfidence(
    done
      .filter(({ job }) => job.mode === 'lock-step' && job.members >= 100)
      .flatMap(({ job, outcome }) => outcome.map((periods) => [Math.log10(job.members), periods] as const)),
  )
  const shares = [1, 2, 3, 4, 5, 6].map(
    (count) =>
      [count, large.filter((periods) => Math.round(periods) === count).length / large.length] as const,
  )
  const hit = 1 - 1 / Math.E
  const fewest = Math.min(...rows.map((row) => row['lock-step'].samples))
  const text = [
    table(
      [
        'members',
        'SWIM, exact for n',
        'found',
        'found, round-robin',
        'found, staggered',
        'of these, the wait',
      ],
      rows.map((row) => [
        row.members.toLocaleString('en-US'),
        row.expected.toFixed(2),
        shown('lock-step')(row),
        shown('lock-step-round-robin')(row),
        shown('staggered')(row),
        (row.staggered.mean - 1).toFixed(2),
      ]),
    ),
    [
      `Means with the 95 % confidence interval, of ${fewest.toLocaleString('en-US')} members or more that fell silent at each size, a`,
      'hundredth of the group at a time. SWIM gives e/(e − 1) ≈ 1.58 periods for large groups. _Exact for n_ is the same for n members that draw out',
      'of n − 1 others each: 1 / (1 − (1 − 1/(n − 1))^(n − v)) with v silent ones.',
      'All tick together in the second to fourth column: a whole period is counted from the first tick after the silence began, 1 if somebody',
      'looked at the member at that very tick; the verdict on that look, the first `suspect`, comes with the end of the period. _Staggered_, as nodes',
      'are in practice, is the time from the silence until that verdict: a wait of 1.0 period until somebody looks, and the period that a look takes.',
    ].join('\n'),
  ].join('\n\n')
  return {
    text,
    data: { periodMs: period, published: rounded(published, 4), sizes: rows, shares, trend },
    goals: [
      {
        what: 'first detection, all ticking together, all sizes',
        wanted: '1.58 periods (± 0.05)',
        found: `${mean(all).toFixed(3)} ± ${confidence(all).toFixed(3)}`,
        met: Math.abs(mean(all) - published) <= 0.05,
      },
      {
        what: 'the same, change with ten times the members, from 100 on',
        wanted: '0 (± 0.05)',
        found: `${trend.slope.toFixed(3)} ± ${trend.confidence.toFixed(3)}`,
        met: Math.abs(trend.slope) <= 0.05,
      },
      {
        what: 'staggered',
        wanted: '1.0 period and the period of the look (± 0.05)',
        found: `${mean(staggered).toFixed(3)} ± ${confidence(staggered).toFixed(3)}`,
        met: Math.abs(mean(staggered) - 2) <= 0.05,
      },
    ],
    figure: {
      title: 'First detection of a silent member',
      panels: [
        {
          title: 'Mean by the size of the group',
          x: { name: 'members', scale: 'log', min: 10, max: 5_000 },
          y: { name: 'periods', min: 0, max: 3 },
          series: [
            {
              name: 'SWIM: e/(e − 1)',
              kind: 'line',
              colour: 'published',
              points: sizes.map((members) => [members, published]),
            },
            {
              name: 'exact for n',
              kind: 'line',
              colour: 'theory',
              points: rows.map(({ expected, members }) => [members, expected]),
            },
            ...(['lock-step', 'lock-step-round-robin', 'staggered'] as const).map((mode, i) => ({
              name: modes[mode].label,
              kind: 'points' as const,
              colour: (['ours', 'second', 'third'] as const)[i]!,
              points: rows.map((row) => [row.members, row[mode].mean] as const),
            })),
          ],
        },
        {
          title: 'All ticking together, 100 members and more',
          x: { categories: shares.map(([count]) => String(count)) },
          y: { name: 'share of the silences', min: 0, max: 0.8 },
          series: [
            {
              name: 'SWIM: (1 − 1/e) × e^−(k − 1)',
              kind: 'bars',
              colour: 'published',
              points: shares.map(([count]) => [count, hit * (1 - hit) ** (count - 1)]),
              label: (y) => y.toFixed(3),
            },
            {
              name: 'found out in period k',
              kind: 'bars',
              colour: 'ours',
              points: shares,
              label: (y) => y.toFixed(3),
            },
          ],
        },
      ],
    },
  }
}
