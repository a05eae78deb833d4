import { type ProfileName, profiles, type Settings } from '@swimkit/core'
import { CliError } from '../errors.ts'
import { formatDuration } from './duration.ts'
import type { Loaded } from './load.ts'

/** Which flag gives which setting of the protocol. */
export const timingFields = {
  'probe-interval': 'probeInterval',
  'probe-timeout': 'probeTimeout',
  'probe-timeout-min': 'probeTimeoutMin',
  'suspicion-mult': 'suspicionMult',
  'suspicion-quorum': 'suspicionQuorum',
  'refusal-quorum': 'refusalQuorum',
  'indirect-probes': 'indirectProbes',
  'gossip-interval': 'gossipInterval',
  'gossip-fanout': 'gossipFanout',
  'sync-interval': 'syncInterval',
  'failed-retention': 'failedRetention',
} as const satisfies Readonly<Record<string, keyof Settings>>

/** With `--adaptive` the probe interval moves between this part of itself and this multiple; and so many are looked at in one at most. */
const adaptiveRange = 2
const adaptiveProbes = 4

/**
 * The settings of the protocol that were given, to go over the profile's. Throws a {@link CliError} with exit code 2 where two of them
 * contradict each other.
 */
export function timings({ values, source }: Loaded, profile: ProfileName): Partial<Settings> {
  const base = profiles[profile]
  const chosen: { -readonly [K in keyof Settings]?: Settings[K] } = {}
  for (const key of Object.keys(timingFields) as (keyof typeof timingFields)[]) {
    const value = values[key]
    if (value !== undefined) chosen[timingFields[key]] = value
  }
  const { probeInterval = base.probeInterval, probeTimeout } = chosen
  if (probeTimeout === undefined) {
    // A shorter interval alone must not contradict the profile's timeout, which then keeps its share of the interval.
    const share = base.probeTimeout / base.probeInterval
    if (probeInterval < base.probeInterval) chosen.probeTimeout = Math.max(1, probeInterval * share)
  } else if (probeTimeout > probeInterval) {
    const label = source.get('probe-timeout')?.label ?? 'probe-timeout'
    throw new CliError(
      2,
      `${label}: ${formatDuration(probeTimeout)} is not allowed: must be at most the probe interval, which is ${formatDuration(probeInterval)}`,
    )
  }
  if (values.adaptive) {
    const timeout = chosen.probeTimeout ?? base.probeTimeout
    chosen.probeIntervalMin = Math.max(timeout, probeInterval / adaptiveRange)
    chosen.probeIntervalMax = probeInterval * adaptiveRange
    chosen.probesMax = adaptiveProbes
  }
  return chosen
}
