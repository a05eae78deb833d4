import type { BenchOptions } from './options.mts'

export const contenders = ['swimkit', 'sealed', 'bare', 'memberlist', 'gossip', 'apart'] as const
export type Contender = (typeof contenders)[number]

/** One process to be run: who, at which size, in which run. */
export interface Step {
  readonly contender: Contender
  readonly nodes: number
  readonly silent: boolean
  /** From 0. */
  readonly run: number
}

/** What can be measured here. */
export interface Means {
  readonly memberlist: boolean
  readonly silence: boolean
}

/**
 * All processes in order. In a run each contender has its turn, and who goes first changes with the run: what drifts on a machine,
 * its clock speed and its neighbours, then falls on each alike.
 */
export function plan(options: BenchOptions, means: Means): Step[] {
  const steps: Step[] = []
  const asked = (contender: Contender): boolean => options.only?.includes(contender) ?? true
  const add = (nodes: number, silent: boolean, who: readonly Contender[]): void => {
    const here = who.filter((each) => asked(each) && (each !== 'memberlist' || means.memberlist))
    for (let run = 0; run < options.runs; run++) {
      const order = run % 2 === 0 ? here : here.toReversed()
      for (const contender of order) steps.push({ contender, nodes, silent, run })
    }
  }
  for (const nodes of options.nodes) {
    add(nodes, false, ['swimkit', 'sealed', 'bare', 'memberlist', 'gossip'])
    if (asked('apart')) steps.push({ contender: 'apart', nodes, silent: false, run: 0 })
  }
  if (means.silence) for (const nodes of options.silentNodes) add(nodes, true, ['swimkit', 'memberlist'])
  return steps
}

/** The arguments of a step's process. The two peers are asked for the same. */
export function argumentsFor(step: Step, options: BenchOptions): string[] {
  const { base, formLimit, hold, kill, limit, settle, updates } = options
  const { contender, nodes, silent } = step
  const size = ['--nodes', `${nodes}`, '--base', `${base}`]
  if (contender === 'bare') return [...size, '--settle', `${settle}`, '--hold', `${hold}`]
  if (contender === 'apart')
    return [...size, '--form-limit', `${formLimit}`, '--hold', '0', '--updates', '0', '--apart']
  // What sealing costs shows while nothing happens.
  if (contender === 'sealed') {
    const rest = ['--form-limit', `${formLimit}`, '--settle', `${settle}`, '--hold', `${hold}`]
    return [...size, ...rest, '--updates', '0', '--sealed']
  }
  const phases = {
    // Lost hosts are not waited for any longer than it takes to tell what forming queued.
    settle: silent ? Math.min(settle, 5) : settle,
    hold: silent ? 0 : hold,
    updates: silent || contender === 'gossip' ? 0 : updates,
    kill,
    limit,
    'form-limit': formLimit,
  }
  const values = Object.entries(phases).flatMap(([name, value]) => [`--${name}`, `${value}`])
  const flags = silent ? ['--silent'] : []
  if (contender === 'memberlist') return ['-n', `${nodes}`, '-base', `${base}`, ...values, ...flags]
  return [...size, ...values, ...flags, ...(contender === 'gossip' ? ['--detector', 'gossip'] : [])]
}

/** Milliseconds after which a step's process is stuck: all its limits, and as much again as starting and stopping may take. */
export function limitFor(options: BenchOptions): number {
  const perUpdate = 64
  const seconds =
    options.formLimit + options.settle + options.hold + options.updates * perUpdate + options.limit + 120
  return seconds * 1_000
}
