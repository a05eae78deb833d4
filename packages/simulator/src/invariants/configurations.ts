import { type ClusterConfig, Status } from '@swimkit/core'
import { type Invariant, InvariantViolation } from './invariant.ts'
import type { Process } from './process.ts'

/** Whether a configuration is greater: by epoch, then by the detector's name, then with suspicion. Written apart from core's. */
export function isGreater(a: ClusterConfig, b: ClusterConfig): boolean {
  if (a.epoch > b.epoch) return true
  if (a.epoch < b.epoch) return false
  if (a.detector !== b.detector) return a.detector > b.detector
  return a.suspicion && !b.suspicion
}

export const showConfig = ({ detector, epoch, suspicion }: ClusterConfig): string =>
  `${detector}${suspicion ? '' : ' without suspicion'} (epoch ${epoch})`

/**
 * The configuration of a node only rises, unless it knows of nobody else: then it takes that of those it meets. So all that have met come to
 * one, whatever was switched at the same time, and nobody who comes from alone takes the others along.
 */
export const configurationsOnlyRise: Invariant = {
  name: 'configurations-only-rise',
  rule: 'a node that knows others follows a greater configuration, and no other',
  watch: () => {
    const held = new WeakMap<Process, ClusterConfig>()
    return {
      settled(at) {
        const { config } = at.node.engine
        const before = held.get(at)
        if (before === config) return
        held.set(at, config)
        if (before === undefined || isGreater(config, before) || wasAlone(at)) return
        throw new InvariantViolation(
          configurationsOnlyRise,
          `ran ${showConfig(before)}, and runs ${showConfig(config)}`,
          at.node,
          undefined,
        )
      },
    }
  },
}

/** Before this input it held nobody else active. Tables that are not watched may have been. */
function wasAlone({ entries, name }: Process): boolean {
  if (entries === undefined) return true
  for (const entry of entries.values())
    if (entry.status <= Status.Suspect && entry.name !== name) return false
  return true
}
