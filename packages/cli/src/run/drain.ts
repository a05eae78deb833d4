import type { LeaveOptions } from '@swimkit/core'
import { sleep } from '../sleep.ts'

/** Options for a leave that goes on for so many milliseconds as a member that nobody picks any more. */
export function drainFor(ms: number): LeaveOptions {
  // A little longer than it takes, so that it is not what is cut off.
  return ms === 0
    ? {}
    : { drain: (signal) => sleep(ms, signal), drainTimeout: Math.min(ms + 1_000, 3_600_000) }
}
