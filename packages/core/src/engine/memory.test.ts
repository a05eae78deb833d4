import { describe, expect, test } from 'vitest'
import { Status } from '../model/status.ts'
import type { UserEvent } from '../wire/message.ts'
import type { Memory } from './memory.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'
import { alive, entry, failed, left, peer, Rig, said, suspect, wall } from './testing/rig.ts'

const before = (change: Partial<Memory> = {}): Memory => ({
  sender: { name: 'me', boot: 1n, incarnation: wall - 100 },
  savedAt: wall - 60,
  clock: 0,
  heard: [],
  members: [],
  addresses: [],
  ...change,
})
const rigWith = (change: Partial<Memory>): Rig => new Rig({ engine: { memory: before(change) } })
const event = (time: number, boot = 9n): UserEvent => ({
  type: 'event',
  time,
  boot,
  origin: 'b',
  name: 'deploy',
  body: new Uint8Array(0),
})

describe('what a node knows that outlives its process', () => {
  test('is who the others are, for how long they are gone, where the forgotten were, and the Lamport time', () => {
    const rig = new Rig({ members: ['b', 'c', 'd', 'e'], settings: { failedRetention: 20_000 } })
    rig.hear('b', failed('c', 5), event(42))
    rig.run(30_000)
    rig.hear('b', left('d', 5), suspect('e', 5, 'b'))
    rig.run(3_000)
    const memory = rig.engine.memory(rig.now)
    expect(
      [...memory.members].map(({ age, record, status }) => [record.name, status, age]).toSorted(),
    ).toEqual([
      ['b', Status.Alive, 0],
      ['d', Status.Left, 3],
      ['e', Status.Suspect, 0],
    ])
    expect(memory).toMatchObject({
      sender: { name: 'me', boot: 77n, incarnation: rig.ownIncarnation },
      savedAt: wall + Math.floor(rig.now / 1_000),
      clock: 42,
      heard: [{ time: 42, boot: 9n }],
      addresses: [peer('c').address],
    })
    const read = decodeSnapshot(encodeSnapshot(memory, 'test'), 'test') as Memory
    expect({ ...read, members: [...read.members] }).toEqual({ ...memory, members: [...memory.members] })
  })
})

describe('a process that recalls what an earlier one knew', () => {
  test('holds those that had failed or left for the rest of their retention, and tells nobody', () => {
    const rig = rigWith({ members: [entry('b', Status.Failed, 7, 30), entry('c', Status.Left, 6, 100)] })
    const { failedRetention, leftRetention } = rig.settings
    expect([rig.status('b'), rig.status('c')]).toEqual(['failed', 'left'])
    // 30 seconds before the snapshot, which is a minute old; the rig has run for five.
    expect(rig.engine.members.since(rig.ref('b'))).toBe(-90_000)
    rig.hear('x', alive(peer('x'), 5))
    rig.run(leftRetention - 160_000 - rig.now - 1)
    expect(rig.status('c')).toBe('left')
    rig.run(2)
    expect([rig.status('b'), rig.status('c')]).toEqual(['failed', 'unknown'])
    rig.run(failedRetention - 90_000 - rig.now + 1)
    expect(rig.status('b')).toBe('unknown')
    expect(rig.eventsOf('b')).toEqual(['reap'])
    expect(said(rig.take(), 'failed')).toEqual([])
  })

  test('holds nobody alive for it: they say themselves that they are', () => {
    const rig = rigWith({ members: [entry('b', Status.Alive, 7), entry('c', Status.Suspect, 6)] })
    expect([rig.status('b'), rig.status('c'), rig.engine.members.size]).toEqual(['unknown', 'unknown', 1])
  })

  test('looks for those that it misses', () => {
    const rig = rigWith({
      members: [
        entry('b', Status.Alive, 7),
        entry('c', Status.Suspect, 6),
        entry('d', Status.Failed, 5, 10),
        entry('e', Status.Failed, 5, 1_000_000),
        entry('f', Status.Left, 5, 10),
      ],
      addresses: [peer('g').address],
    })
    const tried = new Set<number>()
    for (let i = 0; i < 100; i++) {
      rig.run(rig.settings.rejoinInterval)
      for (const { to, token } of rig.requests.splice(0)) {
        tried.add(to.port)
        rig.ended(token, 'refused')
      }
    }
    expect(tried).toEqual(new Set(['b', 'c', 'd', 'e', 'g'].map((name) => peer(name).address.port)))
  })

  test('believes each of them as soon as it speaks', () => {
    const rig = rigWith({ members: [entry('b', Status.Failed, 7, 30), entry('c', Status.Left, 6, 100)] })
    rig.hear('b', alive(peer('b'), 7), alive(peer('c'), 6))
    expect([rig.status('b'), rig.status('c')]).toEqual(['failed', 'left'])
    rig.hear('b', alive(peer('b'), 8), alive(peer('c'), 7))
    expect([rig.status('b'), rig.status('c')]).toEqual(['alive', 'alive'])
    expect([rig.eventsOf('b'), rig.eventsOf('c')]).toEqual([['join'], ['join']])
  })

  test('forgets those whose retention is over by now, and does not count what was before its clock was set back', () => {
    const gone = rigWith({ savedAt: wall - 100_000, members: [entry('b', Status.Failed, 7, 0)] })
    expect(gone.status('b')).toBe('unknown')
    const back = rigWith({ savedAt: wall + 100_000, members: [entry('b', Status.Failed, 7, 10)] })
    expect(back.engine.members.since(back.ref('b'))).toBe(-10_000)
  })

  test('knows nothing of itself but what it says now', () => {
    const rig = rigWith({ members: [entry('me', Status.Failed, wall + 5, 1)] })
    expect([rig.status('me'), rig.ownIncarnation]).toEqual(['alive', wall])
  })

  test('is not told again what the earlier one was told, but keeps it for others, and speaks later than all of it', () => {
    const rig = rigWith({ clock: 42, heard: [event(40), event(41), event(42, 8n)] })
    expect(rig.count('eventsKept')).toBe(0)
    rig.hear('b', event(43))
    expect(rig.deliveries).toEqual([])
    rig.joinedBy('b')
    rig.hear('b', event(42, 8n), event(41), event(42), event(39), event(43))
    rig.hear('c', event(41), event(40), event(43))
    const times = rig.deliveries.map((delivery) => delivery.kind === 'event' && delivery.event.time)
    expect(times).toEqual([42, 39, 43])
    expect(rig.count('eventsKept')).toBe(6)
    rig.engine.broadcast('x', new Uint8Array(0), rig.now)
    expect(rig.deliveries.at(-1)).toMatchObject({ kind: 'event', event: { time: 44 } })
  })
})
