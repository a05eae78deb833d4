import { describe, expect, test } from 'vitest'
import { AddressRing } from './address-ring.ts'

const at = (port: number) => ({ host: '10.0.0.1', port })
const ports = (ring: AddressRing) => ring.values().map(({ port }) => port)

describe('the ring of reaped addresses', () => {
  test('holds 256, and the oldest gives way', () => {
    const ring = new AddressRing()
    for (let port = 1; port <= 300; port++) ring.add(at(port))
    expect(ring.size).toBe(256)
    expect([ring.at(0).port, ring.at(255).port]).toEqual([45, 300])
  })

  test('holds an address once, as new as when it was last added', () => {
    const ring = new AddressRing(3)
    for (const port of [1, 2, 3, 1]) ring.add(at(port))
    expect(ports(ring)).toEqual([2, 3, 1])
    ring.add(at(4))
    expect(ports(ring)).toEqual([3, 1, 4])
  })

  test('forgets an address that is asked to be forgotten, and only that one', () => {
    const ring = new AddressRing(3)
    for (const port of [1, 2, 3]) ring.add(at(port))
    ring.remove(at(2))
    ring.remove({ host: '10.0.0.2', port: 1 })
    expect(ports(ring)).toEqual([1, 3])
  })
})
