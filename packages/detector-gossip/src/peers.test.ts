import { describe, expect, test } from 'vitest'
import { Flag, Peers, self } from './peers.ts'
import { aColumn, aRecord, aRef, peersOf } from './testing/rows.ts'

const boot = (low: number, high = 5): bigint => (BigInt(high) << 32n) | BigInt(low)

describe('rows', () => {
  test('are found by member and by id, and used again', () => {
    const peers = peersOf(40)
    for (let row = 1; row <= 40; row++) {
      expect([peers.rowOf(aRef(row)), peers.byId(1_000 + row), peers.refOf(row)]).toEqual([row, row, row])
    }
    peers.remove(7)
    expect([peers.rowOf(aRef(7)), peers.byId(1_007)]).toEqual([self, -1])
    const again = peers.add(aRef(99), aRecord('m99', boot(4)), 10)
    expect([again, peers.byId(4), peers.heardAt[again]]).toEqual([7, 7, 10])
  })

  test('keep what is written in them as their memory grows', () => {
    const peers = peersOf(3)
    peers.heartbeats[2] = 4_000_000_000
    peers.mark(2, Flag.Heard)
    for (let row = 4; row < 200; row++) peers.add(aRef(row), aRecord(`m${row}`, boot(1_000 + row)), 0)
    expect(peers.heartbeats[2]).toBe(4_000_000_000)
    expect([peers.is(2, Flag.Heard), peers.is(3, Flag.Heard)]).toEqual([true, false])
    expect(peers.byId(1_150)).toBe(150)
  })

  test('of a restart are another’s', () => {
    const peers = peersOf(2)
    expect(peers.isOf(1, aRecord('m1', boot(1_001)))).toBe(true)
    expect(peers.isOf(1, aRecord('m1', boot(1_002)))).toBe(false)
  })

  test('are all forgotten at once', () => {
    const rows = aColumn(0)
    const peers = new Peers(rows, 1)
    for (let row = 0; row < 4; row++) peers.add(aRef(row), aRecord(`m${row}`, boot(row + 1)), 0)
    peers.remove(2)
    peers.clear()
    expect([1, 2, 3].map((n) => rows.get(aRef(n)))).toEqual([self, self, self])
  })
})

describe('an id', () => {
  test('that two members share is nobody’s, until one of them has gone', () => {
    const peers = peersOf(2)
    const twin = peers.add(aRef(50), aRecord('twin', boot(1_001, 6)), 0)
    expect([peers.byId(1_001), peers.is(1, Flag.Named), peers.is(twin, Flag.Named)]).toEqual([-1, true, true])
    peers.remove(1)
    expect([peers.byId(1_001), peers.is(twin, Flag.Named)]).toEqual([twin, false])
  })

  test('of three stays nobody’s as long as there are two', () => {
    const peers = peersOf(1)
    const [second, third] = [6, 7].map((high) =>
      peers.add(aRef(high), aRecord(`t${high}`, boot(1_001, high)), 0),
    )
    peers.remove(1)
    expect(peers.byId(1_001)).toBe(-1)
    peers.remove(second!)
    expect(peers.byId(1_001)).toBe(third)
  })

  test('that is this node’s as well is told by name', () => {
    const peers = peersOf(0)
    const twin = peers.add(aRef(9), aRecord('twin', boot(1_000, 9)), 0)
    expect([peers.byId(1_000), peers.is(self, Flag.Named), peers.is(twin, Flag.Named)]).toEqual([
      -1,
      true,
      true,
    ])
  })

  test.each([0n, 5n << 32n])('there is none of a boot of %s: it goes by name', (none) => {
    const peers = peersOf(1)
    const row = peers.add(aRef(9), aRecord('foreign', none), 0)
    expect([peers.is(row, Flag.Named), peers.isOf(row, aRecord('foreign', none))]).toEqual([true, true])
    peers.remove(row)
    expect([peers.byId(0), peers.byId(1_001)]).toEqual([-1, 1])
  })
})
