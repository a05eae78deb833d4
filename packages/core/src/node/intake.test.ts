import { expect, test } from 'vitest'
import { swimCodec } from '../wire/swim-codec.ts'
import { Intake } from './intake.ts'
import { cluster } from './testing/cluster.ts'
import { ends } from './testing/fake-transport.ts'
import { World } from './testing/world.ts'

test('at its bound all streams go on; one byte past it the largest is let go, and makes room', () => {
  const intake = new Intake(100)
  const [small, large, late] = [new AbortController(), new AbortController(), new AbortController()]
  intake.add(small, 10)
  intake.add(large, 40)
  intake.add(large, 30)
  intake.add(late, 20)
  expect([small, large, late].map(({ signal }) => signal.aborted)).toEqual([false, false, false])
  intake.add(small, 1)
  expect([small, large, late].map(({ signal }) => signal.aborted)).toEqual([false, true, false])
  expect(intake.letGo).toBe(1)
  intake.add(late, 69)
  expect(late.signal.aborted).toBe(false)
  intake.add(small, 1)
  expect(late.signal.aborted).toBe(true)
})

test('what is over counts no more', () => {
  const intake = new Intake(100)
  for (let i = 0; i < 10; i++) {
    const stream = new AbortController()
    intake.add(stream, 90)
    intake.remove(stream)
    intake.remove(stream)
    expect(stream.signal.aborted).toBe(false)
  }
  expect(intake.letGo).toBe(0)
})

test('a single stream that brings more than all may is let go', () => {
  const intake = new Intake(100)
  const stream = new AbortController()
  intake.add(stream, 101)
  expect(stream.signal.aborted).toBe(true)
})

test('a node lets the stream go that has brought most of what others began and did not end', async () => {
  const world = new World()
  const [first] = await cluster(world, 1, { settings: { maxStreamBytes: 65_536 } })
  const { node, transport } = first!
  const begun = swimCodec().open({
    cluster: 'default',
    sealer: undefined,
    maxPacketBytes: 65_535,
    maxStreamBytes: 1_000_000,
  })
  const open = () => {
    const [near, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
    transport.handlers.connection(far)
    return { near, far }
  }
  const bring = async (bytes: number) => {
    const stream = open()
    const [chunk] = begun.encodeStream(
      { name: 'x', boot: 1n, incarnation: 1 },
      { type: 'user', body: new Uint8Array(60_000) },
    )
    await stream.near.write(chunk!.subarray(0, bytes))
    await world.settle()
    return stream.far
  }
  const most = 2 * 65_536
  const brought = [50_000, 50_001, most - 100_001 - 1_000, 1_000]
  const streams = []
  for (const bytes of brought) streams.push(await bring(bytes))
  expect(streams.map(({ state }) => state)).toEqual(['open', 'open', 'open', 'open'])
  expect(node.stats().engine.streamsLetGo).toBe(0)
  streams.push(await bring(1))
  expect(streams.map(({ state }) => state)).toEqual(['open', 'destroyed', 'open', 'open', 'open'])
  expect(node.stats().engine.streamsLetGo).toBe(1)
})
