import { type Address, decodeSnapshot, encodeSnapshot, type Sender } from '@swimkit/core'
import fc from 'fast-check'
import { address, sender, syncEntry } from '../../packages/conformance/src/codec/arbitraries.ts'
import { holdSame, holdSound } from './decoded.ts'
import { EngineUnderFire, firstBytes, incarnationHeadroom, wall } from './engine-under-fire.ts'
import { cluster, join, stream } from './framing.ts'
import { messageFrom, type Vocabulary } from './messages-from.ts'
import { Program } from './program.ts'
import { damageParts } from './swim-bytes.ts'
import { hold, type Target } from './target.ts'

const strangers = ['x1', 'x2', 'x3', 'y'.repeat(128), '__proto__', 'constructor']
const elsewhere: readonly Address[] = [
  { host: '192.0.2.66', port: 666 },
  { host: 'a.host.name', port: 7_946 },
  { host: '::ffff:10.0.0.1', port: 0 },
]

/**
 * A program of what others do to an engine: packets and requests over streams from members, strangers and itself, answers to its own, late ticks, what it sent
 * itself, and bytes that mean nothing.
 */
const engine: Target = {
  name: 'engine',
  maxBytes: 1_024,
  valid: fc.uint8Array({ minLength: 20, maxLength: 600 }),
  check: (input) => {
    const p = new Program(input)
    const fired = new EngineUnderFire(p.below(2) === 0 ? 'pingack' : 'gossip')
    while (!p.ended) {
      step(p, fired)
      fired.checkBounds()
    }
    fired.run(60_000)
    fired.checkBounds()
    fired.checkMemory()
  },
}

/** One thing that happens; what the engine returns is nobody's business. */
function step(p: Program, fired: EngineUnderFire): unknown {
  const { engine, members, now } = fired
  const { members: table } = engine
  const words: Vocabulary = {
    names: [...members.map(({ name }) => name), ...strangers],
    boots: [...members.map(({ boot }) => boot), 0n, 7n, 2n ** 64n - 1n],
    addresses: [...members.map((member) => member.address), ...elsewhere],
    numbers: [...fired.pinged.slice(-8).map(({ seq }) => seq), 0, 1, 0xffff_ffff],
    incarnations: [
      0,
      wall,
      wall + 1,
      table.incarnation(table.self),
      table.incarnation(table.self) + 1,
      wall + incarnationHeadroom,
      Math.floor(wall + now / 1_000) + incarnationHeadroom,
      Math.floor(wall + now / 1_000) + incarnationHeadroom + 1,
      0xffff_ffff,
    ].map((value) => Math.min(value, 0xffff_ffff)),
    times: [1, 2, 3, 1_000, 2 ** 32, 2 ** 42, 2 ** 52, Number.MAX_SAFE_INTEGER],
    hashes: [firstBytes(new Uint8Array(0)), firstBytes(new Uint8Array(1_200)), new Uint8Array(32)],
  }
  const from = (): Sender => {
    const name = p.pick(words.names)
    const own = members.find((member) => member.name === name)
    const boot = own !== undefined && p.below(8) < 7 ? own.boot : p.pick(words.boots)
    return { name, boot, incarnation: p.pick(words.incarnations) }
  }
  const message = () => messageFrom(p, words)
  switch (p.below(14)) {
    case 0:
      return fired.run(p.pick([1, 10, 100, 200, 1_000, 5_000, 30_000, 700_000]))
    case 1:
      return fired.run(p.pick([10, 1_500, 60_000]), true)
    case 2:
    case 3:
    case 4: {
      const sent = fired.packet(from(), Array.from({ length: 1 + p.below(4) }, message))
      return engine.receive(p.pick(words.addresses), sent, now)
    }
    case 5:
    case 6:
      return fired.ask(from(), message())
    case 7: {
      const request = fired.requests.shift()
      if (request === undefined) return
      const reply = { sender: from(), message: message() }
      const ends = ['refused', 'reset', 'timeout', 'unreachable'] as const
      const end = p.below(6)
      const kind = ends[end]
      const fault = { fault: 'malformed', detail: 'so there' } as const
      return engine.settled(
        request.token,
        kind !== undefined ? { kind } : end === 4 ? { kind: 'fault', fault } : { kind: 'reply', reply },
        now,
      )
    }
    case 8:
      return engine.receive(
        p.pick(words.addresses),
        fired.codec.bundle(from(), [p.bytes(64)], undefined),
        now,
      )
    case 9: {
      const again = fired.sent.at(-1 - p.below(64))
      if (again !== undefined) engine.receive(p.pick(words.addresses), again, now)
      return
    }
    case 10: {
      // Who is asked answers, as members do.
      const ping = fired.pinged.at(-1 - p.below(8))
      const asked = members.find(({ name }) => name === ping?.target)
      if (ping === undefined || asked === undefined) return
      const who: Sender = { name: asked.name, boot: asked.boot, incarnation: wall }
      const ack = { type: 'ack', seq: ping.seq, payload: undefined, coordinate: p.bytes(30) } as const
      return engine.receive(asked.address, fired.packet(who, [ack]), now)
    }
    case 11:
      return own(p, fired)
    case 12: {
      const query = fired.deliveries.findLast((delivery) => delivery.kind === 'query')
      if (query !== undefined) engine.answer(query.query, p.bytes(16), now)
      return
    }
    default: {
      for (const _ of engine.refuse({ fault: 'malformed', detail: 'x'.repeat(p.byte() * 8) }));
      return
    }
  }
}

/** What its own application asks of it. */
function own(p: Program, fired: EngineUnderFire): void {
  const { engine, now } = fired
  const { members: table } = engine
  const ref = table.activeAt(p.below(Math.max(1, table.active)))
  switch (p.below(9)) {
    case 0:
      engine.broadcast('deploy', p.bytes(16), now)
      return
    case 1:
      engine.query(
        { name: 'who', body: p.bytes(16), timeout: 5_000, names: [], tags: [], expected: [ref] },
        now,
      )
      return
    case 2:
      if (ref !== undefined) engine.send(ref, p.bytes(16), p.below(2) === 0, now)
      return
    case 3:
      engine.setRecord(
        { data: p.bytes(16), ...(p.below(2) === 0 ? {} : { payload: new Uint8Array(2_000) }) },
        now,
      )
      return
    case 4:
      engine.join(p.pick(elsewhere), now)
      fired.hasLeft = false
      return
    case 5:
      if (!fired.hasLeft) engine.leave(now)
      fired.hasLeft = true
      return
    case 6:
      engine.switchDetector(p.pick(['pingack', 'gossip', 'nobody']), p.below(2) === 0, now)
      return
    case 7:
      if (ref !== undefined && ref !== table.self) engine.forceLeave(ref, p.below(2) === 0, now)
      return
    default:
      if (ref !== undefined) engine.fetchPayload(ref, now)
      engine.setSeeds(elsewhere)
  }
}

/** What is in the one record of a saved snapshot, and an engine that begins with it. */
const snapshot: Target = {
  name: 'snapshot',
  maxBytes: 4_096,
  valid: fc
    .record({
      sender,
      savedAt: fc.integer({ min: 0, max: 2 * wall }),
      clock: fc.constantFrom(0, 1, 2 ** 40, Number.MAX_SAFE_INTEGER),
      heard: fc.array(fc.record({ time: fc.integer({ min: 1 }), boot: fc.bigInt(0n, 2n ** 64n - 1n) }), {
        maxLength: 8,
      }),
      members: fc.array(syncEntry, { maxLength: 4 }),
      addresses: fc.array(address, { maxLength: 4 }),
    })
    .map((memory) => encodeSnapshot(memory, cluster).slice(11 + cluster.length + 4, -4)),
  damage: damageParts,
  check: (input) => {
    hold('reason' in decodeSnapshot(input, cluster), 'bytes without a header are a snapshot')
    const bytes = stream('swim', [input], undefined)
    const memory = decodeSnapshot(bytes, cluster)
    if ('reason' in memory) {
      hold(memory.reason.length < 500, 'a reason that takes pages')
      return
    }
    holdSound({ messages: [], skipped: 0, ...memory }, bytes)
    const again = encodeSnapshot(memory, cluster)
    holdSame(decodeSnapshot(again, cluster), memory, 'a snapshot that was saved again is another')
    const fired = new EngineUnderFire('pingack', memory)
    fired.engine.broadcast('deploy', join(), fired.now)
    fired.run(5_000)
    fired.engine.broadcast('deploy', join(), fired.now)
    fired.checkMemory()
  },
}

export const engineTargets: readonly Target[] = [engine, snapshot]
