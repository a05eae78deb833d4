import type { Column } from '../model/column.ts'
import type { MemberTable } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import type { PathView } from '../selection/strategy.ts'
import type { Coordinates } from './coordinates.ts'
import type { Settings } from './settings.ts'
import type { Millis } from './time.ts'

/** Mean and deviation are kept as whole numbers of this many milliseconds, up to 8 seconds. */
const unit = 0.125
const most = 0xffff
/** Gain of a new sample in the mean, and in the deviation (RFC 6298). */
const meanGain = 1 / 8
const deviationGain = 1 / 4
/** Deviations beyond the mean that an answer is waited for (RFC 6298). */
const deviations = 4
/** Samples before what all paths have in common says anything of one that was not measured. */
const samplesWanted = 4

/** A smoothed mean and its mean deviation, milliseconds. */
export interface RoundTrip {
  readonly mean: Millis
  readonly deviation: Millis
}

/**
 * Round trips of direct pings, smoothed as TCP does it (Jacobson 1988; RFC 6298): of each path, in one number per member, and
 * of all paths together. How long to wait for an answer follows from them.
 */
export class RoundTrips implements PathView {
  readonly #settings: Settings
  readonly #table: MemberTable
  readonly #coordinates: Coordinates | undefined
  /** Mean in the upper 16 bits, deviation in the lower; 0: not measured. */
  readonly #paths: Column
  #mean = 0
  #deviation = 0
  #samples = 0

  constructor(settings: Settings, table: MemberTable, coordinates: Coordinates | undefined) {
    this.#settings = settings
    this.#table = table
    this.#coordinates = coordinates
    this.#paths = table.column('u32', 0)
  }

  /** A direct ping was answered. */
  measured(ref: Ref, rtt: Millis): void {
    const known = this.of(ref)
    // Of a first sample the deviation is half of it, as nothing better is known (RFC 6298, 2.2).
    const error = known === undefined ? rtt / 2 : Math.abs(rtt - known.mean)
    const mean = known === undefined ? rtt : known.mean + meanGain * (rtt - known.mean)
    const deviation =
      known === undefined ? error : known.deviation + deviationGain * (error - known.deviation)
    const [meanBefore, deviationBefore] = [known?.mean ?? rtt, known?.deviation ?? deviation]
    this.#paths.set(
      ref,
      quantized(mean, meanBefore, rtt, 1) * (most + 1) + quantized(deviation, deviationBefore, error, 0),
    )
    const first = this.#samples++ === 0
    const off = first ? rtt / 2 : Math.abs(rtt - this.#mean)
    this.#mean = first ? rtt : this.#mean + meanGain * (rtt - this.#mean)
    this.#deviation = first ? off : this.#deviation + deviationGain * (off - this.#deviation)
  }

  /** Of one path; undefined where it was not measured since its member is held. */
  of(ref: Ref): RoundTrip | undefined {
    const packed = this.#paths.get(ref)
    if (packed === 0) return undefined
    return { mean: Math.floor(packed / (most + 1)) * unit, deviation: (packed % (most + 1)) * unit }
  }

  /** Mean round trip to a member, or where it was not measured what the coordinates say. */
  rtt(ref: Ref): Millis | undefined {
    return this.of(ref)?.mean ?? this.#coordinates?.between(this.#table.self, ref)
  }

  /** See `DetectorContext.patience`; without the factor of local health. */
  patience(ref: Ref): Millis {
    const { probeTimeout, probeTimeoutMin } = this.#settings
    if (probeTimeoutMin === probeTimeout) return probeTimeout
    const packed = this.#paths.get(ref)
    let wait: Millis
    if (packed !== 0) {
      wait = (Math.floor(packed / (most + 1)) + deviations * (packed % (most + 1))) * unit
    } else if (this.#samples >= samplesWanted) {
      wait = this.#mean + deviations * this.#deviation
    } else return probeTimeout
    return Math.min(probeTimeout, Math.max(probeTimeoutMin, wait))
  }
}

/** A step towards a sample, in whole units: at least one where they differ by one, or many small differences would never move it. */
function quantized(to: Millis, from: Millis, sample: Millis, least: number): number {
  const [before, after] = [Math.round(from / unit), Math.round(to / unit)]
  const step = before === after && Math.abs(sample - from) >= unit ? Math.sign(sample - from) : 0
  return Math.min(most, Math.max(least, after + step))
}
