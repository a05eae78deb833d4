import { describe, expect, test } from 'vitest'
import { TooLargeError } from './errors.ts'
import { MemberDataError } from './member-data.ts'
import { cluster, make, rejection } from './testing/cluster.ts'
import { World } from './testing/world.ts'

describe('what a node carries', () => {
  test('is set, told to all, and resolved once it is', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const { node } = first!
    await world.outcome(node.setTags({ a: '1' }))
    await world.outcome(node.setServices([{ name: 'web' }]))
    const payload = Uint8Array.of(5)
    const setting = node.setPayload(payload)
    // The caller's bytes are the caller's.
    payload[0] = 6
    await world.outcome(setting)
    const expected = { tags: { a: '1' }, services: [{ name: 'web' }], payload: Uint8Array.of(5) }
    expect([node.self, second!.node.member('n1')]).toMatchObject([expected, expected])
  })

  test('that is too large is refused, and nothing is changed', async () => {
    const { node } = make(new World(), 1, { tags: { keep: 'me' } })
    await node.start()
    const { incarnation } = node.self
    for (const [change, limit] of [
      [node.setPayload(new Uint8Array(65_537)), 65_536],
      [node.setTags({ a: 'x'.repeat(255), b: 'y'.repeat(255) }), 512],
    ] as const) {
      const error = await rejection(change)
      expect(error).toBeInstanceOf(TooLargeError)
      expect(error).toMatchObject({ limit })
    }
    expect(await rejection(node.setTags({ '': 'x' }))).toBeInstanceOf(MemberDataError)
    expect(node.self).toMatchObject({ incarnation, tags: { keep: 'me' }, payload: new Uint8Array(0) })
    await node.setServices([{ name: 'web' }])
    expect(node.self.tags).toEqual({ keep: 'me' })
  })

  test('is as large as it may be', async () => {
    const world = new World()
    const { node } = make(world, 1)
    await node.start()
    await node.setPayload(new Uint8Array(65_536))
    // The layout, two counts, and two lengths for each tag.
    await node.setTags({ a: 'x'.repeat(255), b: 'y'.repeat(248) })
    expect(node.self.payload.length).toBe(65_536)
    expect(await rejection(node.setTags({ a: 'x'.repeat(255), b: 'y'.repeat(249) }))).toMatchObject({
      bytes: 513,
      limit: 512,
    })
  })

  test('that is wrong from the start makes no node', () => {
    const world = new World()
    expect(() => make(world, 1, { payload: new Uint8Array(65_537) })).toThrow(TooLargeError)
    expect(() => make(world, 1, { services: [{ name: 'x', port: 0 }] })).toThrow(MemberDataError)
  })
})
