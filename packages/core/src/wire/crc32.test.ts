import { expect, test } from 'vitest'
import { crc32, endsWithCrc32 } from './crc32.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

test.each([
  ['', 0],
  ['a', 0xe8b7be43],
  ['123456789', 0xcbf43926],
  ['The quick brown fox jumps over the lazy dog', 0x414fa339],
])('the sum of %j is known', (text, sum) => {
  expect(crc32(bytes(text))).toBe(sum)
})

test('it agrees with the definition, bit by bit, at every length and offset', () => {
  const noise = Uint8Array.from({ length: 80 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24)
  for (let start = 0; start < 9; start++)
    for (let end = start; end <= noise.length; end++)
      expect(crc32(noise, start, end)).toBe(byDefinition(noise, start, end))
})

test('it agrees with the definition where there is enough to sum it by words', () => {
  const noise = Uint8Array.from({ length: 600 }, (_, i) => Math.imul(i + 1, 0x9e3779b1) >>> 24)
  for (let start = 0; start < 9; start++)
    for (let end = 508; end <= 540; end++)
      expect(crc32(noise, start, end, 77)).toBe(byDefinition(noise, start, end, 77))
})

test('it can be continued', () => {
  const text = bytes('one sum of two pieces')
  for (let cut = 0; cut <= text.length; cut++)
    expect(crc32(text, cut, text.length, crc32(text, 0, cut))).toBe(crc32(text))
})

test('a sum at the end is recognised', () => {
  expect(endsWithCrc32(Uint8Array.of(...bytes('123456789'), 0xcb, 0xf4, 0x39, 0x26))).toBe(true)
  expect(endsWithCrc32(Uint8Array.of(...bytes('123456789'), 0xcb, 0xf4, 0x39, 0x27))).toBe(false)
  expect(endsWithCrc32(Uint8Array.of(0, 0, 0))).toBe(false)
})

function byDefinition(of: Uint8Array, start: number, end: number, before = 0): number {
  let crc = ~before
  for (let at = start; at < end; at++) {
    crc ^= of[at]!
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ~crc >>> 0
}
