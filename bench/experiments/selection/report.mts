import { quantile } from '@swimkit/simulator'
import { table } from '../../run/table.mts'
import type { Done, Goal, Report } from '../kit/experiment.mts'
import { ascending, confidence, mean, rounded } from '../kit/statistics.mts'
import { type Death, type Job, type Outcome, period, type StrategyName, strategies } from './job.mts'
import { meanWait, unseen, waitOf } from './theory.mts'

const colours = { uniform: 'ours', roundRobin: 'second', ringSuccessor: 'third' } as const

/** Times of one kind, with one selection, in periods. */
interface Times {
  readonly mean: number
  readonly confidence: number
  readonly p50: number
  readonly p95: number
  readonly max: number
  readonly count: number
}

function timesOf(values: readonly number[]): Times {
  const sorted = ascending(values)
  return {
    mean: rounded(mean(values), 4),
    confidence: rounded(confidence(values), 4),
    p50: rounded(quantile(sorted, 0.5), 4),
    p95: rounded(quantile(sorted, 0.95), 4),
    max: rounded(quantile(sorted, 1), 4),
    count: values.length,
  }
}

export function report(done: readonly Done<Job, Outcome>[]): Report {
  const deaths = (kind: Job['kind'], strategy: StrategyName, members: number): Death[] =>
    done
      .filter(({ job }) => job.kind === kind && job.strategy === strategy && job.members === members)
      .flatMap(({ outcome }) => outcome)
  const sizes = [...new Set(done.filter(({ job }) => job.kind === 'single').map(({ job }) => job.members))]
  const several = done.find(({ job }) => job.kind === 'together')!.job
  const single = sizes.flatMap((members) =>
    strategies.map((strategy) => {
      const found = deaths('single', strategy, members)
      const times = (of: (death: Death) => number) => timesOf(found.map(of))
      return {
        members,
        strategy,
        first: times(({ looks }) => looks[0]!),
        third: times(({ looks }) => looks[2]!),
        // Both are there: the run waited for them.
        suspected: times(({ suspected }) => suspected!),
        failed: times(({ failed }) => failed!),
      }
    }),
  )
  const last = (strategy: StrategyName) =>
    deaths('together', strategy, several.members).map(({ looks }) => looks[0]!)
  const together = strategies.map((strategy) => ({ strategy, all: timesOf(last(strategy)) }))
  const largest = Math.max(...sizes)
  return {
    text: text(single, together, several),
    data: { periodMs: period, single, together: { ...several, strategies: together } },
    goals: goals(single, together),
    figure: {
      title: 'Crashes that nobody has looked at',
      panels: [
        panel(`One crash, ${largest} members`, 1, (strategy) =>
          deaths('single', strategy, largest).map(({ looks }) => looks[0]!),
        ),
        panel(`Any of ${several.victims} at once, ${several.members} members`, several.victims, last),
      ],
    },
  }
}

type Single = readonly {
  readonly members: number
  readonly strategy: StrategyName
  readonly first: Times
  readonly third: Times
  readonly suspected: Times
  readonly failed: Times
}[]
type Together = readonly { readonly strategy: StrategyName; readonly all: Times }[]

const two = (value: number): string => value.toFixed(2)
const atLeast = (times: readonly Times[]): string =>
  Math.min(...times.map(({ count }) => count)).toLocaleString('en-US')
/** Found, and in brackets what theory says. */
const beside = (found: number, theory: number): string => `${two(found)} (${two(theory)})`
const longest = (strategy: StrategyName): string => (strategy === 'ringSuccessor' ? '2.00' : 'none')

function text(single: Single, together: Together, { members, victims }: Job): string {
  return [
    table(
      ['members, selection', 'mean', 'p50', 'p95', 'longest', '(bound)'],
      single.map(({ first, members: n, strategy }) => [
        `${n}, ${strategy}`,
        `${two(first.mean)} ± ${two(first.confidence)} (${two(meanWait(strategy))})`,
        beside(first.p50, waitOf(strategy, 0.5)),
        beside(first.p95, waitOf(strategy, 0.95)),
        two(first.max),
        longest(strategy),
      ]),
    ),
    [
      `Periods from a crash until anybody looks at the member, ${atLeast(single.map(({ first }) => first))} crashes each, one after the other, each when the`,
      'one before it has been failed; in brackets, of a large group: e^−t of the crashes are not looked at after t periods, with `ringSuccessor`',
      '(1 − t/2) · e^(−t/2), and none after 2. Every node looks at one member per period in all of them: the packets are the same.',
      'Nodes begin their periods at random instants. (Where all ticked together, as in SWIM’s analysis, 1 would be e/(e − 1) ≈ 1.58.)',
    ].join('\n'),
    table(
      [
        'members, selection',
        'third to look, mean',
        'p95',
        'first suspicion, p50',
        'p95',
        'longest',
        'first failed, p50',
        'p95',
        'longest',
      ],
      single.map(({ failed, members: n, strategy, suspected, third }) => [
        `${n}, ${strategy}`,
        two(third.mean),
        two(third.p95),
        ...[suspected, failed].flatMap(({ max, p50, p95 }) => [two(p50), two(p95), two(max)]),
      ]),
    ),
    [
      'What comes of the same crashes, whose machines fall silent: a look takes a period, then there is a suspicion, and two others',
      'that look for themselves bring it down to its shortest (Lifeguard §4.2). With `ringSuccessor` the first look is sooner and the third',
      'later, as only half of the looks are at members at random.',
    ].join('\n'),
    table(
      ['selection', 'mean', 'p50', 'p95', 'longest'],
      together.map(({ all, strategy }) => [
        strategy,
        `${two(all.mean)} ± ${two(all.confidence)}`,
        beside(all.p50, waitOf(strategy, 0.5, victims)),
        beside(all.p95, waitOf(strategy, 0.95, victims)),
        two(all.max),
      ]),
    ),
    [
      `${victims} of ${members} members crash at once: periods until each of them has been looked at by anybody, ${atLeast(together.map(({ all }) => all))} groups each.`,
      'A member whose predecessor on the ring has crashed with it has the looks at random alone, until the predecessor is suspect.',
    ].join('\n'),
  ].join('\n\n')
}

function goals(single: Single, together: Together): Goal[] {
  const ring = single.filter(({ strategy }) => strategy === 'ringSuccessor')
  const others = single.filter(({ strategy }) => strategy !== 'ringSuccessor')
  const longestRing = Math.max(...ring.map(({ first }) => first.max))
  // As many of each.
  const meanOf = (of: Single): number => mean(of.map(({ first }) => first.mean))
  const p50 = (name: StrategyName): number => together.find(({ strategy }) => strategy === name)!.all.p50
  return [
    {
      what: 'one crash, `ringSuccessor`: longest until the first look',
      wanted: '2 periods',
      found: two(longestRing),
      met: longestRing <= 2.001,
    },
    {
      what: 'the same, mean of all sizes',
      wanted: '2/e ≈ 0.74 (± 0.1)',
      found: two(meanOf(ring)),
      met: Math.abs(meanOf(ring) - meanWait('ringSuccessor')) <= 0.1,
    },
    {
      what: 'one crash, the others: mean of all sizes',
      wanted: '1 (± 0.1)',
      found: two(meanOf(others)),
      met: Math.abs(meanOf(others) - meanWait('uniform')) <= 0.1,
    },
    {
      what: 'several at once: p50 until all are looked at',
      wanted: 'less with `ringSuccessor`',
      found: strategies.map((name) => `${name} ${two(p50(name))}`).join(', '),
      met: p50('ringSuccessor') < Math.min(p50('uniform'), p50('roundRobin')),
    },
  ]
}

const instants = Array.from({ length: 26 }, (_, i) => i / 5)

function panel(title: string, victims: number, waits: (strategy: StrategyName) => readonly number[]) {
  const left = (t: number, strategy: StrategyName): number => 1 - (1 - unseen(strategy, t)) ** victims
  return {
    title,
    x: { name: 'periods since', min: 0, max: 5 },
    y: { name: 'share', min: 0, max: 1 },
    series: [
      {
        name: 'at random, in theory',
        kind: 'line' as const,
        colour: 'published' as const,
        points: instants.map((t) => [t, left(t, 'uniform')] as const),
      },
      {
        name: 'with a successor, in theory',
        kind: 'line' as const,
        colour: 'theory' as const,
        points: instants.map((t) => [t, left(t, 'ringSuccessor')] as const),
      },
      ...strategies.map((strategy) => {
        const values = waits(strategy)
        return {
          name: strategy,
          kind: 'points' as const,
          colour: colours[strategy],
          points: instants.map((t) => [t, values.filter((wait) => wait > t).length / values.length] as const),
        }
      }),
    ],
  }
}
