import { describe, expect, test } from 'vitest'
import type { Message } from '../wire/message.ts'
import type { LookResult } from './detector.ts'
import { alive, failed, left, peer, Rig, type RigOptions, type Sent, said, suspect } from './testing/rig.ts'

const helpers = ['c', 'd', 'e']
/** The wait for a direct ack does not move, so that instants are round. */
const steady = { probeTimeoutMin: 500 }

/** A node that is about to look at b. */
const rigOf = ({ members = ['b', ...helpers], settings, ...rest }: RigOptions = {}): Rig =>
  new Rig({ ...rest, members, settings: { ...steady, gossipInterval: 600_000, ...settings } })

const begin = (options?: RigOptions): Rig => {
  const rig = rigOf(options)
  rig.look('b')
  return rig
}

const pingTo = (rig: Rig, name: string): number => said(rig.takeTo(name), 'ping')[0]!.seq
const requestsOf = (sent: readonly Sent[]) => said(sent, 'pingReq')
const outcomes = (rig: Rig) => rig.looks.map(({ evidence, outcome, path }) => [outcome, path ?? evidence])
const answer = (rig: Rig, from: string, seq: number, type: 'ack' | 'nack' = 'ack'): void =>
  rig.hear(from, type === 'ack' ? { type, seq, payload: undefined } : { type, seq })
/** The sequence numbers that helpers were asked with, by name. */
function asked(sent: readonly Sent[]): Map<string, number> {
  const found = new Map<string, number>()
  for (const name of helpers) {
    const request = requestsOf(sent.filter(({ to }) => to.port === peer(name).address.port))[0]
    if (request !== undefined) found.set(name, request.targets[0]!.seq)
  }
  return found
}
const streamPing = (rig: Rig) =>
  rig.requests.find(({ message }: { message: Message }) => message.type === 'ping')

describe('a look', () => {
  test('is a direct ping, then helpers and a stream, and over at its end', () => {
    const rig = begin()
    expect(said(rig.take(), 'ping')).toMatchObject([{ target: 'b', boot: undefined }])
    rig.run(499)
    expect([requestsOf(rig.take()), rig.requests]).toEqual([[], []])
    rig.run(1)
    expect(asked(rig.take()).size).toBe(3)
    expect(rig.requests).toMatchObject([{ message: { type: 'ping', target: 'b' } }])
    rig.run(499)
    expect(rig.looks).toEqual([])
    rig.run(1)
    expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
  })

  test('that is answered in time asks nobody else', () => {
    const rig = begin()
    rig.run(10)
    answer(rig, 'b', pingTo(rig, 'b'))
    expect(rig.looks).toMatchObject([{ outcome: 'reached', path: 'direct', rtt: 10 }])
    rig.run(2_000)
    expect([requestsOf(rig.take()), rig.requests, rig.looks.length]).toEqual([[], [], 1])
  })

  test('may be answered through a helper until its time is over', () => {
    const rig = begin()
    rig.run(999)
    answer(rig, 'c', asked(rig.take()).get('c')!)
    rig.run(2_000)
    expect(outcomes(rig)).toEqual([['reached', 'indirect']])
  })

  test('may be answered over a stream', () => {
    const rig = begin()
    rig.run(700)
    const { message, token } = streamPing(rig)!
    rig.reply(token, 'b', { type: 'ack', seq: (message as { seq: number }).seq, payload: undefined })
    rig.run(2_000)
    expect(outcomes(rig)).toEqual([['reached', 'stream']])
  })

  test('is about the incarnation and boot from when it began', () => {
    const rig = begin()
    const { boot } = peer('b')
    rig.hear('c', alive(peer('b', { boot: 99n }), 9))
    rig.run(1_000)
    expect(rig.looks).toMatchObject([{ outcome: 'unreached', seen: { incarnation: 5, boot } }])
  })

  test('of which single pings end badly goes on', () => {
    const rig = begin()
    rig.run(600)
    rig.ended(streamPing(rig)!.token, 'reset')
    expect(rig.looks).toEqual([])
    answer(rig, 'd', asked(rig.take()).get('d')!)
    expect(outcomes(rig)).toEqual([['reached', 'indirect']])
  })

  test('that a stall voids is no evidence, and leaves health to the stall', () => {
    const rig = begin()
    rig.now += 5_000
    rig.engine.tick(rig.now)
    expect(outcomes(rig)).toEqual([['void', 'timeout']])
    expect(rig.engine.health).toBe(1)
  })

  test('says nothing of a later one by a late answer', () => {
    const rig = begin()
    const first = pingTo(rig, 'b')
    rig.run(1_000)
    rig.look('b')
    answer(rig, 'b', first)
    expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
    rig.run(10_000)
    expect(outcomes(rig)).toEqual([
      ['unreached', 'timeout'],
      ['unreached', 'timeout'],
    ])
  })

  test('may be one of several at a time, each told with its own number', () => {
    const rig = rigOf()
    rig.look('b', { timeout: 1_000, arg: 7 })
    rig.look('c', { timeout: 1_000, arg: 8 })
    answer(rig, 'c', pingTo(rig, 'c'))
    rig.run(1_000)
    expect(rig.looks.map(({ arg, outcome }) => [arg, outcome])).toEqual([
      [8, 'reached'],
      [7, 'unreached'],
    ])
  })

  test('is taken twice as patiently at health 1', () => {
    const rig = rigOf()
    rig.detect((context) => context.adjustHealth(1))
    rig.look('b', { timeout: 2_000 })
    rig.run(999)
    expect(requestsOf(rig.take())).toEqual([])
    rig.run(1)
    expect(requestsOf(rig.take()).length).toBe(3)
  })
})

describe('a member that', () => {
  test.each([
    ['failed', failed('b', 5)],
    ['left', left('b', 5)],
  ] as const)('%s meanwhile gets no result, and health is left alone', (_, claim) => {
    const rig = begin()
    rig.run(800)
    rig.hear('c', claim)
    rig.run(1_000)
    expect([rig.looks, rig.engine.health]).toEqual([[], 0])
  })

  test('is suspect already does get one: it is another report', () => {
    const rig = rigOf()
    rig.hear('c', suspect('b', 5, 'c'))
    rig.look('b')
    rig.run(1_000)
    expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
  })

  test('is gone before helpers would be asked is not asked for', () => {
    const rig = begin({ settings: { failedRetention: 0, gossipInterval: 10, retransmitMult: 1 } })
    rig.hear('c', failed('b', 5))
    rig.run(400)
    rig.take()
    expect(rig.status('b')).toBe('unknown')
    rig.run(1_000)
    expect([requestsOf(rig.take()), rig.looks]).toEqual([[], []])
  })

  test('is looked at when the detector stops gets no result', () => {
    const rig = begin()
    rig.engine.leave(rig.now)
    rig.run(3_000)
    expect(rig.looks).toEqual([])
  })
})

describe('health, after a look that failed,', () => {
  test.each([
    // helpers asked, nacks heard, score
    [3, 0, 3],
    [3, 1, 2],
    [3, 2, 1],
    [3, 3, 0],
    [2, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
    [0, 0, 1],
  ])('with %i helpers and %i nacks is %i', (count, nacks, score) => {
    const rig = begin({ members: ['b', ...helpers.slice(0, count)] })
    rig.run(900)
    for (const [name, seq] of [...asked(rig.take())].slice(0, nacks)) answer(rig, name, seq, 'nack')
    rig.run(100)
    expect([rig.engine.health, rig.looks.length]).toEqual([score, 1])
  })

  test('is not better than before for more nacks than helpers', () => {
    const rig = begin({ members: ['b', 'c'] })
    rig.run(900)
    const seq = asked(rig.take()).get('c')!
    for (let i = 0; i < 3; i++) answer(rig, 'c', seq, 'nack')
    rig.run(100)
    expect(rig.engine.health).toBe(0)
  })

  test('is better by one after an answer', () => {
    const rig = rigOf()
    rig.detect((context) => context.adjustHealth(3))
    rig.look('b')
    answer(rig, 'b', pingTo(rig, 'b'))
    expect(rig.engine.health).toBe(2)
  })
})

describe('helpers', () => {
  test('are as many as the settings say, alive, and neither the one that is looked at nor a suspect', () => {
    const rig = begin({ settings: { indirectProbes: 2 } })
    rig.hear('e', suspect('e', 5, 'd'))
    rig.run(500)
    expect([...asked(rig.take()).keys()].sort()).toEqual(['c', 'd'])
  })

  test('are who the detector chooses, as far as they are alive and others', () => {
    const rig = rigOf({ settings: { indirectProbes: 2 } })
    rig.hear('c', suspect('c', 5, 'd'))
    const named = ['b', 'c', 'd', 'e'].map((name) => rig.ref(name))
    rig.look('b', { timeout: 1_000, helpers: (_k, out) => void out.push(...named) })
    rig.run(500)
    expect([...asked(rig.take()).keys()]).toEqual(['d', 'e'])
  })

  test('may be none: the stream is tried all the same', () => {
    const rig = begin({ settings: { indirectProbes: 0 } })
    rig.run(500)
    expect([requestsOf(rig.take()), rig.requests.length]).toEqual([[], 1])
  })
})

describe('a closed port', () => {
  const closed = (options?: RigOptions): Rig => {
    const rig = begin(options)
    rig.run(510)
    rig.ended(streamPing(rig)!.token, 'refused')
    return rig
  }

  test('ends a look once the packets have had their time again', () => {
    const rig = closed({ settings: { probeTimeout: 200, probeTimeoutMin: 200 } })
    expect(rig.looks).toEqual([])
    rig.run(199)
    expect(rig.looks).toEqual([])
    rig.run(1)
    expect([rig.looks, rig.engine.health]).toMatchObject([[{ outcome: 'unreached', evidence: 'refused' }], 0])
  })

  test('does not outweigh an ack', () => {
    const rig = closed()
    answer(rig, 'c', asked(rig.take()).get('c')!)
    rig.run(2_000)
    expect(outcomes(rig)).toEqual([['reached', 'indirect']])
  })

  test('is no evidence of one that no stream is known to have reached in this boot: its look takes its time', () => {
    const rig = rigOf({ members: helpers })
    rig.hear('introducer', alive(peer('b', { streams: false }), 5))
    rig.run(5_000)
    rig.look('b')
    rig.run(510)
    rig.ended(streamPing(rig)!.token, 'refused')
    rig.run(489)
    expect(rig.looks).toEqual([])
    rig.run(1)
    expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
  })

  test('of a process that has been followed by another meanwhile says nothing', () => {
    const rig = begin()
    rig.hear('c', alive(peer('b', { boot: 99n }), 9))
    rig.run(510)
    rig.ended(streamPing(rig)!.token, 'refused')
    rig.run(490)
    expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
  })

  test('is a silence like any other where the quorum is off', () => {
    const rig = closed({ settings: { refusalQuorum: 0 } })
    rig.run(489)
    expect(rig.looks).toEqual([])
    rig.run(1)
    expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
  })

  test.each(['reset', 'timeout', 'unreachable'] as const)('is not what %s says', (kind) => {
    const rig = begin()
    rig.run(510)
    rig.ended(streamPing(rig)!.token, kind)
    rig.run(490)
    expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
  })

  test('is no evidence where the last three that were tried, all of them others, were closed', () => {
    const rig = rigOf()
    const evidence: LookResult['evidence'][] = []
    for (const name of ['b', 'c', 'd']) {
      rig.requests.length = 0
      rig.look(name)
      rig.run(510)
      rig.ended(streamPing(rig)!.token, 'refused')
      rig.run(600)
      evidence.push(rig.looks.at(-1)!.evidence)
    }
    expect(evidence).toEqual(['refused', 'refused', 'timeout'])
    // A stream that goes through ends the doubt.
    rig.requests.length = 0
    rig.look('e', { timeout: 5_000 })
    rig.run(4_000)
    rig.ended(streamPing(rig)!.token, 'reset')
    rig.run(1_000)
    rig.requests.length = 0
    rig.look('b', { timeout: 5_000 })
    rig.run(4_990)
    rig.ended(streamPing(rig)!.token, 'refused')
    rig.run(10)
    expect(rig.looks.at(-1)!.evidence).toBe('refused')
  })
})

test('a look that was to end early for a closed port takes its whole time when it turns out that all refuse', () => {
  const rig = rigOf({ settings: { probeTimeout: 200, probeTimeoutMin: 200 } })
  for (const name of ['b', 'c', 'd']) rig.look(name)
  rig.run(210)
  const streams = rig.requests.splice(0).filter(({ message }) => message.type === 'ping')
  rig.ended(streams[0]!.token, 'refused')
  rig.run(100)
  for (const { token } of streams.slice(1)) rig.ended(token, 'refused')
  rig.run(689)
  expect(rig.looks).toEqual([])
  rig.run(1)
  expect(outcomes(rig)).toEqual(Array.from({ length: 3 }, () => ['unreached', 'timeout']))
})

test('a packet that is answered ends the doubt as well: what this node sends arrives', () => {
  const rig = rigOf()
  const look = (name: string) => {
    rig.requests.length = 0
    // Long enough at any health.
    rig.look(name, { timeout: 10_000 })
    rig.run(5_000)
    rig.ended(streamPing(rig)!.token, 'refused')
    rig.run(5_000)
    return rig.looks.at(-1)!.evidence
  }
  for (const name of ['b', 'c']) look(name)
  expect(look('d')).toBe('timeout')
  rig.take()
  rig.look('e')
  answer(rig, 'e', pingTo(rig, 'e'))
  expect(look('b')).toBe('refused')
})

describe('an urgent look', () => {
  test('is packet and stream at once, asks nobody else, and leaves health alone where it fails', () => {
    const rig = rigOf()
    rig.look('b', { timeout: 300, urgent: true })
    expect([said(rig.take(), 'ping').length, rig.requests.length]).toEqual([1, 1])
    rig.run(299)
    expect([requestsOf(rig.take()), rig.looks]).toEqual([[], []])
    rig.run(1)
    expect([outcomes(rig), rig.engine.health]).toEqual([[['unreached', 'timeout']], 0])
  })

  test('that finds a port closed waits for the packet all the same', () => {
    const rig = rigOf()
    rig.look('b', { timeout: 300, urgent: true })
    rig.ended(streamPing(rig)!.token, 'refused')
    rig.run(299)
    expect(rig.looks).toEqual([])
    rig.run(1)
    expect(outcomes(rig)).toEqual([['unreached', 'refused']])
  })
})

describe('on a transport', () => {
  test('without packets a look is a stream, for as long as the look takes', () => {
    const rig = begin({ engine: { packets: false } })
    expect([said(rig.take(), 'ping'), rig.requests.length]).toEqual([[], 1])
    rig.run(999)
    expect([requestsOf(rig.take()), rig.looks]).toEqual([[], []])
    rig.run(1)
    expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
  })

  test.each(['reset', 'unreachable'] as const)(
    'without packets a stream that ends with %s is not the end before its time',
    (kind) => {
      const rig = begin({ engine: { packets: false } })
      rig.ended(streamPing(rig)!.token, kind)
      rig.run(999)
      expect(rig.looks).toEqual([])
      rig.run(1)
      expect(outcomes(rig)).toEqual([['unreached', 'timeout']])
    },
  )

  test('without packets a closed port is evidence as well', () => {
    const rig = begin({ engine: { packets: false } })
    rig.ended(streamPing(rig)!.token, 'refused')
    rig.run(500)
    expect(outcomes(rig)).toEqual([['unreached', 'refused']])
  })

  test('without streams there are helpers only', () => {
    const rig = begin({ engine: { streams: false } })
    rig.run(1_000)
    expect([requestsOf(rig.take()).length, rig.requests, outcomes(rig)]).toEqual([
      3,
      [],
      [['unreached', 'timeout']],
    ])
  })
})

describe('patience', () => {
  const patience = (rig: Rig, name: string): number => rig.context.patience(rig.ref(name))
  /** A direct ping of the detector, and its ack after so long. */
  const measure = (rig: Rig, name: string, rtt: number): void => {
    rig.take()
    rig.look(name, { timeout: 900 })
    rig.run(rtt)
    answer(rig, name, pingTo(rig, name))
  }

  test('is the probe timeout where nothing was measured', () => {
    expect(patience(rigOf({ settings: { probeTimeoutMin: 20 } }), 'b')).toBe(500)
  })

  test('follows the mean and four deviations of a path (RFC 6298), no less than its least', () => {
    const rig = rigOf({ settings: { probeTimeoutMin: 20 } })
    measure(rig, 'b', 40)
    // Of one sample the deviation is half of it.
    expect(patience(rig, 'b')).toBeCloseTo(40 + 4 * 20, 0)
    for (let i = 0; i < 30; i++) measure(rig, 'b', 40)
    expect(patience(rig, 'b')).toBeCloseTo(40, -1)
    for (let i = 0; i < 60; i++) measure(rig, 'b', 2)
    expect(patience(rig, 'b')).toBe(20)
  })

  test('follows differences that are less than what it is kept in, on and on', () => {
    const rig = rigOf({ settings: { probeTimeoutMin: 1 } })
    measure(rig, 'b', 3)
    for (let i = 0; i < 60; i++) measure(rig, 'b', 2.8)
    expect(rig.engine.rtt(rig.ref('b'))).toMatchObject({ kind: 'measured' })
    expect(patience(rig, 'b')).toBeLessThan(4)
  })

  test('is never more than the probe timeout', () => {
    const rig = rigOf({ settings: { probeTimeoutMin: 20 } })
    for (let i = 0; i < 10; i++) measure(rig, 'b', 450)
    expect(patience(rig, 'b')).toBe(500)
  })

  test('of a path that was not measured is that of all paths, once there are four samples', () => {
    const rig = rigOf({ settings: { probeTimeoutMin: 20 } })
    for (let i = 0; i < 3; i++) measure(rig, 'b', 40)
    expect(patience(rig, 'c')).toBe(500)
    for (let i = 0; i < 30; i++) measure(rig, 'b', 40)
    expect(patience(rig, 'c')).toBeCloseTo(40, -1)
  })

  test('grows with local health', () => {
    const rig = rigOf({ settings: { probeTimeoutMin: 20 } })
    for (let i = 0; i < 60; i++) measure(rig, 'b', 2)
    rig.detect((context) => context.adjustHealth(2))
    expect(patience(rig, 'b')).toBe(60)
  })
})
