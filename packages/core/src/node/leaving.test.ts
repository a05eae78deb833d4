import { describe, expect, test } from 'vitest'
import { ForceLeaveError, OptionError, StoppedError } from './errors.ts'
import { cluster, make, rejection, seed } from './testing/cluster.ts'
import { World } from './testing/world.ts'

const web = { name: 'web', port: 80 }

describe('a drain', () => {
  test('takes the node out of everybody’s picks before it leaves, and lets it finish first', async () => {
    const world = new World()
    const all = await cluster(world, 3, { services: [web] })
    const [first, second] = [all[0]!.node, all[1]!.node]
    let finish: (() => void) | undefined
    let seen: unknown
    const leaving = first.leave({
      drain: () => {
        seen = [first.state, second.member('n1')!.leaving, second.services('web').map(({ member }) => member)]
        return new Promise((resolve) => {
          finish = resolve
        })
      },
    })
    await world.run(5_000)
    expect(seen).toEqual(['leaving', true, ['n2', 'n3']])
    expect([second.member('n1')!.status, first.state]).toEqual(['alive', 'leaving'])
    finish!()
    expect((await world.outcome(leaving)).acknowledgedBy.length).toBeGreaterThan(0)
    expect([second.member('n1')!.status, first.state]).toEqual(['left', 'left'])
    // Who comes back is whole again.
    await world.outcome(first.join([seed(all[1]!)]))
    await world.run(2_000)
    expect([second.member('n1')!.leaving, second.services('web').length]).toEqual([false, 3])
  })

  test('that takes too long is told so, and the node leaves', async () => {
    const world = new World()
    const [first] = await cluster(world, 2)
    let told: AbortSignal | undefined
    const leaving = first!.node.leave({
      drainTimeout: 3_000,
      drain: (signal) => {
        told = signal
        return new Promise(() => undefined)
      },
    })
    await world.run(2_900)
    expect(told?.aborted).toBe(false)
    await world.outcome(leaving)
    expect([told?.aborted, first!.node.state]).toEqual([true, 'left'])
    expect(first!.logged).toContain('warn: what is under way was not drained within 3000 ms')
  })

  test.each([
    ['rejects', () => Promise.reject(new Error('oh'))],
    [
      'throws',
      () => {
        throw new Error('oh')
      },
    ],
  ])('that %s is logged, and the node leaves', async (_, drain) => {
    const world = new World()
    const [first] = await cluster(world, 2)
    await world.outcome(first!.node.leave({ drain }))
    expect(first!.node.state).toBe('left')
    expect(first!.logged).toContain('error: the drain hook failed')
  })

  test('that is called off leaves the node where it was', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const abort = new AbortController()
    const leaving = rejection(
      first!.node.leave({ signal: abort.signal, drain: () => new Promise(() => undefined) }),
    )
    await world.run(3_000)
    expect(second!.node.member('n1')!.leaving).toBe(true)
    abort.abort(new Error('not today'))
    expect(await leaving).toEqual(new Error('not today'))
    await world.run(3_000)
    expect([first!.node.state, second!.node.member('n1')!.leaving]).toEqual(['running', false])
  })

  test('that is under way when the node is stopped ends with it, and so does the leaving', async () => {
    const world = new World()
    const [first] = await cluster(world, 2)
    let told: AbortSignal | undefined
    const leaving = rejection(
      first!.node.leave({
        drain: (signal) => {
          told = signal
          return new Promise(() => undefined)
        },
      }),
    )
    await world.run(3_000)
    await first!.node.stop()
    expect(await leaving).toEqual(new StoppedError('the node was stopped'))
    expect([told?.aborted, first!.node.state]).toEqual([true, 'stopped'])
  })

  test('with a time out of its range is refused, and nothing is told', async () => {
    const world = new World()
    const [first] = await cluster(world, 2)
    expect(await rejection(first!.node.leave({ drain: () => undefined, drainTimeout: -1 }))).toEqual(
      new OptionError('drainTimeout', 'drainTimeout is -1: must be 0..3600000'),
    )
    expect(first!.node.state).toBe('running')
  })
})

describe('a member that is forced out', () => {
  test('and is gone has left everywhere, at once', async () => {
    const world = new World()
    const [first, second, third] = await cluster(world, 3)
    await third!.node.stop()
    await world.outcome(first!.node.forceLeave('n3'))
    for (const { node } of [first!, second!]) expect(node.member('n3')!.status).toBe('left')
    expect(first!.node.explain('n3')!.evidence.map(({ outcome }) => outcome)).toContain('operator')
  })

  test('and lives refutes it, and stays', async () => {
    const world = new World()
    const [first, second, third] = await cluster(world, 3)
    const before = third!.node.self.incarnation
    await world.outcome(first!.node.forceLeave('n3'))
    await world.run(10_000)
    for (const { node } of [first!, second!, third!]) {
      expect(node.member('n3')).toMatchObject({ status: 'alive' })
      expect(node.member('n3')!.incarnation).toBeGreaterThan(before)
    }
  })

  test('to be pruned is forgotten as soon as all know', async () => {
    const world = new World()
    const all = await cluster(world, 3)
    const [first, second, third] = all
    await third!.node.stop()
    await world.outcome(first!.node.forceLeave('n3', { prune: true }))
    await world.run(10_000)
    for (const { node } of [first!, second!]) expect(node.member('n3')).toBeUndefined()
  })

  test('to be pruned when it has left already is forgotten as well', async () => {
    const world = new World()
    const [first, second, third] = await cluster(world, 3)
    await world.outcome(third!.node.leave())
    await third!.node.stop()
    await world.run(20_000)
    expect(second!.node.member('n3')!.status).toBe('left')
    // There is nothing to say of it but that.
    await world.outcome(first!.node.forceLeave('n3'))
    await world.outcome(first!.node.forceLeave('n3', { prune: true }))
    await world.run(10_000)
    for (const { node } of [first!, second!]) expect(node.member('n3')).toBeUndefined()
  })

  test('as the last of all but one is so at once', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    await second!.node.stop()
    await world.outcome(first!.node.forceLeave('n2'))
    expect(first!.node.counts()).toEqual({ alive: 1, suspect: 0, failed: 0, left: 1 })
  })

  test('must be another member', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    expect(await rejection(first!.node.forceLeave('nobody'))).toEqual(
      new ForceLeaveError('unknown-member', 'cannot force "nobody" out: no member has that name'),
    )
    expect(await rejection(first!.node.forceLeave('n1'))).toEqual(
      new ForceLeaveError('self', 'cannot force "n1" out: it is this node, which has to leave'),
    )
    expect(String(await rejection(make(world, 9).node.forceLeave('n1')))).toContain('not started')
  })
})
