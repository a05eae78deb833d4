import { describe, expect, test } from 'vitest'
import { AddressError } from './address.ts'
import { AllowList } from './allow-list.ts'

describe('an allow-list', () => {
  test.each([
    [
      '10.0.0.0/8',
      ['10.0.0.0', '10.255.255.255', '::ffff:10.1.2.3'],
      ['9.255.255.255', '11.0.0.0', '::10.0.0.1'],
    ],
    ['10.1.2.128/25', ['10.1.2.128', '10.1.2.255'], ['10.1.2.127', '10.1.3.128']],
    ['10.1.2.3', ['10.1.2.3'], ['10.1.2.2', '10.1.2.4']],
    ['10.1.2.2/31', ['10.1.2.2', '10.1.2.3'], ['10.1.2.1', '10.1.2.4']],
    ['0.0.0.0/0', ['0.0.0.0', '255.255.255.255'], ['::1', '2001:db8::1']],
    ['::/0', ['::1', 'ffff::'], ['127.0.0.1', '::ffff:127.0.0.1']],
    ['2001:db8::/33', ['2001:db8::1', '2001:db8:7fff::'], ['2001:db8:8000::', '2001:db7::1']],
    ['::1', ['::1'], ['::2', '127.0.0.1']],
  ])('%s', (network, inside, outside) => {
    const list = new AllowList([network])
    expect(inside.filter((host) => !list.allows(host))).toEqual([])
    expect(outside.filter((host) => list.allows(host))).toEqual([])
  })

  test('is all of its networks together, and nobody if it has none', () => {
    const list = new AllowList(['10.0.0.0/8', 'fd00::/8', '192.0.2.7'])
    expect(['10.9.9.9', 'fd12::1', '192.0.2.7'].every((host) => list.allows(host))).toBe(true)
    expect(['192.0.2.8', 'fe80::1', 'a-name', ''].some((host) => list.allows(host))).toBe(false)
    expect(new AllowList([]).allows('10.0.0.1')).toBe(false)
    expect(String(list)).toBe('10.0.0.0/8, fd00::/8, 192.0.2.7')
  })

  test('says the same of more hosts than it remembers', () => {
    const list = new AllowList(['10.0.0.0/16'])
    for (let round = 0; round < 2; round++) {
      for (let i = 0; i < 3_000; i++) {
        expect(list.allows(`10.${i & 1}.${i >> 8}.${i & 255}`)).toBe((i & 1) === 0)
      }
    }
  })

  test.each([
    ['10.0.0.0/33', 'the prefix must be 0..32'],
    ['2001:db8::/129', 'the prefix must be 0..128'],
    ['10.0.0.0/', 'the prefix must be 0..32'],
    ['10.0.0.0/-1', 'the prefix must be 0..32'],
    ['10.0.0.5/8', 'it has bits set beyond its first 8'],
    ['2001:db8::1/32', 'it has bits set beyond its first 32'],
    ['10.0.0/8', 'must be an IP address, or one with a prefix'],
    ['10.0.0.0/8/8', 'must be an IP address'],
    ['example.org', 'must be an IP address'],
    ['', 'must be an IP address'],
  ])('does not take %j', (text, message) => {
    expect(() => new AllowList([text])).toThrow(AddressError)
    expect(() => new AllowList([text])).toThrow(message)
  })
})
