import type { Millis, Settings } from '@swimkit/core'
import { leastDigestBytes } from './digest.ts'

/** How often heartbeats go round, and how much silence is a reason to look. All nodes of a cluster should run with the same. */
export interface GossipOptions {
  /**
   * Milliseconds between two heartbeats of a node. Detection time is proportional to it, load inversely. 10..600,000.
   * Default: the node's `probeInterval`.
   */
  readonly interval?: Millis
  /**
   * Members that are told per interval, each of which answers: a node sends twice as many packets. Silences get shorter with it, and where
   * a digest has no room for all (see `detectionBound`) in proportion. 1..16. Default 1.
   */
  readonly fanout?: number
  /**
   * φ from which on a silence is a reason to look: a member that lives is silent for so long once in 10^φ times, if silences were
   * normally distributed (Hayashibara et al. 2004). As a look comes before any report, it is set lower than where silence itself is the
   * verdict: less finds a crash sooner and looks at the living more often. 1..16. Default 4.
   */
  readonly threshold?: number
  /**
   * Least deviation of silences that is reckoned with, milliseconds: what keeps members that were very regular from being looked
   * at for the first late packet. 1..600,000. Default: half the interval.
   */
  readonly minDeviation?: Millis
  /**
   * Bytes of a digest at most. Less costs less time to put together and to read, and where it has no room for all
   * members, silences get longer in proportion. 139..65,507, and never more than 85 % of what a packet takes, so that updates of the membership find
   * room. Default: those 85 %.
   */
  readonly digestBytes?: number
  /**
   * Members, on average, that are the first to look at a silent one; the others wait for what comes of it. More find a crash
   * sooner and independently, and cost packets each time. 1..64. Default: `suspicionConfirmations` + 3.
   */
  readonly watchers?: number
  /** Members that one node looks at at once; more wait in turn. 1..64. Default 4. */
  readonly looksAtOnce?: number
  /** Heartbeats in time, one after the other, that make a member trusted again that did not answer. 1..255. Default 3. */
  readonly trustAfter?: number
  /**
   * Half-life of what speaks for a member that came back, milliseconds: each return raises its threshold by as much as the configured one, up to
   * three times, and that is forgotten by half in this time. 1..86,400,000. Default: 60 intervals.
   */
  readonly penaltyHalfLife?: Millis
}

/** The options of one node: those that were given, and the formulas for the others. */
export type Resolved = { readonly [K in keyof GossipOptions]-?: number }

/** Field by field what is allowed; the same table checks options and documents them. */
const ranges: Readonly<
  Record<keyof GossipOptions, readonly [min: number, max: number, whole: boolean, unit: string]>
> = {
  interval: [10, 600_000, false, ' ms'],
  fanout: [1, 16, true, ''],
  threshold: [1, 16, false, ''],
  minDeviation: [1, 600_000, false, ' ms'],
  digestBytes: [leastDigestBytes, 65_507, true, ' bytes'],
  watchers: [1, 64, true, ''],
  looksAtOnce: [1, 64, true, ''],
  trustAfter: [1, 255, true, ''],
  penaltyHalfLife: [1, 86_400_000, false, ' ms'],
}

/** Throws a TypeError for an option that is none or no number, and a RangeError for one that is out of range. */
export function checkOptions(options: GossipOptions): void {
  for (const key of Object.keys(options) as (keyof GossipOptions)[]) {
    if (!Object.hasOwn(ranges, key)) {
      throw new TypeError(
        `gossip has no option ${JSON.stringify(key)}: there are ${Object.keys(ranges).join(', ')}`,
      )
    }
    const value: unknown = options[key]
    if (value === undefined) continue
    const [min, max, whole, unit] = ranges[key]
    const allowed = `must be ${whole ? 'a whole number' : 'a number'} ${min}..${max}${unit}`
    if (typeof value !== 'number') throw new TypeError(`gossip: ${key} is a ${typeof value}: ${allowed}`)
    if (!(value >= min && value <= max) || (whole && !Number.isInteger(value))) {
      throw new RangeError(`gossip: ${key} is ${value}: ${allowed}`)
    }
  }
}

/** Share of a packet that a digest may take: the rest is for what the core has to tell. */
const digestShare = 0.85

/** `bodyBytes`: what `send` takes, see `DetectorContext`. */
export function resolveOptions(options: GossipOptions, settings: Settings, bodyBytes: number): Resolved {
  const { interval = settings.probeInterval } = options
  const room = Math.max(leastDigestBytes, Math.floor(bodyBytes * digestShare))
  return {
    interval,
    fanout: options.fanout ?? 1,
    threshold: options.threshold ?? 4,
    minDeviation: options.minDeviation ?? interval / 2,
    digestBytes: Math.min(options.digestBytes ?? room, room),
    watchers: options.watchers ?? settings.suspicionConfirmations + 3,
    looksAtOnce: options.looksAtOnce ?? 4,
    trustAfter: options.trustAfter ?? 3,
    penaltyHalfLife: options.penaltyHalfLife ?? 60 * interval,
  }
}
