import type { SeedFailure } from '@swimkit/core'
import type { Complaints } from './complaints.ts'

/** Failures that trying again will not mend: an operator has to do something, and is told what. */
const advice: Readonly<Record<string, string>> = {
  'unreachable-address':
    'others cannot reach this node there: open its port (UDP and TCP), or name a reachable address with --advertise',
  'cluster-mismatch': 'that node is of another cluster: check --cluster on both',
  version: 'that node speaks another version of the protocol: upgrade the older one',
  'detector-missing': "this node lacks the cluster's detector: start it with that --detector",
}

/** Says why somebody could not be joined, with what to do where that is known. `own` is this node's address. */
export function complainOf({ code, message, seed }: SeedFailure, own: string, complaints: Complaints): void {
  const known = advice[code]
  if (known) {
    complaints.say(seed, code, 'error', `join refused: ${code}`, { seed, message, own, advice: known })
  } else if (code === 'unresolved') {
    complaints.say(seed, code, 'warn', 'seed does not resolve', { seed, reason: message })
  } else complaints.say(seed, code, 'warn', 'seed does not answer', { seed, code, reason: message })
}

/** Whether an operator has to do something about it. */
export const needsAdvice = ({ code }: SeedFailure): boolean => Object.hasOwn(advice, code)
