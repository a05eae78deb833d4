import { describe, expect, test } from 'vitest'
import { errorMin, farthest, heightMin } from '../model/coordinate.ts'
import { coordinateBytes, packCoordinate } from '../model/coordinate-bytes.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Message } from '../wire/message.ts'
import type { PingOptions } from './detector.ts'
import type { EngineOptions } from './engine.ts'
import { left, peer, ping, Rig, said } from './testing/rig.ts'

/** As many milliseconds from the origin along the first axis. */
function at(x: number, { adjustment = 0, error = 0.25, height = heightMin } = {}): Uint8Array {
  const coordinate = Float64Array.of(x, 0, 0, 0, 0, 0, 0, 0, height, error, adjustment)
  const bytes = new Uint8Array(coordinateBytes)
  packCoordinate(coordinate, bytes)
  return bytes
}

const rigOf = (engine: Partial<EngineOptions> = {}): Rig => new Rig({ members: ['b', 'c', 'd'], engine })

/** What this node says of where it is. */
function told(rig: Rig): Uint8Array | undefined {
  rig.take()
  rig.hear('c', ping(9))
  return said(rig.takeTo('c'), 'ack')[0]!.coordinate
}

interface Answer {
  readonly from?: PeerRecord
  readonly path?: PingOptions['path']
  readonly rtt?: number
}

/** Pings a member, whose answer comes after so long, and from whoever is named. */
function probe(
  rig: Rig,
  name: string,
  coordinate: Uint8Array | undefined,
  { from = peer(name), path = 'direct', rtt = 50 }: Answer = {},
): void {
  rig.take()
  const via = path === 'indirect' ? { via: rig.ref('d') } : {}
  rig.detect((context) => context.ping(rig.ref(name), { path, timeout: 30_000, ...via }, rig.now))
  const sent = rig.take()
  const asked = said(sent, 'ping')[0] ?? said(sent, 'pingReq')[0]?.targets[0]
  const seq = asked?.seq ?? rig.requests.at(-1)!.token
  rig.run(rtt)
  const ack: Message = { type: 'ack', seq, payload: undefined, coordinate }
  if (path === 'stream') rig.reply(seq, from, ack)
  else rig.hear(from, ack)
}

const between = (rig: Rig, a: string, b?: string) =>
  rig.engine.rtt(rig.ref(a), b === undefined ? undefined : rig.ref(b))

describe('a coordinate', () => {
  test('rides on acks to packets, 22 bytes, and on nothing that goes over a stream', () => {
    const rig = rigOf()
    expect(told(rig)!.length).toBe(22)
    expect(rig.ask('b', ping(2))).toMatchObject({ type: 'ack', coordinate: undefined })
  })

  test('is not said and not taken in where it is turned off', () => {
    const rig = rigOf({ coordinates: false })
    expect(told(rig)).toBeUndefined()
    probe(rig, 'b', at(30))
    probe(rig, 'c', at(-30))
    expect(between(rig, 'b', 'c')).toEqual({ kind: 'no-coordinate', ref: rig.ref('b') })
    expect(between(rig, 'b')).toEqual({ kind: 'measured', rtt: 50 })
  })

  test('moves with every direct ping that is answered, and is the same until then', () => {
    const rig = rigOf()
    const first = told(rig)
    expect(told(rig)).toEqual(first)
    probe(rig, 'b', at(10))
    const second = told(rig)
    expect(second).not.toEqual(first)
    expect(told(rig)).toEqual(second)
    probe(rig, 'b', undefined)
    expect(told(rig)).toEqual(second)
  })

  test('is the same in another engine that was given the same seed and heard the same', () => {
    const run = (): (Uint8Array | undefined)[] => {
      const rig = rigOf()
      return [0, 10, 10, -400, 77].map((x, i) => {
        probe(rig, i % 2 === 0 ? 'b' : 'c', at(x), { rtt: 20 + 7 * i })
        return told(rig)
      })
    }
    expect(run()).toEqual(run())
  })

  test.each([
    ['a helper’s answer', { path: 'indirect', from: peer('d') }],
    ['an answer to a ping through a helper', { path: 'indirect' }],
    ['an answer over a stream', { path: 'stream' }],
    ['an answer of another process under the name', { from: peer('b', { boot: 4n }) }],
  ] as const)('on %s does nothing', (_, how) => {
    const rig = rigOf()
    const before = told(rig)
    probe(rig, 'b', at(30), how)
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['ack'])
    expect(told(rig)).toEqual(before)
    expect([rig.engine.stats().coordinatesRefused, between(rig, 'b', 'c').kind]).toEqual([0, 'no-coordinate'])
  })

  test.each([
    ['that is cut', at(1).subarray(1), 50],
    ['that is empty', new Uint8Array(0), 50],
    ['that is no number', new Uint8Array(22).fill(0xff), 50],
    ['that is 60 s out', at(60_000), 50],
    ['without an error', at(1, { error: 0 }), 50],
    ['with a round trip of nothing', at(1), 0],
    ['with a round trip of 11 s', at(1), 11_000],
  ])('%s is counted and does nothing', (_, coordinate, rtt) => {
    const rig = rigOf()
    const before = told(rig)
    probe(rig, 'b', coordinate, { rtt })
    expect(rig.count('coordinatesRefused')).toBe(1)
    expect(told(rig)).toEqual(before)
    expect(between(rig, 'b', 'c').kind).toBe('no-coordinate')
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['ack'])
  })

  test('of this node that others drive beyond 10 s starts anew at the origin, and is counted', () => {
    const rig = rigOf()
    // Drawn out along an axis, then pushed on from behind.
    for (let i = 0; i < 400; i++) probe(rig, 'b', at(farthest, { error: errorMin }), { rtt: 1 })
    expect(rig.count('coordinatesReset')).toBe(0)
    for (let i = 0; i < 10; i++) probe(rig, 'c', at(0.8 * farthest, { error: errorMin }), { rtt: farthest })
    expect(rig.count('coordinatesReset')).toBeGreaterThan(0)
    expect(rig.count('coordinatesRefused')).toBe(0)
  })
})

describe('the round trip', () => {
  test('to a member is the measured one, and between two others what their coordinates say', () => {
    const rig = rigOf()
    probe(rig, 'b', at(30, { height: 2, adjustment: 1 }))
    expect(between(rig, 'b', 'c')).toEqual({ kind: 'no-coordinate', ref: rig.ref('c') })
    expect(between(rig, 'c')).toEqual({ kind: 'no-coordinate', ref: rig.ref('c') })
    probe(rig, 'c', at(-10, { height: 3 }))
    expect(between(rig, 'b', 'c')).toEqual({ kind: 'estimated', rtt: 40 + 2 + 3 + 1 })
    expect(between(rig, 'c', 'b')).toEqual(between(rig, 'b', 'c'))
    expect(between(rig, 'b')).toEqual({ kind: 'measured', rtt: 50 })
    expect(between(rig, 'b', 'me')).toEqual(between(rig, 'me', 'b'))
    expect(between(rig, 'me')).toEqual({ kind: 'estimated', rtt: 0 })
  })

  test('of one that was removed is known no more, and of its successor not yet', () => {
    const rig = new Rig({ members: ['b', 'c'], settings: { leftRetention: 0, gossipInterval: 10 } })
    probe(rig, 'b', at(30))
    probe(rig, 'c', at(-10))
    const old = rig.ref('b')
    rig.hear('c', left('b', 5))
    rig.run(60_000)
    expect(rig.status('b')).toBe('unknown')
    expect(rig.engine.rtt(old, rig.ref('c'))).toEqual({ kind: 'unknown-member', ref: old })
    rig.hear('c', { type: 'alive', incarnation: 7, record: peer('b') })
    expect(between(rig, 'b', 'c')).toEqual({ kind: 'no-coordinate', ref: rig.ref('b') })
  })

  test('in what strategies see of paths is the measured one, else the estimate', () => {
    const paths: { rtt(ref: number): number | undefined }[] = []
    const rig = rigOf()
    rig.detect((context) =>
      context.schedule((_members, _random, view) => {
        paths.push(view as (typeof paths)[number])
        return { next: () => undefined, added: () => undefined, removed: () => undefined }
      }),
    )
    expect(paths[0]!.rtt(rig.ref('b'))).toBeUndefined()
    probe(rig, 'b', at(30))
    expect(paths[0]!.rtt(rig.ref('b'))).toBe(50)
    expect(paths[0]!.rtt(rig.ref('c'))).toBeUndefined()
  })
})
