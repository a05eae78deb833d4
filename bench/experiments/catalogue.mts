import { findingBack } from './finding-back.mts'
import { infection } from './infection.mts'
import { invented } from './invented.mts'
import type { Experiment } from './kit/experiment.mts'
import { lifeguard } from './lifeguard.mts'
import { lifeguardWaiting } from './lifeguard-waiting.mts'
import { links } from './links.mts'
import { messageLoad } from './message-load.mts'
import { missedUpdates } from './missed-updates.mts'
import { roundRobinGap } from './round-robin.mts'
import { selection } from './selection.mts'
import { stalls } from './stalls.mts'
import { swimDetection } from './swim-detection.mts'

export const experiments: readonly Experiment[] = [
  swimDetection,
  roundRobinGap,
  selection,
  infection,
  missedUpdates,
  messageLoad,
  findingBack,
  lifeguard,
  lifeguardWaiting,
  stalls,
  invented,
  links,
]

/** Throws a RangeError that says what there is. */
export function findExperiment(name: string): Experiment {
  const found = experiments.find((experiment) => experiment.name === name)
  if (found !== undefined) return found
  const names = experiments.map((experiment) => experiment.name).join(', ')
  throw new RangeError(`there is no experiment ${JSON.stringify(name)}: there are ${names}`)
}
