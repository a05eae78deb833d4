import { describe, expect, test } from 'vitest'
import { NodeStateError, RttError } from './errors.ts'
import { cluster, make, rejection } from './testing/cluster.ts'
import { World } from './testing/world.ts'

const refusal = (act: () => unknown): Promise<unknown> => rejection(Promise.resolve().then(act))

describe('the round trip between two members', () => {
  test('is measured to those that this node pinged, and estimated between them', async () => {
    const world = new World()
    const [first] = await cluster(world, 3)
    const { node } = first!
    for (const name of ['n2', 'n3']) await world.outcome(node.ping(name))
    expect(node.rtt('n2')).toEqual({ a: 'n2', b: 'n1', rtt: 2, source: 'measured' })
    expect(node.rtt('n1', 'n3')).toEqual({ a: 'n1', b: 'n3', rtt: 2, source: 'measured' })
    expect(node.rtt('n2', 'n3')).toMatchObject({ a: 'n2', b: 'n3', source: 'estimated' })
    expect(node.rtt('n2', 'n3').rtt).toBeGreaterThan(0)
  })

  test('is refused with a reason: nobody of that name, nothing heard yet, turned off, not started', async () => {
    const world = new World()
    const [first] = await cluster(world, 3, { coordinates: false })
    const { node } = first!
    const codes = await Promise.all(
      [() => node.rtt('zoe'), () => node.rtt('n2', 'zoe'), () => node.rtt('n2', 'n3')].map(async (act) => {
        const error = await refusal(act)
        expect(error).toBeInstanceOf(RttError)
        const { code, message } = error as RttError
        return `${code}: ${message}`
      }),
    )
    expect(codes).toEqual([
      'unknown-member: no round trip from "zoe" to "n1": no member is called "zoe"',
      'unknown-member: no round trip from "n2" to "zoe": no member is called "zoe"',
      'no-coordinate: no round trip from "n2" to "n3": it was not measured, and coordinates are turned off here',
    ])
    const [other] = await cluster(new World(), 2)
    expect(await refusal(() => other!.node.rtt('n2'))).toMatchObject({
      code: 'no-coordinate',
      message: 'no round trip from "n2" to "n1": no coordinate of "n2" has come here yet',
    })
    expect(await refusal(() => make(world, 9).node.rtt('n9'))).toBeInstanceOf(NodeStateError)
  })
})
