import type { HostInterface } from '@swimkit/core'
import { describe, expect, it } from 'vitest'
import { isOwnMachine, resolveBind } from './bind.ts'

const interfaces: HostInterface[] = [
  { name: 'lo', address: '127.0.0.1', prefix: 8, internal: true },
  { name: 'eth0', address: 'fe80::1', prefix: 64, internal: false },
  { name: 'eth0', address: '2001:db8::5', prefix: 64, internal: false },
  { name: 'eth0', address: '10.1.2.3', prefix: 24, internal: false },
  { name: 'wg0', address: '2001:db8:1::7', prefix: 64, internal: false },
]
const lookup = async (name: string) => {
  if (name === 'me') return ['2001:db8::5', '10.1.2.3']
  throw new Error('getaddrinfo ENOTFOUND')
}

describe('--bind', () => {
  it.each([
    ['0.0.0.0', '0.0.0.0', 'as given'],
    ['[::1]', '::1', 'as given'],
    ['2001:DB8::0:5', '2001:db8::5', 'as given'],
    ['eth0', '10.1.2.3', 'address of interface eth0'],
    ['wg0', '2001:db8:1::7', 'address of interface wg0'],
    ['10.0.0.0/8', '10.1.2.3', 'interface eth0 is in 10.0.0.0/8'],
    ['2001:db8:1::/48', '2001:db8:1::7', 'interface wg0 is in 2001:db8:1::/48'],
    ['me', '10.1.2.3', 'what me resolves to'],
  ])('%s is %s: %s', async (text, host, reason) => {
    expect(await resolveBind(text, interfaces, lookup)).toEqual({ host, reason })
  })

  it.each([
    [
      '192.168.0.0/16',
      '--bind: "192.168.0.0/16" matches no interface; there are: lo 127.0.0.1, eth0 fe80::1',
    ],
    ['10.0.0.0/33', '--bind: "10.0.0.0/33" is not a CIDR'],
    ['eth9', '--bind: "eth9" is no interface (there are: lo 127.0.0.1'],
    ['10.1.2.3:7946', '"10.1.2.3:7946" has a port: give 10.1.2.3 here, and the port as --port'],
    ['[::1]:7946', '"[::1]:7946" has a port: give [::1] here, and the port as --port'],
    ['10.0.0', '--bind: "10.0.0" is no address, host name or interface'],
  ])('%s is refused with the candidates', async (text, message) => {
    await expect(resolveBind(text, interfaces, lookup)).rejects.toThrow(message)
  })
})

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['LocalHost', true],
  ['0.0.0.0', false],
  ['::', false],
  ['10.0.0.1', false],
  ['localhost.evil.example', false],
])('%s is loopback: %s', (host, expected) => {
  expect(isOwnMachine(host)).toBe(expected)
})
