import { describe, expect, test } from 'vitest'
import { PiggybackQueue } from '../dissemination/piggyback-queue.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { maxEvents } from '../wire/limits.ts'
import type { Message, Query } from '../wire/message.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'
import { alive, entry, peer, Rig, said, suspect, sync, wall } from './testing/rig.ts'

/** Each at its limit, and one past it. Those of codecs are among the conformance cases. */

const nothing = new Uint8Array(0)
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`)
/** Room for as many newcomers at once as a test wants. */
const unlimited = { settings: { newNamesPerSource: 0 } }

describe('updates that wait to be told', () => {
  test('are 16,384; of more the one that was told most goes', () => {
    const queue = new PiggybackQueue()
    const gone: number[] = []
    const push = (ref: number): void =>
      queue.push({ ref: ref as Ref, subject: 'status', bytes: nothing, done: () => gone.push(ref) })
    for (let ref = 1; ref <= 16_384; ref++) push(ref)
    expect([queue.backlog, gone]).toEqual([16_384, []])
    push(16_385)
    expect([queue.backlog, gone]).toEqual([16_384, [1]])
  })
})

describe('broadcasts that wait to be told', () => {
  const toldOf = (count: number): number => {
    const rig = new Rig({ members: ['b'] })
    const event = { type: 'event', boot: 5n, origin: 'b', name: 'e', body: nothing } as const
    // In one packet, so that none is told before all are there.
    rig.hear('b', ...Array.from({ length: count }, (_, i): Message => ({ ...event, time: i + 1 })))
    expect(rig.count('rumoursHeard')).toBe(count)
    rig.run(60_000)
    return new Set(said(rig.take(), 'event').map(({ time }) => time)).size
  }

  test('are 1,024, and one more lets another go', () => {
    expect([toldOf(1_023), toldOf(1_024), toldOf(1_025)]).toEqual([1_023, 1_024, 1_024])
  })
})

describe('pings under way', () => {
  test('are 4,096; one more is not sent, and one is again when they are over', () => {
    const rig = new Rig({ members: ['b'] })
    const begun = (count: number): boolean[] => {
      const results: boolean[] = []
      rig.detect((context) => {
        for (let i = 0; i < count; i++) {
          results.push(context.ping(rig.ref('b'), { path: 'direct', timeout: 1_000, arg: i }, rig.now))
        }
      })
      return results
    }
    expect(new Set(begun(4_096))).toEqual(new Set([true]))
    expect(begun(1)).toEqual([false])
    rig.run(1_500)
    expect(begun(1)).toEqual([true])
  })

  test('for others end after two minutes, whatever is asked for', () => {
    const rig = new Rig({ members: ['b'] })
    const before = rig.count('timers')
    const target = { seq: 1, name: 'x', boot: undefined, address: peer('x').address }
    rig.hear('b', { type: 'pingReq', nackAfter: 0xffff_ffff, targets: [target] })
    rig.run(95_999)
    expect(said(rig.take(), 'nack')).toEqual([])
    rig.run(1)
    expect(said(rig.take(), 'nack')).toHaveLength(1)
    rig.run(24_000)
    expect(rig.count('timers')).toBeLessThanOrEqual(before)
  })
})

describe('newcomers that are being dialled back', () => {
  const ask = (rig: Rig, name: string) =>
    rig.ask(name, sync({ join: true, entries: [entry(name, Status.Alive, 5)] }))

  test('are 1,024; one more is told to come again, and is taken when they are through', () => {
    const rig = new Rig(unlimited)
    for (const name of names(1_024)) expect(ask(rig, name).type).toBe('sync')
    expect(ask(rig, 'late')).toMatchObject({ type: 'error', code: 'busy' })
    rig.run(10_000)
    expect(ask(rig, 'late').type).toBe('sync')
  })
})

describe('other processes under the own name', () => {
  test('are looked for sixteen at a time', () => {
    const rig = new Rig({ members: ['b'] })
    const rivals = names(17).map((_, i) =>
      alive(peer('me', { boot: BigInt(500 + i), address: { host: '10.1.1.1', port: 1 + i } }), wall + 1),
    )
    rig.hear('b', ...rivals.slice(0, 16))
    const looked = (): number => said(rig.take(), 'ping').filter(({ target }) => target === 'me').length
    expect(looked()).toBe(16)
    rig.hear('b', rivals[16]!)
    expect(looked()).toBe(0)
    for (const { token } of rig.requests.splice(0)) rig.ended(token, 'refused')
    rig.run(1_000)
    rig.hear('b', rivals[16]!)
    expect(looked()).toBe(1)
  })
})

describe('comparisons of tables under way', () => {
  test('are four; the next waits until one of them has ended', () => {
    const rig = new Rig({ settings: { syncInterval: 1_000 } })
    rig.hear('introducer', alive(peer('b'), 5), alive(peer('c'), 5))
    const asked = (): number => rig.requests.filter(({ message }) => message.type === 'sync').length
    rig.run(60_000)
    expect([asked(), rig.count('syncsStarted')]).toEqual([4, 4])
    rig.ended(rig.requests.find(({ message }) => message.type === 'sync')!.token, 'timeout')
    rig.run(60_000)
    expect([asked(), rig.count('syncsStarted')]).toEqual([5, 5])
  })
})

describe('accusers of one suspect', () => {
  test('are sixteen', () => {
    const members = names(20)
    const rig = new Rig({ members, settings: { suspicionConfirmations: 15, suspicionQuorum: 0 } })
    const known = (): number => rig.engine.suspicion(rig.ref('n0'))!.accusations.length
    for (const [i, name] of members.slice(1, 17).entries()) {
      rig.hear(name, suspect('n0', 5, name))
      expect(known()).toBe(i + 1)
    }
    rig.hear('n17', suspect('n0', 5, 'n17'))
    expect(known()).toBe(16)
  })
})

describe('questions of others that wait for an answer', () => {
  const query = (time: number): Query => ({
    type: 'query',
    time,
    boot: peer('b').boot,
    origin: 'b',
    name: 'q',
    body: nothing,
    timeout: 0xffff_ffff,
    names: [],
    tags: [],
  })
  const answers = (rig: Rig) => said(rig.take(), 'answer').map(({ kind }) => kind)

  test('are 256; of one more the asker is told that there will be none', () => {
    const rig = new Rig({ members: ['b'] })
    for (let time = 1; time <= 256; time++) rig.hear('b', query(time))
    expect(new Set(answers(rig))).toEqual(new Set(['ack']))
    rig.hear('b', query(257))
    expect([answers(rig), rig.count('queriesRefused')]).toEqual([['none'], 1])
  })

  test('do so for ten minutes, whatever the asker says', () => {
    const rig = new Rig({ members: ['b'] })
    for (let time = 1; time <= 256; time++) rig.hear('b', query(time))
    rig.run(599_999)
    rig.hear('b', query(257))
    expect(rig.count('queriesRefused')).toBe(1)
    rig.run(1)
    rig.hear('b', query(258))
    expect(rig.count('queriesRefused')).toBe(1)
  })
})

describe('what a snapshot keeps', () => {
  const saved = (count: number) => {
    const memory = decodeSnapshot(
      encodeSnapshot(
        {
          sender: { name: 'me', boot: 7n, incarnation: 12 },
          savedAt: 1,
          clock: 1,
          heard: Array.from({ length: count }, (_, i) => ({ time: i + 1, boot: 1n })),
          members: [],
          addresses: Array.from({ length: count }, (_, i) => ({ host: '10.0.0.9', port: i + 1 })),
        },
        'test',
      ),
      'test',
    )
    if ('reason' in memory) throw new Error(memory.reason)
    return memory
  }

  test('of addresses is the latest 256', () => {
    expect(saved(256).addresses).toHaveLength(256)
    expect(saved(257).addresses.map(({ port }) => port)).toEqual(Array.from({ length: 256 }, (_, i) => i + 2))
  })

  test('of broadcasts that were heard is the latest 1,024', () => {
    expect(saved(maxEvents).heard).toHaveLength(1_024)
    expect(saved(maxEvents + 1).heard[0]).toEqual({ time: 2, boot: 1n })
    expect(saved(maxEvents + 1).heard).toHaveLength(1_024)
  })
})

describe('payloads that are fetched', () => {
  test('are four at once; a fifth waits until one has come or not', () => {
    const rig = new Rig({ members: names(5), engine: { hash: () => new Uint8Array(32) } })
    for (const name of names(5)) {
      rig.hear(name, alive(peer(name, { payload: { size: 9, hash: new Uint8Array(32) } }), 6))
    }
    rig.run(5_000)
    const asked = () => rig.requests.filter(({ message }) => message.type === 'fetch')
    expect(asked()).toHaveLength(4)
    rig.ended(asked()[0]!.token, 'refused')
    rig.run(500)
    expect(asked()).toHaveLength(5)
  })
})
