import type { Figure, SizeSummary, Spread } from './summary.mts'
import { table } from './table.mts'

/** What is printed of one size: a table, and what is to be known before it is believed. */
export function describeSize({ figures, nodes, remarks, silent }: SizeSummary, runs: number): string {
  const title = `### ${nodes} nodes, ${runs} run${runs === 1 ? '' : 's'}${silent ? ', hosts go silent' : ''}`
  const rows = figures.map((figure) => [
    figure.label,
    spread(figure.ours, figure.digits),
    spread(figure.theirs, figure.digits),
    ratio(figure),
    goal(figure),
  ])
  return [
    title,
    '',
    table(
      ['median (lowest to highest)', 'swimkit', 'memberlist, bare sockets, or plain', 'ratio', 'goal'],
      rows,
    ),
    ...(remarks.length > 0 ? ['', ...remarks.map((remark) => `- ${remark}`)] : []),
  ].join('\n')
}

function spread(value: Spread | undefined, digits: number): string {
  if (value === undefined) return 'not measured'
  const { max, median, min } = value
  const middle = median.toFixed(digits)
  return min === max ? middle : `${middle} (${min.toFixed(digits)} to ${max.toFixed(digits)})`
}

/** Nothing where both were measured and theirs is 0. */
function ratio({ ours, ratio: value, theirs }: Figure): string {
  return value === undefined && ours && theirs ? '' : spread(value, 2)
}

function goal({ goal: wanted }: Figure): string {
  if (wanted === undefined) return ''
  const { atMost, met, of } = wanted
  return `${of === 'figure' ? 'itself ' : ''}≤ ${atMost.toFixed(2)}: ${met === undefined ? 'not measured' : met ? 'met' : 'missed'}`
}
