import { table } from '../run/table.mts'
import type { CodecResult } from './codec.mts'
import type { PartFigure } from './parts.mts'

const measures = [
  { key: 'bytes', label: 'bytes', digits: 0 },
  { key: 'encodeNs', label: 'encode, ns', digits: 0 },
  { key: 'decodeNs', label: 'decode, ns', digits: 0 },
] as const

/** A line of a codec's table: swim beside the better of msgpackr's two ways. */
export interface Comparison {
  readonly level: CodecResult['level']
  readonly what: string
  readonly measure: (typeof measures)[number]['key']
  readonly ratio: number
  /** Whether swim is below it. */
  readonly met: boolean
}

export function compareCodecs(results: readonly CodecResult[]): Comparison[] {
  return results.flatMap(({ level, ratios, what }) =>
    measures.map(({ key }) => ({ level, what, measure: key, ratio: ratios[key], met: ratios[key] < 1 })),
  )
}

export function describeCodecs(results: readonly CodecResult[], comparisons: readonly Comparison[]): string {
  const titles = {
    alone: '### Codecs: messages alone',
    sent: '### Codecs: as sent, with cluster and sender, and swim with a checksum',
  }
  const formats = results[0]?.figures.map(({ format }) => format) ?? []
  const head = ['', ...formats, 'swim / best msgpackr', 'goal < 1']
  return (['alone', 'sent'] as const)
    .map((level) => {
      const rows = results
        .filter((result) => result.level === level)
        .flatMap(({ figures, what }) =>
          measures.map(({ digits, key, label }) => {
            const comparison = comparisons.find(
              (each) => each.level === level && each.what === what && each.measure === key,
            )!
            return [
              `${what}: ${label}`,
              ...figures.map((figure) => figure[key].toFixed(digits)),
              comparison.ratio.toFixed(2),
              comparison.met ? 'met' : 'missed',
            ]
          }),
        )
      return `${titles[level]}\n\n${table(head, rows)}`
    })
    .join('\n\n')
}

export function describeParts(figures: readonly PartFigure[]): string {
  const sizes = [...new Set(figures.map(({ members }) => members))]
  const names = [...new Set(figures.map(({ what }) => what))]
  const rows = names.map((name) => [
    name,
    ...sizes.map((size) => {
      const figure = figures.find(({ members, what }) => what === name && members === size)
      return figure === undefined ? '' : figure.ns.toFixed(0)
    }),
  ])
  return `### Parts, ns\n\n${table(['', ...sizes.map((size) => `${size} members`)], rows)}`
}
