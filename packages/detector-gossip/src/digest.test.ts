import { ByteReader, ByteWriter } from '@swimkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DigestReader, DigestWriter, leastDigestBytes } from './digest.ts'

fc.configureGlobal({ seed: 20_260_205 })

type Entry =
  | { readonly id: number; readonly heartbeat: number }
  | { readonly name: string; readonly heartbeat: number }

const heartbeat = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }))
const entries: fc.Arbitrary<Entry[]> = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ id: fc.integer({ min: 1, max: 0xffff_ffff }), heartbeat }) },
    { weight: 1, arbitrary: fc.record({ name: fc.stringMatching(/^[a-zé0-9-]{1,40}$/), heartbeat }) },
  ),
  { maxLength: 60 },
)

const writer = new DigestWriter()
const reader = new DigestReader()

function written(all: readonly Entry[], push: boolean, limit: number): { bytes: Uint8Array; held: Entry[] } {
  writer.begin(push, limit)
  const held = all.filter((entry) => {
    if ('name' in entry) return writer.named(entry.name, entry.heartbeat)
    if (!writer.hasRoom) return false
    writer.short(entry.id, entry.heartbeat)
    return true
  })
  return { bytes: writer.finish(), held }
}

function read(bytes: Uint8Array): { push: boolean; entries: Entry[] } | undefined {
  if (!reader.read(new ByteReader(bytes))) return undefined
  let name = 0
  const found: Entry[] = []
  for (let i = 0; i < reader.count; i++) {
    const beat = reader.heartbeats[i]!
    found.push(
      reader.ids[i] === 0
        ? { name: reader.names[name++]!, heartbeat: beat }
        : { id: reader.ids[i]!, heartbeat: beat },
    )
  }
  return { push: reader.push, entries: found }
}

describe('a digest', () => {
  test('says what was put into it, within its budget', () => {
    fc.assert(
      fc.property(
        entries,
        fc.boolean(),
        fc.integer({ min: leastDigestBytes, max: 700 }),
        (all, push, limit) => {
          const { bytes, held } = written(all, push, limit)
          expect(bytes.length).toBeLessThanOrEqual(limit)
          expect(read(bytes)).toEqual({ push, entries: held })
        },
      ),
    )
  })

  test('of any size has room for the longest name', () => {
    const name = 'x'.repeat(128)
    expect(written([{ name, heartbeat: 0xffff_ffff }], true, leastDigestBytes).held).toHaveLength(1)
  })

  test('as others write it reads the same', () => {
    const bytes = new ByteWriter()
      .u8(0x11)
      .u32(7)
      .varint32(300)
      .u32(0)
      .name('other')
      .varint32(5)
      .u32(0xffff_ffff)
      .varint32(0xffff_ffff)
    expect(read(bytes.finish())).toEqual({
      push: false,
      entries: [
        { id: 7, heartbeat: 300 },
        { name: 'other', heartbeat: 5 },
        { id: 0xffff_ffff, heartbeat: 0xffff_ffff },
      ],
    })
  })

  test('that is cut off, or has bytes too many, is none', () => {
    const { bytes } = written(
      [
        { id: 9, heartbeat: 70_000 },
        { name: 'b', heartbeat: 300 },
        { id: 5, heartbeat: 200 },
      ],
      true,
      700,
    )
    const ends = new Set([1, 8, 16])
    for (let length = 0; length < bytes.length; length++) {
      expect(read(bytes.subarray(0, length)) !== undefined, `${length} bytes`).toBe(ends.has(length))
    }
    expect(read(Uint8Array.from([...bytes, 0]))).toBeUndefined()
  })

  test.each<[what: string, bytes: number[]]>([
    ['of another format', [0x20]],
    ['of another kind', [0x12]],
    ['with a heartbeat in more bytes than it takes', [0x10, 0, 0, 0, 1, 0x80, 0]],
    ['with a heartbeat above 2³² − 1', [0x10, 0, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['with a heartbeat of six bytes', [0x10, 0, 0, 0, 1, 0x80, 0x80, 0x80, 0x80, 0x80, 1]],
    ['with a name that is none', [0x10, 0, 0, 0, 0, 1, 0x20, 1]],
    ['without a name', [0x10, 0, 0, 0, 0, 0, 1]],
  ])('%s is none', (_, bytes) => {
    expect(read(Uint8Array.from(bytes))).toBeUndefined()
  })

  test('of random bytes is read or not, and harms nobody', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, head) => {
        if (head && bytes.length > 0) bytes[0] = 0x10
        const found = read(bytes)
        if (found === undefined) return
        // There is one way to write it.
        expect(written(found.entries, found.push, 65_507).bytes).toEqual(bytes)
      }),
      { numRuns: 2_000 },
    )
  })

  test('of the largest packet there is is read whole', () => {
    const { bytes, held } = written(
      Array.from({ length: 20_000 }, (_, i) => ({ id: i + 1, heartbeat: 1 })),
      true,
      65_507,
    )
    expect(bytes.length).toBeGreaterThan(65_490)
    expect(read(bytes)?.entries).toHaveLength(held.length)
  })

  test.each([
    [65_507, 300, true],
    [65_508, 20_000, false],
  ])('of %i bytes, as over a stream it may have: whether it is one', (size, heartbeat, isOne) => {
    const writer = new ByteWriter().u8(0x10)
    for (let id = 1; id <= 13_100; id++) writer.u32(id).varint32(1)
    const bytes = writer.u32(20_000).varint32(heartbeat).finish()
    expect([bytes.length, read(bytes) !== undefined]).toEqual([size, isOne])
  })
})
