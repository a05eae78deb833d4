import type { SeedFailure } from '@swimkit/core'
import type { Complaints } from './complaints.ts'

/** Failures that trying again will not mend: an operator has to do something, and is told what. */
const advice: Readonly<Record<string, string>> = {
  'unreachable-address':
    'others cannot reach this node there: open its port (UDP and TCP), or name a reachable address with --advertise',
  'cluster-mismatch': 'that node is of another cluster: check --cluster on both',
  version: 'that node speaks another version of the protocol: upgrade the older one',
  'detector-missing': "this node lacks the cluster's detector: start it with that --detector",
  'no-key': 'that node seals what it says: give this one the key file of the others',
  'unknown-key':
    'that node has another key: give both the same key file, and keys to a node that was away while they were exchanged',
  plain:
    'that node seals nothing: give it the key file as well, and until then let this one take in what is plain with --verify-incoming false',
  sealed: 'that node cannot open what this one sends: compare their key files',
}

/** Failures in which nobody has said anything. */
const silent: readonly string[] = ['timeout', 'unreachable', 'refused', 'reset']

/** Says why somebody could not be joined, with what to do where that is known. `own` is this node's address. */
export function complainOf({ code, message, seed }: SeedFailure, own: string, complaints: Complaints): void {
  const known = advice[code]
  if (known) {
    complaints.say(seed, code, 'error', `join refused: ${code}`, { seed, message, own, advice: known })
  } else if (code === 'unresolved') {
    complaints.say(seed, code, 'warn', 'seed does not resolve', { seed, reason: message })
  } else {
    const what = silent.includes(code) ? 'seed does not answer' : 'seed could not be joined'
    complaints.say(seed, code, 'warn', what, { seed, code, reason: message })
  }
}

/** Whether an operator has to do something about it. */
export const needsAdvice = ({ code }: SeedFailure): boolean => Object.hasOwn(advice, code)
