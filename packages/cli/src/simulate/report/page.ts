import { stepText } from '../failure-text.ts'
import type { RunResult } from '../run-result.ts'
import type { Summary } from '../summary.ts'
import { count, time } from '../summary-text.ts'
import { agreementFigure, falseFigure, knowingFigure, loadFigure, victimsFigure } from './charts.ts'
import { escapeHtml, figureHtml, htmlTable } from './html.ts'
import { style } from './style.ts'

const stepsShown = 50
const runsShown = 100

/**
 * A page that shows what runs came to: complete in itself, without scripts, and the same for the same runs (so it does not say
 * how long they took here). Where there are several runs, what has to be of one is of the first.
 */
export function reportPage(summary: Summary, results: readonly RunResult[]): string {
  const [first] = results
  const { crashes, knowing, runs } = summary
  const { detail, measures, steps } = first!
  const { byTime, binSeconds } = measures.falsePositives
  const ofFirst = runs.length === 1 ? '' : ` (of the first run, seed ${first!.seed})`
  const figures = [
    knowingFigure(knowing, detail.knowing, crashes.count),
    victimsFigure(measures.detection.timelines, measures.detection.deaths, detail.measuredSeconds),
    agreementFigure(detail.agreement, steps),
    falseFigure(byTime, binSeconds, detail.measuredSeconds),
    loadFigure(detail.packets),
  ].map((figure, i) => (i === 0 ? figure : { ...figure, title: `${figure.title}${ofFirst}` }))
  const title = pageTitle(summary)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${escapeHtml(title)}</title>
<style>${style}</style>
</head>
<body>
<header>
<h1>${escapeHtml(title)}</h1>
<p>${escapeHtml(subtitle(summary))} Trace hash <code>${summary.traceHash}</code>: the same options give the same run, event by event.</p>
</header>
<main>
${figuresOf(summary)}
${failuresOf(summary)}
${figures.map((figure, i) => figureHtml(figure, `figure-${i + 1}`)).join('\n')}
${runsOf(summary)}
<section>
<h2>What was done${escapeHtml(ofFirst)}</h2>
${stepsOf(first!)}
</section>
</main>
</body>
</html>
`
}

const pageTitle = ({ name, nodes }: Summary): string =>
  name === undefined ? `Simulation of ${count(nodes)} nodes` : `${name}: ${count(nodes)} nodes`

function subtitle({ codec, detector, profile, runs, seed, start, virtualSeconds }: Summary): string {
  const seeds =
    runs.length === 1 ? `Seed ${seed}` : `${runs.length} runs, seeds ${seed} to ${seed + runs.length - 1}`
  const began = start === 'form' ? 'formed by joining' : 'that had known each other for long'
  return `${seeds}; detector ${detector}, codec ${codec}, profile ${profile}; a cluster ${began}; ${count(Math.round(virtualSeconds))} s of virtual time.`
}

interface Card {
  readonly name: string
  readonly value: string
  readonly note?: string
  readonly looks?: 'good' | 'bad'
}

function figuresOf(summary: Summary): string {
  const { crashes, detection, dissemination, falsePositiveDetail, load, suspicion } = summary
  const { unexcused, verdicts, suspicions } = falsePositiveDetail
  const quiet = load.quietMessagesPerNodePerSecond
  const cards: Card[] = [
    {
      name: 'Crashes',
      value: count(crashes.count),
      ...(crashes.count === 0
        ? {}
        : crashes.missing === 0
          ? { note: 'all known to all others in the end', looks: 'good' }
          : { note: `${count(crashes.missing)} times not known to another in the end`, looks: 'bad' }),
    },
    { name: 'First to know', value: time(detection.first), note: `suspected after ${time(suspicion.first)}` },
    { name: 'Half of all know', value: time(detection.p50), note: `99 % after ${time(detection.p99)}` },
    { name: 'Last to know', value: time(detection.last), note: 'from a crash to any other node' },
    {
      name: 'From the first to the others',
      value: time(dissemination.p50),
      note: `half of them; 99 % after ${time(dissemination.p99)}`,
    },
    {
      name: 'False positives',
      value: count(summary.falsePositives),
      note: `${count(verdicts)} verdicts, ${count(unexcused)} without an excuse; ${count(suspicions)} suspicions`,
      looks: summary.falsePositives === 0 ? 'good' : 'bad',
    },
    {
      name: 'Messages per node and second',
      value: summary.messagesPerNodePerSecond.toFixed(2),
      ...(quiet === null ? {} : { note: `${quiet.toFixed(2)} before anything was done` }),
    },
    {
      name: 'Bytes per node and second',
      value: count(Math.round(summary.bytesPerNodePerSecond)),
      note: 'without headers of UDP, TCP and IP',
    },
  ]
  return `<dl>
${cards
  .map(
    ({ looks, name, note, value }) =>
      `<div><dt>${escapeHtml(name)}</dt><dd${looks === undefined ? '' : ` class="${looks}"`}>${escapeHtml(value)}${note === undefined ? '' : `<small>${escapeHtml(note)}</small>`}</dd></div>`,
  )
  .join('\n')}
</dl>`
}

function failuresOf({ failures }: Summary): string {
  if (failures.length === 0) return ''
  return `<section><h2>What did not hold</h2>${htmlTable(
    'By run',
    ['seed', 'after', 'what'],
    failures.slice(0, runsShown).map(({ at, message, seed }) => [String(seed), time(at), message]),
  )}</section>`
}

function runsOf({ runs }: Summary): string {
  if (runs.length === 1) return ''
  const more = runs.length > runsShown ? ` (the first ${runsShown} of ${count(runs.length)})` : ''
  return `<section><h2>Each run${more}</h2>${htmlTable(
    'Times in seconds since a crash',
    ['seed', 'held', 'first', 'p50', 'p99', 'last', 'false positives', 'messages', 'trace hash'],
    runs
      .slice(0, runsShown)
      .map((run) => [
        String(run.seed),
        run.ok ? 'yes' : 'no',
        time(run.detection.first),
        time(run.detection.p50),
        time(run.detection.p99),
        time(run.detection.last),
        count(run.falsePositives),
        run.messagesPerNodePerSecond.toFixed(2),
        run.traceHash,
      ]),
  )}</section>`
}

function stepsOf({ steps }: RunResult): string {
  if (steps.length === 0) return '<p>Nothing.</p>'
  const more =
    steps.length > stepsShown ? `<p>The first ${stepsShown} of ${count(steps.length)} steps.</p>` : ''
  return `${more}<ol class="steps">
${steps
  .slice(0, stepsShown)
  .map((step) => `<li><code>${escapeHtml(stepText(step).trim())}</code></li>`)
  .join('\n')}
</ol>`
}
