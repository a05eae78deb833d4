import { Status } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { describe, expect, it } from 'vitest'
import type { SimulationOptions } from '../options.ts'
import { Simulation } from '../simulation.ts'
import { Agreement } from './agreement.ts'
import { FalsePositives } from './false-positives.ts'
import { Lives } from './lives.ts'
import { Load } from './load.ts'
import { Measures } from './measures.ts'

const cluster = (nodes: number, options: Partial<SimulationOptions> = {}) => {
  const simulation = new Simulation({ detectors: () => [pingAck()], seed: 4, ...options })
  simulation.populate(nodes)
  return simulation
}
const names = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `n${from + i}`)

describe('false positives', () => {
  it('are none where nothing is wrong but a crash', () => {
    const simulation = cluster(12)
    const measure = new FalsePositives(simulation)
    simulation.crash('n3')
    simulation.run(40_000)
    expect(simulation.node('n0').engine.members.count(Status.Failed)).toBe(1)
    expect(measure.report()).toMatchObject({ events: 0, suspicions: 0, verdicts: 0, byTime: [] })
  })

  it('about a paused process are excused, by each node that reports one', () => {
    const simulation = cluster(12)
    const measure = new FalsePositives(simulation)
    simulation.pause('n3')
    simulation.run(40_000)
    simulation.resume('n3')
    simulation.run(40_000)
    const told = simulation
      .live()
      .flatMap(({ events }) => events.filter(({ type, record }) => type === 'failed' && record.name === 'n3'))
    const report = measure.report()
    expect(told).toHaveLength(11)
    expect(report).toMatchObject({
      events: 11,
      atHealthy: 11,
      aboutHealthy: 0,
      apart: 0,
      verdicts: 1,
      unexcused: 0,
    })
    expect(report.byTime.reduce((sum, [, count]) => sum + count, 0)).toBe(11)
  })

  it('of a node that hears nothing are not of a healthy one, and for the longest suspicion after not either', () => {
    const simulation = cluster(12)
    const measure = new FalsePositives(simulation)
    simulation.blockIo('n3', 60_000)
    simulation.run(59_000)
    const own = simulation.node('n3').events.filter(({ type }) => type === 'failed')
    expect(own.length).toBeGreaterThan(0)
    const { atHealthy, events, unexcused } = measure.report()
    // The others hold n3 failed, which it is not either.
    expect([events - atHealthy, unexcused]).toEqual([own.length, 0])

    const lives = Lives.in(simulation)
    const life = lives.of(simulation.node('n3'))
    simulation.run(1_000)
    const { recovery } = lives
    // suspicionMaxMult × suspicionMin: 6 × 4 × log10(12) × 1 s
    expect(recovery).toBeCloseTo(6 * 4 * Math.log10(12) * 1_000, -1)
    expect(lives.healthy(life, simulation.now + recovery - 1)).toBe(false)
    expect(lives.healthy(life, simulation.now + recovery)).toBe(true)
  })

  it('of a partition are known as such, where they spread after it too', () => {
    const simulation = cluster(12)
    const measure = new FalsePositives(simulation)
    const heal = simulation.partition([names(0, 9), names(9, 12)])
    // Those on the smaller side doubt themselves first, and take longer.
    simulation.run(120_000)
    heal()
    simulation.run(60_000)
    expect(simulation.agreed(12)).toBe(true)
    const { apart, events, unexcused, verdicts } = measure.report()
    expect(verdicts).toBeGreaterThanOrEqual(12)
    expect([apart, unexcused]).toEqual([events, 0])
  })

  it('have no excuse where nothing was done to anybody', () => {
    const simulation = cluster(12, { network: { loss: 0.9 } })
    const measure = new FalsePositives(simulation)
    simulation.run(120_000)
    const { aboutHealthy, atHealthy, events, suspicions, unexcused, verdicts } = measure.report()
    expect(verdicts).toBeGreaterThan(0)
    expect([aboutHealthy, atHealthy, unexcused]).toEqual([events, events, verdicts])
    expect(suspicions).toBeGreaterThan(0)
  })

  it('are not about one that leaves, nor about a process before a restart', () => {
    const simulation = cluster(12)
    const measure = new FalsePositives(simulation)
    simulation.crash('n3')
    simulation.run(5_000)
    simulation.join(simulation.restart('n3'), 'n0')
    simulation.leave('n4')
    simulation.run(60_000)
    expect(measure.report().events).toBe(0)
  })
})

describe('load', () => {
  it('is what the engines and the network count, over the time that nodes ran', () => {
    const simulation = cluster(10)
    const load = new Load(simulation)
    const begin = load.mark()
    simulation.run(10_000)
    const middle = load.mark()
    simulation.crash('n3')
    simulation.run(10_000)
    const { traffic } = simulation
    const whole = load.between(begin, load.mark())
    const nodeSeconds = 9 * 20 + 10
    expect(whole.seconds).toBe(20)
    expect(whole.messagesPerNodePerSecond).toBeCloseTo(
      (traffic.packets + traffic.streamMessages) / nodeSeconds,
      3,
    )
    expect(whole.bytesPerNodePerSecond).toBeCloseTo((traffic.bytes + traffic.streamBytes) / nodeSeconds, 3)
    expect(traffic.streamMessages).toBeGreaterThan(0)
    // A ping and an ack each second.
    const quiet = load.between(begin, middle)
    expect(quiet.messagesPerNodePerSecond - quiet.streamMessagesPerNodePerSecond).toBeCloseTo(2, 0)
    expect(load.between(middle, middle).messagesPerNodePerSecond).toBe(0)

    const byNode = load.byNode()
    expect(byNode.map(({ name }) => name)).toEqual(names(0, 10))
    for (const { bytes, name, packets } of byNode.filter((node) => node.name !== 'n3')) {
      const { bytesOut, packetsOut } = simulation.node(name).engine.stats()
      expect(packets).toBeCloseTo(packetsOut! / 20, 2)
      expect(bytes).toBeCloseTo(bytesOut! / 20, 2)
    }
    const sent = byNode.reduce((sum, { name, packets }) => sum + packets * (name === 'n3' ? 10 : 20), 0)
    expect(sent).toBeCloseTo(traffic.packets, 0)
  })

  it('counts a node from when it starts', () => {
    const simulation = cluster(2)
    const load = new Load(simulation)
    const begin = load.mark()
    simulation.run(1_000)
    for (let i = 0; i < 9; i++) simulation.add(`late${i}`)
    simulation.run(1_000)
    const end = load.mark()
    expect(end.nodeTime - begin.nodeTime).toBe(2 * 2_000 + 9 * 1_000)
  })
})

describe('agreement', () => {
  it('is the share with the commonest digest, from all over a split to all again', () => {
    const simulation = cluster(12)
    const agreement = new Agreement(simulation, 500)
    simulation.run(1_000)
    const heal = simulation.partition([names(0, 9), names(9, 12)])
    simulation.run(60_000)
    expect(agreement.share()).toBe(0.75)
    heal()
    simulation.run(120_000)
    expect(simulation.agreed(12)).toBe(true)
    const curve = agreement.curve()
    expect(curve[0]).toEqual([0, 1])
    expect(curve.at(-1)![1]).toBe(1)
    expect(curve.find(([at]) => at === 60)).toEqual([60, 0.75])
    for (const [, share] of curve) expect(share).toBeLessThanOrEqual(1)
  })

  it('keeps a bounded number of instants, at equal distance', () => {
    const simulation = cluster(2)
    const agreement = new Agreement(simulation, 10)
    simulation.run(30_000)
    const curve = agreement.curve()
    expect(curve.length).toBeGreaterThan(100)
    expect(curve.length).toBeLessThan(400)
    const gaps = new Set(curve.slice(1).map(([at], i) => Math.round((at - curve[i]![0]) * 1_000)))
    expect(gaps.size).toBe(1)
  })
})

describe('all measures together', () => {
  it('change nothing of what happens', () => {
    const run = (measured: boolean) => {
      const simulation = cluster(20)
      const measures = measured ? new Measures(simulation) : undefined
      simulation.run(1_000)
      simulation.crash('n3')
      simulation.pause('n4')
      simulation.run(40_000)
      simulation.resume('n4')
      simulation.run(20_000)
      return [simulation.trace.hash, measures?.report()] as const
    }
    const [hash, report] = run(true)
    expect(run(false)[0]).toBe(hash)
    expect(report).toMatchObject({
      detection: { deaths: 1, missing: 0 },
      falsePositives: { verdicts: 1, unexcused: 0 },
      load: { seconds: 61 },
    })
  })
})
