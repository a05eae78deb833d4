import { table } from '../run/table.mts'
import type { Figure } from './kit/chart.mts'
import type { Experiment, Goal, Report, Scale } from './kit/experiment.mts'
import {
  cellsOf,
  describeLifeguard,
  type LifeguardDone,
  type LifeguardJob,
  type LifeguardOutcome,
  runLifeguard,
  type Summary,
  seconds,
  share,
  summarize,
  whole,
} from './lifeguard/summary.mts'
import { type VariantName, variantNames } from './lifeguard/variants.mts'

/** Lifeguard's controlled experiment: members that are slow to handle messages, and who is held failed for it. */
export const lifeguard: Experiment<LifeguardJob, LifeguardOutcome> = {
  name: 'lifeguard',
  title: 'Lifeguard against plain SWIM',
  jobs,
  describe: describeLifeguard,
  run: runLifeguard,
  report,
}

interface Grid {
  readonly anomalous: readonly number[]
  readonly blocked: readonly number[]
  readonly recovery: readonly number[]
  /** Blocked once, long enough to be found out. */
  readonly once: readonly number[]
  readonly runs: number
  /** Of each D of `once`. */
  readonly onceRuns: number
}

const fourths = [1, 4, 8, 12, 16, 20, 24, 28, 32]
const grids: Record<Scale['size'], Grid> = {
  quick: { anomalous: [1, 32], blocked: [16_384], recovery: [1_024], once: [16_384], runs: 1, onceRuns: 1 },
  default: {
    anomalous: [1, 8, 32],
    blocked: [2_048, 16_384],
    recovery: [64, 1_024, 16_384],
    once: [16_384, 32_768],
    runs: 3,
    onceRuns: 6,
  },
  full: {
    anomalous: fourths,
    blocked: [128, 512, 2_048, 8_192, 16_384, 32_768],
    recovery: [1, 4, 16, 64, 256, 1_024, 4_096, 16_384],
    once: [16_384, 32_768],
    runs: 10,
    onceRuns: 10,
  },
}

function jobs({ runs, seed, size }: Scale): LifeguardJob[] {
  const grid = grids[size]
  const waits = false
  return variantNames.flatMap((variant) =>
    grid.anomalous.flatMap((anomalous): LifeguardJob[] => [
      ...grid.blocked.flatMap((blocked) =>
        grid.recovery.flatMap((recovery) =>
          seeds(seed, runs ?? grid.runs).map(
            (each) =>
              ({ kind: 'interval', variant, anomalous, blocked, recovery, waits, seed: each }) as const,
          ),
        ),
      ),
      ...grid.once.flatMap((blocked) =>
        seeds(seed, runs === undefined ? grid.onceRuns : 2 * runs).map(
          (each) => ({ kind: 'threshold', variant, anomalous, blocked, waits, seed: each }) as const,
        ),
      ),
    ]),
  )
}

const seeds = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i)

function report(done: readonly LifeguardDone[]): Report {
  const summaries = summarize(done)
  const swim = summaries.find(({ name }) => name === 'swim')!
  const cells = Object.fromEntries(variantNames.map((name) => [name, cellsOf(done, name)]))
  return {
    text: [
      falsePositiveTable(summaries, swim),
      falsePositiveNote(done, swim),
      cellTable(done),
      'False positives (at healthy members) by where they come from, all runs of a point together.',
      latencyTable(summaries),
      latencyNote(summaries),
      loadTable(summaries, swim),
      [
        'Packets and messages over streams, and their bytes without headers of UDP, TCP and IP, of all members together, from the first block on;',
        "the paper's are of Consul agents. Whoever is failed wrongly is not probed: the plain variants save packets that way.",
      ].join('\n'),
    ].join('\n\n'),
    data: {
      summaries: summaries.map(({ variant, ...rest }) => ({ ...rest, published: variant.published })),
      cells,
    },
    goals: goals(summaries, swim),
    figure: figure(summaries, swim),
  }
}

function falsePositiveTable(summaries: readonly Summary[], swim: Summary): string {
  const published = swim.variant.published!
  return table(
    [
      'α = 5, β = 6',
      'FP published',
      'FP found',
      'published, % of SWIM',
      'found, % of SWIM',
      'FP⁻ published',
      'FP⁻ found',
      'published, % of SWIM',
      'found, % of SWIM',
    ],
    summaries.map(({ atHealthy, falsePositives, variant }) => [
      variant.label,
      ...(variant.published === undefined ? [''] : [whole(variant.published.falsePositives)]),
      whole(falsePositives),
      ...(variant.published === undefined
        ? ['']
        : [share(variant.published.falsePositives, published.falsePositives)]),
      share(falsePositives, swim.falsePositives),
      ...(variant.published === undefined ? [''] : [whole(variant.published.atHealthy)]),
      whole(atHealthy),
      ...(variant.published === undefined ? [''] : [share(variant.published.atHealthy, published.atHealthy)]),
      share(atHealthy, swim.atHealthy),
    ]),
  )
}

function falsePositiveNote(
  done: readonly LifeguardDone[],
  { runs, verdicts, verdictsByBlocked }: Summary,
): string {
  const list = (pick: (job: LifeguardJob) => number): string =>
    [...new Set(done.filter(({ job }) => job.kind === 'interval').map(({ job }) => pick(job)))]
      .map((value) => value.toLocaleString('en-US'))
      .join(', ')
  return [
    `${runs} runs of each variant: 128 members settle for 15 s, then C of them (${list(({ anomalous }) => anomalous)}) neither send nor receive for D ms`,
    `(${list(({ blocked }) => blocked)}) and recover for I ms (${list((job) => (job.kind === 'interval' ? job.recovery : 0))}), all at once, in cycles for two minutes.`,
    'FP are `failed` events about members that are never blocked, at any member, and FP⁻ those at members that are never blocked either. A member that is',
    'blocked for longer than its suspicion takes is found out rightly, and not in these figures. SWIM is `healthMax: 0`, `suspicionMaxMult: 1`,',
    `\`suspicionConfirmations: 0\`, and no buddy rule. Its false positives go back to ${whole(verdicts)} verdicts, ${whole(verdictsByBlocked)} of them first reached by a`,
    'blocked member, whose timers run on while it hears nothing.',
  ].join('\n')
}

function cellTable(done: readonly LifeguardDone[]): string {
  const shown: VariantName[] = ['swim', 'probe', 'suspicion', 'buddy', 'lifeguard', 'lifeguard-k2']
  const columns = shown.map((name) => cellsOf(done, name))
  const labels = summarize(done).filter(({ name }) => shown.includes(name))
  return table(
    ['C × D × I', ...labels.map(({ variant }) => variant.label)],
    columns[0]!.map(({ anomalous, blocked, recovery }, i) => [
      `${anomalous} × ${whole(blocked)} × ${whole(recovery)}`,
      ...columns.map((cells) => {
        const cell = cells[i]!
        return cell.falsePositives === 0 ? '0' : `${whole(cell.falsePositives)} (${whole(cell.atHealthy)})`
      }),
    ]),
  )
}

function latencyTable(summaries: readonly Summary[]): string {
  return table(
    [
      'median / 99 % / 99.9 %, s',
      'first detection, published',
      'found',
      'full dissemination, published',
      'found',
    ],
    summaries.map(({ first, full, variant }) => [
      variant.label,
      variant.published === undefined ? '' : seconds(variant.published.first),
      seconds(first),
      variant.published === undefined ? '' : seconds(variant.published.full),
      seconds(full),
    ]),
  )
}

function latencyNote(summaries: readonly Summary[]): string {
  const missed = summaries.map(
    ({ blockedOnce, found, foundByAll, variant }) =>
      `${variant.label} ${whole(blockedOnce - found)} and ${whole(blockedOnce - foundByAll)}`,
  )
  const once = Math.max(...summaries.map(({ blockedOnce }) => blockedOnce))
  return [
    `Of ${whole(once)} members for each variant that were blocked once, for 16.4 or 32.8 s, the same C at a time: from the beginning of the block until the first of the others`,
    'held one failed, and until all others did. The shortest suspicion is 5 × log10(128) × 1 s = 10.5 s. Not found out within the block, by nobody and not by all:',
    `${missed.join(', ')}.`,
  ].join('\n')
}

function loadTable(summaries: readonly Summary[], swim: Summary): string {
  const published = swim.variant.published!
  const change = (value: number, from: number): string => {
    const percent = 100 * (value / from - 1)
    return `${percent < 0 ? '−' : '+'}${Math.abs(percent).toFixed(1)} %`
  }
  return table(
    [
      '',
      'messages found, millions',
      'published, against SWIM',
      'found',
      'bytes found, GiB',
      'published, against SWIM',
      'found',
    ],
    summaries.map(({ bytes, messages, variant }) => [
      variant.label,
      (messages / 1e6).toFixed(2),
      variant.published === undefined ? '' : change(variant.published.messages, published.messages),
      change(messages, swim.messages),
      (bytes / 2 ** 30).toFixed(2),
      variant.published === undefined ? '' : change(variant.published.bytes, published.bytes),
      change(bytes, swim.bytes),
    ]),
  )
}

function goals(summaries: readonly Summary[], swim: Summary): Goal[] {
  const lifeguard = summaries.find(({ name }) => name === 'lifeguard')!
  const own = summaries.find(({ name }) => name === 'swimkit')!
  const beside: Goal = {
    what: `${own.variant.label}: false positives`,
    wanted: 'not above those of Lifeguard, K = 3',
    found: `${whole(own.falsePositives)} against ${whole(lifeguard.falsePositives)}`,
    met: own.falsePositives <= lifeguard.falsePositives,
  }
  const published = summaries
    .filter(({ name }) => name.startsWith('lifeguard'))
    .flatMap(({ atHealthy, falsePositives, first, variant }) => [
      {
        what: `${variant.label}: false positives`,
        wanted: 'at most 1.53 % of SWIM',
        found: share(falsePositives, swim.falsePositives),
        met: swim.falsePositives > 0 && falsePositives <= 0.0153 * swim.falsePositives,
      },
      {
        what: `${variant.label}: false positives at healthy members`,
        wanted: 'at most 1.89 % of SWIM',
        found: share(atHealthy, swim.atHealthy),
        met: swim.atHealthy > 0 && atHealthy <= 0.0189 * swim.atHealthy,
      },
      {
        what: `${variant.label}: median first detection`,
        wanted: 'at most 1.01 × that of SWIM',
        found: `${(first[0] / swim.first[0]).toFixed(3)} ×`,
        met: first[0] <= 1.01 * swim.first[0],
      },
    ])
  return [...published, beside]
}

function figure(summaries: readonly Summary[], swim: Summary): Figure {
  const categories = summaries.map(({ variant }) =>
    variant.label.replace(', ', ',\n').replace('LHA-', 'LHA-\n'),
  )
  const published = swim.variant.published!
  const over = (pick: (summary: Summary) => number | undefined) =>
    summaries.map((summary, i) => [i, pick(summary) ?? Number.NaN] as const)
  const percent = (value: number): string => (Number.isNaN(value) ? '' : value.toFixed(value < 10 ? 2 : 0))
  const clock = (value: number): string => (Number.isNaN(value) ? '' : value.toFixed(1))
  const bars = (
    name: string,
    colour: 'published' | 'ours' | 'second' | 'third',
    label: (value: number) => string,
    pick: (summary: Summary) => number | undefined,
  ) => ({ name, kind: 'bars', colour, label, points: over(pick) }) as const
  return {
    title: 'Lifeguard against plain SWIM, α = 5, β = 6, 128 members',
    panels: [
      {
        title: 'False positives, % of SWIM',
        x: { categories },
        y: { name: '%', min: 0, max: 110 },
        series: [
          bars('published', 'published', percent, ({ variant }) =>
            variant.published === undefined
              ? undefined
              : (100 * variant.published.falsePositives) / published.falsePositives,
          ),
          bars(
            'found',
            'ours',
            percent,
            ({ falsePositives }) => (100 * falsePositives) / swim.falsePositives,
          ),
        ],
      },
      {
        title: 'False positives at healthy members, % of SWIM',
        x: { categories },
        y: { name: '%', min: 0, max: 110 },
        series: [
          bars('published', 'published', percent, ({ variant }) =>
            variant.published === undefined
              ? undefined
              : (100 * variant.published.atHealthy) / published.atHealthy,
          ),
          bars('found', 'ours', percent, ({ atHealthy }) => (100 * atHealthy) / swim.atHealthy),
        ],
      },
      {
        title: 'First detection of a member that is blocked for good',
        x: { categories },
        y: { name: 'seconds', min: 0, max: 30 },
        series: [
          bars('median, published', 'published', clock, ({ variant }) => variant.published?.first[0]),
          bars('median, found', 'ours', clock, ({ first }) => first[0]),
          bars('99 %, found', 'third', clock, ({ first }) => first[1]),
        ],
      },
      {
        title: 'Messages sent, % of SWIM',
        x: { categories },
        y: { name: '%', min: 0, max: 140 },
        series: [
          bars('published', 'published', percent, ({ variant }) =>
            variant.published === undefined
              ? undefined
              : (100 * variant.published.messages) / published.messages,
          ),
          bars('found', 'ours', percent, ({ messages }) => (100 * messages) / swim.messages),
        ],
      },
    ],
  }
}
