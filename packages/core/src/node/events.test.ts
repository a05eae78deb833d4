import { describe, expect, test } from 'vitest'
import type { MemberEvent } from './api.ts'
import { OptionError } from './errors.ts'
import { cluster, make, seed } from './testing/cluster.ts'
import { World } from './testing/world.ts'

describe('events', () => {
  test('have rising ids, and name the member as it then was', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2, { eventHistory: 100 })
    const { node } = first!
    const events = node.events({ after: 0 })
    await world.outcome(second!.node.setTags({ v: '1' }))
    await world.outcome(second!.node.setTags({ v: '2' }))
    await world.outcome(second!.node.leave())
    await node.stop()
    const seen: MemberEvent[] = []
    for await (const event of events) if (event.type !== 'gap') seen.push(event)
    expect(seen.map(({ id }) => id)).toEqual(seen.map((_, i) => i + 1))
    const ofSecond = seen.filter(({ member }) => member.name === 'n2')
    expect(ofSecond.map(({ member, type }) => [type, member.tags.v, member.status]).slice(-3)).toEqual([
      ['update', '1', 'alive'],
      ['update', '2', 'alive'],
      ['leave', '2', 'left'],
    ])
    expect(ofSecond[0]).toMatchObject({ type: 'join', member: { name: 'n2' } })
  })

  test('come after the change: a handler may call back into the node, whatever it wants', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const { node, logged } = first!
    const calls: string[] = []
    let changed: Promise<void> | undefined
    node.on('*', ({ member, type }) => calls.push(`${type} ${member.name}`))
    node.on('join', ({ member }) => {
      expect(node.member(member.name)!.status).toBe('alive')
      expect(node.members().length).toBe(2)
      changed = node.setTags({ seen: member.name })
      node.ping(member.name).catch(() => undefined)
      node.setSeeds(['10.0.0.1:5'])
      node.stats()
      expect(node.self.tags).toEqual({ seen: member.name })
      calls.push('handler of join ends')
    })
    const second = make(world, 2)
    await second.node.start()
    await world.outcome(second.node.join([seed(first!)]))
    await world.run(5_000)
    // What a handler causes comes after the event at hand has gone to all.
    const start = calls.indexOf('handler of join ends')
    expect(calls.slice(start, start + 3)).toEqual(['handler of join ends', 'join n2', 'update n1'])
    await changed
    expect(logged.filter((line) => line.includes('threw'))).toEqual([])
    expect(second.node.member('n1')!.tags).toEqual({ seen: 'n2' })
  })

  test('a handler may stop the node', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    first!.node.on('join', () => void first!.node.stop())
    const second = make(world, 2)
    await second.node.start()
    await world.outcome(second.node.join([seed(first!)]).catch(() => undefined) as Promise<unknown>)
    await world.run(2_000)
    expect([first!.node.state, world.ports.has(1)]).toEqual(['stopped', false])
    expect(first!.logged.filter((line) => line.includes('threw'))).toEqual([])
  })

  test('a handler that throws is logged, and harms nobody', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    let heard = 0
    first!.node.on('*', () => {
      throw new Error('oh')
    })
    first!.node.on('*', () => {
      heard++
    })
    const second = make(world, 2)
    await second.node.start()
    await world.outcome(second.node.join([seed(first!)]))
    await world.run(1_000)
    expect(heard).toBeGreaterThan(0)
    expect(first!.logged).toContain('error: a handler of join events threw')
    expect(first!.node.counts().alive).toBe(2)
  })

  test.each([0, 1.5, -1, 1_000_001, Number.NaN])('a buffer of %d is refused', (buffer) => {
    const { node } = make(new World(), 1)
    expect(() => node.events({ buffer })).toThrow(OptionError)
  })
})
