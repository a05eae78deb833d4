import type { Figure, SizeSummary, Spread } from './summary.mts'

/** A bar and the line through it. */
export interface Bar {
  readonly value: number
  readonly low: number
  readonly high: number
  readonly label: string
}

export type ContenderName = 'swimkit' | 'memberlist' | 'bare sockets'

export interface Panel {
  readonly title: string
  /** What bar and line are. */
  readonly note: string
  readonly sizes: readonly number[]
  /** Where the axis ends, with room above the highest bar for its figure. */
  readonly top: number
  readonly contenders: readonly {
    readonly name: ContenderName
    readonly bars: readonly (Bar | undefined)[]
  }[]
}

const overRuns = 'bar: median of the runs; line: lowest to highest'
const overNodes = 'bar: median node; line: first to last node, medians of the runs'

/** What the chart shows: cost, memory and speed, each by size. A panel without any figure is left out. */
export function panelsOf(sizes: readonly SizeSummary[]): Panel[] {
  const stopping = sizes.filter(({ silent }) => !silent)
  const silent = sizes.filter((size) => size.silent)
  return [
    spreadPanel('Forming: until all know all, s', stopping, 'form_s'),
    spreadPanel('Steady CPU per node, % of a core', stopping, 'steady_cpu', 'steady_cpu_bare'),
    spreadPanel('Memory per node, KB', stopping, 'heap_kb'),
    quantilePanel('Metadata update: until seen, s', stopping, 'update'),
    quantilePanel('Processes stop: until held failed, s', stopping, 'crash'),
    quantilePanel('Hosts go silent: until held failed, s', silent, 'crash'),
  ].filter(({ contenders }) => contenders.some(({ bars }) => bars.some((bar) => bar !== undefined)))
}

function spreadPanel(title: string, sizes: readonly SizeSummary[], key: string, bareKey?: string): Panel {
  const bars = (from: string, side: 'ours' | 'theirs'): (Bar | undefined)[] =>
    sizes.map((size) => {
      const figure = figureOf(size, from)
      const spread = figure?.[side]
      return spread && barOf(spread.median, spread.min, spread.max, figure.digits)
    })
  return panel(title, overRuns, sizes, [
    { name: 'swimkit', bars: bars(key, 'ours') },
    { name: 'memberlist', bars: bars(key, 'theirs') },
    ...(bareKey === undefined ? [] : [{ name: 'bare sockets' as const, bars: bars(bareKey, 'theirs') }]),
  ])
}

function quantilePanel(title: string, sizes: readonly SizeSummary[], phase: 'update' | 'crash'): Panel {
  const bars = (side: 'ours' | 'theirs'): (Bar | undefined)[] =>
    sizes.map((size) => {
      const spread = (quantile: string): Spread | undefined =>
        figureOf(size, `${phase}_${quantile}_s`)?.[side]
      const [first, p50, last] = [spread('first'), spread('p50'), spread('last')]
      if (first === undefined || p50 === undefined || last === undefined) return undefined
      return barOf(p50.median, first.median, last.median, 2)
    })
  return panel(title, overNodes, sizes, [
    { name: 'swimkit', bars: bars('ours') },
    { name: 'memberlist', bars: bars('theirs') },
  ])
}

function panel(
  title: string,
  note: string,
  sizes: readonly SizeSummary[],
  contenders: Panel['contenders'],
): Panel {
  const highest = Math.max(0, ...contenders.flatMap(({ bars }) => bars.map((bar) => bar?.high ?? 0)))
  return { title, note, sizes: sizes.map(({ nodes }) => nodes), top: roundUp(highest * 1.1), contenders }
}

const figureOf = (size: SizeSummary, key: string): Figure | undefined =>
  size.figures.find((figure) => figure.key === key)

const barOf = (value: number, low: number, high: number, digits: number): Bar => ({
  value,
  low,
  high,
  label: value.toFixed(Math.min(digits, 3)),
})

/** The next number that divides into four parts a reader can read. */
function roundUp(value: number): number {
  if (value <= 0) return 1
  const scale = 10 ** Math.floor(Math.log10(value))
  const step = [1, 1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8, 10].find((factor) => factor * scale >= value)!
  return Number((step * scale).toPrecision(3))
}
