import { describe, expect, test } from 'vitest'
import { Directory } from '../model/directory.ts'
import { Status, statusNames } from '../model/status.ts'
import type { Engine } from './engine.ts'
import { alive, entry, failed, left, peer, ping, Rig, said, suspect, sync } from './testing/rig.ts'

describe('an engine', () => {
  test('that is called from within its own effects throws, and goes on working', () => {
    const errors: unknown[] = []
    const calls: readonly ((engine: Engine) => unknown)[] = [
      (engine) => engine.tick(1e9),
      (engine) => engine.receive(peer('x').address, packet, 5_000),
      (engine) => engine.join(peer('x').address, 5_000),
      (engine) => engine.leave(5_000),
      (engine) => engine.setRecord({ leaving: true }, 5_000),
      (engine) => engine.ping(engine.members.self, 5_000),
      (engine) => engine.exchange({ sender: undefined, message: ping(1) }, 5_000),
      (engine) => engine.settled(1, { kind: 'timeout' }, 5_000),
      (engine) => engine.start(5_000),
    ]
    let watching = false
    const rig = new Rig({
      members: ['b'],
      onEvent: (_, engine) => {
        if (!watching) return
        for (const call of calls) {
          try {
            call(engine)
            errors.push(undefined)
          } catch (error) {
            errors.push(error)
          }
        }
      },
    })
    const packet = rig.packet('x', [ping(1)])
    watching = true
    rig.hear('b', alive(peer('c'), 1))
    watching = false
    expect(errors.map(String)).toEqual(
      calls.map(() => 'Error: an engine was called from within its own effects'),
    )
    rig.hear('b', ping(1))
    expect(said(rig.take(), 'ack').length).toBe(1)
  })

  test('tells of a change once it is committed, and members may be read in the midst of effects', () => {
    const seen: string[] = []
    const rig = new Rig({
      members: ['b'],
      onEvent: ({ record, type }, { members }) => {
        const ref = members.find(record.name)!
        seen.push(`${type} ${record.name} ${statusNames[members.status(ref)]}`)
      },
    })
    seen.length = 0
    rig.hear('b', alive(peer('c'), 1), suspect('c', 1, 'b'))
    // Both are committed before either is told of: an event holds what was true when it happened.
    expect(seen).toEqual(['join c suspect', 'suspect c suspect'])
    expect(rig.events.map(({ status }) => status)).toEqual([Status.Alive, Status.Suspect])
  })

  test('holds no more members than it may, and counts whom it refused', () => {
    const rig = new Rig({ members: ['b', 'c', 'd', 'e'], settings: { maxMembers: 3, leftRetention: 1_000 } })
    expect(['b', 'c', 'd', 'e'].map((name) => rig.status(name))).toEqual([
      'alive',
      'alive',
      'unknown',
      'unknown',
    ])
    expect([rig.engine.members.size, rig.count('membersRefused')]).toEqual([3, 2])
    rig.hear('c', alive(peer('b'), 6))
    expect(rig.engine.members.incarnation(rig.ref('b'))).toBe(6)
    const joining = sync({ join: true, entries: [entry('d', Status.Alive, 5)] })
    expect(rig.ask('d', joining)).toMatchObject({ type: 'error', code: 'busy' })
    rig.hear('b', left('b', 6))
    rig.run(1_500)
    rig.hear('c', alive(peer('d'), 5))
    expect([rig.status('b'), rig.status('d')]).toEqual(['unknown', 'alive'])
  })

  test.each([
    ['a newer one', { protocolMin: 2, protocolMax: 3 }, false],
    ['one that overlaps', { protocolMin: 1, protocolMax: 3 }, true],
  ] as const)('takes in members by the protocol they speak: %s', (_, range, taken) => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', alive(peer('x', range), 5))
    expect([rig.status('x'), rig.count('claimsVersion')]).toEqual(taken ? ['alive', 0] : ['unknown', 1])
    const newcomer = { ...entry('y', Status.Alive, 5), record: peer('y', range) }
    const answer = rig.ask('y', sync({ join: true, entries: [newcomer] }))
    if (taken) expect(answer.type).toBe('sync')
    else expect(answer).toMatchObject({ type: 'error', code: 'version' })
    expect(rig.count('syncsRefused')).toBe(taken ? 0 : 1)
  })

  test('takes no answer of its own for another’s, as of an address that sends back what it hears', () => {
    const rig = new Rig({ members: ['b'] })
    const self = rig.engine.members.record(rig.engine.members.self)
    const operation = rig.engine.join({ host: '10.9.9.9', port: 7_946 }, rig.now)
    const { message, token } = rig.requests.at(-1)!
    rig.reply(token, self, message)
    expect(rig.results.get(operation)).toMatchObject({
      kind: 'join-failed',
      code: 'malformed',
      message: expect.stringContaining('leads back'),
    })
    expect(rig.engine.stats()['fault:malformed']).toBe(1)
  })

  test('a member that comes to speak another protocol is not taken at its new word', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', alive(peer('b', { protocolMin: 2, protocolMax: 2 }), 6))
    expect(rig.engine.members.incarnation(rig.ref('b'))).toBe(5)
  })

  test('the application may refuse a newcomer, and it is counted', () => {
    const rig = new Rig({ members: ['b', 'no'], engine: { hooks: { admit: ({ name }) => name !== 'no' } } })
    expect([rig.status('no'), rig.count('claimsRejected')]).toEqual(['unknown', 1])
    const joining = sync({ join: true, entries: [entry('no', Status.Alive, 5)] })
    expect(rig.ask('no', joining)).toMatchObject({ type: 'error', code: 'rejected' })
  })

  test('gives back what a shared directory holds for it', () => {
    const directory = new Directory()
    const rig = new Rig({ members: ['b', 'c'], engine: { directory } })
    rig.hear('b', failed('c', 5))
    expect(directory.size).toBe(3)
    rig.engine.close()
    expect(directory.size).toBe(0)
  })

  test('is idle when there is nobody and no stream: it wants no tick', () => {
    const rig = new Rig({ engine: { streams: false } })
    expect(rig.engine.nextWake()).toBe(Number.POSITIVE_INFINITY)
  })

  test('explains: what was seen and heard of a member, oldest first', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.hear('c', suspect('b', 5, 'c'))
    rig.accuse('b', {}, 'refused')
    rig.hear('c', alive(peer('b'), 6))
    const told = rig.engine.explain(rig.ref('b')).map(({ by, incarnation, outcome, path }) => {
      return [by === undefined ? '' : rig.engine.members.name(by), path, outcome, incarnation]
    })
    expect(told).toEqual([
      ['c', 'gossip', 'timeout', 5],
      ['c', 'gossip', 'suspect', 5],
      ['me', 'judgement', 'refused', 5],
      ['c', 'gossip', 'alive', 6],
    ])
  })
})
