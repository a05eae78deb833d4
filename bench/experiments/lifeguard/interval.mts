import type { Millis } from '@swimkit/core'
import { type GroupOptions, settledGroup } from './group.mts'

/** The paper's Interval experiment: blocked for D, then let go for I, again and again for two minutes or a little more. */
export interface IntervalJob extends GroupOptions {
  readonly kind: 'interval'
  /** D and I, milliseconds. */
  readonly blocked: Millis
  readonly recovery: Millis
}

export interface IntervalOutcome {
  /** `failed` events about members that are never blocked, at whatever member (the paper's FP), and of these at such members themselves (FP⁻). */
  readonly falsePositives: number
  readonly atHealthy: number
  /** What these go back to: a member at an incarnation held failed by anybody, and of these held so first by a blocked member. */
  readonly verdicts: number
  readonly verdictsByBlocked: number
  /** `failed` events about the blocked members at the others: right while they are blocked. */
  readonly detections: number
  readonly packets: number
  readonly bytes: number
  readonly streamMessages: number
  readonly streamBytes: number
}

const atLeast = 120_000

export function runInterval(job: IntervalJob): IntervalOutcome {
  const { anomalous, block, simulation } = settledGroup(job)
  const seen = new Set<string>()
  let falsePositives = 0
  let atHealthy = 0
  let verdictsByBlocked = 0
  let detections = 0
  simulation.observe({
    event({ name }, { incarnation, record, type }) {
      if (type !== 'failed') return
      const healthy = !anomalous.has(name)
      if (anomalous.has(record.name)) {
        if (healthy) detections++
        return
      }
      falsePositives++
      if (healthy) atHealthy++
      const verdict = `${record.name} ${incarnation}`
      if (seen.has(verdict)) return
      seen.add(verdict)
      if (!healthy) verdictsByBlocked++
    },
  })
  const { traffic } = simulation
  const before = { ...traffic }
  const end = simulation.now + atLeast
  while (simulation.now < end) {
    block(job.blocked)
    simulation.run(job.blocked + job.recovery)
  }
  return {
    falsePositives,
    atHealthy,
    verdicts: seen.size,
    verdictsByBlocked,
    detections,
    packets: traffic.packets - before.packets,
    bytes: traffic.bytes - before.bytes,
    streamMessages: traffic.streamMessages - before.streamMessages,
    streamBytes: traffic.streamBytes - before.streamBytes,
  }
}
