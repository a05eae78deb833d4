import { expect, test } from 'vitest'
import { Status } from '../../model/status.ts'
import type { UserEvent } from '../../wire/message.ts'
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
