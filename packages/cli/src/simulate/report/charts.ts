import type { Curve, Step, Timeline } from '@swimkit/simulator'
import type { RunDetail } from '../run-result.ts'
import { count, time } from '../summary-text.ts'
import { type Figure, htmlTable } from './html.ts'
import { axis, type ChartOption, paint, svgOf } from './svg.ts'

/** Rows of a table beneath a chart, bars, and lines of single deaths, at most: more could not be told apart. */
const rowsShown = 40
const barsShown = 30
/** Instants that are marked in a chart over time. */
const marksShown = 8

const percent = (share: number): string => `${(100 * share).toFixed(share === 1 || share === 0 ? 0 : 1)} %`
const bold = 3

const silent = { silent: true, emphasis: { disabled: true } } as const
const line = { type: 'line', step: 'end', showSymbol: false, ...silent } as const
const grid = { left: 70, right: 30, top: 16, bottom: 50 } as const
const legend = {
  top: 0,
  left: 'center',
  icon: 'roundRect',
  itemGap: 32,
  itemWidth: 18,
  itemHeight: 10,
  textStyle: { color: paint.ink },
} as const
const shareAxis = {
  ...axis,
  type: 'value',
  min: 0,
  max: 1,
  axisLabel: { ...axis.axisLabel, formatter: (share: number) => `${Math.round(100 * share)} %` },
} as const
const secondsAxis = (name: string) => ({ ...axis, type: 'value', name, nameGap: 28, min: 0 }) as const

/** Share of the nodes that know of a crash, by the time since it. */
export function knowingFigure(all: Curve, each: RunDetail['knowing'], crashes: number): Figure {
  const title = 'Who knows of a crash'
  if (all.length < 2) {
    const text = crashes === 0 ? 'Nobody crashed.' : 'Nobody found out about a crash.'
    return { title, text, svg: undefined, table: undefined }
  }
  const lone = each.length < 2
  const shown = crashes > each.length ? `the first ${each.length} of ${count(crashes)} crashes` : 'each crash'
  const option: ChartOption = {
    grid: { ...grid, top: lone ? 16 : 40 },
    xAxis: secondsAxis('seconds since the crash'),
    yAxis: shareAxis,
    series: [
      ...(lone ? [] : each).map(({ curve }) => ({
        ...line,
        name: shown,
        data: pairs(curve),
        lineStyle: { color: paint.each, width: 1.5 },
        itemStyle: { color: paint.each },
      })),
      {
        ...line,
        name: 'all crashes',
        data: pairs(all),
        lineStyle: { color: paint.all, width: bold },
        itemStyle: { color: paint.all },
      },
    ],
    ...(lone ? {} : { legend }),
  }
  const final = all.at(-1)![1]
  return {
    title,
    text: `Share of the nodes that hold a crashed process failed, by the time since its crash: ${percent(final)} in the end.`,
    svg: svgOf(option, 340),
    table: htmlTable(
      'Seconds since the crash until so many know',
      ['share of the nodes', 'seconds'],
      [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1].map((share) => [percent(share), time(firstAt(all, share))]),
    ),
  }
}

/** Share of the nodes with the commonest view of the members, by the time since the first step's time. */
export function agreementFigure(curve: Curve, steps: readonly Step[]): Figure {
  const least = curve.reduce((low, point) => (point[1] < low[1] ? point : low), curve[0] ?? ([0, 1] as const))
  const marks = instants(steps)
  // A line, not a bar: it may begin above 0 where all that there is to see is close to 1.
  const min = least[1] > 0.95 ? 0.9 : least[1] > 0.6 ? 0.5 : 0
  const option: ChartOption = {
    grid: { ...grid, top: marks.length === 0 ? 16 : 36 },
    xAxis: secondsAxis('seconds since the start'),
    yAxis: { ...shareAxis, min, interval: (1 - min) / 5 },
    series: [
      {
        ...line,
        name: 'of one mind',
        data: pairs(curve),
        lineStyle: { color: paint.all, width: 2 },
        markLine: {
          ...silent,
          symbol: 'none',
          lineStyle: { color: paint.failed, type: 'dashed', width: 1 },
          label: { color: paint.ink, formatter: '{b}' },
          data: marks.map(({ at, name }) => ({ xAxis: at, name })),
        },
      },
    ],
  }
  return {
    title: 'How many are of one mind',
    text: `Share of the running nodes with the commonest view of the members; at worst ${percent(least[1])}, after ${time(least[0])}. All of one mind need not be right.`,
    svg: svgOf(option, 320),
    table: htmlTable(
      'Share of the nodes of one mind',
      ['seconds', 'share'],
      thin(curve).map(([at, share]) => [at.toFixed(2), percent(share)]),
    ),
  }
}

/** Failed events about members that ran, by the time since the first step's time. */
export function falseFigure(byTime: Curve, binSeconds: number, end: number): Figure {
  const title = 'False positives over time'
  if (byTime.length === 0) {
    const text = 'No node held a member failed whose process ran.'
    return { title, text, svg: undefined, table: undefined }
  }
  const bins = Math.max(byTime.length, Math.ceil(end / binSeconds))
  const counts = Array.from({ length: bins }, (_, i) => byTime[i]?.[1] ?? 0)
  const total = counts.reduce((sum, n) => sum + n, 0)
  const option: ChartOption = {
    grid,
    xAxis: {
      ...axis,
      type: 'category',
      name: 'seconds since the start',
      nameGap: 28,
      data: counts.map((_, i) => String(i * binSeconds)),
    },
    yAxis: { ...axis, type: 'value', name: `events per ${binSeconds} s`, nameGap: 50, minInterval: 1 },
    series: [
      { type: 'bar', ...silent, data: counts, itemStyle: { color: paint.failed }, barCategoryGap: '10%' },
    ],
  }
  return {
    title,
    text: `Events in which a node held a member failed whose process ran: ${count(total)}.`,
    svg: svgOf(option, 280),
    table: htmlTable(
      'False positives',
      ['seconds', 'events'],
      byTime
        .filter(([, n]) => n > 0)
        .slice(0, rowsShown)
        .map(([at, n]) => [`${at} to ${at + binSeconds}`, count(n)]),
    ),
  }
}

/** How many nodes sent how much. `rates`: ascending. */
export function loadFigure(rates: readonly number[]): Figure {
  const title = 'Load of each member'
  const low = rates[0]
  const high = rates.at(-1)
  if (low === undefined || high === undefined) {
    return { title, text: 'No node ran.', svg: undefined, table: undefined }
  }
  const bins = high > low ? 24 : 1
  const step = high > low ? (high - low) / bins : 1
  const counts = Array.from({ length: bins }, () => 0)
  for (const rate of rates) counts[Math.min(bins - 1, Math.floor((rate - low) / step))]!++
  const labels = counts.map((_, i) => (low + i * step).toFixed(2))
  const option: ChartOption = {
    grid,
    xAxis: { ...axis, type: 'category', name: 'packets sent per second', nameGap: 28, data: labels },
    yAxis: { ...axis, type: 'value', name: 'nodes', nameGap: 50, minInterval: 1 },
    series: [{ type: 'bar', ...silent, data: counts, itemStyle: { color: paint.all }, barCategoryGap: '6%' }],
  }
  const at = (q: number): string => rates[Math.max(0, Math.ceil(q * rates.length) - 1)]!.toFixed(2)
  return {
    title,
    text: `Packets that each node sent per second that it ran: from ${at(0)} to ${at(1)}, half of the nodes at most ${at(0.5)}.`,
    svg: svgOf(option, 280),
    table: htmlTable(
      'Nodes by packets sent per second',
      ['packets per second, from', 'nodes'],
      counts.flatMap((n, i) => (n === 0 ? [] : [[labels[i]!, count(n)]])),
    ),
  }
}

/** When each crashed process was suspected, held failed by somebody, and by everybody. */
export function victimsFigure(timelines: readonly Timeline[], crashes: number, end: number): Figure {
  const title = 'What became of each'
  if (timelines.length === 0) return { title, text: 'Nobody crashed.', svg: undefined, table: undefined }
  const shown = timelines.slice(0, barsShown)
  const parts = shown.map((timeline) => segments(timeline, end))
  const bar = (name: string, color: string, data: readonly number[]) => ({
    type: 'bar' as const,
    ...silent,
    name,
    stack: 'time',
    barWidth: '62%',
    itemStyle: { color },
    data: [...data],
  })
  const option: ChartOption = {
    grid: { ...grid, left: 110, top: 40 },
    legend: { ...legend, data: ['not noticed', 'suspected', 'failed for some'] },
    xAxis: {
      ...secondsAxis('seconds since the start'),
      min: Math.floor(Math.min(...shown.map(({ at }) => at))),
    },
    yAxis: {
      ...axis,
      type: 'category',
      inverse: true,
      data: shown.map(({ node }) => (node.length > 14 ? `${node.slice(0, 13)}…` : node)),
      axisLabel: { ...axis.axisLabel, interval: 0, hideOverlap: false },
    },
    series: [
      bar(
        'before',
        'transparent',
        shown.map(({ at }) => at),
      ),
      bar(
        'not noticed',
        paint.unnoticed,
        parts.map(({ unnoticed }) => unnoticed),
      ),
      bar(
        'suspected',
        paint.suspected,
        parts.map(({ suspected }) => suspected),
      ),
      bar(
        'failed for some',
        paint.failed,
        parts.map(({ failed }) => failed),
      ),
    ],
  }
  const which =
    crashes > shown.length ? `The first ${shown.length} of ${count(crashes)} crashes` : 'Each crash'
  return {
    title,
    text: `${which}: a bar from the crash until everybody held the process failed, it came back, or the run ended.`,
    svg: svgOf(option, 110 + 22 * shown.length),
    table: htmlTable(
      'Seconds since the crash',
      [
        'node',
        'crashed at',
        'first suspected',
        'first failed',
        'failed for all',
        'came back',
        'know',
        'do not',
      ],
      timelines
        .slice(0, rowsShown)
        .map((each) => [
          each.node,
          time(each.at),
          time(each.firstSuspect),
          time(each.firstFailed),
          time(each.allFailed),
          time(each.backAfter),
          count(each.knowing),
          count(each.missing),
        ]),
    ),
  }
}

/** Lengths of the stretches of a bar. */
function segments(
  { allFailed, at, backAfter, firstFailed, firstSuspect }: Timeline,
  runEnd: number,
): { readonly unnoticed: number; readonly suspected: number; readonly failed: number } {
  const end = allFailed ?? backAfter ?? Math.max(0, runEnd - at)
  const failed = Math.min(firstFailed ?? end, end)
  const suspect = Math.min(firstSuspect ?? failed, failed)
  return { unnoticed: suspect, suspected: failed - suspect, failed: end - failed }
}

/** When something was done, with what it was; none where it is too much to be read. */
function instants(steps: readonly Step[]): { readonly at: number; readonly name: string }[] {
  const byInstant = new Map<number, Set<string>>()
  const mark = (at: number, name: string): void => {
    const names = byInstant.get(at)
    if (names === undefined) byInstant.set(at, new Set([name]))
    else names.add(name)
  }
  for (const step of steps) {
    if (!('do' in step)) continue
    mark(step.at, step.do)
    if ('for' in step && step.for !== undefined) mark(step.at + step.for, `${step.do} ends`)
  }
  if (byInstant.size > marksShown) return []
  return [...byInstant].map(([at, names]) => ({ at: at / 1_000, name: [...names].join(', ') }))
}

const pairs = (curve: Curve): number[][] => curve.map(([at, share]) => [at, share])

const firstAt = (curve: Curve, share: number): number | null =>
  curve.find(([, reached]) => reached >= share - 1e-9)?.[0] ?? null

function thin(curve: Curve): Curve {
  const step = Math.ceil(curve.length / rowsShown)
  return curve.filter((_, i) => i % step === 0 || i === curve.length - 1)
}
