import { BarChart, type BarSeriesOption, LineChart, type LineSeriesOption } from 'echarts/charts'
import {
  GridComponent,
  type GridComponentOption,
  LegendComponent,
  type LegendComponentOption,
  MarkLineComponent,
} from 'echarts/components'
import { type ComposeOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([BarChart, LineChart, GridComponent, LegendComponent, MarkLineComponent, SVGRenderer])

export type ChartOption = ComposeOption<
  BarSeriesOption | LineSeriesOption | GridComponentOption | LegendComponentOption
>

/** Colours by their use: variables of the page, so that a drawing follows its light or dark scheme. */
export const paint = {
  ink: 'var(--ink)',
  muted: 'var(--muted)',
  line: 'var(--line)',
  all: 'var(--all)',
  each: 'var(--each)',
  unnoticed: 'var(--unnoticed)',
  suspected: 'var(--suspected)',
  failed: 'var(--failed)',
} as const

export const width = 960

/** Looks of an axis, whatever is on it. */
export const axis = {
  nameLocation: 'middle',
  nameTextStyle: { color: paint.muted },
  axisLabel: { color: paint.muted, hideOverlap: true },
  axisLine: { show: true, lineStyle: { color: paint.line } },
  axisTick: { show: false },
  splitLine: { lineStyle: { color: paint.line } },
} as const

/** Draws a chart, the same for the same option; there is no script in it, nor anything that moves. */
export function svgOf(option: ChartOption, height: number): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({
      animation: false,
      backgroundColor: 'transparent',
      textStyle: { fontFamily: 'inherit', color: paint.ink },
      ...option,
    })
    return plain(chart.renderToSVGString())
  } finally {
    chart.dispose()
  }
}

/**
 * Without what only a script would ask for, and without styles for pointers and paths to clip by: nothing reaches beyond its axes,
 * and their names would go up with each drawing that a process makes.
 */
const plain = (svg: string): string =>
  svg
    .replace(/<style\b[^>]*>[\s\S]*?<\/style>\s*/g, '')
    .replace(/<defs\b[^>]*>[\s\S]*?<\/defs>\s*/g, '')
    .replace(/ (?:clip-path|ecmeta_\w+|class|pointer-events|xml:space|xmlns:xlink|baseProfile)="[^"]*"/g, '')
