import { escapeForPrint } from '@swimkit/core'
import type { Colours } from '../client/format.ts'
import { table } from '../client/table.ts'
import type { RunSummary, Summary } from './summary.ts'

const runsListed = 20

type Quantiles = { readonly [K in 'first' | 'p50' | 'p99' | 'last']?: number | null }

/** What a person reads of it. */
export function summaryText(summary: Summary, { bold, dim, green, red, yellow }: Colours): string {
  const { crashes, detection, dissemination, falsePositiveDetail, runs, suspicion } = summary
  const rows: [string, Quantiles][] = [
    ['crash to suspect', suspicion],
    ['crash to failed', detection],
    ['first to know to each other', dissemination],
  ]
  const times = table(
    ['', 'FIRST', 'P50', 'P99', 'LAST'].map((text) => (text === '' ? '' : bold(text))),
    rows.map(([name, { first, last, p50, p99 }]) => [name, ...[first, p50, p99, last].map(time)]),
  )
  const known =
    crashes.missing === 0
      ? green('known to all others')
      : red(`${count(crashes.missing)} times not known at the end`)
  const excuse =
    falsePositiveDetail.unexcused === 0 ? '' : red(`, ${count(falsePositiveDetail.unexcused)} unexcused`)
  const verdicts =
    summary.falsePositives === 0
      ? green('none')
      : `${yellow(count(summary.falsePositives))} events of ${count(falsePositiveDetail.verdicts)} verdicts${excuse}`
  const facts: [string, string][] = [
    ['crashes', crashes.count === 0 ? 'none' : `${count(crashes.count)}, ${known}${untracked(summary)}`],
    [
      'false positives',
      `${verdicts} ${dim(`(${count(falsePositiveDetail.suspicions)} suspicions of members that ran)`)}`,
    ],
    ['load', loadText(summary, dim)],
    ...(summary.formedAfter.length === 0
      ? []
      : [
          ['formed', `after ${summary.formedAfter.slice(0, runsListed).map(time).join(', ')}`] as [
            string,
            string,
          ],
        ]),
    ['simulated', speedText(summary)],
    ['trace hash', summary.traceHash],
  ]
  return [
    `${bold(title(summary))}\n\n`,
    times,
    '\n',
    table(
      [],
      facts.map(([name, value]) => [bold(name), value]),
    ),
    runs.length > 1 ? `\n${runsTable(runs, bold)}` : '',
  ].join('')
}

function title({ codec, detector, name, nodes, profile, runs, seed }: Summary): string {
  const what = name === undefined ? '' : `${escapeForPrint(name, 200)}: `
  const seeds =
    runs.length === 1 ? `seed ${seed}` : `${runs.length} runs, seeds ${seed} to ${seed + runs.length - 1}`
  return `${what}${count(nodes)} nodes, ${escapeForPrint(detector)} over ${escapeForPrint(codec)} at ${profile}, ${seeds}`
}

const untracked = ({ crashes }: Summary): string =>
  crashes.untracked === 0 ? '' : `; ${count(crashes.untracked)} of them not looked at`

function loadText(summary: Summary, dim: Colours['dim']): string {
  const { bytesPerNodePerSecond, load, messagesPerNodePerSecond } = summary
  const { quietBytesPerNodePerSecond: bytes, quietMessagesPerNodePerSecond: messages } = load
  const quiet =
    messages === null || bytes === null
      ? ''
      : dim(` (before anything was done: ${messages.toFixed(2)} and ${count(Math.round(bytes))})`)
  return `${messagesPerNodePerSecond.toFixed(2)} messages and ${count(Math.round(bytesPerNodePerSecond))} bytes per node and second${quiet}`
}

function speedText({ events, virtualSeconds, wallSeconds }: Summary): string {
  const ratio = wallSeconds > 0 ? virtualSeconds / wallSeconds : 0
  const speed = ratio >= 10 ? count(Math.round(ratio)) : ratio.toFixed(1)
  return `${count(Math.round(virtualSeconds))} s in ${wallSeconds.toFixed(1)} s, ${speed} times as fast, ${count(events)} events`
}

function runsTable(runs: readonly RunSummary[], bold: Colours['bold']): string {
  const rows = runs
    .slice(0, runsListed)
    .map((run) => [
      String(run.seed),
      run.ok ? 'ok' : 'failed',
      time(run.detection.first),
      time(run.detection.p50),
      time(run.detection.last),
      count(run.falsePositives),
      run.messagesPerNodePerSecond.toFixed(2),
      run.traceHash,
    ])
  const more = runs.length > runsListed ? `and ${count(runs.length - runsListed)} more: see --json\n` : ''
  return (
    table(['SEED', 'RUN', 'FIRST', 'P50', 'LAST', 'FALSE', 'MESSAGES', 'TRACE HASH'].map(bold), rows) + more
  )
}

/** `10.42 s`, below a tenth of a second `3.1 ms`; a dash where there is nothing. */
export function time(seconds: number | null | undefined): string {
  if (seconds === undefined) return ''
  if (seconds === null) return '–'
  return seconds === 0 || seconds >= 0.1 ? `${seconds.toFixed(2)} s` : `${(1_000 * seconds).toFixed(1)} ms`
}

/** With commas between thousands, whatever the locale. */
export const count = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ',')
