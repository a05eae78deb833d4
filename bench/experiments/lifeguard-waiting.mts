import { table } from '../run/table.mts'
import type { Experiment, Report, Scale } from './kit/experiment.mts'
import {
  describeLifeguard,
  type LifeguardDone,
  type LifeguardJob,
  type LifeguardOutcome,
  runLifeguard,
  share,
  summarize,
  whole,
} from './lifeguard/summary.mts'
import { variantNames } from './lifeguard/variants.mts'

/**
 * The same with blocked members whose probing stands still, as it did in the paper: they suspect one member when they are let go, where
 * members that probe on suspect one in every period.
 */
export const lifeguardWaiting: Experiment<LifeguardJob, LifeguardOutcome> = {
  name: 'lifeguard-waiting',
  title: 'Lifeguard, where probing waits as well',
  jobs,
  describe: describeLifeguard,
  run: runLifeguard,
  report,
}

const grids: Record<Scale['size'], { anomalous: number[]; recovery: number[]; runs: number }> = {
  quick: { anomalous: [32], recovery: [4], runs: 1 },
  default: { anomalous: [1, 8, 32], recovery: [1, 4, 64], runs: 2 },
  full: { anomalous: [1, 4, 8, 12, 16, 20, 24, 28, 32], recovery: [1, 4, 16, 64, 256, 1_024], runs: 10 },
}
/** Shorter ones end before a suspicion does. */
const blocks = [16_384, 32_768]

function jobs({ runs, seed, size }: Scale): LifeguardJob[] {
  const { anomalous, recovery, runs: usual } = grids[size]
  return variantNames.flatMap((variant) =>
    anomalous.flatMap((count) =>
      blocks.flatMap((blocked) =>
        recovery.flatMap((pause) =>
          Array.from(
            { length: runs ?? usual },
            (_, i) =>
              ({
                kind: 'interval',
                variant,
                anomalous: count,
                blocked,
                recovery: pause,
                waits: true,
                seed: seed + i,
              }) as const,
          ),
        ),
      ),
    ),
  )
}

function report(done: readonly LifeguardDone[]): Report {
  const summaries = summarize(done)
  const swim = summaries.find(({ name }) => name === 'swim')!
  const published = swim.variant.published!
  const recoveries = new Set(done.map(({ job }) => (job.kind === 'interval' ? job.recovery : 0)))
  const counts = new Set(done.map(({ job }) => job.anomalous))
  const text = [
    table(
      [
        'α = 5, β = 6',
        'FP found',
        'published, % of SWIM',
        'found, % of SWIM',
        'FP⁻ found',
        'published, % of SWIM',
        'found, % of SWIM',
        'verdicts',
      ],
      summaries.map(({ atHealthy, falsePositives, variant, verdicts }) => [
        variant.label,
        whole(falsePositives),
        variant.published === undefined
          ? ''
          : share(variant.published.falsePositives, published.falsePositives),
        share(falsePositives, swim.falsePositives),
        whole(atHealthy),
        variant.published === undefined ? '' : share(variant.published.atHealthy, published.atHealthy),
        share(atHealthy, swim.atHealthy),
        whole(verdicts),
      ]),
    ),
    [
      `${swim.runs} runs of each variant: C of ${[...counts].join(', ')}, D of ${blocks.map(whole).join(' and ')} ms, I of ${[...recoveries].map(whole).join(', ')} ms.`,
      "memberlist's probing, as the paper ran it, is a thread that stands still in a send that is blocked, while the timers of suspicions run on: a blocked",
      'member suspects one other each time it is let go, tells so at once, and if it is blocked again before it has read the answer, holds it failed by itself.',
      "swimkit's probing never stands still in a send, and goes on while nothing comes in or out. Here it is made to wait, from outside: a look begins in a",
      'block with a ping that is held, and ends after it.',
      'LHA-Probe alone saves little here, as there is one look in a block however long its period is. Where nobody hears of a suspicion in the',
      'milliseconds between two blocks, it becomes a verdict, which then spreads: FP⁻ come in lumps of about a hundred, one for each healthy member, and in so few',
      'runs a handful of lumps says nothing of a variant.',
    ].join('\n'),
  ].join('\n\n')
  const all = summaries.find(({ name }) => name === 'lifeguard')!
  return {
    text,
    data: { summaries: summaries.map(({ variant, ...rest }) => ({ ...rest, published: variant.published })) },
    goals: [
      {
        what: `${all.variant.label}: false positives`,
        wanted: 'at most 1.53 % of SWIM',
        found: share(all.falsePositives, swim.falsePositives),
        met: swim.falsePositives > 0 && all.falsePositives <= 0.0153 * swim.falsePositives,
      },
      {
        what: `${all.variant.label}: false positives at healthy members`,
        wanted: 'at most 1.89 % of SWIM',
        found: share(all.atHealthy, swim.atHealthy),
        met: swim.atHealthy > 0 && all.atHealthy <= 0.0189 * swim.atHealthy,
      },
    ],
    figure: {
      title: 'Lifeguard, where the probing of blocked members waits as well',
      panels: (
        [
          ['False positives, % of SWIM', 'falsePositives'],
          ['False positives at healthy members, % of SWIM', 'atHealthy'],
        ] as const
      ).map(([title, key]) => ({
        title,
        x: {
          categories: summaries.map(({ variant }) =>
            variant.label.replace(', ', ',\n').replace('LHA-', 'LHA-\n'),
          ),
        },
        y: { name: '%', min: 0 },
        series: [
          {
            name: 'published',
            kind: 'bars' as const,
            colour: 'published' as const,
            label: percent,
            points: summaries.map(
              ({ variant }, i) =>
                [
                  i,
                  variant.published === undefined
                    ? Number.NaN
                    : (100 * variant.published[key]) / published[key],
                ] as const,
            ),
          },
          {
            name: 'found',
            kind: 'bars' as const,
            colour: 'ours' as const,
            label: percent,
            points: summaries.map((summary, i) => [i, (100 * summary[key]) / swim[key]] as const),
          },
        ],
      })),
    },
  }
}

const percent = (value: number): string => (Number.isNaN(value) ? '' : value.toFixed(value < 10 ? 2 : 0))
