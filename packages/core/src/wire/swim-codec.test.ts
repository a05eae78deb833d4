import { describe, expect, test } from 'vitest'
import { putU32 } from './byte-writer.ts'
import { isFault } from './codec.ts'
import { crc32 } from './crc32.ts'
import type { AliveClaim, Claim, Message } from './message.ts'
import { swimCodec } from './swim-codec.ts'
import { partTypes } from './swim-parts.ts'
import { context, headerBytes, pushAll, someone, streamOf, tableOf } from './testing/samples.ts'

const codec = swimCodec().open(context)
const nack: Message = { type: 'nack', seq: 5 }
const sync = codec.encode({ ...tableOf(1), entries: [] })
const entry = codec.encode(tableOf(1)).subarray(sync.length)
const decode = (...parts: readonly Uint8Array[]): ReturnType<typeof codec.decode> =>
  codec.decode(codec.bundle(someone, parts, undefined))
const part = (type: number, ...body: readonly number[]): Uint8Array =>
  Uint8Array.of(type, body.length, ...body)

describe('the swim codec', () => {
  test('a packet is, byte by byte, what docs/protocol.md says', () => {
    const packet = codec.bundle(
      { name: 'ab', boot: 0x0102n, incarnation: 0x0304 },
      [codec.encode(nack)],
      undefined,
    )
    const text = (shown: string): number[] => [...new TextEncoder().encode(shown)]
    const body = [0xd0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 4, ...text('test'), 2, ...text('ab'), 0, 0, 3, 4, 4, 1, 5]
    expect([...packet.subarray(0, -4)]).toEqual(body)
    const sum = crc32(Uint8Array.from(body))
    expect(Buffer.from(packet).readUInt32BE(packet.length - 4)).toBe(sum)
  })

  test('a stream is, byte by byte, what docs/protocol.md says', () => {
    const stream = streamOf(codec, { name: 'ab', boot: 0x0102n, incarnation: 0x0304 }, nack)
    const header = [0xd2, 1, 0, 0, 0, 0, 0, 0, 1, 2, 4, 0x74, 0x65, 0x73, 0x74]
    const record = [2, 0x61, 0x62, 0, 0, 3, 4, 4, 1, 5]
    expect([...stream.subarray(0, -4)]).toEqual([...header, 0x80, 0, 0, record.length + 4, ...record])
    const sum = crc32(Uint8Array.from([...header, 0, 0, 0, 0, 1, ...record]))
    expect(new DataView(stream.buffer).getUint32(stream.length - 4)).toBe(sum)
  })

  test("a record's sum continues those of the header, its number, its last flag and the end of the record before", () => {
    const state = new Uint8Array(70_000)
    const [first, second] = [...codec.encodeStream(someone, { ...tableOf(0), state })]
    const context = [
      ...first!.subarray(0, headerBytes),
      0,
      0,
      0,
      1,
      1,
      ...first!.subarray(headerBytes + 4).subarray(-32),
    ]
    const sum = crc32(second!, 4, second!.length - 4, crc32(Uint8Array.from(context)))
    expect(new DataView(second!.buffer).getUint32(second!.length - 4)).toBe(sum)
  })

  test('parts of unknown types are skipped and counted', () => {
    const future = part(200, 1, 2, 3)
    expect(decode(future, codec.encode(nack), part(0), future)).toEqual({
      sender: someone,
      messages: [nack],
      skipped: 3,
    })
  })

  test('what follows the known fields of a body is ignored', () => {
    for (const sent of [nack, ...tableOf(1).entries].map((one) => ('type' in one ? one : alive(one)))) {
      expect(decode(lengthened(codec.encode(sent)))).toMatchObject({ messages: [sent], skipped: 0 })
    }
  })

  test.each([
    ['alive', alive(tableOf(1).entries[0]!)],
    [
      'suspect',
      { type: 'suspect', name: 'a', incarnation: 1, accusations: [{ accuser: 'b', evidence: 'heard' }] },
    ],
    ['failed', { type: 'failed', name: 'a', incarnation: 1, accuser: 'b', evidence: 'timeout' }],
    ['left', { type: 'left', name: 'a', incarnation: 1, by: 'a' }],
  ] satisfies [string, Claim][])(
    'of %s claims that say the same the same object comes from the second on, and the same bytes are handed on',
    (_type, claim) => {
      // A Node Buffer, whose slices are views, that is used again for the next packet.
      const packet = Buffer.from(codec.bundle(someone, [codec.encode(claim)], undefined))
      const kept = Uint8Array.from(packet)
      const heard = Array.from({ length: 4 }, () => {
        packet.set(kept)
        const decoded = codec.decode(packet)
        packet.fill(0)
        return isFault(decoded) ? undefined : (decoded.messages[0] as Claim)
      })
      for (const one of heard) {
        expect(one).toEqual(claim)
        expect(codec.encode(one!)).toEqual(codec.encode(claim))
      }
      expect(heard[3]).toBe(heard[2])
      expect(codec.encode(heard[3]!)).toBe(codec.encode(heard[2]!))
    },
  )

  test('fields of claims that only later builds know are handed on as they came', () => {
    for (const claim of [
      alive({ ...tableOf(1).entries[0]!, recordIncarnation: 77 }),
      { type: 'left', name: 'later', incarnation: 1, by: 'a' } as const,
    ]) {
      const later = lengthened(codec.encode(claim))
      for (let round = 0; round < 3; round++) {
        const decoded = decode(later)
        expect(isFault(decoded) ? undefined : codec.encode(decoded.messages[0]!)).toEqual(later)
      }
    }
  })

  describe('a coordinate on an ack', () => {
    const coordinate = Uint8Array.from({ length: 22 }, (_, i) => i + 1)
    const old = (...body: readonly number[]) => decode(part(partTypes.ack, ...body))

    test('stands behind the payload, where a flag says so, and takes 23 bytes', () => {
      const bare: Message = { type: 'ack', seq: 5, payload: undefined }
      const whole: Message = { type: 'ack', seq: 5, payload: Uint8Array.of(9), coordinate }
      expect([...codec.encode(whole)]).toEqual([partTypes.ack, 27, 5, 3, 1, 9, 22, ...coordinate])
      expect(decode(codec.encode(whole))).toMatchObject({ messages: [whole], skipped: 0 })
      expect(codec.encode({ ...bare, coordinate }).length - codec.encode(bare).length).toBe(23)
    })

    test('is missing from the acks of an older build, which are read as ever', () => {
      expect(old(5, 0)).toMatchObject({ messages: [{ seq: 5, payload: undefined, coordinate: undefined }] })
      expect(old(5, 1, 1, 9)).toMatchObject({
        messages: [{ payload: Uint8Array.of(9), coordinate: undefined }],
      })
    })

    test('is behind all that an older build reads of an ack, whose first fields are as they were', () => {
      // What a build without coordinates writes, but for the flag that it does not know.
      const plain = codec.encode({ type: 'ack', seq: 300, payload: Uint8Array.of(1, 2) })
      const now = codec.encode({ type: 'ack', seq: 300, payload: Uint8Array.of(1, 2), coordinate })
      const flags = 4
      expect(now[flags]! & ~2).toBe(plain[flags])
      expect([...now.subarray(2, flags)]).toEqual([...plain.subarray(2, flags)])
      expect([...now.subarray(flags + 1, plain.length)]).toEqual([...plain.subarray(flags + 1)])
    })

    test('may be of another length, up to 64 bytes', () => {
      const later = new Uint8Array(64).fill(7)
      expect(
        decode(codec.encode({ type: 'ack', seq: 1, payload: undefined, coordinate: later })),
      ).toMatchObject({
        messages: [{ coordinate: later }],
      })
      expect(old(1, 2, 65, ...new Array<number>(65).fill(0))).toMatchObject({ fault: 'malformed' })
      expect(old(1, 2, 22, 0)).toMatchObject({ fault: 'malformed' })
      const tooLong: Message = { type: 'ack', seq: 1, payload: undefined, coordinate: new Uint8Array(65) }
      expect(() => codec.encode(tooLong)).toThrow(RangeError)
    })
  })

  test('evidence and error codes that this build does not know are read as the weakest', () => {
    expect(decode(part(partTypes.failed, 1, 0x61, 0, 0, 0, 1, 1, 0x62, 77))).toMatchObject({
      messages: [{ type: 'failed', name: 'a', accuser: 'b', evidence: 'heard' }],
    })
    expect(decode(part(partTypes.error, 99, 2, 0x68, 0x69))).toMatchObject({
      messages: [{ type: 'error', code: 'internal', message: 'hi' }],
    })
  })

  test.each([
    ['a part that is longer than the packet', [partTypes.nack, 9, 1]],
    ['a part without a length', [partTypes.nack]],
    ['a length that is longer than it need be', [partTypes.nack, 0x81, 0x00, 1]],
    ['a body that ends early', [partTypes.nack, 0]],
    ['a number longer than it need be', [partTypes.nack, 2, 0x80, 0x00]],
    ['a seq of more than 32 bits', [partTypes.nack, 5, 0xff, 0xff, 0xff, 0xff, 0x1f]],
    ['an empty name', [partTypes.ping, 3, 1, 0, 0]],
    ['a name with a space', [partTypes.ping, 4, 1, 0, 1, 0x20]],
    ['a name that is not UTF-8', [partTypes.ping, 4, 1, 0, 1, 0xff]],
    ['a name behind a byte order mark', [partTypes.ping, 7, 1, 0, 4, 0xef, 0xbb, 0xbf, 0x61]],
    ['a suspect without an accuser', [partTypes.suspect, 7, 1, 0x61, 0, 0, 0, 1, 0]],
    ['an indirect ping of nobody', [partTypes.pingReq, 2, 0, 0]],
    ['an address of an unknown family', [partTypes.pingReq, 8, 0, 1, 1, 0, 1, 0x61, 5, 0]],
    [
      'an IP address written as a host',
      [partTypes.pingReq, 13, 0, 1, 1, 0, 1, 0x61, 0, 3, 0x3a, 0x3a, 0x31, 0, 1],
    ],
    ['an entry without a sync', [...sync, ...codec.encode(nack), ...entry]],
    ['an entry after the state', [...sync, partTypes.syncState, 0, ...entry]],
    ['state twice', [...sync, partTypes.syncState, 0, partTypes.syncState, 0]],
    ['state without a sync', [partTypes.syncState, 1, 1]],
    ['a digest of more words than there are', [partTypes.sync, 8, 2, 0, 1, 0x61, 1, 0xff, 0x3f, 0]],
    ['a channel of more than 32 bytes', [partTypes.custom, 34, 33, ...new Array(33).fill(0x61)]],
  ])('%s is malformed, and so is the packet it is in', (_, bytes) => {
    expect(decode(codec.encode(nack), Uint8Array.from(bytes))).toMatchObject({ fault: 'malformed' })
  })

  test('a status that does not exist is malformed', () => {
    const wrong = entry.slice()
    // After its type and its length of two bytes.
    expect(wrong[3]).toBe(1)
    wrong[3] = 4
    expect(isFault(decode(sync, entry))).toBe(false)
    expect(decode(sync, wrong)).toMatchObject({ fault: 'malformed' })
  })

  test('another wire version is a fault of its own, in packets and streams', () => {
    const packet = codec.bundle(someone, [], undefined)
    const stream = streamOf(codec, someone, nack)
    packet[1] = stream[1] = 2
    const expected = { fault: 'version', detail: 'wire version is 2; this build speaks 1' }
    expect(codec.decode(packet)).toEqual(expected)
    expect(codec.streamReader().push(stream)).toEqual(expected)
  })

  test('a packet is no stream and a stream no packet', () => {
    expect(codec.decode(streamOf(codec, someone, nack))).toMatchObject({ fault: 'malformed' })
    expect(codec.streamReader().push(codec.bundle(someone, [codec.encode(nack)], undefined))).toMatchObject({
      fault: 'malformed',
    })
  })

  test('a stream of an unknown message is a fault that says so, one of none or two is malformed', () => {
    const stream = (...parts: readonly number[]): Uint8Array => {
      const record = [7, ...new TextEncoder().encode('someone'), 0, 0, 0, 3, ...parts]
      const header = [...streamOf(codec, someone, nack).subarray(0, headerBytes)]
      const bytes = Uint8Array.from([...header, 0x80, 0, 0, record.length + 4, ...record, 0, 0, 0, 0])
      putU32(bytes, bytes.length - 4, crc32(Uint8Array.from([...header, 0, 0, 0, 0, 1, ...record])))
      return bytes
    }
    expect(codec.streamReader().push(stream(...part(200, 1)))).toMatchObject({ fault: 'version' })
    expect(codec.streamReader().push(stream())).toMatchObject({ fault: 'malformed', detail: 'no message' })
    expect(codec.streamReader().push(stream(4, 1, 5, 4, 1, 5))).toMatchObject({ fault: 'malformed' })
    expect(codec.streamReader().push(stream(200, 0, 4, 1, 5))).toMatchObject({ message: nack })
  })

  test('empty records, which could go on for ever, are malformed', () => {
    const header = streamOf(codec, someone, nack).subarray(0, headerBytes)
    const empty = Uint8Array.of(...header, 0, 0, 0, 4, 0, 0, 0, 0)
    putU32(empty, empty.length - 4, crc32(Uint8Array.of(...header, 0, 0, 0, 0, 0)))
    expect(pushAll(codec.streamReader(), empty)).toEqual({ fault: 'malformed', detail: 'an empty record' })
  })
})

function alive(entry: ReturnType<typeof tableOf>['entries'][number]): AliveClaim {
  return { type: 'alive', incarnation: entry.incarnation, record: entry.record }
}

/** With three bytes more at the end of its body, as a later build may send it. */
function lengthened(known: Uint8Array): Uint8Array {
  // The length of a short part is one byte, and that of an alive claim here two.
  const lengthBytes = known[1]! < 0x80 ? 1 : 2
  const body = [...known.subarray(1 + lengthBytes), 9, 9, 9]
  const size = lengthBytes === 1 ? [body.length] : [(body.length & 0x7f) | 0x80, body.length >>> 7]
  return Uint8Array.of(known[0]!, ...size, ...body)
}
