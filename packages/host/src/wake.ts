// Not the globals: Deno's own setTimeout is another function, and only this module's is sure to return a handle with `unref`.
import { clearTimeout, setTimeout } from 'node:timers'
import type { Millis } from '@swimkit/core'

/** The longest a timer can be: a longer one overflows, and fires after about a millisecond on all three runtimes. */
const LONGEST = 2 ** 31 - 1

/** Calls `fn` once, when `performance.now()` has reached `at`; returns how to call it off. */
export function wake(at: Millis, fn: () => void): () => void {
  if (Number.isNaN(at))
    throw new RangeError('cannot wake at NaN: at must be milliseconds on the clock of now(), or Infinity')
  if (at === Infinity) return nothing
  let timer: NodeJS.Timeout
  const arm = (left: Millis): void => {
    // Rounded up, for fractions are cut off: of 200 timers of 3.5 ms, 196 came early on Node and on Bun.
    timer = setTimeout(look, Math.max(0, Math.min(Math.ceil(left), LONGEST))).unref()
  }
  const look = (): void => {
    const left = at - performance.now()
    if (left > 0) arm(left)
    else fn()
  }
  arm(at - performance.now())
  return () => clearTimeout(timer)
}

function nothing(): void {}
