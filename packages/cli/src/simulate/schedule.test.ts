import { resolveSettings } from '@swimkit/core'
import type { Step } from '@swimkit/simulator'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { detectionTime, durationFor, type Faults, schedule } from './schedule.ts'

const lan = resolveSettings('lan')
const calm: Faults = {
  crash: 0,
  pause: 0,
  pauseFor: 10_000,
  partition: 0,
  partitionFor: undefined,
  churn: 0,
  churnDown: 5_000,
}
const names = (step: Step | undefined): readonly string[] =>
  step !== undefined && 'node' in step && step.node !== undefined ? [step.node].flat() : []
const doing = (steps: readonly Step[], what: string) =>
  steps.filter((step) => 'do' in step && step.do === what)

describe('a schedule', () => {
  it('is the same for the same seed, and another for another', () => {
    const faults = { ...calm, crash: 3, pause: 2, partition: 10, churn: 30 }
    const of = (seed: number) => JSON.stringify(schedule(50, lan, faults, 120_000, seed))
    expect(of(7)).toBe(of(7))
    expect(of(7)).not.toBe(of(8))
  })

  it('does each thing to others, and leaves one alone', () => {
    fc.assert(
      fc.property(fc.integer({ min: 4, max: 60 }), fc.nat(), fc.nat(), fc.nat(), (nodes, a, b, seed) => {
        const crash = a % (nodes - 2)
        const pause = b % (nodes - 2 - crash)
        const { steps } = schedule(nodes, lan, { ...calm, crash, pause, churn: 60 }, 200_000, seed)
        const crashed = new Set(
          names(doing(steps, 'crash').find((step) => Array.isArray('node' in step && step.node))),
        )
        const paused = new Set(names(doing(steps, 'pause')[0]))
        const restarted = new Set(doing(steps, 'restart').flatMap(names))
        expect([crashed.size, paused.size]).toEqual([crash, pause])
        const all = [...crashed, ...paused, ...restarted]
        expect(new Set(all).size).toBe(all.length)
        for (const name of all) expect(Number(name.slice(1))).toBeLessThan(nodes)
        expect(steps.map(({ at }) => at)).toEqual([...steps.map(({ at }) => at)].sort((x, y) => x - y))
      }),
      { numRuns: 50 },
    )
  })

  it('splits all nodes in two for a third of the time', () => {
    const { steps } = schedule(40, lan, { ...calm, partition: 12 }, 120_000, 1)
    expect(steps).toHaveLength(1)
    const [step] = steps
    if (step === undefined || !('do' in step) || step.do !== 'partition') throw new Error('no partition')
    expect(step.groups.map(({ length }) => length)).toEqual([28, 12])
    expect(new Set(step.groups.flat()).size).toBe(40)
    expect([step.at, step.for]).toEqual([5_000, 40_000])
  })

  it('lets about so many a minute die and come back, each through another of its side, with time to return', () => {
    const faults = { ...calm, churn: 30, partition: 20 }
    const { steps } = schedule(50, lan, faults, 300_000, 3)
    const apart = new Set(
      steps.flatMap((step) => ('do' in step && step.do === 'partition' ? (step.groups[1] ?? []) : [])),
    )
    const crashes = doing(steps, 'crash')
    const restarts = doing(steps, 'restart')
    // 280 s of it, less those that were drawn before they were back.
    expect(crashes.length).toBeGreaterThan(100)
    expect(crashes.length).toBeLessThanOrEqual(140)
    expect(restarts).toHaveLength(crashes.length)
    for (const [i, crash] of crashes.entries()) {
      const [name] = names(crash)
      const back = restarts.find((step) => names(step)[0] === name && step.at === crash.at + 5_000)
      expect(back).toBeDefined()
      expect(back!.at).toBeLessThanOrEqual(290_000)
      const via = 'via' in back! ? back.via : undefined
      if (via !== undefined) expect([via === name, apart.has(via)]).toEqual([false, apart.has(name!)])
      const again = crashes.slice(i + 1).find((step) => names(step)[0] === name)
      if (again !== undefined) expect(again.at).toBeGreaterThanOrEqual(back!.at + 10_000)
    }
  })
})

describe('a duration', () => {
  it('gives a crash the time to be looked at, suspected for the longest and told to all', () => {
    // 12 × 1 s + 6 × 4 × log10(1000) × 1 s + 17 × 0.2 s
    expect(detectionTime(1_000, lan)).toBe(12_000 + 72_000 + 3_400)
    expect(durationFor(1_000, lan, { ...calm, crash: 1 })).toBe(93_000)
  })

  it('leaves that time after what takes time itself', () => {
    const base = durationFor(100, lan, { ...calm, crash: 1 })
    expect(durationFor(100, lan, { ...calm, pause: 1, pauseFor: 30_000 })).toBe(base + 30_000)
    expect(durationFor(100, lan, { ...calm, partition: 50, partitionFor: 60_000 })).toBe(base + 60_000)
    expect(durationFor(100, lan, { ...calm, churn: 5 })).toBe(base + 65_000)
    // A third of the whole: what comes before and after it is two thirds.
    const split = durationFor(100, lan, { ...calm, partition: 50 })
    expect(Math.abs((split * 2) / 3 - base)).toBeLessThan(1_500)
  })
})
