import { detectorCases } from '@swimkit/conformance'
import { uniform } from '@swimkit/core'
import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { describe, test } from 'vitest'
import { helloDetector } from './foreign/hello-detector.ts'
import { pingDetector } from './foreign/ping-detector.ts'

describe.each([
  { detector: 'pingack', make: () => pingAck() },
  { detector: 'pingack with uniform selection', make: () => pingAck({ strategy: uniform }) },
  { detector: 'gossip', make: () => gossip() },
  { detector: 'by pings of its own making', make: () => pingDetector() },
  { detector: 'of nobody’s pings', make: () => helloDetector() },
])('the detector $detector', ({ make }) => {
  for (const { name, run } of detectorCases(make)) test(name, run)
})
