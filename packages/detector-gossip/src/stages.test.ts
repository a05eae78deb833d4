import { describe, expect, test } from 'vitest'
import { mix32 } from './ids.ts'
import { Stages, stagesDelay } from './stages.ts'

const counted = (n: number, watchers: number): number[] => {
  const counts = [0, 0, 0, 0]
  const members = 100
  for (let node = 1; node < n; node++) {
    const stages = new Stages(mix32(node), watchers, 1_000)
    for (let member = 0; member < members; member++)
      counts[stages.of(mix32(1_000_000 + member), n)]! += 1 / members
  }
  return counts
}

describe('of those who may look at a silent member', () => {
  test('about `watchers` do so first, as many again next, then twice as many, and then the rest', () => {
    for (const n of [100, 500]) {
      const [first, second, third, rest] = counted(n, 5) as [number, number, number, number]
      for (const [count, expected] of [
        [first, 5],
        [second, 5],
        [third, 10],
      ] as const) {
        expect(Math.abs(count - expected)).toBeLessThan(1)
      }
      expect(first + second + third + rest).toBeCloseTo(n - 1, 6)
    }
  })

  test('all do at once where there are no more than that', () => {
    expect(counted(5, 5).map((count) => Math.round(count * 10) / 10)).toEqual([4, 0, 0, 0])
  })

  test('each waits two probe intervals for the ones before', () => {
    const stages = new Stages(1, 5, 700)
    expect([0, 1, 2, 3].map((stage) => stages.delay(stage))).toEqual([0, 1_400, 2_800, 4_200])
    expect([0, 1, 2, 3].map((stage) => stages.confirms(stage))).toEqual([true, true, false, false])
    expect(stagesDelay(700)).toBe(2_800)
  })
})
