import { escapeForPrint } from '@swimkit/core'
import type { Step } from '@swimkit/simulator'
import { printable } from '../printable.ts'
import type { RunResult } from './run-result.ts'

const stepsShown = 100

/** What to know of a run in which something did not hold: how to repeat it, what was done, and what happened last. */
export function failureText({ failure, seed, steps, traceHash }: RunResult): string {
  if (failure === null) return ''
  const shown = steps.slice(0, stepsShown).map((step) => `  ${stepText(step)}\n`)
  if (steps.length > stepsShown) shown.push(`  and ${steps.length - stepsShown} more\n`)
  return [
    `swim-cli: seed ${seed}: after ${failure.at.toFixed(3)} s: ${printable(failure.message)}\n`,
    ...(failure.rule === null ? [] : [`the rule: ${printable(failure.rule)}\n`]),
    `\nschedule (repeat it with --seed ${seed}; trace hash ${traceHash}):\n`,
    ...shown,
    '\ntrace, the latest:\n',
    ...failure.trace.map((line) => `  ${printable(line)}\n`),
    ...(failure.explain.length === 0 ? [] : ['\nwhat the node knows of the member:\n']),
    ...failure.explain.map((line) => `  ${printable(line)}\n`),
  ].join('')
}

/** `5.000 s  crash node: n3, n77`. */
export function stepText(step: Step): string {
  const { at, ...rest } = step
  const [kind, name] = 'do' in rest ? ['do', rest.do] : ['expect', rest.expect]
  const fields = Object.entries(rest)
    .filter(([key]) => key !== kind)
    .map(([key, value]) => `${key}: ${valueText(key, value)}`)
  const what = kind === 'expect' ? `expect ${name}` : name
  return `${(at / 1_000).toFixed(3).padStart(8)} s  ${[what, fields.join('; ')].join(' ').trim()}`
}

/** Fields that are times, in milliseconds. */
const times = new Set(['for', 'within', 'by'])

function valueText(key: string, value: unknown): string {
  if (typeof value === 'number' && times.has(key)) return `${value / 1_000} s`
  if (Array.isArray(value))
    return value.every((each) => typeof each === 'string') ? listText(value) : groupsText(value)
  if (typeof value === 'string') return escapeForPrint(value)
  return JSON.stringify(value)
}

const groupsText = (groups: readonly unknown[]): string =>
  groups.map((group) => `[${Array.isArray(group) ? listText(group.map(String)) : String(group)}]`).join(' ')

const namesShown = 12

function listText(names: readonly string[]): string {
  const shown = names.slice(0, namesShown).map((name) => escapeForPrint(name))
  return names.length > namesShown
    ? `${shown.join(', ')} and ${names.length - namesShown} more`
    : shown.join(', ')
}
