import type { Latency } from '@swimkit/simulator'
import { parseDuration } from '../config/duration.ts'

export const latencyAllowed =
  'must be a duration (5ms), a range (1ms-20ms), or exp:MEAN or exp:MIN+MEAN (exp:1ms+5ms), at most 1m'

const longest = 60_000

/** How long packets are under way, as people write it; undefined where it is none. */
export function parseLatency(text: string | number): Latency | undefined {
  if (typeof text === 'number') return constant(text)
  const exponential = /^exp:([^+]+)(?:\+([^+]+))?$/.exec(text.trim())
  if (exponential !== null) {
    const [, first = '', second] = exponential
    const [min, mean] = second === undefined ? [0, time(first)] : [time(first), time(second)]
    return Number.isNaN(min + mean) ? undefined : { kind: 'exponential', min, mean }
  }
  const range = /^([^-]+)-([^-]+)$/.exec(text.trim())
  if (range === null) return constant(text)
  const [min, max] = [time(range[1]!), time(range[2]!)]
  return min <= max ? { kind: 'uniform', min, max } : undefined
}

function constant(text: string | number): Latency | undefined {
  const ms = time(text)
  return Number.isNaN(ms) ? undefined : { kind: 'constant', ms }
}

/** In milliseconds; NaN for what is no duration, or too long. */
function time(text: string | number): number {
  const ms = parseDuration(text)
  return ms <= longest ? ms : Number.NaN
}
