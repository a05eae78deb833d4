import type { HostInterface } from '@swimkit/core'
import { expect, it } from 'vitest'
import { broadcastAddresses, isNearby } from './networks.ts'

const network = (address: string, prefix: number): HostInterface => ({
  name: 'x',
  address,
  prefix,
  internal: false,
})

it.each([
  ['10.1.2.3', 24, '10.1.2.255'],
  ['10.1.2.3', 8, '10.255.255.255'],
  ['10.1.2.3', 20, '10.1.15.255'],
  ['192.168.7.130', 25, '192.168.7.255'],
  ['192.168.7.130', 30, '192.168.7.131'],
])('%s/%i is asked at %s, and by the default route', (address, prefix, broadcast) => {
  expect(broadcastAddresses([network(address, prefix)], false)).toEqual([broadcast, '255.255.255.255'])
})

it('networks without a broadcast address, loopback and IPv6 are not asked', () => {
  const interfaces = [
    network('10.0.0.1', 31),
    network('10.0.0.1', 32),
    network('127.0.0.1', 8),
    network('2001:db8::1', 64),
  ]
  expect(broadcastAddresses(interfaces, false)).toEqual(['255.255.255.255'])
})

it('over loopback nothing but loopback is asked', () => {
  expect(broadcastAddresses([network('127.0.0.1', 8), network('10.0.0.1', 24)], true)).toEqual([
    '127.255.255.255',
  ])
  expect(broadcastAddresses([network('10.0.0.1', 24)], true)).toEqual([])
})

it('a network with two addresses is asked once, and no more than 32 networks', () => {
  expect(broadcastAddresses([network('10.0.0.1', 24), network('10.0.0.9', 24)], false)).toHaveLength(2)
  const many = Array.from({ length: 100 }, (_, i) => network(`10.0.${i}.1`, 24))
  expect(broadcastAddresses(many, false)).toHaveLength(33)
})

it.each([
  ['10.0.0.77', true],
  ['10.0.1.77', false],
  ['127.9.9.9', true],
  ['172.16.31.255', true],
  ['172.16.32.0', false],
  ['8.8.8.8', false],
  ['2001:db8::5', true],
  ['2001:db9::5', false],
  ['nonsense', false],
])('whether %s is nearby: %s', (address, nearby) => {
  const interfaces = [
    network('10.0.0.1', 24),
    network('127.0.0.1', 8),
    network('172.16.16.5', 20),
    network('2001:db8::1', 64),
  ]
  expect(isNearby(interfaces, address)).toBe(nearby)
})
