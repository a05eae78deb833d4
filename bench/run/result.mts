import type { Quantiles } from '../peer/quantiles.mts'

/** What a measured process prints. Each has what it measures, in these units. */
export interface Result {
  readonly system: string
  readonly runtime: string
  readonly n: number
  readonly joined_s?: number
  readonly form_s?: number
  readonly form_cpu_s?: number
  /** Percent of one core. */
  readonly steady_cpu_pct_per_node?: number
  /** Of its whole network namespace. */
  readonly steady_datagrams_per_node_s?: number
  /** By its own counters. */
  readonly steady_packets_per_node_s?: number
  readonly heap_kb_per_node?: number
  readonly rss_kb_per_node?: number
  readonly update_s?: Quantiles | null
  readonly update_reached?: number
  readonly update_wanted?: number
  /** Of ours alone: memberlist has no broadcasts of this kind. */
  readonly broadcast_s?: Quantiles | null
  readonly broadcast_reached?: number
  readonly broadcast_wanted?: number
  readonly crash_s?: Quantiles | null
  /** When each victim was first doubted by anybody; ours alone says so. */
  readonly detected_s?: Quantiles | null
  readonly crash_seen?: number
  readonly crash_wanted?: number
  readonly false_positives?: number
}

/** A process that ended without a result. */
export interface Failure {
  readonly failed: string
}

export const isFailure = (x: Result | Failure): x is Failure => 'failed' in x

/** The first line of what a process printed. */
export function parseResult(text: string): Result {
  const value: unknown = JSON.parse(text.split('\n', 1)[0]!)
  if (typeof value !== 'object' || value === null || !('system' in value) || !('n' in value)) {
    throw new TypeError(`no result of a peer: ${text.slice(0, 200)}`)
  }
  // The peers are of this repository: what else they print, they print in the units above.
  return value as Result
}

/** Everything that one run measured, side by side. */
export interface Run {
  readonly swimkit?: Result | Failure
  readonly memberlist?: Result | Failure
  readonly bare?: Result | Failure
  /** swimkit with the gossip detector. */
  readonly gossip?: Result | Failure
  /** swimkit where all that nodes say to each other is sealed; its steady state alone. */
  readonly sealed?: Result | Failure
}

/** All runs at one size. */
export interface Size {
  readonly nodes: number
  /** Whether the hosts went silent at the end, or the processes stopped. */
  readonly silent: boolean
  readonly runs: readonly Run[]
  /** swimkit where each node has its own directory; memory only. */
  readonly apart?: Result | Failure
}
