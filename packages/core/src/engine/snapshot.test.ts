import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { address, sender, syncEntry } from '../wire/testing/arbitraries.ts'
import { tableOf } from '../wire/testing/samples.ts'
import type { Memory } from './memory.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'

const memory = (change: Partial<Memory> = {}): Memory => ({
  sender: { name: 'me', boot: 7n, incarnation: 12 },
  savedAt: 1_767_225_600,
  clock: 3,
  heard: [{ time: 3, boot: 8n }],
  members: tableOf(4).entries,
  addresses: [{ host: '10.0.0.9', port: 7_946 }],
  ...change,
})

const reasonOf = (bytes: Uint8Array, cluster = 'test'): string | undefined => {
  const result = decodeSnapshot(bytes, cluster)
  return 'reason' in result ? result.reason : undefined
}

describe('a snapshot', () => {
  test('of the last incarnation there is can be read: what one begins with is decided elsewhere', () => {
    const last = memory({ sender: { name: 'me', boot: 7n, incarnation: 0xffff_ffff } })
    expect(decodeSnapshot(encodeSnapshot(last, 'test'), 'test')).toEqual(last)
  })

  test('is read as it was written', () => {
    fc.assert(
      fc.property(
        sender.filter(({ incarnation }) => incarnation < 0xffff_ffff),
        fc.maxSafeNat(),
        fc.maxSafeNat(),
        fc.array(syncEntry, { maxLength: 6 }),
        fc.array(address, { maxLength: 6 }),
        fc.array(
          fc.record(
            { time: fc.maxSafeNat(), boot: fc.bigInt(0n, 2n ** 64n - 1n) },
            { noNullPrototype: true },
          ),
        ),
        (from, savedAt, clock, members, addresses, heard) => {
          const known: Memory = { sender: from, savedAt, clock, heard, members, addresses }
          expect(decodeSnapshot(encodeSnapshot(known, 'test'), 'test')).toEqual(known)
        },
      ),
    )
  })

  test('of thousands of members takes about what they say of themselves', () => {
    const bytes = encodeSnapshot(memory({ members: tableOf(5_000).entries }), 'test')
    expect(bytes.length / 5_000).toBeLessThan(200)
    expect([...(decodeSnapshot(bytes, 'test') as Memory).members].length).toBe(5_000)
  })

  test('keeps the latest of too many addresses', () => {
    const addresses = Array.from({ length: 300 }, (_, port) => ({ host: '10.0.0.1', port }))
    const read = decodeSnapshot(encodeSnapshot(memory({ addresses }), 'test'), 'test') as Memory
    expect(read.addresses).toEqual(addresses.slice(44))
  })

  test('that was cut off anywhere is of no use, and says so', () => {
    const bytes = encodeSnapshot(memory(), 'test')
    for (let length = 0; length < bytes.length; length++) {
      expect(reasonOf(bytes.subarray(0, length))).toMatch(/^it is empty$|^it is cut off after \d+ bytes$/)
    }
    expect(reasonOf(bytes)).toBeUndefined()
  })

  test('of which a bit has changed anywhere is of no use, and says so', () => {
    const bytes = encodeSnapshot(memory(), 'test')
    for (let at = 0; at < bytes.length; at++) {
      const torn = bytes.slice()
      torn[at]! ^= 1 << (at % 8)
      expect(reasonOf(torn), `byte ${at}`).toBeTypeOf('string')
    }
    expect(reasonOf(Uint8Array.of(...bytes, 0))).toBe('bytes after the end of the message')
  })

  test('of another cluster is of no use', () => {
    expect(reasonOf(encodeSnapshot(memory(), 'test'), 'other')).toBe('cluster is "test", ours is "other"')
  })

  test('is never more than a reason, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        expect(reasonOf(bytes)).toBeTypeOf('string')
      }),
    )
  })
})
