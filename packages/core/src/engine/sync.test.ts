import { describe, expect, test } from 'vitest'
import { Status } from '../model/status.ts'
import { alive, entry, failed, left, peer, ping, Rig, said, sync } from './testing/rig.ts'

describe('what a sync says', () => {
  test('of a failure lands as a suspicion, by whoever sent it', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.push('c', entry('b', Status.Failed, 5))
    expect([rig.status('b'), rig.eventsOf('b')]).toEqual(['suspect', ['suspect']])
    expect(rig.engine.suspicion(rig.ref('b'))!.accusations).toEqual([{ accuser: 'c', evidence: 'heard' }])
    rig.push('c', entry('b', Status.Failed, 6))
    expect(rig.status('b')).toBe('suspect')
  })

  test.each([
    ['failed', Status.Failed, 3_600, 'suspect'],
    ['failed', Status.Failed, 3_601, 'alive'],
    ['left', Status.Left, 599, 'left'],
    ['left', Status.Left, 601, 'alive'],
  ] as const)(
    'of one %s is taken only within its retention: status %i, for %i s → %s',
    (_, status, age, becomes) => {
      const rig = new Rig({ members: ['b', 'c'] })
      rig.push('c', entry('b', status, 5, age))
      expect(rig.status('b')).toBe(becomes)
    },
  )

  test.each([
    ['failed', failed('b', 5), Status.Failed, 3_600_000],
    ['left', left('b', 5), Status.Left, 600_000],
  ] as const)(
    'one %s is told, with its age, for as long as its retention, and no longer',
    (_, claim, status, keep) => {
      const rig = new Rig({ members: ['b', 'c'] })
      rig.hear('c', claim)
      const digest = { buckets: new Uint32Array(128), terminal: [0, 0] as const }
      const told = () => {
        const answer = rig.ask('c', sync({ digest }))
        if (answer.type !== 'sync') throw new Error(`answered with a ${answer.type}`)
        return [...answer.entries].filter(({ record }) => record.name === 'b')
      }
      rig.run(keep - 1_000)
      expect(told()).toMatchObject([{ status, age: keep / 1_000 - 1 }])
      rig.run(1_000)
      expect(told()).toEqual([])
      expect(rig.eventsOf('b').at(-1)).toBe('reap')
    },
  )

  test.each([
    ['failed', failed('b', 5), Status.Failed],
    ['left', left('b', 5), Status.Left],
  ] as const)(
    'of the age of one %s counts if it is larger, so that all forget it at about the same time',
    (_, claim, status) => {
      const rig = new Rig({
        members: ['b', 'c'],
        settings: { failedRetention: 100_000, leftRetention: 100_000 },
      })
      rig.hear('c', claim)
      const since = rig.now
      rig.run(10_000)
      rig.push('c', entry('b', status, 5, 5))
      expect(rig.engine.members.since(rig.ref('b'))).toBe(since)
      rig.push('c', entry('b', status, 5, 90))
      expect(rig.engine.members.since(rig.ref('b'))).toBe(rig.now - 90_000)
      rig.run(9_999)
      expect(rig.status('b')).not.toBe('unknown')
      rig.run(1)
      expect(rig.status('b')).toBe('unknown')
    },
  )

  test('of a suspect brings the member and the suspicion', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.push('c', { ...entry('x', Status.Suspect, 5), accusations: [{ accuser: 'd', evidence: 'refused' }] })
    expect(rig.status('x')).toBe('suspect')
    expect(rig.engine.suspicion(rig.ref('x'))!.accusations).toEqual([{ accuser: 'd', evidence: 'refused' }])
  })

  test('is nothing where the digests are equal: no entries go either way', () => {
    const [one, two] = [new Rig({ members: ['b', 'c'] }), new Rig({ members: ['c', 'b'] })]
    const digest = (rig: Rig) => {
      const answer = rig.ask('b', sync({ digest: { buckets: new Uint32Array(128), terminal: [0, 0] } }))
      if (answer.type !== 'sync') throw new Error(`answered with a ${answer.type}`)
      return answer.digest
    }
    const answer = one.ask('b', sync({ digest: digest(two) }))
    expect(answer).toMatchObject({ type: 'sync', entries: [] })
    expect(one.count('syncsEqual')).toBe(1)
  })
})

/** The ports of those with whom tables are compared of this node's own accord. */
const asked = (rig: Rig): number[] =>
  rig.requests
    .filter(({ message }) => message.type === 'sync' && message.digest !== undefined)
    .map(({ to }) => to.port)

describe('one that is no member here', () => {
  const stranger = peer('stranger')
  const syncs = (rig: Rig): number => asked(rig).length
  const rigOf = (): Rig => new Rig({ members: ['b', 'c'] })

  test('when news has had the time to get around makes this node compare tables with a member, and with itself', () => {
    const rig = rigOf()
    rig.hear(stranger, ping(1))
    rig.run(999)
    expect(syncs(rig)).toBe(0)
    rig.run(1)
    expect([syncs(rig), rig.count('strangersHeard'), rig.status('stranger')]).toEqual([2, 1, 'unknown'])
    const [member, itself] = asked(rig)
    expect(['b', 'c'].map((name) => peer(name).address.port)).toContain(member)
    expect(itself).toBe(stranger.address.port)
  })

  test('is asked by one that is alone, whatever it says; by another only if it speaks to it', () => {
    const news = failed('nobody', 5)
    const alone = new Rig()
    alone.hear(stranger, news)
    alone.run(1_000)
    expect(asked(alone)).toEqual([stranger.address.port])
    const one = rigOf()
    one.hear(stranger, news)
    one.run(1_000)
    expect(asked(one)).toEqual([])
  })

  test.each([
    ['in the place of a member that is held alive', 'alive', {}, true],
    ['elsewhere, under the name of one that is held alive', 'alive', { host: '10.0.0.3' }, false],
    ['in the place of one that has failed', 'failed', {}, true],
    ['elsewhere, under the name of one that has failed', 'failed', { host: '10.0.0.3' }, true],
    ['elsewhere, under the name of one that has left', 'left', { host: '10.0.0.3' }, true],
  ] as const)('may be another process %s', (_, status, moved, strange) => {
    const rig = rigOf()
    if (status !== 'alive') rig.hear('c', status === 'failed' ? failed('b', 5) : left('b', 5))
    const { address } = peer('b')
    const another = peer('b', { boot: 4_711n, address: { ...address, ...moved } })
    rig.hear(another, ping(1))
    rig.run(1_000)
    expect(asked(rig).includes(another.address.port)).toBe(strange)
    expect(rig.count('strangersHeard')).toBe(strange ? 1 : 0)
  })

  test('may be another process that answers in a member’s place', () => {
    const rig = rigOf()
    rig.detect((context) => context.ping(rig.ref('b'), { path: 'direct', timeout: 500 }, rig.now))
    const { seq } = said(rig.take(), 'ping')[0]!
    rig.hear(peer('b', { boot: 4_711n }), { type: 'ack', seq, payload: undefined })
    rig.run(1_000)
    expect(asked(rig)).toContain(peer('b').address.port)
    expect(rig.count('strangersHeard')).toBe(1)
  })

  test.each([
    ['where it was asked', stranger.address, 'alive'],
    ['elsewhere', { host: '10.9.9.9', port: 1 }, 'unknown'],
  ] as const)('and answers that it is %s (%o) is %s by that', (_, address, status) => {
    const rig = rigOf()
    rig.hear(stranger, ping(1))
    rig.run(1_000)
    const { token } = rig.requests.splice(0).find(({ to }) => to.port === stranger.address.port)!
    const own = { ...entry('stranger', Status.Alive, 5), record: { ...stranger, address } }
    rig.reply(token, stranger, sync({ entries: [own, entry('d', Status.Alive, 5)] }))
    expect([rig.status('stranger'), rig.status('d')]).toEqual([status, 'alive'])
    const dialled = rig.requests.filter(({ message }) => message.type === 'ping').map(({ to }) => to)
    expect(dialled).toEqual(status === 'alive' ? [] : [address])
  })

  test('cannot be told where it has no boot, as in other wire formats', () => {
    const rig = rigOf()
    rig.hear(peer('b', { boot: 0n }), ping(1))
    rig.hear(peer('stranger', { boot: 0n }), ping(2))
    rig.run(1_000)
    expect(asked(rig)).toEqual([])
  })

  test('is reason for one comparison in six seconds, however many there are and however often they speak', () => {
    const rig = rigOf()
    for (let second = 0; second < 30; second++) {
      for (let i = 0; i < 50; i++) rig.hear(peer(`stranger${i}`), ping(i))
      rig.run(1_000)
    }
    expect(rig.count('strangersHeard')).toBe(5)
  })

  test('and soon is one makes nobody compare anything', () => {
    const rig = rigOf()
    rig.hear(stranger, ping(1))
    rig.hear('b', alive(stranger, 5))
    rig.run(2_000)
    rig.hear(stranger, ping(2))
    rig.run(2_000)
    expect(syncs(rig)).toBe(0)
  })
})

describe('after members that had failed came back', () => {
  const names = Array.from({ length: 30 }, (_, i) => `m${i}`)
  /** Syncs of this node's own accord within so long after so many came back. */
  const compared = (members: number, returned: number, ms: number): number => {
    const rig = new Rig({ members: names.slice(0, members), settings: { syncInterval: 3_600_000 } })
    const back = names.slice(0, returned)
    rig.hear(names[members - 1]!, ...back.map((name) => failed(name, 5)))
    for (const name of back) rig.hear(names[members - 1]!, alive(peer(name), 6))
    rig.run(ms)
    return asked(rig).length
  }

  test.each([
    [1, 5, 0],
    [2, 5, 1],
    [2, 29, 0],
    [3, 29, 1],
  ])('%i of %i, tables are compared %i times', (returned, members, times) => {
    expect(compared(members, returned, 4_000)).toBe(times)
  })

  test('tables are compared once all of them have been told', () => {
    expect(compared(29, 20, 1_999)).toBe(0)
  })
})
