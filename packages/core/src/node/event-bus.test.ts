import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { GapEvent, Logger, Member, MemberEvent, MemberEventType } from './api.ts'
import { EventBus } from './event-bus.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const member: Member = {
  name: 'b',
  address: '10.0.0.2:1',
  status: 'alive',
  leaving: false,
  incarnation: 1,
  boot: '0000000000000001',
  since: new Date(0),
  tags: {},
  services: [],
  payload: new Uint8Array(0),
  streams: false,
  capabilities: [],
}
const event = (id: number, type: MemberEventType = 'update'): MemberEvent => ({
  id,
  type,
  member,
  at: new Date(0),
})

const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const send = (bus: EventBus, ...ids: readonly number[]) => {
  for (const id of ids) bus.push(event(id))
  bus.deliver()
}
/** An id, or a gap as `-missed→nextId`. */
const shown = (each: MemberEvent | GapEvent) =>
  each.type === 'gap' ? `-${each.missed}→${each.nextId}` : String(each.id)

type Events = AsyncIterableIterator<MemberEvent | GapEvent>
/** What is there now, without waiting for more. */
async function drain(events: Events, count: number): Promise<string[]> {
  const all: string[] = []
  for (let i = 0; i < count; i++) {
    const { done, value } = await events.next()
    all.push(done ? 'end' : shown(value))
  }
  return all
}

describe('handlers', () => {
  test('are called in the order of events, those of a type before those of all', () => {
    const bus = new EventBus(0, undefined, () => [member])
    const calls: string[] = []
    bus.on('*', ({ id }) => calls.push(`* ${id}`))
    bus.on('failed', ({ id }) => calls.push(`failed ${id}`))
    bus.push(event(1, 'join'))
    bus.push(event(2, 'failed'))
    expect(calls).toEqual([])
    bus.deliver()
    expect(calls).toEqual(['* 1', 'failed 2', '* 2'])
    bus.deliver()
    expect(calls.length).toBe(3)
  })

  test('may cause events, which come after the one at hand to everybody', () => {
    const bus = new EventBus(0, undefined, () => [member])
    const calls: string[] = []
    bus.on('*', ({ id }) => {
      calls.push(`first ${id}`)
      if (id > 2) return
      bus.push(event(id + 10))
      bus.deliver()
    })
    bus.on('*', ({ id }) => calls.push(`second ${id}`))
    send(bus, 1, 2)
    expect(calls).toEqual([1, 2, 11, 12].flatMap((id) => [`first ${id}`, `second ${id}`]))
  })

  test('that throw are logged, and keep the event from nobody else', () => {
    const logged: string[] = []
    const logger: Logger = {
      enabled: () => true,
      log: (level, message) => logged.push(`${level}: ${message}`),
    }
    const bus = new EventBus(0, logger, () => [member])
    let calls = 0
    bus.on('update', () => {
      throw new Error('oh')
    })
    bus.on('update', () => {
      calls++
    })
    send(bus, 1, 2)
    expect(calls).toBe(2)
    expect(logged).toEqual(new Array(2).fill('error: a handler of update events threw'))
  })

  test('registered twice are called twice, and each registration ends by itself', () => {
    const bus = new EventBus(0, undefined, () => [member])
    let calls = 0
    const handler = () => {
      calls++
    }
    const stop = bus.on('*', handler)
    const stopOther = bus.on('*', handler)
    send(bus, 1)
    expect(calls).toBe(2)
    stop()
    stop()
    send(bus, 2)
    expect([calls, bus.needed]).toEqual([3, true])
    stopOther()
    expect(bus.needed).toBe(false)
  })

  test('that are ended and begun again after that work: an old end does not end the new', () => {
    const bus = new EventBus(0, undefined, () => [member])
    let calls = 0
    const stop = bus.on('join', () => undefined)
    stop()
    bus.on('join', () => {
      calls++
    })
    stop()
    bus.push(event(1, 'join'))
    bus.deliver()
    expect(calls).toBe(1)
  })
})

describe('a consumer', () => {
  test('gets every event in order, whether it waits or is behind', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    const events = bus.events()
    const waiting = Promise.all([events.next(), events.next()])
    send(bus, 1)
    send(bus, 2, 3, 4)
    const [first, second] = await waiting
    expect([first.value.id, second.value.id]).toEqual([1, 2])
    expect(await drain(events, 2)).toEqual(['3', '4'])
  })

  test('does not take from another', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    const [one, other] = [bus.events(), bus.events({ buffer: 1 })]
    send(bus, 1, 2)
    expect(await drain(one, 2)).toEqual(['1', '2'])
    expect(await drain(other, 1)).toEqual(['-2→3'])
    send(bus, 3)
    expect([await drain(one, 1), await drain(other, 1)]).toEqual([['3'], ['3']])
  })

  test.each([
    // buffer, events, what comes then
    [3, 3, ['1', '2', '3']],
    [3, 4, ['-2→3', '3', '4']],
    [3, 5, ['-3→4', '4', '5']],
    [3, 9, ['-7→8', '8', '9']],
    [2, 3, ['-2→3', '3']],
    [1, 1, ['1']],
    [1, 5, ['-5→6']],
  ])(
    'with a buffer of %i that is behind by %i events is told of the gap',
    async (buffer, count, expected) => {
      const bus = new EventBus(0, undefined, () => [member])
      const events = bus.events({ buffer })
      send(bus, ...range(1, count))
      expect(await drain(events, expected.length)).toEqual(expected)
      send(bus, 100)
      expect(await drain(events, 1)).toEqual(['100'])
    },
  )

  test('that does not say how much it wants kept has 1,024', async () => {
    const firstOf = async (count: number): Promise<string> => {
      const bus = new EventBus(0, undefined, () => [member])
      const events = bus.events()
      send(bus, ...range(1, count))
      return (await drain(events, 1))[0]!
    }
    expect([await firstOf(1_024), await firstOf(1_025)]).toEqual(['1', '-2→3'])
  })

  test('gets with its gap what the members are when it takes it, and up to which event', async () => {
    let members: readonly Member[] = []
    const bus = new EventBus(0, undefined, () => members)
    const events = bus.events({ buffer: 2 })
    send(bus, 1, 2, 3)
    members = [member]
    send(bus, 4)
    expect((await events.next()).value).toEqual({
      type: 'gap',
      missed: 3,
      nextId: 4,
      members: [member],
      asOf: 4,
    })
    expect(await drain(events, 1)).toEqual(['4'])
  })

  test('loses nothing without being told how much, and never has more than its buffer', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.array(fc.nat(9), { maxLength: 40 }),
        async (buffer, steps) => {
          const bus = new EventBus(0, undefined, () => [member])
          const events = bus.events({ buffer })
          let sent = 0
          let queued = 0
          let expected = 1
          const take = async () => {
            const { value } = await events.next()
            queued--
            if (value.type === 'gap') {
              expected += value.missed
              expect(value.nextId).toBe(expected)
            } else expect(value.id).toBe(expected++)
          }
          for (const step of steps) {
            if (step < 5 || queued === 0) {
              send(bus, ++sent)
              queued = Math.min(buffer, queued + 1)
            } else await take()
          }
          while (queued > 0) await take()
          expect(expected).toBe(sent + 1)
        },
      ),
    )
  })

  test('ends when it is aborted, after what it had, and nothing is kept for it', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    const abort = new AbortController()
    const events = bus.events({ signal: abort.signal })
    send(bus, 1)
    abort.abort()
    send(bus, 2)
    expect(await drain(events, 3)).toEqual(['1', 'end', 'end'])
    expect(bus.needed).toBe(false)
  })

  test('that waits is woken by the abort', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    const abort = new AbortController()
    const next = bus.events({ signal: abort.signal }).next()
    abort.abort()
    expect(await next).toEqual({ value: undefined, done: true })
  })

  test('of a signal that is aborted already is ended from the start', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    const events = bus.events({ signal: AbortSignal.abort() })
    send(bus, 1)
    expect(await drain(events, 1)).toEqual(['end'])
  })

  test('ends a loop that breaks, and whoever else waits on it', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    const events = bus.events()
    send(bus, 1, 2)
    for await (const each of events) {
      expect(shown(each)).toBe('1')
      break
    }
    expect([await drain(events, 1), bus.needed]).toEqual([['end'], false])
    const other = bus.events()
    const waiting = other.next()
    await other.return!()
    expect(await waiting).toEqual({ value: undefined, done: true })
  })
})

describe('kept events', () => {
  test.each([
    // after, what is replayed of 3, 4, 5 in a history of three
    [5, []],
    [4, ['5']],
    [2, ['3', '4', '5']],
    [1, ['-1→3', '3', '4', '5']],
    [0, ['-2→3', '3', '4', '5']],
  ])('after id %i are replayed, with the gap in front', async (after, expected) => {
    const bus = new EventBus(3, undefined, () => [member])
    send(bus, 1, 2, 3, 4, 5)
    const events = bus.events({ after })
    send(bus, 6)
    expect(await drain(events, expected.length + 1)).toEqual([...expected, '6'])
  })

  test('make events needed though nobody listens', () => {
    expect([
      new EventBus(1, undefined, () => [member]).needed,
      new EventBus(0, undefined, () => [member]).needed,
    ]).toEqual([true, false])
  })

  test('a replay beyond the buffer leaves a gap as well', async () => {
    const bus = new EventBus(10, undefined, () => [member])
    send(bus, ...range(1, 10))
    expect(await drain(bus.events({ after: 0, buffer: 3 }), 3)).toEqual(['-8→9', '9', '10'])
  })
})

describe('closing', () => {
  test('delivers what was pushed, then ends everybody: consumers after what they have', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    const [behind, waiting] = [bus.events(), bus.events()]
    const calls: number[] = []
    bus.on('*', ({ id }) => calls.push(id))
    const first = waiting.next()
    const second = waiting.next()
    bus.push(event(1))
    bus.close()
    expect(calls).toEqual([1])
    expect([(await first).value.id, (await second).done]).toEqual([1, true])
    expect(await drain(behind, 2)).toEqual(['1', 'end'])
  })

  test('is for good: who comes later is ended already, and nothing is kept for it', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    bus.close()
    expect(await drain(bus.events(), 1)).toEqual(['end'])
    expect(bus.needed).toBe(false)
  })

  test('by a handler keeps from consumers neither the event at hand nor those committed with it', async () => {
    const bus = new EventBus(0, undefined, () => [member])
    const events = bus.events()
    bus.on('failed', () => bus.close())
    bus.push(event(1, 'failed'))
    bus.push(event(2))
    bus.deliver()
    expect(await drain(events, 3)).toEqual(['1', '2', 'end'])
  })
})
