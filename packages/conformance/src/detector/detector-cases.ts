import type { Detector } from '@swimkit/core'
import type { Case } from '../case/case.ts'
import { boundCases } from './bounds.ts'
import { carrierCases } from './carriers.ts'
import { findingCases } from './finding.ts'
import { mannerCases } from './manners.ts'
import { type DetectorCaseOptions, setUp } from './setup.ts'
import { sparingCases } from './sparing.ts'
import { stoppingCases } from './stopping.ts'

/**
 * What every detector must do, by whatever means: pings, messages of its own, or what it overhears. It runs in engines as
 * they run in production, on a network and a clock that exist only in `@swimkit/simulator`, so minutes take no time and every
 * run is the same.
 *
 * `make` gives the detector; it is called for each group of nodes, and one object serves all nodes of a group.
 */
export function detectorCases(make: () => Detector, options: DetectorCaseOptions = {}): Case[] {
  const setup = setUp(make, options)
  return [
    ...mannerCases(setup),
    ...findingCases(setup),
    ...sparingCases(setup),
    ...stoppingCases(setup),
    ...carrierCases(setup),
    ...boundCases(setup),
  ]
}
