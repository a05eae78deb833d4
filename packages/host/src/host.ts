import { createHash } from 'node:crypto'
import type { Host } from '@swimkit/core'
import { afterPoll } from './after-poll.ts'
import { interfaces } from './interfaces.ts'
import { runtime } from './runtime.ts'
import { wake } from './wake.ts'

/**
 * What a node needs of the runtime it runs on, the same on Node, Bun and Deno: clock, timers, entropy and the
 * list of network interfaces.
 *
 * It holds no state: any number of nodes may share one, or each have its own. None of its timers keeps a process alive.
 *
 * - `now()` is `performance.now()`: milliseconds since the process started, with fractions.
 * - `entropy(bytes)` takes 0..65,536 bytes a call, the limit of `crypto.getRandomValues`; more is a `QuotaExceededError`.
 * - `wake(at, fn)` never calls early; `at` may be `Infinity` (never) and as far away as you like; `NaN` is a `RangeError`.
 * - `interfaces()` is read afresh on each call; on Deno it needs `--allow-sys=networkInterfaces`, and throws without.
 */
export function host(): Host {
  return {
    runtime: runtime(),
    now: () => performance.now(),
    wallMillis: () => Date.now(),
    entropy: (bytes) => crypto.getRandomValues(new Uint8Array(bytes)),
    wake,
    afterPoll,
    interfaces,
    sha256: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
  }
}
