import { quantile } from '@swimkit/simulator'
import type { Done } from '../kit/experiment.mts'
import { ascending, rounded, sum } from '../kit/statistics.mts'
import { type IntervalJob, type IntervalOutcome, runInterval } from './interval.mts'
import { runThreshold, type ThresholdJob, type ThresholdOutcome } from './threshold.mts'
import { type Variant, type VariantName, variantNames, variants } from './variants.mts'

export type LifeguardJob = IntervalJob | ThresholdJob
export type LifeguardOutcome =
  | ({ readonly kind: 'interval' } & IntervalOutcome)
  | ({ readonly kind: 'threshold' } & ThresholdOutcome)
export type LifeguardDone = Done<LifeguardJob, LifeguardOutcome>

export function runLifeguard(job: LifeguardJob): LifeguardOutcome {
  return job.kind === 'interval'
    ? { kind: 'interval', ...runInterval(job) }
    : { kind: 'threshold', ...runThreshold(job) }
}

export function describeLifeguard(job: LifeguardJob): string {
  const { anomalous, blocked, kind, seed, variant } = job
  const recovery = kind === 'interval' ? ` I ${job.recovery}` : ''
  return `${variants[variant].label}: C ${anomalous} D ${blocked}${recovery}, seed ${seed}`
}

/** Seconds: median, 99 %, 99.9 %. */
export type Latency = readonly [number, number, number]

/** What a variant came to over all its runs. */
export interface Summary {
  readonly name: VariantName
  readonly variant: Variant
  readonly runs: number
  readonly falsePositives: number
  readonly atHealthy: number
  readonly verdicts: number
  readonly verdictsByBlocked: number
  readonly detections: number
  /** Packets, and messages over streams. */
  readonly messages: number
  readonly bytes: number
  readonly first: Latency
  readonly full: Latency
  /** Members that were blocked once, those of them that were found out within the block, and by all. */
  readonly blockedOnce: number
  readonly found: number
  readonly foundByAll: number
}

export function summarize(done: readonly LifeguardDone[]): Summary[] {
  return variantNames.flatMap((name) => {
    const outcomes = done.filter(({ job }) => job.variant === name).map(({ outcome }) => outcome)
    if (outcomes.length === 0) return []
    const intervals = outcomes.filter((outcome) => outcome.kind === 'interval')
    const thresholds = outcomes.filter((outcome) => outcome.kind === 'threshold')
    const total = (pick: (outcome: IntervalOutcome) => number): number => sum(intervals.map(pick))
    const first = thresholds.flatMap((outcome) => outcome.first)
    const full = thresholds.flatMap((outcome) => outcome.full)
    return [
      {
        name,
        variant: variants[name],
        runs: intervals.length,
        falsePositives: total((outcome) => outcome.falsePositives),
        atHealthy: total((outcome) => outcome.atHealthy),
        verdicts: total((outcome) => outcome.verdicts),
        verdictsByBlocked: total((outcome) => outcome.verdictsByBlocked),
        detections: total((outcome) => outcome.detections),
        messages: total((outcome) => outcome.packets + outcome.streamMessages),
        bytes: total((outcome) => outcome.bytes + outcome.streamBytes),
        first: latency(first),
        full: latency(full),
        blockedOnce: sum(thresholds.map(({ anomalous }) => anomalous)),
        found: first.length,
        foundByAll: full.length,
      },
    ]
  })
}

function latency(ms: readonly number[]): Latency {
  const sorted = ascending(ms)
  const at = (q: number): number => rounded(quantile(sorted, q) / 1_000, 3)
  return [at(0.5), at(0.99), at(0.999)]
}

/** False positives by where they came about, of one variant: for each C, D and I. */
export interface Cell {
  readonly anomalous: number
  readonly blocked: number
  readonly recovery: number
  readonly falsePositives: number
  readonly atHealthy: number
}

export function cellsOf(done: readonly LifeguardDone[], name: VariantName): Cell[] {
  const cells = new Map<string, Cell>()
  for (const { job, outcome } of done) {
    if (job.variant !== name || job.kind !== 'interval' || outcome.kind !== 'interval') continue
    const { anomalous, blocked, recovery } = job
    const key = `${anomalous} ${blocked} ${recovery}`
    const cell = cells.get(key) ?? { anomalous, blocked, recovery, falsePositives: 0, atHealthy: 0 }
    cells.set(key, {
      ...cell,
      falsePositives: cell.falsePositives + outcome.falsePositives,
      atHealthy: cell.atHealthy + outcome.atHealthy,
    })
  }
  return [...cells.values()]
}

export const whole = (value: number): string => value.toLocaleString('en-US')

/** A share of the same of SWIM; a dash where SWIM has none. */
export const share = (value: number, ofSwim: number): string =>
  ofSwim === 0 ? '–' : `${((100 * value) / ofSwim).toFixed(2)} %`

export const seconds = (latency: Latency): string => latency.map((value) => value.toFixed(2)).join(' / ')
