import { describe, expect, test } from 'vitest'
import { NodeClock } from './clock.ts'

describe("a node's clock", () => {
  test.each([0.1, 0.999, 1, 1.001, 10])('at rate %d shows what passed at that rate, and back', (rate) => {
    const clock = new NodeClock()
    clock.run(rate, 1_000)
    expect(clock.local(1_000)).toBe(1_000)
    expect(clock.local(3_000)).toBeCloseTo(1_000 + 2_000 * rate, 6)
    expect(clock.global(clock.local(3_000))).toBeCloseTo(3_000, 6)
  })

  test('goes on from where it was when its rate changes', () => {
    const clock = new NodeClock()
    clock.run(2, 1_000)
    clock.run(1, 2_000)
    expect(clock.local(2_000)).toBe(3_000)
    expect(clock.local(2_500)).toBe(3_500)
  })

  test.each([0.099, 10.1, 0, -1, Number.NaN])('refuses the rate %d', (rate) => {
    expect(() => new NodeClock().run(rate, 0)).toThrow(RangeError)
  })

  test('never goes back by the rounding of a wake-up', () => {
    const clock = new NodeClock()
    clock.run(10, 0.1)
    const at = 1_234.567_8
    const due = clock.local(at) + 1e-9
    expect(clock.localAtWake(at, due)).toBe(due)
    expect(clock.local(at)).toBe(due)
    expect(clock.local(at + 1)).toBeGreaterThan(due + 9)
    // More than a rounding is a wake-up that came early.
    expect(clock.localAtWake(at, due + 1)).toBe(due)
  })
})
