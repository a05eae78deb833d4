import type { Millis } from '@swimkit/core'
import { headBytes, typicalEntryBytes } from './digest.ts'
import { stagesDelay } from './stages.ts'

/** What the rate of heartbeats depends on. */
export interface Rates {
  /** Members, the node included; from 1 on. */
  readonly n: number
  /** See `GossipOptions`. */
  readonly interval: Millis
  readonly fanout: number
  /** Bytes of a digest at most. By default 85 % of what `DetectorContext.bodyBytes` says. */
  readonly digestBytes: number
}

/** What the time to find a crash depends on. */
export interface Group extends Rates {
  /** The node's `probeInterval`: what those that look first are given before others do. */
  readonly probeInterval: Millis
}

/** Entries that a digest of so many bytes holds, beside the sender's own. */
export const entriesOf = (digestBytes: number): number =>
  Math.max(1, Math.floor((digestBytes - headBytes) / typicalEntryBytes) - 1)

/** ceil(log2 n) for a whole n ≥ 1. */
const log2Up = (n: number): number => 32 - Math.clz32(n - 1)

/**
 * Milliseconds from one heartbeat of a member to the next that reaches a node, on average: an interval, and beyond that as many as it
 * takes until all n have had a place in the digests that a node hears, which are two of E entries for each push of an interval, as one is answered.
 */
export const renewal = ({ digestBytes, fanout, interval, n }: Rates): Millis =>
  interval * (1 + Math.max(0, n - 2) / (2 * fanout * entriesOf(digestBytes)))

/** Renewals that a silence may last before it is a reason to look, whatever its mean and deviation say. */
const mostRenewals = 6

/** Most that a member may be silent: what bounds the time to find a crash whatever was measured, or was made to be measured. */
export const patienceLimit = (rates: Rates): Millis => mostRenewals * renewal(rates)

/**
 * How long nothing is made of silence after a start: the first heartbeats take up to log2 n rounds of push-pull to get everywhere, as each
 * doubles who knows of one (Demers et al., PODC 1987, §1.3), and then the longest silence.
 */
export const graceOf = (rates: Rates): Millis =>
  rates.interval * log2Up(Math.max(2, rates.n)) + patienceLimit(rates)

/**
 * Milliseconds within which somebody looks at a member that has crashed, in a network that loses nothing and where nobody has stood still:
 *
 *     interval × (ceil(log2 n) + 1) + 7 R + 4 probeInterval     where R = interval × (1 + (n − 2) / (2 fanout E))
 *
 * Its last heartbeat takes log2 n rounds and a renewal R to get to those that look first, and for six renewals they bear its silence at the
 * most; the wheel notices within an interval, and for once in e^(4 × watchers) crashes there is somebody in the first three stages. E is what a
 * digest holds: (bytes − 1) / 7 − 1. As a rule it takes half of that; see the README. Members that came back lately are borne with for longer, up to
 * four times the six renewals. With a share p of packets lost, divide by (1 − p)².
 */
export const detectionBound = ({ probeInterval, ...rates }: Group): Millis =>
  rates.interval * (log2Up(Math.max(2, rates.n)) + 1) +
  renewal(rates) +
  patienceLimit(rates) +
  stagesDelay(probeInterval)
