import { BarChart, CustomChart } from 'echarts/charts'
import { GridComponent, LegendComponent, TitleComponent } from 'echarts/components'
import * as echarts from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'
import { type Bar, type Panel, panelsOf } from './panels.mts'
import type { SizeSummary } from './summary.mts'

echarts.use([BarChart, CustomChart, GridComponent, LegendComponent, TitleComponent, SVGRenderer])

const columns = 3
const panelWidth = 420
const panelHeight = 330
const header = 70
const ink = '#24292f'
const faint = '#d0d7de'
const colours = { swimkit: '#0969da', memberlist: '#e16f24', 'bare sockets': '#8c959f' } as const

/** The medians as bars in one SVG, on white, so that it reads on a dark page as well. */
export function drawChart(sizes: readonly SizeSummary[], caption: string): string {
  const panels = panelsOf(sizes)
  const rows = Math.ceil(panels.length / columns)
  const width = columns * panelWidth
  const height = header + rows * panelHeight
  const chart = echarts.init(null, null, { renderer: 'svg', ssr: true, width, height })
  const place = (i: number): { left: number; top: number } => ({
    left: (i % columns) * panelWidth,
    top: header + Math.floor(i / columns) * panelHeight,
  })
  chart.setOption({
    animation: false,
    backgroundColor: '#ffffff',
    textStyle: { fontFamily: 'system-ui, sans-serif', color: ink },
    legend: {
      top: 36,
      left: 'center',
      data: Object.keys(colours),
      itemGap: 36,
      textStyle: { color: ink, fontSize: 13 },
    },
    title: [
      { text: caption, left: 'center', top: 8, textStyle: { fontSize: 15, color: ink } },
      ...panels.map(({ note, title }, i) => ({
        text: title,
        subtext: note,
        left: place(i).left + 20,
        top: place(i).top,
        itemGap: 4,
        textStyle: { fontSize: 13, color: ink },
        subtextStyle: { fontSize: 11, color: '#57606a' },
      })),
    ],
    grid: panels.map((_, i) => ({
      left: place(i).left + 58,
      top: place(i).top + 62,
      width: panelWidth - 84,
      height: panelHeight - 108,
    })),
    xAxis: panels.map(({ sizes: nodes }, i) => ({
      type: 'category',
      gridIndex: i,
      data: nodes.map((n) => `${n} nodes`),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: ink } },
      axisLabel: { color: ink },
    })),
    yAxis: panels.map(({ top }, i) => ({
      type: 'value',
      gridIndex: i,
      min: 0,
      max: top,
      interval: top / 4,
      splitLine: { lineStyle: { color: faint } },
      axisLabel: { color: ink },
    })),
    series: panels.flatMap((panel, i) => seriesOf(panel, i)),
  })
  const svg = chart.renderToSVGString()
  chart.dispose()
  return svg
}

function seriesOf({ contenders }: Panel, axis: number): object[] {
  const drawn = contenders.filter(({ bars }) => bars.some((bar) => bar !== undefined))
  const at = { xAxisIndex: axis, yAxisIndex: axis }
  return drawn.flatMap(({ bars, name }, place) => [
    {
      ...at,
      type: 'bar',
      name,
      barGap: '15%',
      barCategoryGap: '30%',
      itemStyle: { color: colours[name] },
      data: bars.map((bar) => bar?.value ?? null),
    },
    {
      ...at,
      type: 'custom',
      silent: true,
      z: 3,
      data: bars.flatMap((bar, i) => (bar === undefined ? [] : [[i, bar.low, bar.high, bar.value]])),
      renderItem: whisker(drawn.length, place, bars),
    },
  ])
}

/** What of the API of custom series is used here; its own type is a union that fits no single use. */
interface DrawingApi {
  value(dimension: number): number
  coord(point: [number, number]): [number, number]
  barLayout(options: {
    barGap: string
    barCategoryGap: string
    count: number
  }): { offsetCenter: number; width: number }[]
}

/** From the lowest to the highest, with the bar's value above. */
function whisker(count: number, place: number, bars: readonly (Bar | undefined)[]) {
  return (_params: unknown, api: DrawingApi): object => {
    const index = api.value(0)
    const { offsetCenter, width } = api.barLayout({ barGap: '15%', barCategoryGap: '30%', count })[place]!
    const [middle, low] = api.coord([index, api.value(1)])
    const high = api.coord([index, api.value(2)])[1]
    const x = middle + offsetCenter
    const cap = Math.min(6, width / 4)
    const stroke = { stroke: ink, lineWidth: 1 }
    const line = (x1: number, y1: number, x2: number, y2: number): object => ({
      type: 'line',
      shape: { x1, y1, x2, y2 },
      style: stroke,
    })
    const top = Math.min(high, api.coord([index, api.value(3)])[1])
    return {
      type: 'group',
      children: [
        line(x, low, x, high),
        line(x - cap, low, x + cap, low),
        line(x - cap, high, x + cap, high),
        {
          type: 'text',
          style: {
            text: bars[index]!.label,
            x,
            y: top - 4,
            align: 'center',
            verticalAlign: 'bottom',
            fontSize: 11,
            fill: ink,
            stroke: '#ffffff',
            lineWidth: 3,
          },
        },
      ],
    }
  }
}
