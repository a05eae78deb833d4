import type { Millis } from '@swimkit/core'
import { rounded } from '../kit/statistics.mts'
import { type GroupOptions, members, settledGroup } from './group.mts'

/** The paper's Threshold experiment: blocked for D, once. */
export interface ThresholdJob extends GroupOptions {
  readonly kind: 'threshold'
  /** D, milliseconds. */
  readonly blocked: Millis
}

/** Of the blocked members, milliseconds from the beginning of the block. */
export interface ThresholdOutcome {
  /** Until the first of the others held one failed, of those where one did within the block. */
  readonly first: readonly number[]
  /** Until the last of the others did, of those where all did within the block. */
  readonly full: readonly number[]
  readonly anomalous: number
}

export function runThreshold(job: ThresholdJob): ThresholdOutcome {
  const { anomalous, block, simulation } = settledGroup(job)
  const start = simulation.now
  const knowing = new Map<string, number>()
  const first: number[] = []
  const full: number[] = []
  simulation.observe({
    event({ name }, { record, type }, now) {
      if (type !== 'failed' || anomalous.has(name) || !anomalous.has(record.name)) return
      const count = (knowing.get(record.name) ?? 0) + 1
      knowing.set(record.name, count)
      if (count === 1) first.push(rounded(now - start, 3))
      if (count === members - anomalous.size) full.push(rounded(now - start, 3))
    },
  })
  block(job.blocked)
  simulation.run(job.blocked)
  return { first, full, anomalous: anomalous.size }
}
