import { log10 } from '../model/logarithm.ts'
import type { Settings } from './settings.ts'
import type { Millis } from './time.ts'

/** The logarithm of a power of ten is off by less than that. */
const off = 1e-9

/**
 * How often each member tells an update in a group of n: `ceil(retransmitMult × (1 + log10(n + 1)))`, SWIM's λ log n (§4.1) and one λ more. Told k
 * times by each, an update misses n·e^−k members on average. SWIM means large n; by its count alone, rounded up to whole digits as memberlist
 * does, one in thirty misses somebody in a group of nine.
 */
export function transmitLimit({ retransmitMult }: Pick<Settings, 'retransmitMult'>, n: number): number {
  return Math.ceil(retransmitMult * (1 + log10(n + 1)) - off)
}

/** How long any update is told, in a group of n: `transmitLimit × gossipInterval`, milliseconds. */
export const tellingTime = (settings: Settings, n: number): Millis =>
  transmitLimit(settings, n) * settings.gossipInterval
