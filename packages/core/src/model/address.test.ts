import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  AddressError,
  canonicalHost,
  formatAddress,
  ipBytes,
  ipText,
  isLoopback,
  isWildcard,
  parseAddress,
  sameAddress,
  splitHostPort,
} from './address.ts'

describe('canonicalHost', () => {
  test.each([
    ['10.0.0.5', '10.0.0.5'],
    ['0.0.0.0', '0.0.0.0'],
    ['255.255.255.255', '255.255.255.255'],
    ['::', '::'],
    ['::1', '::1'],
    ['0:0:0:0:0:0:0:1', '::1'],
    ['2001:DB8::1', '2001:db8::1'],
    ['2001:0db8:0000:0000:0001:0000:0000:0001', '2001:db8::1:0:0:1'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1'],
    ['fe80::', 'fe80::'],
    ['1::8', '1::8'],
    ['1:2:3:4:5:6:7::', '1:2:3:4:5:6:7:0'],
    ['::2:3:4:5:6:7:8', '0:2:3:4:5:6:7:8'],
    ['64:ff9b::10.0.0.5', '64:ff9b::a00:5'],
    ['::10.0.0.5', '::a00:5'],
    ['::ffff:10.0.0.5', '10.0.0.5'],
    ['::FFFF:a00:5', '10.0.0.5'],
    ['1:2:3:4:5:6:10.0.0.5', '1:2:3:4:5:6:a00:5'],
  ])('%s is %s', (text, canonical) => {
    expect(canonicalHost(text)).toBe(canonical)
    expect(canonicalHost(canonical)).toBe(canonical)
  })

  test.each([
    '',
    '10.0.0',
    '10.0.0.5.6',
    '10.0.0.',
    '.10.0.0',
    '10..0.5',
    '10.0.0.256',
    '10.0.0.05',
    '010.0.0.5',
    '00.0.0.0',
    '0x0a.0.0.5',
    '10.0.0.5 ',
    '+1.0.0.5',
    '1e1.0.0.5',
    '167772165',
    ':',
    ':::',
    '1:::2',
    '::1::',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    '1:2:3:4::5:6:7:8',
    ':1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:',
    '12345::',
    'g::',
    '::1%eth0',
    '[::1]',
    '::10.0.0.05',
    '10.0.0.5::',
    '::10.0.0.5:1',
    '1:2:3:4:5:6:7:10.0.0.5',
    'localhost',
  ])('%j is no IP literal', (text) => {
    expect(canonicalHost(text)).toBeUndefined()
    expect(ipBytes(text)).toBeUndefined()
  })

  test('agrees with fast-check about what IP addresses look like', () => {
    fc.assert(fc.property(fc.ipV4(), (text) => canonicalHost(text) === text))
    fc.assert(fc.property(fc.ipV6(), (text) => canonicalHost(text) !== undefined))
  })

  test('bytes and text are the same thing', () => {
    const sizes = fc.constantFrom(4, 16)
    const bytes = sizes.chain((size) =>
      fc.array(fc.constantFrom(0, 0, 1, 255), { minLength: size, maxLength: size }),
    )
    fc.assert(
      fc.property(bytes, (raw) => {
        const text = ipText(Uint8Array.from(raw))
        const mapped = raw.length === 16 && raw.slice(0, 12).join() === '0,0,0,0,0,0,0,0,0,0,255,255'
        expect([...ipBytes(text)!]).toEqual(mapped ? raw.slice(12) : raw)
      }),
    )
    expect(() => ipText(new Uint8Array(5))).toThrow(RangeError)
  })
})

describe('parseAddress', () => {
  test.each([
    ['10.0.0.5:7946', { host: '10.0.0.5', port: 7946 }],
    ['[::1]:7946', { host: '::1', port: 7946 }],
    ['[::ffff:10.0.0.5]:1', { host: '10.0.0.5', port: 1 }],
    ['[2001:DB8:0::1]:65535', { host: '2001:db8::1', port: 65_535 }],
    ['10.0.0.5', { host: '10.0.0.5', port: 4242 }],
    ['[::1]', { host: '::1', port: 4242 }],
  ])('%s', (text, address) => {
    expect(parseAddress(text, 4242)).toEqual(address)
    expect(parseAddress(formatAddress(address))).toEqual(address)
  })

  test.each([
    ['10.0.0.5:79460', 'port must be 1..65535'],
    ['10.0.0.5:0', 'port must be 1..65535'],
    ['10.0.0.5:', 'port must be 1..65535'],
    ['10.0.0.5:-1', 'port must be 1..65535'],
    ['10.0.0.5:7 ', 'port must be 1..65535'],
    ['10.0.0.5:1e3', 'port must be 1..65535'],
    ['10.0.0.5', 'the port is missing'],
    ['[::1]', 'the port is missing'],
    ['', 'the host is missing'],
    [':7946', 'the host is missing'],
    ['::1', 'IPv6 must be in brackets, as [::1]:7946'],
    ['fe80::1:7946', 'IPv6 must be in brackets, as [::1]:7946'],
    ['[::1', 'the bracket is not closed'],
    ['[::1]7946', 'only a port may follow the bracket'],
    ['[10.0.0.5]:7946', '"10.0.0.5" is not an IPv6 address'],
    ['[]:7946', '"" is not an IPv6 address'],
    ['[fe80::1%eth0]:7946', 'zone ids are not supported'],
    ['10.0.0.256:7946', '"10.0.0.256" is not an IPv4 address'],
    ['010.0.0.5:7946', '"010.0.0.5" is not an IPv4 address'],
    ['db.example:7946', '"db.example" is a host name, and an IP address must stand here'],
    ['a b:7946', 'a host name must be 1..253 letters, digits, "-", "_" and "."'],
    ['a..b:7946', 'a host name must be 1..253 letters, digits, "-", "_" and "."'],
  ])('%j cannot be read: %s', (text, reason) => {
    const read = (): unknown => parseAddress(text)
    expect(read).toThrow(AddressError)
    expect(read).toThrow(`cannot read address ${JSON.stringify(text)}: ${reason}`)
  })

  test('port 0 is allowed where it is asked for', () => {
    expect(parseAddress('0.0.0.0:0', undefined, { portZero: true })).toEqual({ host: '0.0.0.0', port: 0 })
    expect(parseAddress('0.0.0.0', 0, { portZero: true })).toEqual({ host: '0.0.0.0', port: 0 })
    expect(() => parseAddress('0.0.0.0:65536', undefined, { portZero: true })).toThrow(
      'port must be 0..65535',
    )
    expect(() => parseAddress('0.0.0.0', 0)).toThrow('port must be 1..65535')
  })
})

describe('splitHostPort', () => {
  test.each([
    ['db-1.example.com:7946', { host: 'db-1.example.com', port: 7946 }],
    ['localhost', { host: 'localhost', port: 4242 }],
    ['node_3.:1', { host: 'node_3.', port: 1 }],
    ['[::FFFF:10.0.0.5]:1', { host: '10.0.0.5', port: 1 }],
  ])('%s', (text, address) => {
    expect(splitHostPort(text, 4242)).toEqual(address)
  })

  test('what would resolve as an old spelling of IPv4 is not a name', () => {
    for (const text of ['127.1:1', '2130706433:1', '10.0.0.5.:1'])
      expect(() => splitHostPort(text)).toThrow(AddressError)
  })
})

test('addresses are the same by host and port', () => {
  expect(sameAddress({ host: '::1', port: 1 }, { host: '::1', port: 1 })).toBe(true)
  expect(sameAddress({ host: '::1', port: 1 }, { host: '::1', port: 2 })).toBe(false)
  expect(sameAddress({ host: '::1', port: 1 }, { host: '::2', port: 1 })).toBe(false)
})

test.each([
  ['127.0.0.1', true, false],
  ['127.255.0.9', true, false],
  ['::1', true, false],
  ['::ffff:127.0.0.1', true, false],
  ['128.0.0.1', false, false],
  ['::2', false, false],
  ['1::1', false, false],
  ['0.0.0.0', false, true],
  ['::', false, true],
  ['localhost', false, false],
  ['', false, false],
])('%j: loopback %s, wildcard %s', (host, loopback, wildcard) => {
  expect(isLoopback(host)).toBe(loopback)
  expect(isWildcard(host)).toBe(wildcard)
})
