import { describe, expect, test } from 'vitest'
import { Status } from '../model/status.ts'
import { alive, entry, failed, left, peer, ping, Rig, said, suspect, wall } from './testing/rig.ts'

describe('an accusation of this node', () => {
  test.each([
    ['suspect', suspect('me', wall, 'b')],
    ['failed', failed('me', wall, 'b')],
    ['left', left('me', wall, 'b')],
  ] as const)('of being %s is refuted in the very ack to the ping that brings it', (_, claim) => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', claim, ping(123))
    const [answer] = rig.takeTo('b').filter(({ messages }) => messages.some(({ type }) => type === 'ack'))
    expect(said([answer!], 'ack')).toMatchObject([{ seq: 123, payload: undefined }])
    expect(answer!.messages).toContainEqual(alive(rig.self, wall + 1))
    expect([rig.status('me'), rig.ownIncarnation, rig.count('refutations')]).toEqual(['alive', wall + 1, 1])
    expect(rig.engine.health).toBe(1)
  })

  test('is refuted in the ack also where it comes behind the ping', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', ping(123), suspect('me', wall, 'b'))
    const [answer] = rig.takeTo('b').filter(({ messages }) => messages.some(({ type }) => type === 'ack'))
    expect(answer!.messages).toContainEqual(alive(rig.self, wall + 1))
  })

  test('is refuted above the incarnation that was heard', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', suspect('me', wall + 1_000, 'b'))
    expect(rig.ownIncarnation).toBe(wall + 1_001)
  })

  test('is refuted at most once per probe interval; the last one heard meanwhile, when it is over', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', suspect('me', wall, 'b'))
    for (let i = 1; i <= 9; i++) {
      rig.run(100)
      rig.hear('b', suspect('me', wall + i, 'b'), ping(i))
    }
    expect([rig.ownIncarnation, rig.count('refutations')]).toEqual([wall + 1, 1])
    rig.run(99)
    expect(rig.count('refutations')).toBe(1)
    rig.run(1)
    expect([rig.ownIncarnation, rig.count('refutations')]).toEqual([wall + 10, 2])
    rig.run(10_000)
    expect([rig.ownIncarnation, rig.count('refutations')]).toEqual([wall + 10, 2])
  })

  test('as high as anybody is believed is refuted at once where others believe that at once', () => {
    const rig = new Rig({ members: ['b'] })
    const highest = Math.floor(wall + rig.now / 1_000 + 2 ** 26 - 2 ** 16)
    rig.hear('b', failed('me', highest, 'b'))
    expect(rig.ownIncarnation).toBe(highest + 1)
  })

  test('that is no accusation but the own name as high as it goes is answered when that is believed: within a second', () => {
    const rig = new Rig({ members: ['b'] })
    const highest = Math.floor(wall + rig.now / 1_000 + 2 ** 26)
    rig.hear('b', alive(peer('me', { ...rig.self, data: Uint8Array.of(1) }), highest))
    expect(rig.count('refutations')).toBe(0)
    rig.run(1_000)
    expect([rig.ownIncarnation, rig.count('refutations')]).toEqual([highest + 1, 1])
    expect(rig.ownIncarnation).toBeLessThanOrEqual(wall + rig.now / 1_000 + 2 ** 26)
  })

  test('that follows from such a claim, which this node has not heard, is refuted as well', () => {
    const rig = new Rig({ members: ['b'] })
    const highest = Math.floor(wall + rig.now / 1_000 + 2 ** 26)
    rig.hear('b', failed('me', highest + 1, 'b'))
    rig.run(2_000)
    expect(rig.count('refutations')).toBe(0)
    rig.hear('b', failed('me', highest, 'b'))
    rig.run(1_000)
    expect(rig.ownIncarnation).toBe(highest + 1)
  })

  test('of an earlier incarnation is old news, and is not refuted', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', suspect('me', wall - 1, 'b'), failed('me', wall - 1), left('me', wall - 1, 'b'))
    rig.run(3_000)
    expect([rig.ownIncarnation, rig.count('refutations'), rig.count('claimsStale')]).toEqual([wall, 0, 3])
  })

  test.each([
    ['failed', Status.Failed],
    ['left', Status.Left],
    ['suspect', Status.Suspect],
  ] as const)('by a sync that says %s is refuted', (_, status) => {
    const rig = new Rig({ members: ['b'] })
    rig.push('b', { ...entry('me', status, wall), record: rig.self, recordIncarnation: wall })
    expect([rig.status('me'), rig.ownIncarnation]).toEqual(['alive', wall + 1])
  })

  test('an alive claim of it at its incarnation with other data, or above it, is refuted; its own words are not', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', alive(rig.self, wall))
    expect(rig.ownIncarnation).toBe(wall)
    rig.hear('b', alive({ ...rig.self, data: Uint8Array.of(1) }, wall))
    expect(rig.ownIncarnation).toBe(wall + 1)
    rig.run(1_000)
    rig.hear('b', alive(rig.self, wall + 50))
    expect(rig.ownIncarnation).toBe(wall + 51)
  })
})
