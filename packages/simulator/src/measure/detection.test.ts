import { pingAck } from '@swimkit/detector-pingack'
import { describe, expect, it } from 'vitest'
import { Simulation } from '../simulation.ts'
import { Detection } from './detection.ts'
import { Dissemination } from './dissemination.ts'

const cluster = (nodes: number) => {
  const simulation = new Simulation({ detectors: () => [pingAck()], seed: 4 })
  simulation.populate(nodes)
  return simulation
}

/** When each node reported it about a name, in milliseconds from `since`, as the nodes themselves tell it. */
const told = (simulation: Simulation, type: string, name: string, since: number): number[] =>
  simulation
    .live()
    .flatMap(({ events }) =>
      events.filter((event) => event.type === type && event.record.name === name).slice(0, 1),
    )
    .map(({ at }) => at - since)
    .sort((a, b) => a - b)

describe('detection', () => {
  it('is from a crash to what each node reports', () => {
    const simulation = cluster(16)
    const detection = new Detection(simulation)
    simulation.run(3_000)
    simulation.crash('n3')
    simulation.run(500)
    simulation.crash('n4')
    simulation.run(40_000)
    const times = [told(simulation, 'failed', 'n3', 3_000), told(simulation, 'failed', 'n4', 3_500)]
    const suspected = [told(simulation, 'suspect', 'n3', 3_000), told(simulation, 'suspect', 'n4', 3_500)]
    expect(times.map(({ length }) => length)).toEqual([14, 14])
    const { failed, firstByDeath, missing, timelines, ...report } = detection.report()
    expect([...detection.times()].sort((a, b) => a - b)).toEqual(times.flat().sort((a, b) => a - b))
    expect([report.deaths, report.untracked, missing, failed.count]).toEqual([2, 0, 0, 28])
    expect(failed.first).toBeCloseTo(Math.min(...times.flat()) / 1_000, 5)
    expect(failed.last).toBeCloseTo(Math.max(...times.flat()) / 1_000, 5)
    expect(report.suspected.first).toBeCloseTo(Math.min(...suspected.flat()) / 1_000, 5)
    expect(firstByDeath.last).toBeCloseTo(Math.max(times[0]![0]!, times[1]![0]!) / 1_000, 5)
    expect(timelines.map(({ at, knowing, moot, node }) => ({ at, knowing, moot, node }))).toEqual([
      { at: 3, knowing: 14, moot: 0, node: 'n3' },
      { at: 3.5, knowing: 14, moot: 0, node: 'n4' },
    ])
    for (const [i, timeline] of timelines.entries()) {
      expect(timeline.firstSuspect).toBeCloseTo(suspected[i]![0]! / 1_000, 5)
      expect(timeline.firstFailed).toBeCloseTo(times[i]![0]! / 1_000, 5)
      expect(timeline.allFailed).toBeCloseTo(times[i]!.at(-1)! / 1_000, 5)
    }
    const curve = detection.curve()
    expect(curve[0]).toEqual([0, 0])
    expect(curve.at(-1)![1]).toBe(1)
  })

  it('says who does not know yet, and that not all do', () => {
    const simulation = cluster(16)
    const detection = new Detection(simulation)
    simulation.crash('n3')
    simulation.run(100)
    expect(detection.report()).toMatchObject({
      missing: 15,
      failed: { count: 0, first: null },
      timelines: [{ knowing: 0, missing: 15, firstFailed: null, allFailed: null }],
    })
    expect(detection.curve()).toEqual([[0, 0]])
  })

  it('does not wait for those that heard of the restart instead', () => {
    const simulation = cluster(8)
    const detection = new Detection(simulation)
    simulation.crash('n3')
    simulation.run(1_000)
    simulation.join(simulation.restart('n3'), 'n0')
    simulation.run(30_000)
    expect(detection.report()).toMatchObject({
      deaths: 1,
      missing: 0,
      failed: { count: 0 },
      timelines: [{ knowing: 0, missing: 0, moot: 7, allFailed: null }],
    })
  })

  it('tells the deaths of one name apart', () => {
    const simulation = cluster(8)
    const detection = new Detection(simulation)
    simulation.crash('n3')
    simulation.run(60_000)
    simulation.join(simulation.restart('n3'), 'n0')
    simulation.run(10_000)
    simulation.crash('n3')
    simulation.run(60_000)
    const { timelines } = detection.report()
    expect(timelines.map(({ at, knowing }) => [at, knowing])).toEqual([
      [0, 7],
      [70, 7],
    ])
  })

  it('is no matter of those that leave, nor of those that start later', () => {
    const simulation = cluster(8)
    const detection = new Detection(simulation)
    simulation.leave('n5')
    simulation.run(5_000)
    simulation.crash('n5')
    expect(detection.deaths).toEqual([])
    simulation.crash('n3')
    simulation.join(simulation.add('late'), 'n0')
    simulation.run(60_000)
    expect(simulation.node('late').engine.members.find('n3')).toBeDefined()
    expect(detection.report().timelines).toMatchObject([{ node: 'n3', knowing: 6, missing: 0, moot: 0 }])
  })

  it('counts the deaths beyond its limit', () => {
    const simulation = cluster(8)
    const detection = new Detection(simulation, 1)
    simulation.crash('n3')
    simulation.crash('n4')
    expect(detection.report()).toMatchObject({ deaths: 2, untracked: 1, timelines: [{ node: 'n3' }] })
  })
})

describe('dissemination', () => {
  it('of a failure is from the first that reports it to each other', () => {
    const simulation = cluster(16)
    const detection = new Detection(simulation)
    const dissemination = new Dissemination(simulation, detection)
    simulation.crash('n3')
    simulation.run(40_000)
    const [first, ...others] = told(simulation, 'failed', 'n3', 0)
    const expected = others.map((ms) => ms - first!)
    expect(expected).toHaveLength(14)
    expect([...dissemination.failureTimes()].sort((a, b) => a - b)).toEqual(expected)
    expect(dissemination.report()).toMatchObject({
      failures: { count: 14 },
      updates: { count: 0 },
      all: { count: 14 },
    })
  })

  it('of an update is from the change to each other node', () => {
    const simulation = cluster(16)
    const dissemination = new Dissemination(simulation, new Detection(simulation))
    simulation.run(1_000)
    simulation.call('n5', (engine, now) => engine.setRecord({ data: Uint8Array.of(7) }, now))
    simulation.run(20_000)
    const heard = told(simulation, 'update', 'n5', 1_000).slice(1)
    expect(heard).toHaveLength(15)
    expect([...dissemination.updateTimes()].sort((a, b) => a - b)).toEqual(heard)
    expect(dissemination.report().updates.last).toBeCloseTo(heard.at(-1)! / 1_000, 5)
  })

  it('of an update that a later one overtook ends where that is heard', () => {
    const simulation = cluster(2)
    const dissemination = new Dissemination(simulation, new Detection(simulation))
    const heal = simulation.partition([['n0'], ['n1']])
    for (const byte of [1, 2]) {
      simulation.call('n0', (engine, now) => engine.setRecord({ data: Uint8Array.of(byte) }, now))
      simulation.run(100)
    }
    heal()
    simulation.run(30_000)
    expect(simulation.node('n1').events.filter(({ type }) => type === 'update')).toHaveLength(1)
    const [a, b] = [...dissemination.updateTimes()].sort((x, y) => x - y)
    expect(b! - a!).toBe(100)
  })
})
