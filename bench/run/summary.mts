import { median } from '../peer/quantiles.mts'
import { type FigureSpec, figuresFor, type Rival } from './figures.mts'
import type { Contender } from './plan.mts'
import { type Failure, isFailure, type Result, type Size } from './result.mts'

/** A figure over several runs. */
export interface Spread {
  readonly median: number
  readonly min: number
  readonly max: number
}

/** A line of the table. What could not be measured is undefined. */
export interface Figure {
  readonly key: string
  readonly label: string
  readonly digits: number
  readonly against: Rival
  readonly ours: Spread | undefined
  readonly theirs: Spread | undefined
  /** Of the ratios within each run: what the machine did to both in one run cancels out. */
  readonly ratio: Spread | undefined
  readonly goal:
    | { readonly atMost: number; readonly of: 'ratio' | 'figure'; readonly met: boolean | undefined }
    | undefined
}

export interface SizeSummary {
  readonly nodes: number
  readonly silent: boolean
  readonly figures: readonly Figure[]
  /** What is to be known before the figures are believed: runs that failed, verdicts that did not come. */
  readonly remarks: readonly string[]
}

/** The figures of all contenders, or those that `only` has, with what they are compared with. */
export function summarize(size: Size, only?: readonly Contender[]): SizeSummary {
  const asked = ({ against, of }: FigureSpec): boolean =>
    only === undefined || (only.includes(of) && only.includes(against))
  return {
    nodes: size.nodes,
    silent: size.silent,
    figures: figuresFor(size.silent)
      .filter(asked)
      .map((spec) => summarizeFigure(size, spec)),
    remarks: remarksOn(size),
  }
}

function summarizeFigure(size: Size, spec: FigureSpec): Figure {
  const { against, digits, goal, key, label, of, read } = spec
  const value = (result: Result | Failure | undefined): number | undefined =>
    result === undefined || isFailure(result) ? undefined : read(result)
  const theirs = size.runs.map((run) => value(run[against]))
  // Measured once, it has no run of its own to be compared within.
  const apart = value(size.apart)
  const middle = spreadOf(theirs)?.median
  const pairs =
    of === 'apart'
      ? [[apart, middle] as const]
      : size.runs.map((run, i) => [value(run[of]), theirs[i]] as const)
  const ratio = spreadOf(
    pairs.map(([a, b]) => (a === undefined || b === undefined || b === 0 ? undefined : a / b)),
  )
  const wanted = goal !== undefined && (goal.nodes ?? size.nodes) === size.nodes
  const ours = spreadOf(pairs.map(([a]) => a))
  const weighed = goal?.of === 'figure' ? ours : ratio
  return {
    key,
    label,
    digits,
    against,
    ours,
    theirs: spreadOf(theirs),
    ratio,
    goal: wanted
      ? { atMost: goal.atMost, of: goal.of ?? 'ratio', met: weighed && weighed.median <= goal.atMost }
      : undefined,
  }
}

function spreadOf(values: readonly (number | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== undefined)
  if (known.length === 0) return undefined
  return { median: median(known), min: Math.min(...known), max: Math.max(...known) }
}

function remarksOn({ apart, runs }: Size): string[] {
  const remarks: string[] = []
  const look = (where: string, result: Result | Failure | undefined): void => {
    if (result === undefined) return
    if (isFailure(result)) {
      remarks.push(`${where}: ${result.failed}`)
      return
    }
    const { crash_seen: seen, crash_wanted: wanted } = result
    if (seen !== wanted)
      remarks.push(`${where}: ${seen} of ${wanted} verdicts came in time; the figures are of those`)
    const { update_reached: reached, update_wanted: others } = result
    if (reached !== others) remarks.push(`${where}: updates were seen ${reached} of ${others} times in time`)
    const { broadcast_reached: told, broadcast_wanted: all } = result
    if (told !== all) remarks.push(`${where}: broadcasts were heard ${told} of ${all} times in time`)
  }
  for (const [i, run] of runs.entries()) {
    for (const contender of ['swimkit', 'sealed', 'memberlist', 'bare', 'gossip'] as const) {
      look(`run ${i + 1}, ${contender}`, run[contender])
    }
  }
  look('swimkit, directories apart', apart)
  return remarks
}
