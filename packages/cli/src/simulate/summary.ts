import { type Curve, pooled, type Spread, shareCurve, spreadOf, type Timeline } from '@swimkit/simulator'
import type { RunResult } from './run-result.ts'
import type { SimulateSettings } from './settings.ts'

/** Victims that are listed one by one, and points of a curve, at most: one object stays far below a megabyte. */
const victimsListed = 100
const curvePoints = 100

type Quantiles<K extends keyof Spread> = Readonly<Pick<Spread, K>>
type Detection = Quantiles<'first' | 'p50' | 'p99' | 'last'>

/** What one run came to. Times are seconds; null where there was nothing to time. */
export interface RunSummary {
  readonly traceHash: string
  readonly seed: number
  /** `failed` events about members whose process ran. */
  readonly falsePositives: number
  /** From each crash until each other node held it failed. */
  readonly detection: Detection
  /** From the first node that knew until each other did. */
  readonly dissemination: Quantiles<'p50' | 'p99'>
  readonly messagesPerNodePerSecond: number
  readonly bytesPerNodePerSecond: number
  readonly virtualSeconds: number
  readonly wallSeconds: number
  readonly ok: boolean
}

/** What all runs together came to; of one run, that one. This is what `--json` prints. */
export interface Summary extends RunSummary {
  readonly nodes: number
  readonly name?: string
  readonly detector: string
  readonly codec: string
  readonly profile: string
  readonly start: 'converged' | 'form'
  readonly events: number
  /** Virtual seconds until all had joined, of each run that began so. */
  readonly formedAfter: readonly number[]
  /** From each crash until each other node held it suspect. */
  readonly suspicion: Detection
  readonly crashes: {
    readonly count: number
    /** Not looked at, as there were too many. */
    readonly untracked: number
    /** Pairs of a crash and a node that still held the dead one alive or suspect at the end. */
    readonly missing: number
    /** From each crash until anybody held it failed. */
    readonly firstKnown: Detection
    /** From each crash until everybody did, of those that everybody knows. */
    readonly allKnown: Detection
  }
  readonly falsePositiveDetail: FalsePositiveDetail
  readonly load: {
    /** Before anything was done to anybody; null where that was no time. */
    readonly quietMessagesPerNodePerSecond: number | null
    readonly quietBytesPerNodePerSecond: number | null
    readonly streamMessagesPerNodePerSecond: number
    readonly streamBytesPerNodePerSecond: number
  }
  /** Share of those that could know of a crash, by seconds since it. */
  readonly knowing: Curve
  /** Of the first run: share of the nodes with the commonest view of the members, by seconds since the start. */
  readonly agreement: Curve
  /** Of the first run, the first ones. */
  readonly victims: readonly Timeline[]
  readonly failures: readonly { readonly seed: number; readonly at: number; readonly message: string }[]
  readonly runs: readonly RunSummary[]
}

export interface FalsePositiveDetail {
  readonly atHealthy: number
  readonly aboutHealthy: number
  readonly apart: number
  readonly verdicts: number
  readonly unexcused: number
  readonly suspicions: number
}

/** Puts runs together, in the order of their seeds; there is at least one. */
export function summarise(
  { codec, detector, nodes, profile, scenario }: SimulateSettings,
  results: readonly RunResult[],
  wallSeconds: number,
): Summary {
  const [first] = results
  const { name, start = 'converged' } = scenario(first!.seed)
  const sum = (pick: (result: RunResult) => number): number =>
    results.reduce((all, each) => all + pick(each), 0)
  const mean = (pick: (result: RunResult) => number): number => rounded(sum(pick) / results.length)
  const quiet = results.flatMap(({ quietLoad }) => (quietLoad === null ? [] : [quietLoad]))
  const quietMean = (pick: (load: (typeof quiet)[number]) => number): number | null =>
    quiet.length === 0 ? null : rounded(quiet.reduce((all, each) => all + pick(each), 0) / quiet.length)
  const failed = pooled(results.map(({ samples }) => samples.failed))
  const missing = sum(({ samples }) => samples.missing)
  const timelines = results.flatMap(({ measures }) => measures.detection.timelines)
  const over = (pick: (timeline: Timeline) => number | null): Detection =>
    detectionOf(spreadOf(timelines.map((timeline) => (pick(timeline) ?? Number.NaN) * 1_000)))
  const falsely = (key: keyof FalsePositiveDetail): number =>
    sum(({ measures }) => measures.falsePositives[key])
  return {
    traceHash: results.length === 1 ? first!.traceHash : hashOf(results.map(({ traceHash }) => traceHash)),
    seed: first!.seed,
    nodes,
    falsePositives: sum(({ measures }) => measures.falsePositives.events),
    detection: detectionOf(spreadOf(failed)),
    dissemination: disseminationOf(spreadOf(pooled(results.map(({ samples }) => samples.disseminated)))),
    messagesPerNodePerSecond: mean(({ measures }) => measures.load.messagesPerNodePerSecond),
    bytesPerNodePerSecond: mean(({ measures }) => measures.load.bytesPerNodePerSecond),
    virtualSeconds: rounded(sum(({ virtualSeconds }) => virtualSeconds)),
    wallSeconds: rounded(wallSeconds),
    ok: results.every(({ failure }) => failure === null),
    ...(name === undefined ? {} : { name }),
    detector,
    codec,
    profile,
    start,
    events: sum(({ events }) => events),
    formedAfter: results.flatMap(({ formedAfter }) => (formedAfter === null ? [] : [rounded(formedAfter)])),
    suspicion: detectionOf(spreadOf(pooled(results.map(({ samples }) => samples.suspected)))),
    crashes: {
      count: sum(({ measures }) => measures.detection.deaths),
      untracked: sum(({ measures }) => measures.detection.untracked),
      missing,
      firstKnown: over(({ firstFailed }) => firstFailed),
      allKnown: over(({ allFailed }) => allFailed),
    },
    falsePositiveDetail: {
      atHealthy: falsely('atHealthy'),
      aboutHealthy: falsely('aboutHealthy'),
      apart: falsely('apart'),
      verdicts: falsely('verdicts'),
      unexcused: falsely('unexcused'),
      suspicions: falsely('suspicions'),
    },
    load: {
      quietMessagesPerNodePerSecond: quietMean((load) => load.messagesPerNodePerSecond),
      quietBytesPerNodePerSecond: quietMean((load) => load.bytesPerNodePerSecond),
      streamMessagesPerNodePerSecond: mean(({ measures }) => measures.load.streamMessagesPerNodePerSecond),
      streamBytesPerNodePerSecond: mean(({ measures }) => measures.load.streamBytesPerNodePerSecond),
    },
    knowing: shareCurve(failed.sort(), failed.length + missing, curvePoints),
    agreement: thinned(first!.detail.agreement),
    victims: first!.measures.detection.timelines.slice(0, victimsListed),
    failures: results.flatMap(({ failure, seed }) =>
      failure === null ? [] : [{ seed, at: failure.at, message: failure.message }],
    ),
    runs: results.map(runSummary),
  }
}

function runSummary({
  failure,
  measures,
  seed,
  traceHash,
  virtualSeconds,
  wallSeconds,
}: RunResult): RunSummary {
  const { detection, dissemination, falsePositives, load } = measures
  return {
    traceHash,
    seed,
    falsePositives: falsePositives.events,
    detection: detectionOf(detection.failed),
    dissemination: disseminationOf(dissemination.all),
    messagesPerNodePerSecond: load.messagesPerNodePerSecond,
    bytesPerNodePerSecond: load.bytesPerNodePerSecond,
    virtualSeconds: rounded(virtualSeconds),
    wallSeconds: rounded(wallSeconds),
    ok: failure === null,
  }
}

const detectionOf = ({ first, p50, p99, last }: Spread): Detection => ({ first, p50, p99, last })
const disseminationOf = ({ p50, p99 }: Spread): Quantiles<'p50' | 'p99'> => ({ p50, p99 })

/** To the millisecond, or three digits of a rate. */
const rounded = (value: number): number => Math.round(value * 1_000) / 1_000

/** Every so many points, and the last. */
function thinned(curve: Curve): Curve {
  const step = Math.ceil(curve.length / curvePoints)
  return curve.filter((_, i) => i % step === 0 || i === curve.length - 1)
}

/** One hash over several, in their order: FNV-1a, 64 bits. */
function hashOf(hashes: readonly string[]): string {
  let hash = 0xcbf29ce484222325n
  for (const character of hashes.join(' ')) {
    hash = BigInt.asUintN(64, (hash ^ BigInt(character.charCodeAt(0))) * 0x100000001b3n)
  }
  return hash.toString(16).padStart(16, '0')
}
