import { describe, expect, test } from 'vitest'
import { PiggybackQueue } from '../dissemination/piggyback-queue.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { putU32 } from '../wire/byte-writer.ts'
import { maxEvents } from '../wire/limits.ts'
import type { Message, Query } from '../wire/message.ts'
import { swimCodec } from '../wire/swim-codec.ts'
import { context, headerBytes, someone } from '../wire/testing/samples.ts'
import { decodeSnapshot, encodeSnapshot } from './snapshot.ts'
import { alive, entry, failed, peer, ping, Rig, said, suspect, sync, wall } from './testing/rig.ts'

/** Each at its limit, and one past it. Those of codecs are among the conformance cases. */

const nothing = new Uint8Array(0)
const names = (count: number): string[] => Array.from({ length: count }, (_, i) => `n${i}`)
/** Room for as many newcomers at once as a test wants. */
const unlimited = { settings: { newNamesPerSource: 0 } }

const join = (rig: Rig, name: string): Message =>
  rig.ask(name, sync({ join: true, entries: [entry(name, Status.Alive, 5)] }))
const query = (time: number, timeout = 0xffff_ffff): Query => ({
  type: 'query',
  time,
  boot: peer('b').boot,
  origin: 'b',
  name: 'q',
  body: nothing,
  timeout,
  names: [],
  tags: [],
})
/** Another process under the name of this node, at an address of its own. */
const rival = (i: number): Message =>
  alive(peer('me', { boot: BigInt(500 + i), address: { host: '10.1.1.1', port: 1 + i } }), wall + 1)
const askedToPing = (...numbers: readonly number[]): Message => ({
  type: 'pingReq',
  nackAfter: 1_000,
  targets: numbers.map((seq) => ({ seq, name: 'x', boot: undefined, address: peer('x').address })),
})

describe('members', () => {
  test('are 65,536, this node among them; one more is refused', () => {
    const rig = new Rig({ members: ['b'], ...unlimited })
    const entries = names(65_535).map((name) => entry(name, Status.Alive, 5))
    rig.push('b', ...entries.slice(0, -1))
    expect([rig.engine.members.size, rig.count('membersRefused')]).toEqual([65_536, 0])
    rig.push('b', entries.at(-1)!)
    expect([rig.engine.members.size, rig.count('membersRefused')]).toEqual([65_536, 1])
  })

  test('that failed are gossiped to 256 at a time: the latest', () => {
    const toldOf = (count: number): string[] => {
      const rig = new Rig({ members: ['b', ...names(count)], settings: { gossipToFailed: 3_600_000 } })
      for (const name of names(count)) rig.hear('b', failed(name, 5))
      // One of them is told with each round of gossip, as long as there is any.
      for (let time = 1; time <= 300; time++) {
        rig.hear('b', { type: 'event', time, boot: 5n, origin: 'b', name: 'e', body: nothing })
        rig.run(rig.settings.gossipInterval)
      }
      const ports = new Set(rig.take().map(({ to }) => to.port))
      return names(count).filter((name) => !ports.has(peer(name).address.port))
    }
    expect([toldOf(256), toldOf(257)]).toEqual([[], ['n0']])
  })
})

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

  test('are counted when they go', () => {
    const rig = new Rig({ members: ['b'], ...unlimited })
    rig.push('b', ...names(16_384).map((name) => entry(name, Status.Alive, 5)))
    expect([rig.count('backlog'), rig.count('updatesDropped')]).toEqual([16_384, 0])
    rig.hear('b', alive(peer('late'), 5))
    expect([rig.count('backlog'), rig.count('updatesDropped')]).toEqual([16_384, 1])
  })
})

describe('broadcasts that wait to be told', () => {
  const toldOf = (count: number): [told: number, dropped: number] => {
    const rig = new Rig({ members: ['b'] })
    const event = { type: 'event', boot: 5n, origin: 'b', name: 'e', body: nothing } as const
    // In one packet, so that none is told before all are there.
    rig.hear('b', ...Array.from({ length: count }, (_, i): Message => ({ ...event, time: i + 1 })))
    expect(rig.count('rumoursHeard')).toBe(count)
    rig.run(60_000)
    const told = new Set(said(rig.take(), 'event').map(({ time }) => time))
    return [told.size, rig.count('updatesDropped')]
  }

  test('are 1,024, and one more lets another go', () => {
    expect([toldOf(1_024), toldOf(1_025)]).toEqual([
      [1_024, 0],
      [1_024, 1],
    ])
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
    const operation = rig.engine.ping(rig.ref('b'), rig.now)
    expect(rig.results.get(operation)).toEqual({ kind: 'ping-failed', code: 'busy' })
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
  test('are 1,024; one more is told to come again, and is taken when they are through', () => {
    const rig = new Rig(unlimited)
    for (const name of names(1_024)) expect(join(rig, name).type).toBe('sync')
    expect(rig.count('newcomersRefused')).toBe(0)
    expect(join(rig, 'late')).toMatchObject({ type: 'error', code: 'busy' })
    expect(rig.count('newcomersRefused')).toBe(1)
    rig.run(10_000)
    expect(join(rig, 'late').type).toBe('sync')
  })
})

describe('other processes under the own name', () => {
  test('are looked for sixteen at a time', () => {
    const rig = new Rig({ members: ['b'] })
    const rivals = names(17).map((_, i) => rival(i))
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
    // What was heard alone makes no quorum, so any number of it would count for something.
    const rig = new Rig({ members, settings: { suspicionQuorum: 3 } })
    const known = (): number => rig.engine.suspicion(rig.ref('n0'))!.accusations.length
    const hear = (accuser: string): void =>
      rig.hear(accuser, {
        type: 'suspect',
        name: 'n0',
        incarnation: 5,
        accusations: [{ accuser, evidence: 'heard' }],
      })
    for (const [i, name] of members.slice(1, 17).entries()) {
      hear(name)
      expect(known()).toBe(i + 1)
    }
    hear('n17')
    expect(known()).toBe(16)
  })
})

describe('questions of others that wait for an answer', () => {
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

  test('do so as long as the application is at them, however soon their asker gives up', () => {
    const rig = new Rig({ members: ['b'] })
    for (let time = 1; time <= 256; time++) rig.hear('b', query(time, 10))
    rig.run(1_000)
    rig.hear('b', query(257, 10))
    expect(rig.count('queriesRefused')).toBe(1)
    rig.engine.answer(query(1), nothing, rig.now)
    rig.hear('b', query(258, 10))
    expect(rig.count('queriesRefused')).toBe(1)
    rig.hear('b', query(259, 10))
    expect(rig.count('queriesRefused')).toBe(2)
    rig.run(600_000)
    for (let time = 260; time < 260 + 256; time++) rig.hear('b', query(time, 10))
    expect(rig.count('queriesRefused')).toBe(2)
  })
})

describe('questions of this node', () => {
  test('are 256 at once; one more is busy, and one is asked again when they are over', () => {
    const rig = new Rig({ members: ['b'] })
    const question = { name: 'q', body: nothing, timeout: 1_000, names: [], tags: [] }
    const asked = (): unknown =>
      rig.results.get(rig.engine.query({ ...question, expected: [rig.ref('b')] }, rig.now))
    for (let i = 0; i < 256; i++) expect(asked()).toBeUndefined()
    expect(asked()).toEqual({ kind: 'query-failed', code: 'busy' })
    rig.run(1_000)
    expect([asked(), rig.count('queriesSent')]).toEqual([undefined, 257])
  })
})

describe('messages that fit no packet', () => {
  test('are 256 at once, each in a stream that nobody waits for; one more is let go and counted', () => {
    const rig = new Rig({ members: ['b'] })
    const sent = (): [number, number] => [rig.requests.length, rig.count('oversizeDropped')]
    rig.hear('b', query(1))
    rig.engine.answer(query(1), new Uint8Array(2_000), rig.now)
    // Who asks again is told again.
    for (let i = 1; i < 256; i++) rig.hear('b', query(1))
    expect(sent()).toEqual([256, 0])
    rig.hear('b', query(1))
    expect(sent()).toEqual([256, 1])
    rig.ended(rig.requests[0]!.token, 'timeout')
    rig.hear('b', query(1))
    expect(sent()).toEqual([257, 1])
  })
})

describe('strangers that are looked into at a time', () => {
  test('are sixteen', () => {
    const heard = (count: number): number => {
      const rig = new Rig({ members: ['b', 'c'] })
      for (const name of names(count)) rig.hear(name, ping(1))
      // All but the last are known by the time.
      rig.hear('b', ...names(count - 1).map((name) => alive(peer(name), 5)))
      rig.run(2_000)
      return rig.count('strangersHeard')
    }
    expect([heard(16), heard(17)]).toEqual([1, 0])
  })
})

describe('suspects that are told so by one that others held failed', () => {
  const told = (rig: Rig): number => {
    const suspicions = rig
      .take()
      .filter(({ messages, to }) =>
        messages.some((said) => said.type === 'suspect' && peer(said.name).address.port === to.port),
      )
    return new Set(suspicions.map(({ to }) => to.port)).size
  }
  const rigOf = (suspects: number): Rig => {
    const rig = new Rig({ members: names(40) })
    rig.hear('x', ...names(suspects).map((name) => suspect(name, 5, 'y')))
    rig.take()
    return rig
  }

  test('are 32', () => {
    const toldOf = (suspects: number): number => {
      const rig = rigOf(suspects)
      rig.hear(names(40).at(-1)!, failed('me', rig.ownIncarnation))
      return told(rig)
    }
    // Three more are told of what is urgent, and may be suspects.
    expect(toldOf(32)).toBe(32)
    expect(toldOf(39)).toBeGreaterThanOrEqual(32)
    expect(toldOf(39)).toBeLessThanOrEqual(32 + 3)
  })

  test('are told once in a `probeInterval`', () => {
    const rig = rigOf(20)
    const { probeInterval } = rig.settings
    rig.hear(names(40).at(-1)!, failed('me', rig.ownIncarnation))
    expect(told(rig)).toBe(20)
    rig.hear(names(40).at(-1)!, failed('me', rig.ownIncarnation))
    expect(told(rig)).toBeLessThanOrEqual(3)
    rig.run(probeInterval)
    rig.take()
    rig.hear(names(40).at(-1)!, failed('me', rig.ownIncarnation))
    expect(told(rig)).toBe(20)
  })
})

describe('reports that a node in doubt keeps to itself', () => {
  test('are 64; of more the oldest goes', () => {
    const suspects = (count: number): string[] => {
      const rig = new Rig({
        members: names(70),
        settings: { probeTimeoutMin: 500, suspicionConfirmations: 0, healthMax: 0 },
      })
      // Of the third failure in a row it begins to doubt itself.
      for (const name of names(3)) {
        rig.look(name, { timeout: 600 })
        rig.run(600)
        rig.accuse(name)
      }
      for (const name of names(2 + count).slice(3)) rig.accuse(name)
      expect(rig.count('reportsHeld')).toBe(count)
      rig.run(2_000)
      return names(2 + count).filter((name) => rig.status(name) !== 'suspect')
    }
    expect([suspects(64), suspects(65)]).toEqual([[], ['n2']])
  })
})

describe('members that are looked at anew, as a way to them failed', () => {
  test('are four at once', () => {
    const rig = new Rig({ members: names(5), settings: { probeTimeoutMin: 500 } })
    /** Looks at them, of whom only streams are answered; whom packets are then tried on. */
    const tried = (...looked: readonly string[]) => {
      for (const name of looked) rig.look(name)
      rig.run(700)
      rig.take()
      for (const { message, token } of rig.requests.splice(0)) {
        if (message.type !== 'ping') continue
        rig.reply(token, message.target, { type: 'ack', seq: message.seq, payload: undefined })
      }
      return said(rig.take(), 'ping')
    }
    const first = tried(...names(5))
    expect(first.map(({ target }) => target)).toEqual(names(4))
    for (const { seq, target } of first) rig.hear(target, { type: 'ack', seq, payload: undefined })
    expect(tried('n4').map(({ target }) => target)).toEqual(['n4'])
  })
})

describe('what is remembered of looks and claims', () => {
  test('is 512 entries, of all members together', () => {
    const rig = new Rig({ members: ['b'] })
    const told = () => [...rig.engine.explain(rig.engine.members.self)]
    const accused = () => rig.hear('b', suspect('me', rig.ownIncarnation, 'b'))
    while (told().length < 512) accused()
    const before = told()
    accused()
    expect(told().slice(0, -1)).toEqual(before.slice(1))
  })
})

describe('timers that others have this node arm', () => {
  test.each<[string, most: number, each: number, one: (rig: Rig, i: number) => void]>([
    ['pings for others', 1_024, 2, (rig, i) => rig.hear('b', askedToPing(i))],
    ['newcomers', 1_024, 1, (rig, i) => void join(rig, `n${i}`)],
    ['other processes under the own name', 16, 2, (rig, i) => rig.hear('b', rival(i))],
    ['questions of others', 256, 1, (rig, i) => rig.hear('b', query(1 + i))],
  ])('%s: so many for each, and none for one too many', (_, most, each, one) => {
    const rig = new Rig({ members: ['b', 'c'], ...unlimited })
    // With the first comes the one of gossip.
    one(rig, most + 1)
    const before = rig.count('timers') - each
    for (let i = 1; i < most; i++) one(rig, i)
    expect(rig.count('timers') - before).toBe(most * each)
    one(rig, most)
    expect(rig.count('timers') - before).toBe(most * each)
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

  test('is read up to 64 MiB, and what announces more is not', () => {
    const codec = swimCodec().open(context)
    const [first] = codec.encodeStream(someone, { type: 'user', body: new Uint8Array(200_000) })
    // Each record has its length in front and its sum behind it.
    const held = first!.length - headerBytes - 8
    const read = (size: number): unknown => {
      const bytes = new Uint8Array(first!.length + 4)
      bytes.set(first!)
      putU32(bytes, first!.length, size - held + 4)
      return decodeSnapshot(bytes, context.cluster)
    }
    const most = 64 * 1_024 * 1_024
    expect(read(most)).toEqual({ reason: `it is cut off after ${first!.length + 4} bytes` })
    expect(read(most + 1)).toEqual({ reason: `a message of more than ${most} bytes` })
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
