import { describe, expect, test } from 'vitest'
import { alive, failed, peer, Rig, suspect } from './testing/rig.ts'

const minute = 60_000
/** Suspected, and back. */
function flap(rig: Rig, name = 'b'): void {
  const incarnation = rig.engine.members.incarnation(rig.ref(name))
  rig.hear('c', suspect(name, incarnation, 'c'))
  rig.hear('c', alive(peer(name), incarnation + 1))
}
const rigOf = (): Rig => new Rig({ members: ['b', 'c', 'd'] })
const told = (rig: Rig): string[] =>
  rig.eventsOf('b').filter((type) => type === 'flapping' || type === 'calm')

describe('a member that comes back', () => {
  test('is counted, from suspicion and from failure, and not when it joins or leaves', () => {
    const rig = rigOf()
    flap(rig)
    rig.hear('c', failed('b', 6))
    rig.hear('c', alive(peer('b'), 7))
    expect(rig.engine.flaps(rig.ref('b'))).toEqual({ count: 2, flapping: false })
    expect(rig.engine.flaps(rig.ref('d'))).toEqual({ count: 0, flapping: false })
  })

  test('three times within moments flaps, which is told once, after the change itself', () => {
    const rig = rigOf()
    for (let i = 0; i < 5; i++) flap(rig)
    expect(rig.engine.flaps(rig.ref('b'))).toEqual({ count: 5, flapping: true })
    expect(rig.eventsOf('b').slice(0, 8)).toEqual([
      'suspect',
      'alive',
      'suspect',
      'alive',
      'suspect',
      'alive',
      'flapping',
      'suspect',
    ])
    expect(told(rig)).toEqual(['flapping'])
  })

  test('three times in an hour does not', () => {
    const rig = rigOf()
    for (let i = 0; i < 3; i++) {
      flap(rig)
      rig.run(20 * minute)
    }
    expect(told(rig)).toEqual([])
  })

  test('flaps until it has kept still: half of each return is forgotten within sixty probe intervals', () => {
    const rig = rigOf()
    for (let i = 0; i < 4; i++) flap(rig)
    // 4 are 2 after one minute, and 1 after two.
    rig.run(2 * minute - 10)
    expect(told(rig)).toEqual(['flapping'])
    rig.run(20)
    expect([told(rig), rig.engine.flaps(rig.ref('b'))]).toEqual([
      ['flapping', 'calm'],
      { count: 4, flapping: false },
    ])
  })

  test('again before it is calm flaps on', () => {
    const rig = rigOf()
    for (let i = 0; i < 4; i++) flap(rig)
    rig.run(minute)
    flap(rig)
    flap(rig)
    rig.run(minute + 100)
    expect(told(rig)).toEqual(['flapping'])
    rig.run(minute)
    expect(told(rig)).toEqual(['flapping', 'calm'])
  })

  test('once more, having been forgotten, starts from nothing', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'], settings: { failedRetention: 0, gossipInterval: 10 } })
    for (let i = 0; i < 4; i++) flap(rig)
    rig.hear('c', failed('b', 9))
    rig.run(5_000)
    expect(rig.status('b')).toBe('unknown')
    rig.hear('c', alive(peer('b'), 10))
    expect(rig.engine.flaps(rig.ref('b'))).toEqual({ count: 0, flapping: false })
    rig.run(10 * minute)
    expect(told(rig)).toEqual(['flapping'])
  })
})
