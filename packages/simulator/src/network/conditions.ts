import type { Millis } from '@swimkit/core'
import { type Latency, latencyFault } from './latency.ts'

/** What a link, one direction of one pair of nodes, does to what is sent over it. */
export interface Conditions {
  /** Time under way, one way. */
  readonly latency: Latency
  /** Share of packets that are lost, 0..1. Streams lose none, but each loss costs them a retransmission. */
  readonly loss: number
  /** Share of packets that arrive twice, 0..1. */
  readonly duplicate: number
  /** Share of packets that are held up by `reorderBy`, so that later ones overtake them, 0..1. */
  readonly reorder: number
  readonly reorderBy: Millis
  /** Larger packets vanish, as behind a tunnel. Bytes. */
  readonly mtu: number
  /** What does not pass at all. */
  readonly cut: 'nothing' | 'packets' | 'streams' | 'everything'
  /** What becomes of a stream that is dialled where a process listens: `refused` and `stalled` are what firewalls do. */
  readonly streams: 'open' | 'refused' | 'stalled'
}

/** A quiet local network: 0.2 to 0.8 ms one way, nothing lost. */
export const quietNetwork: Conditions = {
  latency: { kind: 'uniform', min: 0.2, max: 0.8 },
  loss: 0,
  duplicate: 0,
  reorder: 0,
  reorderBy: 20,
  mtu: 65_535,
  cut: 'nothing',
  streams: 'open',
}

/** Conditions that are out of range. */
export class ConditionsError extends Error {
  override readonly name = 'ConditionsError'
}

/** Throws a {@link ConditionsError} that names the field and what is allowed. */
export function checkConditions(conditions: Partial<Conditions>): void {
  for (const key of ['loss', 'duplicate', 'reorder'] as const) {
    const share = conditions[key]
    if (share !== undefined && !(share >= 0 && share <= 1)) {
      throw new ConditionsError(`${key} is ${share}: must be 0..1`)
    }
  }
  const { latency, mtu, reorderBy } = conditions
  if (mtu !== undefined && !(mtu >= 1)) throw new ConditionsError(`mtu is ${mtu}: must be at least 1 byte`)
  if (reorderBy !== undefined && !(reorderBy >= 0 && Number.isFinite(reorderBy))) {
    throw new ConditionsError(`reorderBy is ${reorderBy}: must be milliseconds from 0 on`)
  }
  const fault = latency === undefined ? undefined : latencyFault(latency)
  if (fault !== undefined) throw new ConditionsError(`latency: ${fault}`)
}
