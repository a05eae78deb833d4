import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import { wake } from './wake.ts'

// Faked are the globals only; the module's own functions are led to them, so that weeks pass at once.
vi.mock('node:timers', () => ({
  setTimeout: (...given: Parameters<typeof setTimeout>) => globalThis.setTimeout(...given),
  clearTimeout: (timer: NodeJS.Timeout) => globalThis.clearTimeout(timer),
}))

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => vi.useRealTimers())

const WEEKS = 2 ** 31 * 3

it('re-arms past the longest timer until the time has come', () => {
  const called = vi.fn()
  wake(performance.now() + WEEKS, called)
  vi.advanceTimersByTime(WEEKS - 1)
  expect(called).not.toHaveBeenCalled()
  vi.advanceTimersByTime(3)
  expect(called).toHaveBeenCalledTimes(1)
})

it('is called off even after it was re-armed', () => {
  const called = vi.fn()
  const off = wake(performance.now() + WEEKS, called)
  vi.advanceTimersByTime(WEEKS - 1)
  off()
  vi.advanceTimersByTime(1000)
  expect(called).not.toHaveBeenCalled()
  expect(vi.getTimerCount()).toBe(0)
})
