import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameReader, frame, PREFACE } from './frame.ts'

function bytes(...parts: Uint8Array[]): Uint8Array {
  return Uint8Array.from(parts.flatMap((part) => [...part]))
}

function read(reader: FrameReader, ...chunks: Uint8Array[]) {
  const packets: Uint8Array[] = []
  const sound = chunks.map((chunk) => reader.push(chunk, (packet) => packets.push(packet.slice())))
  return { sound, packets }
}

describe('frames', () => {
  it('come back whole and in order, however they are cut', () => {
    const packet = fc.uint8Array({ maxLength: 600 })
    fc.assert(
      fc.property(
        fc.array(packet, { maxLength: 8 }),
        fc.array(fc.nat(), { maxLength: 20 }),
        (packets, cuts) => {
          const wire = bytes(PREFACE, ...packets.map(frame))
          const places = [
            0,
            ...cuts.map((cut) => cut % (wire.byteLength + 1)).sort((a, b) => a - b),
            wire.byteLength,
          ]
          const chunks = places.slice(1).map((end, i) => wire.slice(places[i], end))
          const result = read(new FrameReader(600), ...chunks)
          expect(result.sound.every(Boolean)).toBe(true)
          expect(result.packets).toEqual(packets)
        },
      ),
    )
  })

  it('come back byte by byte', () => {
    const packets = [Uint8Array.of(1, 2, 3), new Uint8Array(0), Uint8Array.of(4)]
    const wire = bytes(PREFACE, ...packets.map(frame))
    expect(read(new FrameReader(3), ...[...wire].map((byte) => Uint8Array.of(byte))).packets).toEqual(packets)
  })

  it('one larger than allowed is not sound, and what came before it was delivered', () => {
    const wire = bytes(PREFACE, frame(new Uint8Array(10)), frame(new Uint8Array(11)))
    expect(read(new FrameReader(10), wire)).toEqual({ sound: [false], packets: [new Uint8Array(10)] })
  })

  it.each([0, 1, 2, 3])('a preface wrong in byte %i is not sound', (at) => {
    const wire = PREFACE.slice()
    wire[at]! ^= 1
    expect(read(new FrameReader(10), wire).sound).toEqual([false])
  })

  it('a frame says its length in two bytes, most significant first', () => {
    const framed = frame(new Uint8Array(0x0102).fill(7))
    expect([...framed.subarray(0, 3)]).toEqual([1, 2, 7])
    expect(framed).toHaveLength(2 + 0x0102)
  })

  it('a frame does not share memory with its packet', () => {
    const packet = Uint8Array.of(1)
    const framed = frame(packet)
    packet[0] = 9
    expect(framed[2]).toBe(1)
  })
})
