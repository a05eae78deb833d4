import { describe, expect, test } from 'vitest'
import { chooseAdvertise } from './advertise.ts'
import { OptionError } from './errors.ts'
import type { HostInterface } from './host.ts'

const card = (address: string, internal = false): HostInterface => ({
  name: internal ? 'lo' : `eth${address.length}`,
  address,
  prefix: 24,
  internal,
})
const loopback = [card('127.0.0.1', true), card('::1', true)]
const choose = (bound: string, given: string | undefined, ...addresses: readonly string[]) =>
  chooseAdvertise({ host: bound, port: 7_946 }, given, [...loopback, ...addresses.map((each) => card(each))])
    .host

describe('what is advertised', () => {
  test.each([
    ['the bound address', '10.0.0.5', undefined, [], '10.0.0.5'],
    ['the bound loopback', '127.0.0.1', undefined, ['10.0.0.5'], '127.0.0.1'],
    ['what is given, for a bound address', '10.0.0.5', '203.0.113.9', [], '203.0.113.9'],
    ['what is given, for a wildcard', '0.0.0.0', '203.0.113.9', ['10.0.0.5'], '203.0.113.9'],
    ['a given loopback, for loopback', '127.0.0.1', '127.0.0.2', [], '127.0.0.2'],
    [
      'a private address before a global one',
      '0.0.0.0',
      undefined,
      ['203.0.113.9', '192.168.1.7'],
      '192.168.1.7',
    ],
    ['10/8 as private', '0.0.0.0', undefined, ['11.0.0.1', '10.255.0.1'], '10.255.0.1'],
    ['172.16/12 as private', '0.0.0.0', undefined, ['172.15.0.1', '172.32.0.1', '172.31.0.1'], '172.31.0.1'],
    ['of private ones the first', '0.0.0.0', undefined, ['192.168.0.2', '10.0.0.5'], '192.168.0.2'],
    [
      'a shared address before a global one',
      '0.0.0.0',
      undefined,
      ['203.0.113.9', '100.64.0.1'],
      '100.64.0.1',
    ],
    [
      'only 100.64/10 as shared',
      '0.0.0.0',
      undefined,
      ['100.63.0.1', '100.128.0.1', '100.127.9.9'],
      '100.127.9.9',
    ],
    ['a private address before a shared one', '0.0.0.0', undefined, ['100.64.0.1', '10.0.0.5'], '10.0.0.5'],
    ['a global address before a link-local one', '0.0.0.0', undefined, ['169.254.3.4', '8.8.4.4'], '8.8.4.4'],
    ['a link-local address before loopback', '0.0.0.0', undefined, ['169.254.3.4'], '169.254.3.4'],
    ['loopback where there is nothing else', '0.0.0.0', undefined, [], '127.0.0.1'],
    [
      'no IPv6 address for the IPv4 wildcard',
      '0.0.0.0',
      undefined,
      ['fd00::1', '203.0.113.9'],
      '203.0.113.9',
    ],
    ['an IPv6 address for the IPv6 wildcard', '::', undefined, ['fd00::1'], 'fd00::1'],
    ['a unique local address before a global one', '::', undefined, ['2001:db8::1', 'fc00::2'], 'fc00::2'],
    [
      'a global address before fe80::/10',
      '::',
      undefined,
      ['fe80::1', 'febf::1', '2001:db8::1'],
      '2001:db8::1',
    ],
    [
      'IPv4 for the IPv6 wildcard, where it is better',
      '::',
      undefined,
      ['2001:db8::1', '10.0.0.5'],
      '10.0.0.5',
    ],
  ] as const)('is %s', (_, bound, given, addresses, expected) => {
    expect(choose(bound, given, ...addresses)).toBe(expected)
  })

  test.each([
    ['a wildcard', '0.0.0.0', '0.0.0.0', 'others need one address'],
    ['the IPv6 wildcard', '10.0.0.5', '::', 'others need one address'],
    [
      'another machine’s view of a loopback',
      '127.0.0.1',
      '10.0.0.5',
      'cannot advertise 10.0.0.5 while bound to 127.0.0.1',
    ],
  ])('cannot be %s', (_, bound, given, message) => {
    const error = thrown(() => choose(bound, given, '10.0.0.5'))
    expect(error).toBeInstanceOf(OptionError)
    expect(error).toMatchObject({ option: 'advertise' })
    expect(error.message).toContain(message)
  })

  test('has to be given where the machine has no address of the family', () => {
    const error = thrown(() => chooseAdvertise({ host: '0.0.0.0', port: 1 }, undefined, [card('fd00::1')]))
    expect(error).toMatchObject({ option: 'advertise', message: expect.stringContaining('0.0.0.0') })
  })

  test('comes with its reason: the interface, what kind of address, and which others there were', () => {
    const { reason } = chooseAdvertise({ host: '0.0.0.0', port: 1 }, undefined, [
      ...loopback,
      card('203.0.113.9'),
      card('10.0.0.5'),
    ])
    expect(reason).toBe('bound to all addresses; private address of interface eth8; also there: 203.0.113.9')
    expect(chooseAdvertise({ host: '10.0.0.5', port: 1 }, undefined, []).reason).toBe('the bound address')
    expect(chooseAdvertise({ host: '10.0.0.5', port: 1 }, '10.0.0.6', []).reason).toBe('as configured')
  })
})

function thrown(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
