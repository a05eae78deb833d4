import { describe, expect, test } from 'vitest'
import { putU32 } from '../wire/byte-writer.ts'
import { fixedHeaderBytes } from '../wire/clear-header.ts'
import { maxRecordBytes } from '../wire/limits.ts'
import { swimCodec } from '../wire/swim-codec.ts'
import { FakeSealer } from '../wire/testing/fake-sealer.ts'
import { Intake } from './intake.ts'
import { cluster } from './testing/cluster.ts'
import { ends } from './testing/fake-transport.ts'
import { World } from './testing/world.ts'

test('at its bound all streams go on; one byte past it the largest is let go, and makes room', () => {
  const intake = new Intake(100)
  const [small, large, late] = [new AbortController(), new AbortController(), new AbortController()]
  intake.add(small, 10, false)
  intake.add(large, 40, false)
  intake.add(large, 30, false)
  intake.add(late, 20, false)
  expect([small, large, late].map(({ signal }) => signal.aborted)).toEqual([false, false, false])
  intake.add(small, 1, false)
  expect([small, large, late].map(({ signal }) => signal.aborted)).toEqual([false, true, false])
  expect(intake.letGo).toBe(1)
  intake.add(late, 69, false)
  expect(late.signal.aborted).toBe(false)
  intake.add(small, 1, false)
  expect(late.signal.aborted).toBe(true)
})

test('what is over counts no more', () => {
  const intake = new Intake(100)
  for (let i = 0; i < 10; i++) {
    const stream = new AbortController()
    intake.add(stream, 90, false)
    intake.remove(stream)
    intake.remove(stream)
    expect(stream.signal.aborted).toBe(false)
  }
  expect(intake.letGo).toBe(0)
})

test('a single stream that brings more than all may is let go', () => {
  const intake = new Intake(100)
  const stream = new AbortController()
  intake.add(stream, 101, false)
  expect(stream.signal.aborted).toBe(true)
})

describe('streams of who has shown no key', () => {
  test('go first while they have more than a quarter of the bound, the largest of them', () => {
    const intake = new Intake(100)
    const [keyed, larger, smaller] = [new AbortController(), new AbortController(), new AbortController()]
    intake.add(larger, 20, false)
    intake.add(smaller, 10, false)
    intake.add(keyed, 40, false)
    intake.add(keyed, 30, true)
    expect([keyed, larger, smaller].map(({ signal }) => signal.aborted)).toEqual([false, false, false])
    intake.add(keyed, 1, false)
    expect([keyed, larger, smaller].map(({ signal }) => signal.aborted)).toEqual([false, true, false])
    intake.add(keyed, 20, false)
    expect([keyed, larger, smaller].map(({ signal }) => signal.aborted)).toEqual([true, true, false])
  })

  test('have a quarter of it for sure, whatever others bring', () => {
    const intake = new Intake(100)
    const [keyless, larger, smaller] = [new AbortController(), new AbortController(), new AbortController()]
    intake.add(keyless, 25, false)
    intake.add(larger, 40, true)
    intake.add(smaller, 36, true)
    expect([keyless, larger, smaller].map(({ signal }) => signal.aborted)).toEqual([false, true, false])
    expect(intake.letGo).toBe(1)
  })
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

test('who has no key lets go no stream of who has shown one', async () => {
  const world = new World()
  const sealer = new FakeSealer()
  const [first] = await cluster(world, 1, { sealer, settings: { maxStreamBytes: 100_000 } })
  const { node, transport } = first!
  const codec = swimCodec().open({
    cluster: 'default',
    sealer,
    maxPacketBytes: 65_535,
    maxStreamBytes: 1_000_000,
  })
  const [begun, rest] = codec.encodeStream(
    { name: 'x', boot: 1n, incarnation: 1 },
    { type: 'user', body: new Uint8Array(90_000) },
  )
  const bring = async (bytes: Uint8Array) => {
    const [near, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
    transport.handlers.connection(far)
    await near.write(bytes)
    await world.settle()
    return far
  }
  const member = await bring(Uint8Array.of(...begun!, ...rest!.subarray(0, -1)))
  // A first record as large as it may be, sealed by nobody, less a byte.
  const header = begun!.subarray(0, fixedHeaderBytes + 'default'.length)
  const announced = new Uint8Array(header.length + 4 + maxRecordBytes - 1)
  announced.set(header)
  putU32(announced, header.length, 0x8000_0000 + maxRecordBytes)
  const strangers = [await bring(announced), await bring(announced)]
  expect(node.stats().engine.streamsLetGo).toBe(1)
  expect([member, ...strangers].map(({ state }) => state)).toEqual(['open', 'destroyed', 'open'])
})
