import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { Watchdog } from './watchdog.ts'

// Faked are the globals only; the module's own functions are led to them.
vi.mock('node:timers', () => ({
  setTimeout: (fn: () => void, delay: number) => globalThis.setTimeout(fn, delay),
  clearTimeout: (timer: NodeJS.Timeout) => globalThis.clearTimeout(timer),
}))

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }))
afterEach(() => vi.useRealTimers())

const GRACE = 10

describe('watchdog', () => {
  it('expires once, when nothing happened for the idle time', () => {
    const expire = vi.fn()
    new Watchdog(100, 1000, expire)
    vi.advanceTimersByTime(99)
    expect(expire).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1 + GRACE)
    expect(expire).toHaveBeenCalledExactlyOnceWith('idle')
    vi.advanceTimersByTime(5000)
    expect(expire).toHaveBeenCalledTimes(1)
  })

  it('does not expire while it is touched, until the total is over', () => {
    const expire = vi.fn()
    const dog = new Watchdog(100, 1000, expire)
    for (let elapsed = 0; elapsed < 990; elapsed += 90) {
      vi.advanceTimersByTime(90)
      dog.touch()
      expect(expire).not.toHaveBeenCalled()
    }
    vi.advanceTimersByTime(10 + GRACE)
    expect(expire).toHaveBeenCalledExactlyOnceWith('total')
  })

  it('a touch that a stall kept waiting behind the timer still counts', () => {
    const expire = vi.fn()
    const dog = new Watchdog(100, 1000, expire)
    vi.advanceTimersByTime(100) // the timer runs first …
    dog.touch() // … then the sockets are read
    vi.advanceTimersByTime(99)
    expect(expire).not.toHaveBeenCalled()
    vi.advanceTimersByTime(1 + GRACE)
    expect(expire).toHaveBeenCalledTimes(1)
  })

  it('leaves no timer once stopped', () => {
    const expire = vi.fn()
    const dog = new Watchdog(100, Number.POSITIVE_INFINITY, expire)
    vi.advanceTimersByTime(100) // in its second look
    dog.stop()
    expect(vi.getTimerCount()).toBe(0)
    vi.advanceTimersByTime(1000)
    expect(expire).not.toHaveBeenCalled()
  })

  it('has one timer however often it is touched', () => {
    const dog = new Watchdog(100, 1000, () => {})
    for (let i = 0; i < 50; i++) dog.touch()
    expect(vi.getTimerCount()).toBe(1)
  })
})
