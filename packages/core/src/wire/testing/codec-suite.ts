import fc from 'fast-check'
import { expect } from 'vitest'
import type { Sender } from '../../model/peer.ts'
import { type Codec, type CodecContext, type CodecPlugin, isFault, type StreamReader } from '../codec.ts'
import type { Message, SyncEntry } from '../message.ts'
import { message, messagesByType, sender } from './arbitraries.ts'
import { FakeSealer } from './fake-sealer.ts'

export interface CodecCase {
  readonly name: string
  run(): void
}

/** What every codec of this package must do, whatever its bytes look like; with a sealer and without. */
export function codecCases(plugin: CodecPlugin): CodecCase[] {
  return [...casesOf(plugin, 'plain'), ...casesOf(plugin, 'sealed'), ...sealedCases(plugin)]
}

function casesOf(plugin: CodecPlugin, mode: 'plain' | 'sealed'): CodecCase[] {
  const open = (changes: Partial<CodecContext> = {}): Codec =>
    plugin.open({ ...context, sealer: mode === 'sealed' ? new FakeSealer() : undefined, ...changes })
  const codec = open()
  const cases: CodecCase[] = []
  const add = (name: string, run: () => void): number => cases.push({ name: `${mode}: ${name}`, run })

  for (const [type, arbitrary] of Object.entries(messagesByType)) {
    add(`${type} comes back as it was, from a packet and from a stream`, () => {
      fc.assert(
        fc.property(sender, arbitrary, (from, sent) => {
          const decoded = codec.decode(codec.bundle(from, [codec.encode(sent)], undefined))
          expect(decoded).toStrictEqual({ sender: from, messages: [sent], skipped: 0 })
          expect(pushAll(codec.streamReader(), streamOf(codec, from, sent))).toStrictEqual({
            sender: from,
            message: sent,
          })
        }),
        { numRuns: 40 },
      )
    })
  }

  add('a packet holds its messages in order, and is exactly as large as foretold', () => {
    fc.assert(
      fc.property(sender, fc.array(message, { maxLength: 6 }), (from, sent) => {
        const parts = sent.map((one) => codec.encode(one))
        const packet = codec.bundle(from, parts, undefined)
        const size = parts.reduce(
          (sum, part) => sum + part.length + codec.partOverhead,
          codec.bundleOverhead(from),
        )
        expect(packet.length).toBe(size)
        expect(codec.decode(packet)).toStrictEqual({ sender: from, messages: sent, skipped: 0 })
      }),
      { numRuns: 60 },
    )
  })

  add('a sender may change between packets, in any of its fields', () => {
    const senders = [
      someone,
      { ...someone, incarnation: 4 },
      { ...someone, boot: 8n },
      { ...someone, name: 'other' },
    ]
    for (const a of senders)
      for (const b of senders)
        for (const from of [a, b])
          expect(codec.decode(codec.bundle(from, [], undefined))).toMatchObject({ sender: from })
  })

  add('what was decoded outlives the packet, whether or not it is a Buffer', () => {
    fc.assert(
      fc.property(sender, message, (from, sent) => {
        const bytes = codec.bundle(from, [codec.encode(sent)], undefined)
        const packet = Buffer.from(Buffer.concat([Buffer.alloc(3), bytes])).subarray(3)
        const decoded = codec.decode(packet)
        packet.fill(0xaa)
        expect(decoded).toStrictEqual({ sender: from, messages: [sent], skipped: 0 })
      }),
      { numRuns: 60 },
    )
  })

  add('a cut packet is a fault', () => {
    fc.assert(
      fc.property(sender, message, (from, sent) => {
        const packet = codec.bundle(from, [codec.encode(sent)], undefined)
        for (let length = 0; length < packet.length; length += 1 + (length >>> 7))
          expect(isFault(codec.decode(packet.subarray(0, length)))).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  add('a packet with one byte changed, or one more, is a fault', () => {
    fc.assert(
      fc.property(sender, message, fc.integer({ min: 1, max: 255 }), (from, sent, change) => {
        const packet = codec.bundle(from, [codec.encode(sent)], undefined)
        for (let at = 0; at < packet.length; at += 1 + (at >>> 7)) {
          const mutated = packet.slice()
          mutated[at] = mutated[at]! ^ change
          expect(isFault(codec.decode(mutated))).toBe(true)
        }
        expect(isFault(codec.decode(Uint8Array.of(...packet, change)))).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  add('a stream may be cut into chunks anywhere', () => {
    fc.assert(
      fc.property(
        sender,
        message,
        fc
          .array(fc.integer({ min: 0, max: 90 }), { minLength: 1, maxLength: 20 })
          .filter((s) => s.some((n) => n > 0)),
        (from, sent, sizes) => {
          const reader = codec.streamReader()
          const bytes = streamOf(codec, from, sent)
          let outcome: ReturnType<StreamReader['push']>
          for (let at = 0, i = 0; at < bytes.length; i++) {
            expect(outcome).toBeUndefined()
            const end = at + sizes[i % sizes.length]!
            outcome = reader.push(bytes.subarray(at, end))
            at = end
          }
          expect(outcome).toStrictEqual({ sender: from, message: sent })
        },
      ),
      { numRuns: 60 },
    )
  })

  add('a stream yields nothing before its last byte, and then all', () => {
    fc.assert(
      fc.property(sender, message, (from, sent) => {
        const reader = codec.streamReader()
        const bytes = streamOf(codec, from, sent)
        for (let at = 0; at < bytes.length - 1; at++)
          expect(reader.push(bytes.subarray(at, at + 1))).toBeUndefined()
        expect(reader.push(bytes.subarray(-1))).toStrictEqual({ sender: from, message: sent })
        expect(reader.push(new Uint8Array(0))).toBeUndefined()
      }),
      { numRuns: 20 },
    )
  })

  add('a stream with one byte changed is a fault, or waits for ever where it announces more', () => {
    fc.assert(
      fc.property(sender, message, fc.integer({ min: 1, max: 255 }), (from, sent, change) => {
        const bytes = streamOf(codec, from, sent)
        for (let at = 0; at < bytes.length; at += 1 + (at >>> 7)) {
          const mutated = bytes.slice()
          mutated[at] = mutated[at]! ^ change
          const outcome = codec.streamReader().push(mutated)
          const isLength = at === 10 || (at >= headerBytes && at < headerBytes + 4)
          expect(outcome === undefined ? isLength : isFault(outcome)).toBe(true)
        }
      }),
      { numRuns: 20 },
    )
  })

  add('bytes after the end of a stream are a fault, and a fault stays', () => {
    const bytes = streamOf(codec, someone, nack)
    const atOnce = codec.streamReader()
    expect(atOnce.push(Uint8Array.of(...bytes, 0))).toMatchObject({ fault: 'malformed' })
    const later = codec.streamReader()
    expect(later.push(bytes)).toMatchObject({ message: nack })
    expect(later.push(Uint8Array.of(0))).toMatchObject({ fault: 'malformed' })
    expect(later.push(bytes)).toMatchObject({ fault: 'malformed' })
  })

  add('random bytes are a fault and never an exception', () => {
    const known = codec.bundle(someone, [codec.encode(nack)], undefined)
    const stream = streamOf(codec, someone, nack)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(30), (random, kept) => {
        expect(isFault(codec.decode(random))).toBe(true)
        expect(isFault(codec.decode(Uint8Array.of(...known.subarray(0, kept), ...random)))).toBe(true)
        for (const bytes of [random, Uint8Array.of(...stream.subarray(0, kept), ...random)]) {
          const outcome = codec.streamReader().push(bytes)
          expect(outcome === undefined || isFault(outcome)).toBe(true)
        }
      }),
      { numRuns: 1_000 },
    )
  })

  add("another cluster's packets and streams are a fault that names both", () => {
    const other = open({ cluster: 'pröd "2"\n' })
    const packet = other.bundle(someone, [other.encode(nack)], undefined)
    const expected = { fault: 'cluster', detail: 'cluster is "pröd \\"2\\"\\n", ours is "test"' }
    expect(codec.decode(packet)).toEqual(expected)
    expect(codec.streamReader().push(streamOf(other, someone, nack))).toEqual(expected)
    const longer = open({ cluster: 'test2' })
    expect(codec.decode(longer.bundle(someone, [], undefined))).toMatchObject({ fault: 'cluster' })
    const none = open({ cluster: '' })
    expect(codec.decode(none.bundle(someone, [], undefined))).toMatchObject({ fault: 'cluster' })
    expect(none.decode(none.bundle(someone, [], undefined))).toMatchObject({ sender: someone })
    expect(none.decode(packet)).toMatchObject({ fault: 'cluster' })
    expect(none.streamReader().push(streamOf(none, someone, nack))).toMatchObject({ message: nack })
  })

  add('a packet larger than allowed is a fault', () => {
    const body = new Uint8Array(400)
    const packet = codec.bundle(someone, [codec.encode({ type: 'user', body })], undefined)
    expect(open({ maxPacketBytes: packet.length - 1 }).decode(packet)).toMatchObject({ fault: 'too-big' })
    expect(isFault(open({ maxPacketBytes: packet.length }).decode(packet))).toBe(false)
  })

  add('a stream larger than allowed is a fault as soon as its length is known', () => {
    const bytes = streamOf(codec, someone, { type: 'user', body: new Uint8Array(5_000) })
    const reader = open({ maxStreamBytes: 1_000 }).streamReader()
    expect(reader.push(bytes.subarray(0, headerBytes + 3))).toBeUndefined()
    expect(reader.push(bytes.subarray(headerBytes + 3, headerBytes + 4))).toMatchObject({ fault: 'too-big' })
  })

  add('streams under way at the same time do not get in the way of each other', () => {
    const senders = [someone, { ...someone, name: 'other', boot: 8n }]
    const streams = senders.map((from) => codec.encodeStream(from, tableOf(1_000))[Symbol.iterator]())
    const readers = senders.map(() => codec.streamReader())
    const outcomes: ReturnType<StreamReader['push']>[] = []
    for (let ended = 0; ended < streams.length; ) {
      ended = 0
      streams.forEach((stream, i) => {
        const next = stream.next()
        if (next.done) ended++
        else outcomes[i] = readers[i]!.push(next.value)
      })
    }
    expect(outcomes).toStrictEqual(senders.map((from) => ({ sender: from, message: tableOf(1_000) })))
  })

  add('many records together may not pass the bound either', () => {
    const chunks = [...codec.encodeStream(someone, tableOf(2_000))]
    const total = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    const reader = open({ maxStreamBytes: Math.floor(total / 2) }).streamReader()
    const outcomes = chunks.map((chunk) => reader.push(chunk))
    expect(outcomes[0]).toBeUndefined()
    expect(outcomes.at(-1)).toMatchObject({ fault: 'too-big' })
  })

  add('a table goes out in chunks of at most 64 KiB, read only as they are taken', () => {
    let taken = 0
    const { entries, ...rest } = tableOf(2_000)
    function* counted(): Generator<SyncEntry> {
      for (const entry of entries) {
        taken++
        yield entry
      }
    }
    const stream = codec.encodeStream(someone, { ...rest, entries: counted() })[Symbol.iterator]()
    expect(taken).toBe(0)
    const reader = codec.streamReader()
    let outcome: ReturnType<StreamReader['push']>
    let chunks = 0
    for (let next = stream.next(); !next.done; next = stream.next()) {
      expect(outcome).toBeUndefined()
      expect(next.value.length).toBeLessThanOrEqual(65_536)
      if (chunks++ === 0) expect(taken).toBeLessThan(1_000)
      // The codec is used for other things meanwhile.
      codec.bundle({ ...someone, boot: 99n }, [codec.encode(nack)], undefined)
      outcome = reader.push(next.value)
    }
    expect(chunks).toBeGreaterThan(2)
    expect(outcome).toStrictEqual({ sender: someone, message: tableOf(2_000) })
  })

  add('a part that is larger than a record goes in one of its own', () => {
    const state = new Uint8Array(200_000).fill(7)
    const sent: Message = { ...tableOf(3), state }
    expect(pushAll(codec.streamReader(), streamOf(codec, someone, sent))).toStrictEqual({
      sender: someone,
      message: sent,
    })
  })

  add('too much of anything is a RangeError on the way out', () => {
    const { entries } = tableOf(1)
    const [entry] = entries as [SyncEntry]
    const claim = (changes: object): Message => ({
      type: 'alive',
      incarnation: 1,
      record: { ...entry.record, ...changes },
    })
    const wrong: readonly Message[] = [
      { type: 'nack', seq: 2 ** 32 },
      { type: 'nack', seq: -1 },
      { type: 'nack', seq: 0.5 },
      { type: 'nack', seq: Number.NaN },
      { type: 'ping', seq: 1, target: '', boot: undefined },
      { type: 'ping', seq: 1, target: 'with space', boot: undefined },
      { type: 'ping', seq: 1, target: 'é'.repeat(65), boot: undefined },
      { type: 'ping', seq: 1, target: 'a', boot: 2n ** 64n },
      { type: 'ping', seq: 1, target: 'a', boot: -1n },
      { type: 'pingReq', nackAfter: 1, targets: [] },
      { type: 'suspect', name: 'a', incarnation: 1, accusations: [] },
      {
        type: 'suspect',
        name: 'a',
        incarnation: 1,
        accusations: Array(17).fill({ accuser: 'b', evidence: 'heard' }),
      },
      { type: 'custom', channel: 'c'.repeat(33), body: new Uint8Array(0) },
      claim({ capabilities: Array(33).fill('x') }),
      claim({ capabilities: ['x'.repeat(65)] }),
      claim({ data: new Uint8Array(65_537) }),
      claim({ opaque: new Uint8Array(1_025) }),
      claim({ address: { host: '', port: 1 } }),
      claim({ address: { host: '10.0.0.1', port: 65_536 } }),
      claim({ protocolMin: 0 }),
      claim({ protocolMin: 2, protocolMax: 1 }),
      { ...tableOf(1), entries: [{ ...entry, incarnation: 1, recordIncarnation: 2 }] },
    ]
    for (const one of wrong)
      expect(() => codec.encode(one), JSON.stringify(one, showBigint)).toThrow(RangeError)
    expect(() => codec.bundle({ ...someone, name: 'a b' }, [], undefined)).toThrow(RangeError)
    expect(() =>
      codec
        .encodeStream({ ...someone, incarnation: -1 }, nack)
        [Symbol.iterator]()
        .next(),
    ).toThrow(RangeError)
    // And the codec is as good as before.
    expect(codec.decode(codec.bundle(someone, [codec.encode(nack)], undefined))).toMatchObject({
      messages: [nack],
    })
  })

  add('the text of an error is cut at the end of a character', () => {
    const sent: Message = { type: 'error', code: 'busy', message: `x${'é'.repeat(400)}` }
    const cut = { ...sent, message: `x${'é'.repeat(255)}` }
    expect(codec.decode(codec.bundle(someone, [codec.encode(sent)], undefined))).toMatchObject({
      messages: [cut],
    })
  })

  add('a cluster label of more than 255 bytes is refused at once', () => {
    expect(() => open({ cluster: 'é'.repeat(128) })).toThrow(RangeError)
    expect(() => open({ cluster: 'é'.repeat(127) })).not.toThrow()
  })

  return cases
}

/** What only a sealer gives: that nothing can be taken out, moved or brought in. */
function sealedCases(plugin: CodecPlugin): CodecCase[] {
  const sealer = new FakeSealer()
  const codec = plugin.open({ ...context, sealer })
  const plain = plugin.open(context)
  return [
    {
      name: 'a node with a key refuses plain packets and streams, and one without refuses sealed ones',
      run: () => {
        for (const [from, to] of [
          [codec, plain],
          [plain, codec],
        ] as const) {
          expect(to.decode(from.bundle(someone, [from.encode(nack)], undefined))).toMatchObject({
            fault: 'sealed',
          })
          expect(to.streamReader().push(streamOf(from, someone, nack))).toMatchObject({ fault: 'sealed' })
        }
      },
    },
    {
      name: 'packets and streams under another key are refused',
      run: () => {
        const other = plugin.open({ ...context, sealer: new FakeSealer(0xbad) })
        expect(codec.decode(other.bundle(someone, [], undefined))).toMatchObject({ fault: 'sealed' })
        expect(codec.streamReader().push(streamOf(other, someone, nack))).toMatchObject({ fault: 'sealed' })
      },
    },
    {
      name: "the sender's boot is readable without a key, in packets and streams",
      run: () => {
        const from = { ...someone, boot: 0x0102030405060708n }
        for (const bytes of [codec.bundle(from, [], undefined), streamOf(codec, from, nack)])
          expect([...bytes.subarray(2, 10)]).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
      },
    },
    {
      name: "a stream's records can't be cut off, left out, moved or spliced in from another stream",
      run: () => {
        const a = [...codec.encodeStream(someone, tableOf(2_000))]
        const b = [...codec.encodeStream(someone, tableOf(2_000))]
        expect(a.length).toBeGreaterThan(3)
        const last = a.length - 1
        const refused: Record<string, readonly Uint8Array[]> = {
          'left out': a.filter((_, i) => i !== 1),
          moved: [a[0]!, a[2]!, a[1]!, ...a.slice(3)],
          repeated: [a[0]!, a[1]!, a[1]!, ...a.slice(2)],
          'spliced in': [a[0]!, b[1]!, ...a.slice(2)],
          'spliced at the end': [...a.slice(0, last), b[last]!],
        }
        for (const [how, chunks] of Object.entries(refused)) {
          expect(codec.streamReader().push(join(chunks)), how).toMatchObject({ fault: 'sealed' })
        }
        const cut = a.slice(0, last)
        expect(pushAll(codec.streamReader(), ...cut)).toBeUndefined()
        // The last of those that are left is made to say that it is the last.
        const ended = cut.at(-1)!.slice()
        ended[0] = ended[0]! | 0x80
        expect(pushAll(codec.streamReader(), ...cut.slice(0, -1), ended)).toMatchObject({ fault: 'sealed' })
      },
    },
    {
      name: 'a record is opened once, however small the chunks that bring it',
      run: () => {
        const chunks = [...codec.encodeStream(someone, tableOf(500))]
        const bytes = join(chunks)
        const reader = codec.streamReader()
        sealer.opened = 0
        for (let at = 0; at < bytes.length; at += 7) reader.push(bytes.subarray(at, at + 7))
        expect(sealer.opened).toBe(chunks.length)
      },
    },
    {
      name: 'a late record that is wrong leaves no message',
      run: () => {
        const chunks = [...codec.encodeStream(someone, tableOf(2_000))]
        const wrong = chunks.at(-1)!.slice()
        wrong[wrong.length - 20] = wrong[wrong.length - 20]! ^ 1
        const reader = codec.streamReader()
        for (const chunk of chunks.slice(0, -1)) expect(reader.push(chunk)).toBeUndefined()
        expect(reader.push(wrong)).toMatchObject({ fault: 'sealed' })
        expect(reader.push(chunks.at(-1)!)).toMatchObject({ fault: 'sealed' })
      },
    },
  ]
}

/** A sync with that many entries, of the size that real ones have. */
export function tableOf(count: number): Message & { readonly type: 'sync'; readonly entries: SyncEntry[] } {
  const entries = Array.from(
    { length: count },
    (_, i): SyncEntry => ({
      record: {
        name: `node-${i}`,
        boot: BigInt(i),
        startedAt: 1_790_000_000_000,
        address: { host: `10.0.${i >>> 8}.${i & 255}`, port: 7946 },
        streams: true,
        leaving: false,
        protocolMin: 1,
        protocolMax: 1,
        capabilities: ['detector:pingack'],
        data: new Uint8Array(100).fill(i),
        opaque: undefined,
      },
      recordIncarnation: i,
      status: 1,
      incarnation: i + 1,
      age: 0,
      accusations: [{ accuser: 'node-1', evidence: 'timeout' }],
    }),
  )
  const config = { epoch: 1, detector: 'pingack', suspicion: true }
  return { type: 'sync', join: false, digest: undefined, config, entries, state: undefined }
}

export const context: CodecContext = {
  cluster: 'test',
  sealer: undefined,
  maxPacketBytes: 1 << 20,
  maxStreamBytes: 1 << 22,
}

export const someone: Sender = { name: 'someone', boot: 7n, incarnation: 3 }

/** Bytes before the first record of a stream. */
export const headerBytes = 11 + context.cluster.length

const nack: Message = { type: 'nack', seq: 1 }

export const streamOf = (codec: Codec, from: Sender, sent: Message): Uint8Array =>
  join([...codec.encodeStream(from, sent)])

export function pushAll(
  reader: StreamReader,
  ...chunks: readonly Uint8Array[]
): ReturnType<StreamReader['push']> {
  let outcome: ReturnType<StreamReader['push']>
  for (const chunk of chunks) outcome = reader.push(chunk)
  return outcome
}

function join(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0))
  let at = 0
  for (const chunk of chunks) {
    whole.set(chunk, at)
    at += chunk.length
  }
  return whole
}

const showBigint = (_key: string, value: unknown): unknown => (typeof value === 'bigint' ? `${value}` : value)
