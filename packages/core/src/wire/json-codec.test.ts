import { describe, expect, test } from 'vitest'
import { crc32 } from './crc32.ts'
import { jsonCodec } from './json-codec.ts'
import type { Message } from './message.ts'
import { FakeSealer } from './testing/fake-sealer.ts'
import { context, headerBytes, someone, streamOf } from './testing/samples.ts'

const codec = jsonCodec().open(context)
const nack: Message = { type: 'nack', seq: 5 }
const head = '{"version":1,"cluster":"test","name":"someone","boot":"0000000000000007","incarnation":3}'

describe('the JSON codec', () => {
  test('a packet is text: a checksum, then lines of JSON', () => {
    const packet = codec.bundle(someone, [codec.encode({ type: 'user', body: bytes('hi') })], undefined)
    const lines = `${head}\n{"type":"user","body":"text:hi"}\n`
    expect(text(packet)).toBe(`${sum(lines)} ${lines}`)
  })

  test('parts of unknown types and unknown fields are skipped', () => {
    expect(decode(`${head}\n{"type":"future"}\n{"type":"nack","seq":5,"more":{}}\n`)).toEqual({
      sender: someone,
      messages: [nack],
      skipped: 1,
    })
  })

  test('an ack may have a coordinate, which those of older builds have not', () => {
    const old = `${head}\n{"type":"ack","seq":5}\n`
    expect(decode(old)).toMatchObject({ messages: [{ type: 'ack', seq: 5, coordinate: undefined }] })
    const now = { type: 'ack', seq: 5, payload: undefined, coordinate: Uint8Array.of(60, 0) } as const
    expect(text(codec.encode(now))).toBe('{"type":"ack","seq":5,"coordinate":"hex:3c00"}\n')
    expect(decode(`${head}\n${text(codec.encode(now))}`)).toMatchObject({ messages: [now] })
  })

  test('another version is a fault of its own', () => {
    expect(decode(`${head.replace('"version":1', '"version":2')}\n`)).toMatchObject({ fault: 'version' })
  })

  test('another version is a fault of its own of what is sealed as well, and half a header malformed', () => {
    const sealed = jsonCodec().open({ ...context, sealer: new FakeSealer() })
    const packet = sealed.bundle(someone, [], undefined)
    packet[1] = 2
    for (const each of [sealed, codec]) expect(each.decode(packet)).toMatchObject({ fault: 'version' })
    expect(sealed.decode(packet.subarray(0, 1))).toMatchObject({ fault: 'malformed' })
  })

  test.each([
    ['', 'nothing at all'],
    [`${head}`, 'a line without an end'],
    [`${head}\n\n`, 'an empty line'],
    [`${head}\nnull\n`, 'null'],
    [`${head}\n[]\n`, 'an array'],
    [`${head}\n{"type":1}\n`, 'a type that is no text'],
    [`${head}\n{"type":"nack"}\n`, 'a field that is missing'],
    [`${head}\n{"type":"nack","seq":"1"}\n`, 'text for a number'],
    [`${head}\n{"type":"nack","seq":1e400}\n`, 'an infinite number'],
    [`${head}\n{"type":"nack","seq":-1}\n`, 'a negative number'],
    [`${head}\n{"type":"user","body":"aGk="}\n`, 'bytes in another notation'],
    [`${head}\n{"type":"user","body":"hex:0"}\n`, 'half a byte'],
    [`${head}\n{"type":"ping","seq":1,"target":"a b"}\n`, 'a name with a space'],
    [`${head}\n{"type":"ping","seq":1,"target":"a","boot":"7"}\n`, 'a short boot'],
    [`${head}\n{"type":"__proto__"\n`, 'half an object'],
    [`${head}\n${'['.repeat(100_000)}\n`, 'an endless array'],
    [head.replace('"name":"someone",', ''), 'a sender without a name'],
  ])('%j is malformed: %s', (lines) => {
    expect(decode(lines)).toMatchObject({ fault: 'malformed' })
  })

  test('names of Object.prototype are unknown types', () => {
    expect(decode(`${head}\n{"type":"constructor"}\n{"type":"__proto__"}\n`)).toMatchObject({ skipped: 2 })
  })

  test('the boot in the clear, from which keys are derived, must be that of the sealed lines', () => {
    const sealer = new FakeSealer()
    const sealed = jsonCodec().open({ ...context, sealer })
    const header = sealed.bundle({ ...someone, boot: 8n }, [], undefined).subarray(0, headerBytes)
    const packet = Uint8Array.of(...header, ...sealer.seal(bytes(`${head}\n`), header))
    expect(sealed.decode(packet)).toEqual({ fault: 'malformed', detail: "the boot is not the header's" })
  })

  test('streams hold the same lines', () => {
    expect(text(streamOf(codec, someone, nack))).toContain(`${head}\n{"type":"nack","seq":5}\n`)
  })
})

function decode(lines: string): ReturnType<typeof codec.decode> {
  return codec.decode(bytes(`${sum(lines)} ${lines}`))
}

const bytes = (shown: string): Uint8Array => new TextEncoder().encode(shown)
const text = (packet: Uint8Array): string => new TextDecoder().decode(packet)
const sum = (lines: string): string => crc32(bytes(lines)).toString(16).padStart(8, '0')
