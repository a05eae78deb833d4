import { describe, expect, test } from 'vitest'
import { ByteTable } from './byte-table.ts'
import { viewOf } from './view.ts'

const hex = (from: Uint8Array, start: number, length: number): string =>
  Array.from(from.slice(start, start + length), (byte) => byte.toString(16)).join(' ')

const tableOf = (
  options?: ConstructorParameters<typeof ByteTable<object>>[1],
): { table: ByteTable<object>; built: string[] } => {
  const built: string[] = []
  const table = new ByteTable<object>((from, start, length) => {
    built.push(hex(from, start, length))
    return { key: built.at(-1) }
  }, options)
  return { table, built }
}

describe('a table by bytes', () => {
  test('finds keys of every length wherever they are, a byte at a time and four at a time', () => {
    const { table, built } = tableOf()
    const found: unknown[] = []
    for (let length = 0; length <= 70; length++) {
      const key = Uint8Array.from({ length }, (_, i) => 255 - i)
      const value = table.get(key, 0, length)
      for (const offset of [0, 1, 2, 3]) {
        const packet = new Uint8Array(length + 8).fill(7)
        packet.set(key, offset)
        found.push(table.get(packet, offset, length) === value)
        // From now on there is a view, by which short keys are read as well.
        viewOf(packet)
        found.push(table.get(packet, offset, length) === value)
      }
    }
    expect(found.every(Boolean)).toBe(true)
    expect(built).toHaveLength(71)
  })

  test('keeps keys apart that differ in one byte, or in zeros at the end', () => {
    const { table } = tableOf()
    const keys = [0, 1, 2, 3, 4, 5, 6, 7, 8, 43, 44, 45].flatMap((length) => [
      new Uint8Array(length),
      ...Array.from({ length }, (_, i) => Uint8Array.from({ length }, (_, k) => (k === i ? 128 : 0))),
    ])
    const values = keys.map((key) => table.get(key, 0, key.length))
    expect(new Set(values).size).toBe(keys.length)
    expect(keys.map((key) => table.get(key, 0, key.length))).toEqual(values)
  })

  test('keeps what comes a second time, where that is asked for', () => {
    const kept: string[] = []
    const { table, built } = tableOf({
      fromSecond: true,
      kept: (_, from, start, length) => kept.push(hex(from, start, length)),
    })
    const packet = Uint8Array.of(1, 2, 3, 4)
    const sizes: number[] = []
    for (let round = 0; round < 4; round++) {
      table.get(packet, 1, 2)
      sizes.push(table.size)
    }
    expect(sizes).toEqual([0, 1, 1, 1])
    expect(built).toEqual(['2 3', '2 3'])
    expect(kept).toEqual(['2 3'])
  })

  test.each([1_024, 8_192, 16_384, 65_536])('holds %i entries, and starts over with one more', (limit) => {
    // One after the other, so that none pushes another out.
    const hash = (from: Uint8Array) => 1 + new DataView(from.buffer).getUint32(0)
    const { built, table } = tableOf(limit === 65_536 ? { hash } : { limit, hash })
    const key = (i: number): Uint8Array => Uint8Array.of(i >>> 24, i >>> 16, i >>> 8, i)
    for (let round = 0; round < 2; round++) for (let i = 0; i < limit; i++) table.get(key(i), 0, 4)
    expect([table.size, built.length]).toEqual([limit, limit])
    table.get(key(limit), 0, 4)
    expect(table.size).toBe(1)
  })

  test('holds keys of 64 words for each entry, and starts over with one more', () => {
    const { table } = tableOf({ limit: 10 })
    /** Each takes a word for its length besides. */
    const sizeWith = (words: number, fill: number): number => {
      table.get(new Uint8Array(4 * words).fill(fill), 0, 4 * words)
      return table.size
    }
    expect([1, 2, 3, 4, 5].map((fill) => sizeWith(127, fill))).toEqual([1, 2, 3, 4, 5])
    expect(sizeWith(0, 0)).toBe(1)
  })

  test('starts over when its keys take too much room, few as they may be', () => {
    const { table } = tableOf({ limit: 10 })
    for (let i = 0; i < 100; i++) {
      const key = new Uint8Array(1_000).fill(i)
      expect(table.get(key, 0, 1_000)).toBe(table.get(key, 0, 1_000))
      expect(table.size).toBeLessThanOrEqual(2)
    }
  })
})
