import { describe, expect, test } from 'vitest'
import { swimCodec } from '../wire/swim-codec.ts'
import { alive, left, peer, ping, Rig, suspect, wall } from './testing/rig.ts'

describe('a packet with any fault', () => {
  const rig = new Rig({ members: ['b', 'c'] })
  const messages = [
    suspect('b', 5, 'c'),
    alive(peer('x'), 1),
    left('c', 5),
    suspect('me', wall, 'b'),
    ping(1),
  ] as const
  const good = rig.packet('b', messages)

  test('changes nothing, though it begins with good claims: any bit of it may be wrong', () => {
    const before = rig.snapshot()
    const faults = () =>
      Object.entries(rig.engine.stats()).reduce(
        (sum, [name, n]) => (name.startsWith('fault:') ? sum + n : sum),
        0,
      )
    const counted = faults()
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice()
      bad[bit >> 3]! ^= 1 << (bit & 7)
      rig.engine.receive(peer('b').address, bad, rig.now)
    }
    expect(rig.snapshot()).toEqual(before)
    expect(faults() - counted).toBe(good.length * 8)
  })

  test('changes nothing if it is cut short anywhere', () => {
    const before = rig.snapshot()
    for (let end = 0; end < good.length; end++) {
      rig.engine.receive(peer('b').address, good.subarray(0, end), rig.now)
    }
    expect(rig.snapshot()).toEqual(before)
  })

  test('changes nothing if its last part alone is malformed, under a right checksum', () => {
    const before = rig.snapshot()
    const parts = [
      ...messages.map((message) => rig.codec.encode(message)),
      rig.codec.encode(ping(1)).subarray(0, 3),
    ]
    const packet = rig.codec.bundle({ name: 'b', boot: peer('b').boot, incarnation: 5 }, parts, undefined)
    rig.engine.receive(peer('b').address, packet, rig.now)
    expect(rig.snapshot()).toEqual(before)
  })

  test('the whole packet would have changed much', () => {
    rig.engine.receive(peer('b').address, good, rig.now)
    expect(['b', 'c', 'x'].map((name) => rig.status(name))).toEqual(['suspect', 'left', 'alive'])
  })

  test('of another cluster is counted as such', () => {
    const alone = new Rig()
    const other = swimCodec().open({
      cluster: 'other',
      sealer: undefined,
      maxPacketBytes: 65_535,
      maxStreamBytes: 65_536,
    })
    const packet = other.bundle(
      { name: 'b', boot: 1n, incarnation: 1 },
      [other.encode(alive(peer('b'), 1))],
      undefined,
    )
    alone.engine.receive(peer('b').address, packet, 5_000)
    expect([alone.engine.stats()['fault:cluster'], alone.engine.members.size]).toEqual([1, 1])
  })
})
