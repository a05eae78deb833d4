import {
  createRandom,
  type Millis,
  type Random,
  type Settings,
  suspicionMin,
  tellingTime,
} from '@swimkit/core'
import type { Step } from '@swimkit/simulator'

/** What is to happen to a cluster, as the flags say it. */
export interface Faults {
  /** Processes that die at once. */
  readonly crash: number
  /** Processes that stand still at once, and for how long. */
  readonly pause: number
  readonly pauseFor: Millis
  /** Nodes that are cut off from the others; 0: none. */
  readonly partition: number
  /** Undefined: a third of the whole. */
  readonly partitionFor: Millis | undefined
  /** Processes that die and come back, per minute. */
  readonly churn: number
  readonly churnDown: Millis
}

export interface Schedule {
  readonly duration: Millis
  readonly steps: readonly Step[]
}

/** Nothing is done for so many probe intervals: what a quiet cluster costs is seen first. */
const quietIntervals = 5
/** Churn goes on for at least so many probe intervals where no duration is given. */
const churnIntervals = 60
/** The last to come back has so many probe intervals for it. */
const returnIntervals = 10

/** When the first thing is done. */
export const quietTime = ({ probeInterval }: Settings): Millis => quietIntervals * probeInterval

/**
 * By when a crash should be known to all. Ten probe intervals until somebody looks there (the chance that nobody does is
 * e⁻¹⁰), two for the look, the longest suspicion (`suspicionMaxMult × suspicionMin(n)`), and as many gossip intervals
 * as an update is sent in.
 */
export function detectionTime(nodes: number, settings: Settings): Millis {
  const { probeInterval, suspicionMaxMult, suspicionMult } = settings
  return (
    12 * probeInterval +
    suspicionMaxMult * suspicionMin(nodes, suspicionMult, probeInterval) +
    tellingTime(settings, nodes)
  )
}

/** How long it has to go on until what the faults do can be seen to its end, in whole seconds. */
export function durationFor(nodes: number, settings: Settings, faults: Faults): Millis {
  const end = quietTime(settings) + detectionTime(nodes, settings)
  const { churn, churnDown, partition, partitionFor, pause, pauseFor } = faults
  const partitioned = partition === 0 ? 0 : (partitionFor ?? end / 2)
  const paused = pause === 0 ? 0 : pauseFor
  const churned = churn === 0 ? 0 : churnIntervals * settings.probeInterval + churnDown
  return Math.ceil((end + Math.max(partitioned, paused, churned)) / 1_000) * 1_000
}

/** What is done to whom, and when: a function of its arguments and nothing else. */
export function schedule(
  nodes: number,
  settings: Settings,
  faults: Faults,
  duration: Millis,
  seed: number,
): Schedule {
  const random = createRandom([seed]).fork('schedule')
  const names = shuffled(nodes, random.fork('roles'))
  const { crash, partition, partitionFor = duration / 3, pause, pauseFor } = faults
  const at = Math.min(quietTime(settings), duration)
  const crashed = names.splice(0, crash)
  const paused = names.splice(0, pause)
  const sides = partition === 0 ? [] : shuffled(nodes, random.fork('sides'))
  const apart = sides.splice(0, partition)
  const steps: Step[] = []
  if (crash > 0) steps.push({ at, do: 'crash', node: crashed })
  if (pause > 0) steps.push({ at, do: 'pause', node: paused, for: pauseFor })
  if (partition > 0) {
    steps.push({ at, do: 'partition', groups: [sides, apart], for: Math.round(partitionFor) })
  }
  if (faults.churn > 0) steps.push(...churnSteps(names, new Set(apart), settings, faults, duration, random))
  return { duration, steps: steps.sort((a, b) => a.at - b.at) }
}

/** `n0`, `n1`, … in a random order (Fisher and Yates). */
function shuffled(count: number, random: Random): string[] {
  const names = Array.from({ length: count }, (_, i) => `n${i}`)
  for (let last = count - 1; last > 0; last--) {
    const other = random.below(last + 1)
    ;[names[last], names[other]] = [names[other]!, names[last]!]
  }
  return names
}

/**
 * Processes that die and come back, at even distances with a random shift. Each joins through a random other of its own side of a
 * partition: through one of the other side it would wait in vain.
 */
function churnSteps(
  pool: readonly string[],
  apart: ReadonlySet<string>,
  { probeInterval }: Settings,
  { churn, churnDown }: Faults,
  duration: Millis,
  random: Random,
): Step[] {
  const draw = random.fork('churn')
  const sides = [pool.filter((name) => !apart.has(name)), pool.filter((name) => apart.has(name))] as const
  const busyUntil = new Map<string, Millis>()
  const steps: Step[] = []
  const every = 60_000 / churn
  const begin = quietIntervals * probeInterval
  const end = duration - churnDown - returnIntervals * probeInterval
  for (let turn = begin; turn < end; turn += every) {
    const at = Math.round(turn + draw.fraction() * every)
    const name = pool[draw.below(pool.length)]!
    const others = sides[apart.has(name) ? 1 : 0]
    const via = others[draw.below(others.length)]!
    if (at >= end || at < (busyUntil.get(name) ?? 0)) continue
    const back = Math.round(at + churnDown)
    // Its return has to be over before it may die again.
    busyUntil.set(name, back + returnIntervals * probeInterval)
    steps.push({ at, do: 'crash', node: name })
    steps.push({ at: back, do: 'restart', node: name, ...(via === name ? {} : { via }) })
  }
  return steps
}
