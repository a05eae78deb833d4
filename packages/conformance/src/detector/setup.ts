import type { Detector, Millis } from '@swimkit/core'

/** What is asked of a detector: generous by default, and for those that trade time or certainty, for them to say. */
export interface DetectorCaseOptions {
  /**
   * Longest time from a crash to the first report of it, by anybody in a group of n, on a network that loses nothing, with the
   * timings of the `lan` profile. Default: 30 s and 1 s for each member.
   */
  readonly detectsWithin?: (n: number) => Millis
  /**
   * Share of packets, 0..0.5, that may get lost while nobody that lives is failed, and each node reports one at most every
   * 20 s. Default 0.1; 0: there is no such case.
   */
  readonly loss?: number
}

/** What the cases know of the detector that they try. */
export interface Setup extends Required<DetectorCaseOptions> {
  readonly make: () => Detector
}

export function setUp(make: () => Detector, options: DetectorCaseOptions): Setup {
  return { detectsWithin: (n) => 30_000 + 1_000 * n, loss: 0.1, ...options, make }
}
