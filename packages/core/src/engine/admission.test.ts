import { describe, expect, test } from 'vitest'
import { Status } from '../model/status.ts'
import { alive, entry, peer, ping, Rig, sync } from './testing/rig.ts'

/** So many names that nobody has heard of. */
const strangers = (count: number, prefix = 'x'): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`)
const joining = (name: string) => sync({ join: true, entries: [entry(name, Status.Alive, 5)] })
const limited = (rig: Rig): number | undefined => rig.engine.stats().newNamesLimited

describe('names that nobody here has heard of', () => {
  test('come from one host at a bounded rate, in packets, and not at the cost of another host', () => {
    const rig = new Rig({ members: ['b', 'c'], settings: { newNamesPerSource: 10 } })
    for (const name of strangers(100)) rig.hear('b', alive(peer(name), 5))
    expect([rig.engine.members.size, limited(rig)]).toEqual([3 + 40, 60])
    rig.hear('b', alive(peer('x0'), 6))
    expect(rig.status('x0')).toBe('alive')
    const c = peer('c', { address: { host: '10.8.8.8', port: 7_946 } })
    for (const name of strangers(10, 'y')) rig.hear(c, alive(peer(name), 5))
    expect(rig.engine.members.size).toBe(3 + 40 + 10)
    rig.run(1_000)
    for (const name of strangers(100)) rig.hear('b', alive(peer(name), 5))
    expect(rig.engine.members.size).toBe(3 + 50 + 10)
  })

  test('come at that rate in tables that are pushed, and at once in one that was asked for', () => {
    const rig = new Rig({ members: ['b'], settings: { newNamesPerSource: 10 } })
    const table = strangers(100).map((name) => entry(name, Status.Alive, 5))
    rig.push('b', ...table)
    expect([rig.engine.members.size, limited(rig)]).toEqual([2 + 40, 60])

    const asking = new Rig({ settings: { newNamesPerSource: 10 } })
    asking.engine.join(peer('b').address, asking.now)
    asking.reply(asking.requests[0]!.token, 'b', sync({ entries: [entry('b', Status.Alive, 5), ...table] }))
    expect([asking.engine.members.size, limited(asking)]).toEqual([102, 0])
  })

  test.each([
    ['a member', true],
    ['one that is alone', false],
  ])('come at that rate from a stranger that had itself asked by %s', (_, joined) => {
    const rig = new Rig({ members: joined ? ['b'] : [], settings: { newNamesPerSource: 10 } })
    const before = rig.engine.members.size
    const stranger = peer('stranger', { address: { host: '10.9.9.9', port: 7_946 } })
    rig.hear(stranger, ping(1))
    rig.run(1_000)
    const asked = rig.requests.find(({ to }) => to.host === stranger.address.host)!
    const own = { ...entry('stranger', Status.Alive, 5), record: stranger }
    const invented = strangers(100).map((name) => entry(name, Status.Alive, 5))
    rig.reply(asked.token, stranger, sync({ entries: [own, ...invented] }))
    expect([rig.engine.members.size - before, limited(rig)]).toEqual([40, 61])
  })

  test('are dialled back at that rate: the newcomer is told to try again', () => {
    const rig = new Rig({ members: ['b'], settings: { newNamesPerSource: 1 } })
    // All from one host, as behind one door.
    const from = (name: string) => peer(name, { address: { host: '10.9.9.9', port: 7_946 } })
    const answers = strangers(6).map((name) => rig.ask(from(name), joining(name)))
    expect(answers.map((answer) => answer.type)).toEqual(['sync', 'sync', 'sync', 'sync', 'error', 'error'])
    expect(answers[4]).toMatchObject({
      code: 'busy',
      message: 'too many newcomers from 10.9.9.9 at once: try again',
    })
    expect(rig.requests.filter(({ message }) => message.type === 'ping')).toHaveLength(4)
    rig.run(1_000)
    expect(rig.ask(from('x5'), joining('x5')).type).toBe('sync')
  })

  test('are as many as anybody wants with 0', () => {
    const rig = new Rig({ members: ['b'], settings: { newNamesPerSource: 0 } })
    rig.push('b', ...strangers(10_000).map((name) => entry(name, Status.Alive, 5)))
    expect([rig.engine.members.size, limited(rig)]).toEqual([10_002, 0])
  })
})

describe('what a record carries', () => {
  const carrying = (bytes: number) => peer('x', { data: new Uint8Array(bytes) })

  test('is bounded, by whichever way it comes: else the member stays as it was', () => {
    const rig = new Rig({ members: ['b'] })
    const push = (bytes: number, incarnation: number) =>
      rig.push('b', { ...entry('x', Status.Alive, incarnation), record: carrying(bytes) })
    push(4_097, 5)
    expect([rig.status('x'), rig.engine.stats().recordsTooLarge]).toEqual(['unknown', 1])
    push(4_096, 5)
    expect(rig.engine.members.record(rig.ref('x')).data.length).toBe(4_096)
    push(65_536, 6)
    expect(rig.engine.members.record(rig.ref('x')).data.length).toBe(4_096)
    expect(rig.engine.stats().recordsTooLarge).toBe(2)
  })

  test('is told to a newcomer that carries more', () => {
    const rig = new Rig({ members: ['b'] })
    const record = carrying(4_097)
    const join = sync({ join: true, entries: [{ ...entry('x', Status.Alive, 5), record }] })
    expect(rig.ask(record, join)).toEqual({
      type: 'error',
      code: 'too-big',
      message: 'me takes 4096 bytes of tags, services and payload in a record at most; this one has 4097',
    })
  })
})

describe('the application’s admit', () => {
  const asked: string[] = []
  const admitting = (admits: (name: string, host: string) => boolean) =>
    new Rig({
      members: ['b'],
      engine: {
        hooks: {
          admit: ({ address, name }) => {
            asked.push(name)
            return admits(name, address.host)
          },
        },
      },
    })

  test('is asked of newcomers, and of nobody who changes what it says of itself', () => {
    const rig = admitting(() => true)
    asked.length = 0
    rig.hear('b', alive(peer('x'), 5))
    rig.hear('b', alive(peer('x', { data: Uint8Array.of(1) }), 6))
    expect([rig.status('x'), asked]).toEqual(['alive', ['x']])
  })

  test('is asked again of one that comes from elsewhere, or as another process: what it refuses is not taken', () => {
    const rig = admitting((_, host) => !host.startsWith('10.66.'))
    const x = peer('x')
    rig.hear('b', alive(x, 5))
    const elsewhere = { ...x, address: { host: '10.66.0.1', port: 7_946 } }
    rig.hear('b', alive(elsewhere, 6))
    rig.hear('b', alive({ ...elsewhere, boot: x.boot + 1n }, 7))
    const { members } = rig.engine
    expect([members.record(rig.ref('x')).address, rig.engine.stats().claimsRejected]).toEqual([x.address, 2])
    rig.hear('b', alive({ ...x, boot: x.boot + 1n }, 8))
    expect(members.record(rig.ref('x')).boot).toBe(x.boot + 1n)
  })
})
