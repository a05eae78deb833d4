import { describe, expect, test } from 'vitest'
import { ByteReader } from './byte-reader.ts'
import { ByteWriter } from './byte-writer.ts'
import { isFault } from './codec.ts'
import type { Claim } from './message.ts'
import { swimCodec } from './swim-codec.ts'
import { FieldTables, putRecord, takeRecord } from './swim-fields.ts'
import { context, someone, tableOf } from './testing/samples.ts'

describe('what the swim codec remembers of what it has read', () => {
  const { record } = tableOf(1).entries[0]!

  test('are 16,384 records that came twice: with one more it starts over', () => {
    const tables = new FieldTables()
    const take = (i: number): void => {
      const w = new ByteWriter()
      putRecord(w, { ...record, boot: BigInt(i) })
      const bytes = w.finish()
      for (let again = 0; again < 2; again++) takeRecord(new ByteReader(bytes), tables)
    }
    let most = 0
    // Keys that fall into one neighbourhood push a few out.
    for (let i = 0; i < 16_400; i++) {
      take(i)
      most = Math.max(most, tables.records.size)
    }
    expect(most).toBe(16_384)
    expect(tables.records.size).toBeLessThan(16)
  })

  test('are 8,192 other claims that came twice: with one more it starts over', () => {
    const codec = swimCodec().open(context)
    const heard = (i: number): Claim | undefined => {
      const claim = { type: 'left', name: 'a', incarnation: i, by: 'a' } as const
      const decoded = codec.decode(codec.bundle(someone, [codec.encode(claim)], undefined))
      return isFault(decoded) ? undefined : (decoded.messages[0] as Claim)
    }
    const twice = (i: number) => [heard(i), heard(i)][1]
    const first = twice(0)
    for (let i = 1; i < 8_192; i++) twice(i)
    expect(heard(0)).toBe(first)
    twice(8_192)
    expect(heard(0)).not.toBe(first)
  })
})
