import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter, varintLength } from './byte-writer.ts'
import { NameTable } from './names.ts'

describe('varints', () => {
  test.each([
    [0, [0]],
    [1, [1]],
    [127, [0x7f]],
    [128, [0x80, 0x01]],
    [300, [0xac, 0x02]],
    [2 ** 21 - 1, [0xff, 0xff, 0x7f]],
    [2 ** 31, [0x80, 0x80, 0x80, 0x80, 0x08]],
    [2 ** 32 - 1, [0xff, 0xff, 0xff, 0xff, 0x0f]],
    [2 ** 32, [0x80, 0x80, 0x80, 0x80, 0x10]],
    [2 ** 53 - 1, [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f]],
  ])('%d', (value, bytes) => {
    expect([...new ByteWriter().varint(value).finish()]).toEqual(bytes)
    expect(varintLength(value)).toBe(bytes.length)
    const r = new ByteReader(Uint8Array.from(bytes))
    expect([r.varint(), r.remaining, r.ok]).toEqual([value, 0, true])
  })

  test.each([
    ['cut', [0x80]],
    ['longer than it need be', [0x80, 0x00]],
    ['zero in three bytes', [0x80, 0x80, 0x00]],
    ['2^53', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['nine bytes', [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01]],
  ])('%s is refused', (_, bytes) => {
    const r = new ByteReader(Uint8Array.from(bytes))
    expect([r.varint(), r.ok]).toEqual([0, false])
  })

  test('more than the most is refused, by the reader and by the writer', () => {
    const r = new ByteReader(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x10))
    expect([r.varint32(), r.ok]).toEqual([0, false])
    const small = new ByteReader(Uint8Array.of(5))
    expect([small.varint(4), small.ok]).toEqual([0, false])
    for (const wrong of [2 ** 53, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => new ByteWriter().varint(wrong)).toThrow(RangeError)
    expect(() => new ByteWriter().varint32(2 ** 32)).toThrow(RangeError)
  })

  test('every number comes back in the foretold length', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.nat(52), (large, shift) => {
        const value = Math.floor(large / 2 ** shift)
        const bytes = new ByteWriter().varint(value).finish()
        return bytes.length === varintLength(value) && new ByteReader(bytes).varint() === value
      }),
    )
  })
})

test('what a writer wrote, a reader reads', () => {
  const w = new ByteWriter(1)
  w.u8(255)
    .u16(0xfffe)
    .u32(0xffff_fffd)
    .u64(2n ** 64n - 1n)
    .u64(1n)
  w.string8('é')
    .string('x'.repeat(300))
    .string8('')
    .name('node-1')
    .name('名前')
    .bytes(Uint8Array.of(1, 2, 3))
  const r = new ByteReader(w.finish())
  expect([r.u8(), r.u16(), r.u32(), r.u64(), r.u64()]).toEqual([255, 0xfffe, 0xffff_fffd, 2n ** 64n - 1n, 1n])
  expect([r.string8(), r.string(), r.string8()]).toEqual(['é', 'x'.repeat(300), ''])
  expect([r.name(), r.name(), [...r.bytes(1)], [...r.rest()]]).toEqual(['node-1', '名前', [1], [2, 3]])
  expect([r.remaining, r.ok, w.length]).toEqual([0, true, 0])
})

describe('after the first failure', () => {
  const reads: Readonly<Record<string, (r: ByteReader) => unknown>> = {
    u8: (r) => r.u8(),
    u16: (r) => r.u16(),
    u32: (r) => r.u32(),
    u64: (r) => r.u64(),
    varint: (r) => r.varint(),
    bytes: (r) => r.bytes(1).length,
    copy: (r) => r.copy(1).length,
    rest: (r) => r.rest().length,
    string8: (r) => r.string8(),
    string: (r) => r.string(),
    name: (r) => r.name(),
    skip: (r) => r.skip(0),
  }
  test.each(Object.keys(reads))('%s gives nothing', (name) => {
    const r = new ByteReader(Uint8Array.of(1, 0x61, 1, 0x61, 1, 0x61, 1, 0x61, 1, 0x61))
    r.fail()
    expect([0, 0n, '', -1]).toContain(reads[name]!(r))
    expect([r.ok, r.remaining]).toEqual([false, 0])
    r.leave(r.enter(1))
    expect(r.u8()).toBe(0)
    expect(r.reset(Uint8Array.of(7)).u8()).toBe(7)
  })
})

test.each([-1, Number.NaN, 2 ** 53])('a length of %d is a failure', (length) => {
  for (const read of ['bytes', 'copy', 'skip', 'enter'] as const) {
    const r = new ByteReader(Uint8Array.of(1, 2, 3))
    r.u8()
    r[read](length)
    expect([r.ok, r.u8()]).toEqual([false, 0])
  }
})

test('text that is not UTF-8 is a failure', () => {
  for (const read of ['string8', 'string', 'name'] as const) {
    const r = new ByteReader(Uint8Array.of(2, 0xc3, 0x28, 1))
    expect([r[read](), r.ok]).toEqual(['', false])
  }
})

test('entered bytes bound what is read, and are passed over whole', () => {
  const r = new ByteReader(Uint8Array.of(1, 2, 3, 4), new NameTable())
  const end = r.enter(3)
  expect([r.u8(), r.remaining]).toEqual([1, 2])
  r.leave(end)
  expect([r.u8(), r.remaining, r.ok]).toEqual([4, 0, true])
})

test('a copy is the own memory of whoever asked, of a Buffer too, and a view is not', () => {
  const packet = Buffer.from([1, 2, 3, 4, ...new Array(60).fill(9)])
  const r = new ByteReader(packet)
  const [view, short, long] = [r.bytes(2), r.copy(2), r.copy(60)]
  packet.fill(0)
  expect([[...view], [...short], [...new Set(long)]]).toEqual([[0, 0], [3, 4], [9]])
  expect(Object.getPrototypeOf(short)).toBe(Uint8Array.prototype)
  expect(Object.getPrototypeOf(long)).toBe(Uint8Array.prototype)
})

test('a writer refuses what does not fit its field', () => {
  const w = new ByteWriter()
  for (const write of [
    () => w.u8(256),
    () => w.u8(-1),
    () => w.u16(65_536),
    () => w.u32(2 ** 32),
    () => w.u64(2n ** 64n),
    () => w.u64(-1n),
    () => w.string8('é'.repeat(128)),
    () => w.name(''),
    () => w.name('a b'),
    () => w.name('a'.repeat(129)),
    () => w.name('é'.repeat(65)),
    () => w.name('ab', 1),
  ])
    expect(write).toThrow(RangeError)
  expect(w.length).toBe(0)
})
