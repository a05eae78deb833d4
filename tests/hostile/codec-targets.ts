import { type Codec, type CodecPlugin, isFault, jsonCodec, type Sealer, swimCodec } from '@swimkit/core'
import fc from 'fast-check'
import { messagesByType, sender } from '../../packages/conformance/src/codec/arbitraries.ts'
import { FakeSealer } from '../../packages/core/src/wire/testing/fake-sealer.ts'
import { holdRepeatable, holdSame, holdSound, type Outcome } from './decoded.ts'
import { cluster, join, jsonPacket, type magic, stream, summed, swimPacket } from './framing.ts'
import { damageLines } from './json-bytes.ts'
import { damageParts } from './swim-bytes.ts'
import { hold, type Target } from './target.ts'

const maxPacketBytes = 65_535
const maxBytes = 4_096

type Format = keyof typeof magic

const plugins: Readonly<Record<Format, () => CodecPlugin>> = { swim: swimCodec, json: jsonCodec }
const damages = { swim: damageParts, json: damageLines } as const
const packetOf = { swim: swimPacket, json: jsonPacket } as const
/** Bytes that a packet begins and ends with, around what is an input here. */
const around = { swim: [11 + cluster.length, 4], json: [9, 0] } as const

const open = (format: Format, sealer: Sealer | undefined): Codec =>
  plugins[format]().open({ cluster, sealer, maxPacketBytes, maxStreamBytes: 1 << 20 })

const anyMessages = fc.oneof(...Object.values(messagesByType))

/** What is within the seal of a packet: the sender, and parts. */
const packet = (format: Format): Target => ({
  name: `${format}-packet`,
  maxBytes,
  valid: fc.tuple(sender, fc.array(anyMessages, { maxLength: 3 })).map(([from, messages]) => {
    const codec = open(format, undefined)
    const bytes = codec.bundle(
      from,
      messages.map((message) => codec.encode(message)),
      undefined,
    )
    const [before, after] = around[format]
    return bytes.slice(before, bytes.length - after)
  }),
  damage: damages[format],
  check: (input) => {
    const codec = open(format, undefined)
    const plain = checkDecoding(codec, packetOf[format](input, undefined))
    // What it has interned by now must not show in what it makes of others that are much the same.
    for (let number = 1; number <= 3; number++) {
      const similar = input.slice()
      const at = (number * 7_919) % Math.max(1, similar.length)
      similar[at] = similar[at]! ^ number
      const bytes = packetOf[format](similar, undefined)
      holdSame(
        codec.decode(bytes),
        open(format, undefined).decode(bytes),
        'one packet changes what another is',
      )
    }
    const sealed = open(format, new FakeSealer()).decode(packetOf[format](input, new FakeSealer()))
    // The boot in the clear is another one in the JSON of a plain packet.
    if (format === 'swim')
      holdSame(sealed, plain, 'a sealed packet is understood as another than a plain one')
  },
})

/** A whole packet, its first byte and its label included; the checksum alone is put right. */
const raw: Target = {
  name: 'raw-packet',
  maxBytes,
  valid: fc
    .tuple(fc.constantFrom<Format>('swim', 'json'), sender, anyMessages)
    .map(([format, from, message]) => {
      const codec = open(format, undefined)
      const bytes = codec.bundle(from, [codec.encode(message)], undefined)
      return format === 'swim' ? bytes.slice(0, -4) : bytes
    }),
  check: (input) => {
    for (const format of ['swim', 'json'] as const) {
      for (const sealer of [undefined, new FakeSealer()]) {
        const codec = open(format, sealer)
        const outcome = checkDecoding(codec, format === 'swim' ? summed(input) : input)
        hold(
          sealer === undefined || isFault(outcome ?? { fault: 'none' }),
          'something plain was accepted where all is sealed',
        )
        const chunks = codec.streamReader()
        holdSound(chunks.push(input), input)
      }
    }
  },
}

/** Mostly in one record, which is all right; else cut anywhere. */
const arrivals = fc.oneof(
  fc.nat(31).map((pieces) => pieces << 2),
  fc.nat(255),
)

/**
 * What is within the seals of a stream's records. The first byte says into how many records the rest is cut, whether one of them is empty, and how the stream arrives: what
 * comes of it must not depend on that.
 */
const streamed = (format: Format): Target => ({
  name: `${format}-stream`,
  maxBytes,
  valid: fc.tuple(sender, anyMessages, arrivals).map(([from, message, cuts]) => {
    const codec = open(format, undefined)
    const bytes = join(...codec.encodeStream(from, message))
    // One record: after the header a length, and a checksum behind it.
    return join(Uint8Array.of(cuts), bytes.slice(11 + cluster.length + 4, -4))
  }),
  damage: (input, draw, other) =>
    join(input.slice(0, 1), damages[format](input.slice(1), draw, other.slice(1))),
  check: (input) => {
    const cuts = input[0] ?? 0
    const plain = input.slice(1)
    const size = Math.max(1, Math.ceil(plain.length / (1 + (cuts & 3))))
    const records = Array.from({ length: Math.max(1, Math.ceil(plain.length / size)) }, (_, i) =>
      plain.slice(i * size, (i + 1) * size),
    )
    // Records of nothing could go on for ever within the bound of a message.
    if ((cuts & 0x80) !== 0) records.splice(cuts & 3, 0, new Uint8Array(0))
    const outcomes = [undefined, new FakeSealer()].map((sealer) => {
      const codec = open(format, sealer)
      const bytes = stream(format, records, sealer)
      const whole = codec.streamReader().push(bytes)
      holdSound(whole, bytes)
      hold((cuts & 0x80) === 0 || (whole !== undefined && isFault(whole)), 'an empty record was accepted')
      holdSame(
        inChunks(codec, bytes, 1 + ((cuts >> 2) & 31) * 7),
        whole,
        'a stream depends on how it is cut up',
      )
      holdRepeatable(whole, codec, maxPacketBytes)
      return whole
    })
    if (format === 'swim') {
      holdSame(outcomes[1], outcomes[0], 'a sealed stream is understood as another than a plain one')
    }
  },
})

/** Decodes often enough that what is interned is used, and looks at what comes of it. */
function checkDecoding(codec: Codec, bytes: Uint8Array): Outcome {
  const before = bytes.slice()
  const outcome = codec.decode(bytes)
  holdSound(outcome, bytes)
  // What comes a second time is kept, and what comes a third time is what was kept.
  for (let time = 2; time <= 3; time++) {
    holdSame(codec.decode(bytes), outcome, `the same packet is another the next time`)
  }
  holdSame(bytes, before, 'a packet was changed by being read')
  holdRepeatable(outcome, codec, maxPacketBytes)
  return outcome
}

function inChunks(codec: Codec, bytes: Uint8Array, size: number): Outcome {
  const reader = codec.streamReader()
  let outcome: Outcome
  for (let at = 0; at < bytes.length && outcome === undefined; at += size) {
    outcome = reader.push(bytes.slice(at, at + size))
  }
  return outcome
}

export const codecTargets: readonly Target[] = [
  packet('swim'),
  packet('json'),
  raw,
  streamed('swim'),
  streamed('json'),
]
