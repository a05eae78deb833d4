import { describe, expect, test } from 'vitest'
import { NameConflictError, NodeStateError } from './errors.ts'
import { cluster, make, rejection, seed } from './testing/cluster.ts'
import { epoch, World } from './testing/world.ts'

describe('joining', () => {
  test('tells for each seed what became of it', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const other = make(world, 20, { cluster: 'other' })
    await other.node.start()
    world.silent.add(30)
    const { node } = make(world, 9)
    await node.start()
    const joining = node.join([
      '10.0.0.1:1',
      '10.0.0.1:77',
      'nonsense:1:2',
      'example.org:1',
      '10.0.0.1:9',
      '10.0.0.1:20',
      '10.0.0.1:30',
    ])
    const { failed, joined } = await world.outcome(joining)
    expect(joined).toEqual(['10.0.0.1:1'])
    expect(Object.fromEntries(failed.map(({ code, seed }) => [seed, code]))).toEqual({
      '10.0.0.1:77': 'refused',
      'nonsense:1:2': 'address',
      'example.org:1': 'address',
      '10.0.0.1:9': 'self',
      '10.0.0.1:20': 'cluster-mismatch',
      '10.0.0.1:30': 'timeout',
    })
    for (const each of [first!, other]) await each.node.stop()
    await node.stop()
  })

  test('nobody is no error', async () => {
    const { node } = make(new World(), 1)
    await node.start()
    expect(await node.join([])).toEqual({ joined: [], failed: [] })
    await node.stop()
  })

  test('makes both know each other, with all that they say of themselves', async () => {
    const world = new World()
    const options = {
      tags: { zone: 'a' },
      services: [{ name: 'web', port: 80 }],
      payload: Uint8Array.of(1, 2),
    }
    const [first, second] = await cluster(world, 2, options)
    const { node } = first!
    expect(node.member('n2')).toMatchObject({
      address: '10.0.0.1:2',
      status: 'alive',
      streams: true,
      capabilities: ['detector:idle'],
      ...options,
    })
    expect(node.member('n2')!.boot).toBe(second!.node.self.boot)
    expect(node.digest).toBe(second!.node.digest)
    expect(
      node
        .members()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['n1', 'n2'])
    expect(node.member('n2')!.since.getTime()).toBeGreaterThan(epoch)
  })

  test('is refused by a hook that says no, and by one that throws, which is logged', async () => {
    const world = new World()
    const vetoes = [
      () => false,
      () => {
        throw new Error('oh')
      },
    ]
    for (const [i, admit] of vetoes.entries()) {
      const gate = make(world, 10 + i, { hooks: { admit } })
      await gate.node.start()
      const { node } = make(world, 20 + i)
      await node.start()
      const { failed } = await world.outcome(node.join([seed(gate)]))
      expect(failed).toMatchObject([{ code: 'rejected' }])
      await world.run(2_000)
      expect(gate.node.members().length).toBe(1)
      expect(gate.logged.filter((line) => line.includes('hook'))).toEqual(
        i === 0 ? [] : ['error: the admit hook threw'],
      )
    }
  })

  test('two processes of one name: the later one is told, and ends', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const later = make(world, 9, { name: 'n2' })
    await later.node.start()
    const open = rejection(later.node.join([seed(first!)]).then(() => later.node.setTags({ a: 'b' })))
    const conflict = await world.outcome(later.node.conflict)
    expect(conflict).toEqual({ name: 'n2', own: '10.0.0.1:9', other: '10.0.0.1:2' })
    const error = await world.outcome(open)
    expect(error instanceof NameConflictError || error instanceof NodeStateError).toBe(true)
    expect([later.node.state, world.ports.has(9)]).toEqual(['stopped', false])
    await world.run(10_000)
    expect(first!.node.member('n2')!.address).toBe('10.0.0.1:2')
    expect(second!.node.state).toBe('running')
  })
})
