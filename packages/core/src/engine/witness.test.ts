import { describe, expect, test } from 'vitest'
import type { Accusation, Claim, EvidenceKind } from '../wire/message.ts'
import { alive, peer, Rig, type RigOptions, said } from './testing/rig.ts'

const accused = (name: string, ...accusations: readonly (readonly [string, EvidenceKind])[]): Claim => ({
  type: 'suspect',
  name,
  incarnation: 5,
  accusations: accusations.map(([accuser, evidence]): Accusation => ({ accuser, evidence })),
})
const closed = (name: string, ...accusers: readonly string[]): Claim =>
  accused(name, ...accusers.map((accuser) => [accuser, 'refused'] as const))

/** With so few members everybody looks. */
const rigOf = (options: RigOptions = {}): Rig => new Rig({ members: ['b', 'c', 'd', 'e'], ...options })
const streamPings = (rig: Rig) => rig.requests.filter(({ message }) => message.type === 'ping')
/** What this node hears from its own look: its packet is not answered, and its stream is refused. */
const findClosed = (rig: Rig): void => {
  for (const { token } of streamPings(rig)) rig.ended(token, 'refused')
  rig.run(500)
}
const accusersOf = (rig: Rig, name: string) =>
  rig.engine.suspicion(rig.ref(name))?.accusations.map(({ accuser, evidence }) => `${accuser} ${evidence}`)

describe('who hears that another found a port closed', () => {
  test('looks for itself at once, by packet and stream, and asks nobody else', () => {
    const rig = rigOf()
    rig.hear('c', closed('b', 'c'))
    const toIt = rig.takeTo('b')
    expect([said(toIt, 'ping').length, streamPings(rig).length, rig.count('witnessLooks')]).toEqual([1, 1, 1])
    rig.run(2_000)
    expect(said(rig.take(), 'pingReq')).toEqual([])
  })

  test('says so too, where it finds that', () => {
    const rig = rigOf()
    rig.hear('c', closed('b', 'c'))
    findClosed(rig)
    expect(accusersOf(rig, 'b')).toEqual(['c refused', 'me refused'])
    const told = said(rig.take(), 'suspect').at(-1)
    expect(told?.accusations).toEqual([
      { accuser: 'c', evidence: 'refused' },
      { accuser: 'me', evidence: 'refused' },
    ])
  })

  test.each([
    ['an ack', (rig: Rig) => ack(rig)],
    ['silence', () => undefined],
    ['a stream that is reset', (rig: Rig) => rig.ended(streamPings(rig)[0]!.token, 'reset')],
    ['a stream that times out', (rig: Rig) => rig.ended(streamPings(rig)[0]!.token, 'timeout')],
    ['an unreachable host', (rig: Rig) => rig.ended(streamPings(rig)[0]!.token, 'unreachable')],
  ] as const)('says nothing after %s', (_, answer) => {
    const rig = rigOf()
    rig.hear('c', closed('b', 'c'))
    answer(rig)
    rig.run(600)
    expect(accusersOf(rig, 'b')).toEqual(['c refused'])
  })

  test.each([
    ['is told of silence alone', accused('b', ['c', 'timeout']), {}],
    ['is told what another heard', accused('b', ['c', 'heard']), {}],
    ['has the quorum turned off', closed('b', 'c'), { settings: { refusalQuorum: 0 } }],
    ['has no streams', closed('b', 'c'), { engine: { streams: false } }],
  ] as const)('does not look where it %s', (_, claim, options) => {
    const rig = rigOf(options)
    rig.hear('c', claim)
    expect([streamPings(rig), rig.count('witnessLooks')]).toEqual([[], 0])
  })

  test('does not look at one that no stream is known to have reached in this boot', () => {
    const rig = rigOf({ members: ['c', 'd'] })
    rig.hear('introducer', alive(peer('b', { streams: false }), 5))
    rig.hear('c', closed('b', 'c'))
    expect(rig.count('witnessLooks')).toBe(0)
  })

  test('looks once, however often it hears so', () => {
    const rig = rigOf()
    rig.hear('c', closed('b', 'c'))
    rig.hear('d', closed('b', 'c'))
    rig.hear('d', closed('b', 'c', 'd'))
    expect(rig.count('witnessLooks')).toBe(1)
  })

  test('looks when the news comes after silence had been reported', () => {
    const rig = rigOf()
    rig.hear('c', accused('b', ['c', 'timeout']))
    expect(rig.count('witnessLooks')).toBe(0)
    rig.hear('d', closed('b', 'd'))
    expect(rig.count('witnessLooks')).toBe(1)
  })

  test('is one of a few in a large group: seven looks on average', () => {
    const members = Array.from({ length: 100 }, (_, i) => `m${i}`)
    const rig = rigOf({ members })
    for (const name of members) rig.hear('m0', closed(name, 'm1'))
    // 7 of 99 each: that it is less than 1 or more than 16 in a hundred comes once in a thousand seeds.
    expect(rig.count('witnessLooks')).toBeGreaterThanOrEqual(1)
    expect(rig.count('witnessLooks')).toBeLessThanOrEqual(16)
  })

  test('does not look while everybody refuses it: that says more of itself', () => {
    const rig = rigOf()
    for (const name of ['c', 'd', 'e']) {
      rig.requests.length = 0
      rig.look(name, { timeout: 1_000, urgent: true })
      for (const { token } of streamPings(rig)) rig.ended(token, 'refused')
    }
    rig.hear('c', closed('b', 'c'))
    expect(rig.count('witnessLooks')).toBe(0)
  })
})

function ack(rig: Rig): void {
  const { seq } = said(rig.takeTo('b'), 'ping')[0]!
  rig.hear('b', { type: 'ack', seq, payload: undefined })
}

describe('closed ports', () => {
  test('that three found fail a suspect at once, whoever found them, and the verdict says why', () => {
    const rig = rigOf({ members: ['b', 'c', 'd', 'e', 'f'] })
    rig.hear('c', closed('b', 'c', 'd'))
    expect(rig.status('b')).toBe('suspect')
    rig.hear('e', closed('b', 'e'))
    expect([rig.status('b'), rig.count('refusalVerdicts')]).toEqual(['failed', 1])
    rig.run(20)
    expect(said(rig.take(), 'failed').at(-1)).toMatchObject({ accuser: 'me', evidence: 'refused' })
  })

  test('count by accuser', () => {
    const rig = rigOf()
    for (let i = 0; i < 3; i++) rig.hear('c', closed('b', 'c'))
    expect(rig.status('b')).toBe('suspect')
  })

  test('do not add up with silence', () => {
    const rig = rigOf()
    rig.hear('c', accused('b', ['c', 'refused'], ['d', 'refused'], ['e', 'timeout']))
    expect(rig.status('b')).toBe('suspect')
  })

  test('are found by one that had reported silence before: its report becomes that', () => {
    const rig = rigOf()
    rig.hear('c', accused('b', ['c', 'timeout'], ['d', 'timeout'], ['e', 'timeout']))
    rig.hear('c', closed('b', 'c'))
    rig.hear('d', closed('b', 'd'))
    expect([rig.status('b'), accusersOf(rig, 'b')]).toEqual([
      'suspect',
      ['c refused', 'd refused', 'e timeout'],
    ])
    rig.hear('e', closed('b', 'e'))
    expect(rig.status('b')).toBe('failed')
  })

  test('are told before silence, where not all that is known is told', () => {
    const rig = rigOf({
      members: ['b', 'c', 'd', 'e', 'f', 'g', 'h'],
      settings: { suspicionConfirmations: 0 },
    })
    rig.hear('c', accused('b', ['c', 'timeout']))
    rig.hear('d', closed('b', 'd'))
    rig.take()
    rig.hear('e', closed('b', 'e'))
    rig.run(20)
    const told = said(rig.take(), 'suspect').at(-1)
    expect(told?.accusations.map(({ accuser }) => accuser)).toEqual(['d', 'e'])
  })

  test.each([
    // members besides this node, closed ports that fail one of them
    [1, 1],
    [2, 2],
    [3, 3],
    [4, 3],
  ])('need no more accusers than there are: with %i others %i', (others, needed) => {
    const names = ['b', 'c', 'd', 'e'].slice(0, others)
    const rig = rigOf({ members: names })
    const accusers = ['me', ...names.slice(1)].slice(0, needed)
    rig.accuse('b', {}, accusers[0] === 'me' ? 'refused' : 'timeout')
    for (const [i, accuser] of accusers.slice(1).entries()) {
      expect([i, rig.status('b')]).toEqual([i, 'suspect'])
      rig.hear(accuser, closed('b', accuser))
    }
    expect(rig.status('b')).toBe('failed')
  })

  test('fail nobody where the quorum is off', () => {
    const rig = rigOf({ settings: { refusalQuorum: 0 } })
    rig.hear('c', closed('b', 'c', 'd', 'e'))
    expect(rig.status('b')).toBe('suspect')
  })

  test('of an incarnation that was refuted meanwhile fail nobody', () => {
    const rig = rigOf()
    rig.hear('c', closed('b', 'c', 'd'))
    rig.hear('b', alive(peer('b'), 6))
    rig.hear('e', closed('b', 'e'))
    expect(rig.status('b')).toBe('alive')
  })

  test('that were found by error are refuted like any failure', () => {
    const rig = rigOf()
    rig.hear('c', closed('b', 'c', 'd', 'e'))
    expect(rig.status('b')).toBe('failed')
    rig.hear('b', alive(peer('b'), 6))
    expect(rig.status('b')).toBe('alive')
  })
})
