import { BarChart, LineChart, ScatterChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

echarts.use([BarChart, LineChart, ScatterChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

/** Drawings side by side under one title. */
export interface Figure {
  readonly title: string
  readonly panels: readonly Panel[]
}

export interface Panel {
  readonly title: string
  readonly x: Axis | { readonly categories: readonly string[] }
  readonly y: Axis
  readonly series: readonly Series[]
}

export interface Axis {
  readonly name: string
  readonly scale?: 'linear' | 'log'
  readonly min?: number
  readonly max?: number
}

export interface Series {
  readonly name: string
  /** `line`: what theory or a publication says. `points`: what was found, joined. `bars`: over categories. */
  readonly kind: 'line' | 'points' | 'bars'
  readonly colour: Colour
  /** Of bars, x is the number of the category. */
  readonly points: readonly (readonly [x: number, y: number])[]
  /** What is written over a bar; default: nothing. */
  readonly label?: (y: number) => string
}

export type Colour = keyof typeof colours

const colours = {
  ours: '#0969da',
  second: '#1a7f37',
  third: '#8250df',
  published: '#e16f24',
  theory: '#8c959f',
} as const

/** Two dashes. */
const dash = 'path://M0 0h7v2h-7zM11 0h7v2h-7z'
const panelWidth = 540
const panelHeight = 380
const header = 44
const ink = '#24292f'
const faint = '#d0d7de'

/** As one SVG on white, so that it reads on a dark page as well. */
export function drawFigure({ panels, title }: Figure): string {
  const columns = panels.length > 3 ? 2 : panels.length
  const rows = Math.ceil(panels.length / columns)
  const width = columns * panelWidth
  const height = header + rows * panelHeight
  const left = (i: number): number => (i % columns) * panelWidth
  const top = (i: number): number => header + Math.floor(i / columns) * panelHeight
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'system-ui, sans-serif', color: ink },
    title: [
      { text: title, left: 'center', top: 8, textStyle: { fontSize: 15, color: ink } },
      ...panels.map((panel, i) => ({
        text: panel.title,
        left: left(i) + 20,
        top: top(i) + 4,
        textStyle: { fontSize: 13, color: ink },
      })),
    ],
    legend: panels.map(({ series }, i) => ({
      data: series.map(({ kind, name }) => ({
        name: nameIn(i, name),
        ...(kind === 'line' ? { icon: dash } : {}),
      })),
      formatter: (name: string) => name.slice(name.indexOf(' ') + 1),
      left: left(i) + 20,
      top: top(i) + 26,
      width: panelWidth - 40,
      itemGap: 16,
      itemWidth: 18,
      textStyle: { color: ink, fontSize: 11 },
    })),
    grid: panels.map((_, i) => ({
      left: left(i) + 62,
      top: top(i) + 90,
      width: panelWidth - 92,
      height: panelHeight - 146,
    })),
    xAxis: panels.map(({ x }, i) => ({
      gridIndex: i,
      ...('categories' in x ? categoryAxis(x.categories) : valueAxis(x)),
      nameLocation: 'middle',
      nameGap: 28,
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ y }, i) => ({
      gridIndex: i,
      ...valueAxis(y),
      nameLocation: 'middle',
      nameGap: 42,
      splitLine: { lineStyle: { color: faint } },
    })),
    series: panels.flatMap(({ series }, i) => series.map((each) => drawSeries(each, i))),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

/** ECharts shows and hides series by name, over all panels: the same name means another one in each. */
const nameIn = (panel: number, name: string): string => `${panel} ${name}`

function valueAxis({ max, min, name, scale = 'linear' }: Axis): object {
  return {
    type: scale === 'log' ? 'log' : 'value',
    name,
    ...(min === undefined ? {} : { min }),
    ...(max === undefined ? {} : { max }),
    nameTextStyle: { color: ink, fontSize: 12 },
    axisLine: { show: true, lineStyle: { color: ink } },
    axisLabel: { color: ink, formatter: (value: number) => value.toLocaleString('en-US') },
    minorTick: { show: scale === 'log' },
  }
}

function categoryAxis(categories: readonly string[]): object {
  return {
    type: 'category',
    data: categories,
    axisTick: { show: false },
    axisLine: { lineStyle: { color: ink } },
    axisLabel: { color: ink, interval: 0, fontSize: 10 },
  }
}

function drawSeries({ colour, kind, label, name, points }: Series, panel: number): object {
  const at = { name: nameIn(panel, name), xAxisIndex: panel, yAxisIndex: panel }
  const color = colours[colour]
  switch (kind) {
    case 'line':
      return {
        ...at,
        type: 'line',
        // What it is compared with is not to hide it.
        z: 3,
        symbol: 'none',
        data: points,
        itemStyle: { color },
        lineStyle: { color, width: 2, type: 'dashed' },
      }
    case 'points':
      return {
        ...at,
        type: 'line',
        symbol: 'circle',
        symbolSize: 7,
        data: points,
        itemStyle: { color },
        lineStyle: { color, width: 1.5 },
      }
    case 'bars':
      return {
        ...at,
        type: 'bar',
        barGap: '10%',
        barCategoryGap: '25%',
        data: points.map(([, y]) => y),
        itemStyle: { color },
        label: {
          show: label !== undefined,
          position: 'top',
          fontSize: 9,
          color: ink,
          formatter: ({ value }: { value: number }) => label?.(value) ?? '',
        },
      }
  }
}
