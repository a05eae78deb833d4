import { expect, test } from 'vitest'
import { Status } from '../../model/status.ts'
import type { UserEvent } from '../../wire/message.ts'
import { tellingTime } from '../tellings.ts'
import { entry, peer, Rig, sync } from '../testing/rig.ts'

const event = (time: number): UserEvent => ({
  type: 'event',
  time,
  boot: 1n,
  origin: 'b',
  name: 'e',
  body: new Uint8Array(0),
})

test.each([false, true])(
  'what was settled before a process met others is not for it, somebody having joined there before: %s',
  (joined) => {
    const rig = new Rig()
    if (joined) rig.joinedBy('c')
    rig.engine.join(peer('b').address, rig.now)
    const events = { clock: 9, settled: 7, mark: [0, 0], count: 0 } as const
    rig.reply(rig.requests.at(-1)!.token, 'b', sync({ entries: [entry('b', Status.Alive, 5)], events }))
    const asked = rig.requests.find(({ message }) => message.type === 'events')
    if (asked !== undefined) {
      rig.reply(asked.token, 'b', { type: 'events', clock: 9, known: [], events: [] })
    }
    rig.hear('b', event(7), event(8))
    const times = rig.deliveries.map((each) => each.kind === 'event' && each.event.time)
    expect(times).toEqual([8])
  },
)

test('what has just been told is not settled where events are not kept at all', () => {
  const rig = new Rig({ members: ['b'], settings: { eventRetention: 0 } })
  const settled = () => {
    const answer = rig.ask('b', sync({ digest: { buckets: new Uint32Array(128), terminal: [0, 0] } }))
    return answer.type === 'sync' && answer.events?.settled
  }
  rig.hear('b', event(3))
  rig.run(1)
  expect(settled()).toBe(0)
  rig.run(2 * tellingTime(rig.settings, 2))
  expect(settled()).toBe(3)
})

test('a question of a node that is alone is not old to it, and no news to it when it comes back', () => {
  const rig = new Rig()
  const asked = { name: 'q', body: new Uint8Array(0), timeout: 1_000, names: [], tags: [] }
  rig.engine.query({ ...asked, expected: [] }, rig.now)
  rig.joinedBy('b')
  rig.hear('b', { ...asked, type: 'query', time: 1, boot: rig.self.boot, origin: 'me' })
  expect([rig.count('rumoursOld'), rig.count('rumoursHeard'), rig.count('rumoursAgain')]).toEqual([0, 0, 1])
})
