import type { Settings } from '@swimkit/core'

/** Which settings are times. */
export const isDuration = (key: string): boolean => /(Interval|Timeout|Retention|^gossipToFailed)$/.test(key)

/** The settings of the protocol with times in seconds, as everywhere on the control API; counts and sizes as they are. */
export function settingsJson(settings: Settings): Record<string, number> {
  return Object.fromEntries(
    Object.entries(settings).map(([key, value]) => [key, isDuration(key) ? value / 1_000 : value]),
  )
}
