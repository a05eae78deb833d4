import { describe, expect, test } from 'vitest'
import { type CodecContext, isFault } from './codec.ts'
import { jsonCodec } from './json-codec.ts'
import { maxRecordBytes } from './limits.ts'
import type { Message } from './message.ts'
import { swimCodec } from './swim-codec.ts'
import { FakeSealer } from './testing/fake-sealer.ts'
import { context, headerBytes, pushAll, someone, streamOf, tableOf } from './testing/samples.ts'

// What any codec must do is in the conformance kit; this is what these two do besides, as they share their framing.

const nack: Message = { type: 'nack', seq: 1 }

describe.each([
  ['swim', swimCodec],
  ['JSON', jsonCodec],
] as const)('the framing of the %s codec', (_, plugin) => {
  describe.each(['plain', 'sealed'] as const)('%s,', (mode) => {
    const open = (changes: Partial<CodecContext> = {}) =>
      plugin().open({ ...context, sealer: mode === 'sealed' ? new FakeSealer() : undefined, ...changes })
    const codec = open()

    test('wastes no byte: a packet is exactly as large as foretold', () => {
      const parts = [nack, { ...tableOf(3), join: true }, nack].map((message) => codec.encode(message))
      for (const from of [someone, { ...someone, name: 'é', boot: 2n ** 64n - 1n }]) {
        const size = parts.reduce((sum, part) => sum + part.length + codec.partOverhead, 0)
        expect(codec.bundle(from, parts, undefined).length).toBe(size + codec.bundleOverhead(from))
      }
    })

    test('finds a stream too large as soon as its length is known', () => {
      const bytes = streamOf(codec, someone, { type: 'user', body: new Uint8Array(5_000) })
      const reader = open({ maxStreamBytes: 1_000 }).streamReader()
      expect(reader.push(bytes.subarray(0, headerBytes + 3))).toBeUndefined()
      const outcome = reader.push(bytes.subarray(headerBytes + 3, headerBytes + 4))
      expect(outcome).toMatchObject({ fault: 'too-big' })
    })

    test.each([
      ['one record', { type: 'user', body: new Uint8Array(5_000) }],
      ['several records', { ...tableOf(0), state: new Uint8Array(200_000) }],
    ] satisfies [string, Message][])(
      'takes a message in %s up to its bound, and not one byte more',
      (_, message) => {
        const chunks = [...codec.encodeStream(someone, message)]
        const protection = 4 + (mode === 'sealed' ? new FakeSealer().overhead : 4)
        const plain = chunks.reduce((sum, { length }) => sum + length - protection, -headerBytes)
        const read = (maxStreamBytes: number) => pushAll(open({ maxStreamBytes }).streamReader(), ...chunks)
        expect(read(plain)).toMatchObject({ message: { type: message.type } })
        expect(read(plain - 1)).toMatchObject({ fault: 'too-big' })
      },
    )

    test('of a first record waits for no more than one holds, and begins with no larger one', () => {
      const [first] = codec.encodeStream(someone, { type: 'user', body: new Uint8Array(1_000_000) })
      const lengthAt = headerBytes
      const length = new DataView(first!.buffer, first!.byteOffset).getUint32(lengthAt)
      expect(length).toBeLessThan(1_000)
      const announced = (bytes: number) => {
        const changed = first!.slice(0, lengthAt + 4)
        new DataView(changed.buffer).setUint32(lengthAt, bytes)
        return codec.streamReader().push(changed)
      }
      const most = maxRecordBytes + (mode === 'sealed' ? new FakeSealer().overhead : 4)
      expect(announced(most)).toBeUndefined()
      expect(announced(most + 1)).toMatchObject({
        fault: 'too-big',
        detail: expect.stringContaining('first record'),
      })
    })

    test('waits only where a changed byte announces more', () => {
      const bytes = streamOf(codec, someone, tableOf(2))
      for (let at = 0; at < bytes.length; at++) {
        const mutated = bytes.slice()
        mutated[at] = mutated[at]! ^ 0x11
        const outcome = codec.streamReader().push(mutated)
        const isLength = at === 10 || (at >= headerBytes && at < headerBytes + 4)
        expect(outcome === undefined ? isLength : isFault(outcome)).toBe(true)
      }
    })

    test('takes no bytes after the end of a stream, and a fault stays', () => {
      const bytes = streamOf(codec, someone, nack)
      const atOnce = codec.streamReader()
      expect(atOnce.push(Uint8Array.of(...bytes, 0))).toMatchObject({ fault: 'malformed' })
      const later = codec.streamReader()
      expect(later.push(bytes)).toMatchObject({ message: nack })
      expect(later.push(new Uint8Array(0))).toBeUndefined()
      expect(later.push(Uint8Array.of(0))).toMatchObject({ fault: 'malformed' })
      expect(later.push(bytes)).toMatchObject({ fault: 'malformed' })
    })

    test('names both clusters where they differ', () => {
      const other = open({ cluster: 'pröd "2"\n' })
      const expected = { fault: 'cluster', detail: 'cluster is "pröd \\"2\\"\\n", ours is "test"' }
      expect(codec.decode(other.bundle(someone, [other.encode(nack)], undefined))).toEqual(expected)
      expect(codec.streamReader().push(streamOf(other, someone, nack))).toEqual(expected)
    })
  })

  describe('sealed,', () => {
    const sealer = new FakeSealer()
    const codec = plugin().open({ ...context, sealer })

    test("shows the sender's boot without a key, in packets and streams", () => {
      const from = { ...someone, boot: 0x0102030405060708n }
      for (const bytes of [codec.bundle(from, [], undefined), streamOf(codec, from, nack)])
        expect([...bytes.subarray(2, 10)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
    })

    test('cannot be told that an earlier record is the last', () => {
      const chunks = [...codec.encodeStream(someone, tableOf(2_000))]
      const cut = chunks.slice(0, -1)
      expect(pushAll(codec.streamReader(), ...cut)).toBeUndefined()
      const ended = cut.at(-1)!.slice()
      ended[0] = ended[0]! | 0x80
      expect(pushAll(codec.streamReader(), ...cut.slice(0, -1), ended)).toMatchObject({ fault: 'forged' })
    })

    test('opens each record once, however small the chunks that bring it', () => {
      const chunks = [...codec.encodeStream(someone, tableOf(500))]
      const bytes = Uint8Array.from(chunks.flatMap((chunk) => [...chunk]))
      const reader = codec.streamReader()
      sealer.opened = 0
      for (let at = 0; at < bytes.length; at += 7) reader.push(bytes.subarray(at, at + 7))
      expect(sealer.opened).toBe(chunks.length)
    })
  })
})
