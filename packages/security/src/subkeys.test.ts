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
    expect(subkeys.opened(key, aad, (subkey) => subkey)).toEqual(wanted)
  },
)
