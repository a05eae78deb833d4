import { describe, expect, it } from 'vitest'
import { addressesOf, FakeWorld } from './testing/fake-world.ts'

const numbers = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1)
const worlds = numbers(20)

describe('nodes that start at once become one cluster', () => {
  it.each([2, 3, 5, 10, 40])('%i with nothing but the local network, within 30 s', async (count) => {
    for (const seed of worlds) {
      const world = new FakeWorld(seed)
      for (const number of numbers(count)) world.start(number, { lan: true })
      await world.time.until(30_000)
      expect([seed, world.clusters]).toEqual([seed, 1])
      await world.end()
    }
  })

  it.each([2, 3, 6])('%i with each other as seeds', async (count) => {
    for (const seed of worlds) {
      const world = new FakeWorld(seed)
      const seeds = addressesOf(...numbers(count))
      for (const number of numbers(count)) world.start(number, { seeds })
      await world.time.until(10_000)
      expect([seed, world.clusters]).toEqual([seed, 1])
      await world.end()
    }
  })

  it.each([2, 3, 6])('%i with nothing but what they knew before all of them ended', async (count) => {
    for (const seed of worlds) {
      const world = new FakeWorld(seed)
      const remembered = addressesOf(...numbers(count))
      for (const number of numbers(count)) world.start(number, { remembered })
      await world.time.until(10_000)
      expect([seed, world.clusters]).toEqual([seed, 1])
      await world.end()
    }
  })
})

describe('on the local network', () => {
  it('nodes that start one after the other within some seconds become one cluster', async () => {
    for (const seed of worlds) {
      const world = new FakeWorld(seed)
      for (const number of numbers(12)) {
        world.start(number, { lan: true })
        await world.time.until(world.time.now + 700 * ((number * seed) % 4))
      }
      await world.time.until(world.time.now + 40_000)
      expect([seed, world.clusters]).toEqual([seed, 1])
      await world.end()
    }
  })

  it('pairs that form while nobody else hears them do not stay apart', async () => {
    for (const seed of worlds) {
      const world = new FakeWorld(seed)
      const pair = (host: string): number => Math.floor(Number(host.split('.')[3]) / 2)
      world.network.passes = (from, to) => world.time.now > 5_000 || pair(from) === pair(to)
      for (const number of numbers(9).slice(1)) world.start(number, { lan: true })
      await world.time.until(4_900)
      expect(world.clusters).toBe(4)
      await world.time.until(40_000)
      expect([seed, world.clusters]).toEqual([seed, 1])
      await world.end()
    }
  })

  it('large halves that formed apart find each other later as well', async () => {
    const world = new FakeWorld()
    const half = (host: string): number => Number(host.split('.')[3]) % 2
    world.network.passes = (from, to) => world.time.now > 60_000 || half(from) === half(to)
    for (const number of numbers(60)) world.start(number, { lan: true })
    await world.time.until(59_000)
    expect(world.clusters).toBe(2)
    await world.time.until(60_000 + 5 * 60_000)
    expect(world.clusters).toBe(1)
    await world.end()
  })

  it('a cluster goes on asking about once a minute, whatever its size', async () => {
    for (const count of [3, 50]) {
      const world = new FakeWorld(count)
      const nodes = numbers(count).map((number) => world.start(number, { lan: true }))
      await world.time.until(60_000)
      const asked = () => nodes.reduce((sum, { lan }) => sum + lan!.stats().questionsSent, 0)
      const before = asked()
      await world.time.until(60_000 + 30 * 60_000)
      expect(asked() - before).toBeGreaterThan(10)
      expect(asked() - before).toBeLessThan(60)
      await world.end()
    }
  })

  it('a node of another cluster stays alone, and goes on asking ever more slowly', async () => {
    const world = new FakeWorld()
    for (const number of numbers(3)) world.start(number, { lan: true })
    const other = world.start(4, { lan: true, cluster: 'other' })
    await world.time.until(300_000)
    expect(other.names).toEqual(['n4'])
    expect(other.search.state).toBe('alone')
    expect(world.clusters).toBe(2)
    const { cluster, questionsSent } = other.lan!.stats()
    expect(cluster).toBeGreaterThan(0)
    expect(questionsSent).toBeGreaterThan(9)
    expect(questionsSent).toBeLessThan(25)
    await world.end()
  })

  it('a node whose others are all gone asks again until there are some', async () => {
    const world = new FakeWorld()
    const a = world.start(1, { lan: true })
    world.start(2, { lan: true })
    await world.time.until(5_000)
    expect(a.names).toEqual(['n1', 'n2'])
    world.nodes.get('10.0.0.2:7946')!.stop()
    a.list = [a.self]
    await world.time.until(120_000)
    expect(a.search.state).toBe('alone')
    world.start(3, { lan: true })
    await world.time.until(123_000)
    expect(a.names).toEqual(['n1', 'n3'])
    await world.end()
  })
})
