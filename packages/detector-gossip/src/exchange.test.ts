import { ByteReader, type MemberView, type Ref } from '@swimkit/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DigestReader } from './digest.ts'
import { Exchange } from './exchange.ts'
import { Freshness } from './freshness.ts'
import { Flag, type Peers, self } from './peers.ts'
import { aRecord, aRef, peersOf } from './testing/rows.ts'

fc.configureGlobal({ seed: 20_260_206 })

/** What one node knows, in a group where everybody has the same row everywhere. */
class Node {
  readonly peers: Peers
  readonly freshness: Freshness
  readonly exchange: Exchange

  constructor(members: number, digestBytes = 1_000) {
    this.peers = peersOf(members)
    this.freshness = new Freshness()
    for (let row = 1; row <= members; row++) this.freshness.add(row)
    const view: Pick<MemberView, 'find' | 'name' | 'self'> = {
      self: aRef(self),
      find: (name) =>
        name === 'self' ? aRef(self) : /^m\d+$/.test(name) ? aRef(Number(name.slice(1))) : undefined,
      name: (ref: Ref) => (ref === self ? 'self' : `m${ref}`),
    }
    // What else there is in the view is not asked for.
    this.exchange = new Exchange(
      this.peers,
      this.freshness,
      view as MemberView,
      digestBytes,
      (row, heartbeat) => this.know(row, heartbeat),
    )
  }

  know(row: number, heartbeat: number): void {
    this.peers.heartbeats[row] = heartbeat
    this.freshness.heard(row)
  }

  heartbeat(row: number): number {
    return this.peers.heartbeats[row]!
  }

  receive(from: number, bytes: Uint8Array): Record<string, number> | undefined {
    const answer = this.exchange.receive(from, new ByteReader(bytes))
    return answer === undefined ? undefined : shown(answer)
  }
}

const reader = new DigestReader()

/** Heartbeats by id, or by name. */
function shown(bytes: Uint8Array): Record<string, number> {
  expect(reader.read(new ByteReader(bytes))).toBe(true)
  let name = 0
  return Object.fromEntries(
    Array.from({ length: reader.count }, (_, i) => [
      reader.ids[i] === 0 ? reader.names[name++]! : String(reader.ids[i]),
      reader.heartbeats[i]!,
    ]),
  )
}

/** A push that says so much of others than its sender. */
function pushOf(said: Readonly<Record<number, number>>, own = 1): Uint8Array {
  const sender = new Node(200, 65_000)
  sender.exchange.heartbeat = own
  for (const [row, heartbeat] of Object.entries(said).reverse()) sender.know(Number(row), heartbeat)
  const bytes = sender.exchange.push(199)
  return bytes
}

describe('a push', () => {
  test('says this node’s own heartbeat first, and what it knows, but nothing of its receiver', () => {
    const node = new Node(4)
    for (let beat = 0; beat < 3; beat++) node.exchange.beat()
    node.know(1, 11)
    node.know(2, 12)
    node.know(3, 13)
    expect(shown(node.exchange.push(2))).toEqual({ 1000: 3, 1001: 11, 1003: 13 })
  })

  test('that has no room for all says the freshest, and the next ones say the others, until all were told as often', () => {
    const node = new Node(60, 200)
    for (let row = 1; row <= 60; row++) node.know(row, row)
    const pushes = [1, 2, 3].map(() =>
      Object.keys(shown(node.exchange.push(60))).filter((id) => id !== '1000'),
    )
    expect(pushes[0]!.sort()).toEqual(
      Array.from({ length: pushes[0]!.length }, (_, i) => String(1_060 - pushes[0]!.length + i)),
    )
    const told = pushes.flat()
    expect(told.length).toBeGreaterThan(59)
    expect(new Set(told).size).toBe(59)
  })

  test('tells by name whose id is another’s as well', () => {
    const node = new Node(3)
    node.peers.add(aRef(9), aRecord('m9', (77n << 32n) | 1_002n), 0)
    node.freshness.add(4)
    node.know(2, 7)
    node.know(4, 8)
    node.know(3, 9)
    expect(shown(node.exchange.push(1))).toEqual({ 1000: 0, m2: 7, m9: 8, 1003: 9 })
  })
})

describe('an answer', () => {
  test('says what the sender knows older, and what is fresh and was not spoken of', () => {
    const node = new Node(6)
    node.exchange.heartbeat = 5
    for (const [row, heartbeat] of [
      [1, 10],
      [2, 20],
      [3, 30],
      [4, 40],
    ] as const) {
      node.know(row, heartbeat)
    }
    node.freshness.told(4)
    expect(node.receive(5, pushOf({ 1: 9, 2: 20, 6: 1 }))).toEqual({ 1000: 5, 1001: 10, 1003: 30 })
  })

  test('is none where there is nothing to tell', () => {
    const node = new Node(3)
    node.know(1, 10)
    node.exchange.heartbeat = 4
    const push = (): Uint8Array => {
      const sender = new Node(3)
      // Its row 0 is the receiver’s here: it knows this node’s own heartbeat.
      sender.exchange.heartbeat = 4
      sender.know(1, 10)
      return sender.exchange.push(2)
    }
    expect(node.receive(2, push())).toBeUndefined()
    node.exchange.beat()
    expect(node.receive(2, push())).toEqual({ 1000: 5 })
  })

  test('goes to one that is held failed whatever there is to tell, and to no answer', () => {
    const node = new Node(3)
    node.exchange.heartbeat = 1
    const push = pushOf({})
    expect(node.receive(self, push)).toEqual({ 1000: 1 })
    push[0] = 0x11
    expect(node.receive(self, push)).toBeUndefined()
  })

  test('is not much longer than the push', () => {
    const node = new Node(150, 1_300)
    for (let row = 1; row <= 150; row++) node.know(row, 100_000)
    const answer = node.exchange.receive(1, new ByteReader(pushOf({ 2: 1 })))!
    expect(answer.length).toBeLessThanOrEqual(256)
  })
})

describe('what is received', () => {
  test('is known afterwards as far as it is higher, and no stranger makes a difference', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.integer({ min: 1, max: 30 }).map(String), fc.nat(50)),
        fc.dictionary(fc.integer({ min: 1, max: 40 }).map(String), fc.nat(50)),
        (known, said) => {
          const node = new Node(30)
          for (const [row, heartbeat] of Object.entries(known)) node.know(Number(row), heartbeat)
          node.receive(1, pushOf(said))
          for (let row = 1; row <= 30; row++) {
            expect(node.heartbeat(row)).toBe(Math.max(known[row] ?? 0, said[row] ?? 0))
          }
        },
      ),
    )
  })

  test('keeps the order of freshness of who said it', () => {
    const node = new Node(5)
    node.receive(1, pushOf({ 2: 5, 3: 5, 4: 5 }))
    const rows: number[] = []
    for (let row = node.freshness.untold; row >= 0; row = node.freshness.after(row)) rows.push(row)
    expect(rows).toEqual([2, 3, 4])
  })

  test('is nothing where it is no digest, and that is counted', () => {
    const node = new Node(3)
    expect(node.receive(1, Uint8Array.of(0x10, 1, 2, 3))).toBeUndefined()
    expect(node.exchange.malformed).toBe(1)
  })

  test('under an id that is two members’ is nobody’s', () => {
    const node = new Node(3)
    node.peers.mark(2, Flag.Named)
    node.receive(1, pushOf({ 2: 50 }))
    expect(node.heartbeat(2)).toBe(0)
  })
})
