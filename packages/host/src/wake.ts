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
  const alarm: Alarm = { at, fn, timer: undefined }
  arm(alarm, at - performance.now())
  return () => clearTimeout(alarm.timer)
}

interface Alarm {
  readonly at: Millis
  readonly fn: () => void
  timer: NodeJS.Timeout | undefined
}

/**
 * A millisecond more than is left, rounded up: fractions are cut off, and Node counts from when the turn of its event loop began, in whole
 * milliseconds. One timer in six came early without, and woke the process for nothing.
 */
function arm(alarm: Alarm, left: Millis): void {
  const delay = left <= 0 ? 0 : Math.min(Math.ceil(left) + 1, LONGEST)
  alarm.timer = setTimeout(look, delay, alarm).unref()
}

function look(alarm: Alarm): void {
  const left = alarm.at - performance.now()
  if (left > 0) arm(alarm, left)
  else alarm.fn()
}

function nothing(): void {}
