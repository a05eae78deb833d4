import { networkInterfaces } from 'node:os'
import { describe, expect, it } from 'vitest'
import { host } from './host.ts'
import { prefixLength } from './interfaces.ts'

describe('host', () => {
  it('names the runtime and its version', () => {
    expect(host().runtime).toBe(`node ${process.versions.node}`)
  })

  it('has a clock that goes forward and a wall clock in milliseconds', () => {
    const before = host().now()
    expect(host().now()).toBeGreaterThanOrEqual(before)
    const wall = host().wallMillis()
    expect(Math.abs(wall - Date.now())).toBeLessThan(5000)
  })

  it('draws entropy that differs from call to call', () => {
    const [a, b] = [host().entropy(16), host().entropy(16)]
    expect(a).toHaveLength(16)
    expect(a).not.toEqual(b)
    expect(host().entropy(0)).toHaveLength(0)
    expect(() => host().entropy(65_537)).toThrow(/65,?536/)
  })

  it('lists the interfaces with the prefix that the system states', () => {
    const stated = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    const listed = host().interfaces()
    expect(listed.map((i) => `${i.address}/${i.prefix}`)).toEqual(stated.map((i) => i.cidr))
    expect(listed).toContainEqual(
      expect.objectContaining({ address: '127.0.0.1', prefix: 8, internal: true }),
    )
  })

  it.each([
    ['255.255.255.0', 24],
    ['255.255.240.0', 20],
    ['0.0.0.0', 0],
    ['255.255.255.255', 32],
    ['ffff:ffff:ffff:ffff::', 64],
    ['ffff:ffff:ffff:fffe::', 63],
    ['ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 128],
    ['::', 0],
  ])('the mask %s has %i ones', (netmask, ones) => {
    expect(prefixLength(netmask)).toBe(ones)
  })
})
