import { hkdfSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { readKey } from './key.ts'
import { Subkeys } from './subkeys.ts'

test.each([16, 24, 32])(
  'the key of a sender is what HKDF gives for its boot, of a key of %i bytes',
  (size) => {
    const key = readKey(new Uint8Array(size).map((_, i) => 7 * i + size))
    const aad = Uint8Array.from([0xd1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 0])
    const boot = aad.subarray(2, 10)
    const info = Buffer.concat([Buffer.from('swimkit sender'), boot])
    const wanted = new Uint8Array(hkdfSync('sha256', key.bytes, '', info, size))
    const subkeys = new Subkeys()
    expect(subkeys.of(key, aad)).toEqual(wanted)
    expect(subkeys.find(key, aad)).toEqual(wanted)
  },
)

test('the keys of the senders that were met last are kept: 32,768 at most, and 16,385 once there was one more', () => {
  const key = readKey(new Uint8Array(16))
  const subkeys = new Subkeys()
  const meet = (boot: number): Uint8Array => {
    const aad = new Uint8Array(11)
    new DataView(aad.buffer).setUint32(6, boot)
    return subkeys.of(key, aad)
  }
  const first = meet(0)
  for (let boot = 1; boot < 32_768; boot++) meet(boot)
  expect(subkeys.size).toBe(32_768)
  meet(32_768)
  expect(subkeys.size).toBe(16_385)
  expect(meet(0)).toEqual(first)
  expect(subkeys.size).toBe(16_386)
})
