import { describe, expect, it, vi } from 'vitest'
import { wake } from './wake.ts'

const FOREVER = 2 ** 40

describe('wake', () => {
  it('never calls before its time, fractions of a millisecond included', async () => {
    const early: number[] = []
    for (let i = 0; i < 50; i++) {
      const at = performance.now() + 1 + i / 50
      const woken = await new Promise<number>((resolve) => wake(at, () => resolve(performance.now())))
      if (woken < at) early.push(at - woken)
    }
    expect(early).toEqual([])
  })

  it('calls soon for a time that is past', async () => {
    await new Promise<void>((resolve) => wake(performance.now() - 5000, resolve))
    await new Promise<void>((resolve) => wake(-Infinity, resolve))
  })

  it('calls once, and not at all when called off', async () => {
    const [kept, off] = [vi.fn(), vi.fn()]
    const at = performance.now() + 2
    wake(at, kept)
    wake(at, off)()
    await new Promise<void>((resolve) => wake(at + 5, resolve))
    expect(kept).toHaveBeenCalledTimes(1)
    expect(off).not.toHaveBeenCalled()
  })

  it('a time beyond the longest timer does not come at once', async () => {
    const far = vi.fn()
    const offs = [FOREVER, 2 ** 31, Number.MAX_VALUE, Infinity].map((left) =>
      wake(performance.now() + left, far),
    )
    await new Promise<void>((resolve) => wake(performance.now() + 20, resolve))
    for (const off of offs) off()
    expect(far).not.toHaveBeenCalled()
  })

  it('refuses NaN', () => {
    expect(() => wake(Number.NaN, () => {})).toThrow(RangeError)
  })
})
