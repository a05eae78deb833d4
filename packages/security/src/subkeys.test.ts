import { hkdfSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { readKey } from './key.ts'
import { Subkeys } from './subkeys.ts'

/** What is in clear before something that a process of that boot has sealed. */
const aadOf = (boot: number): Uint8Array => {
  const aad = new Uint8Array(11)
  new DataView(aad.buffer).setUint32(6, boot)
  return aad
}

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
  const meet = (boot: number): Uint8Array => subkeys.of(key, aadOf(boot))
  const first = meet(0)
  for (let boot = 1; boot < 32_768; boot++) meet(boot)
  expect(subkeys.size).toBe(32_768)
  meet(32_768)
  expect(subkeys.size).toBe(16_385)
  expect(meet(0)).toEqual(first)
  expect(subkeys.size).toBe(16_386)
})

test('what has moved up counts once, and comes back no more where its sender has another key by then', () => {
  const [one, other] = [readKey(new Uint8Array(16)), readKey(new Uint8Array(16).fill(1))]
  const subkeys = new Subkeys()
  for (let boot = 0; boot <= 16_384; boot++) subkeys.keep(one, aadOf(boot), new Uint8Array(16).fill(boot))
  expect(subkeys.find(one, aadOf(7))).toEqual(new Uint8Array(16).fill(7))
  expect(subkeys.size).toBe(16_385)
  subkeys.keep(other, aadOf(7), new Uint8Array(16).fill(9))
  expect(subkeys.find(one, aadOf(7))).toBeUndefined()
  expect(subkeys.find(other, aadOf(7))).toEqual(new Uint8Array(16).fill(9))
  expect(subkeys.size).toBe(16_385)
})
