import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { PeerRecord } from '../model/peer.ts'
import { Status } from '../model/status.ts'
import { putU32 } from '../wire/byte-writer.ts'
import { isFault } from '../wire/codec.ts'
import { crc32 } from '../wire/crc32.ts'
import type { Message } from '../wire/message.ts'
import { swimCodec } from '../wire/swim-codec.ts'
import { messagesByType } from '../wire/testing/arbitraries.ts'
import { createEngine } from './engine.ts'
import { createRandom, type Random } from './random.ts'
import { resolveSettings } from './settings.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const wall = 1_767_225_600
const from = { host: '192.0.2.66', port: 666 }

const record = (name: string): PeerRecord => ({
  name,
  boot: 77n,
  startedAt: wall * 1_000,
  address: { host: '10.0.0.1', port: 7_946 },
  streams: true,
  leaving: false,
  protocolMin: 1,
  protocolMax: 1,
  capabilities: [],
  data: new Uint8Array(0),
  opaque: undefined,
})

/** An engine with 30 members, three of them suspect, one failed and one left. */
function settled() {
  const settings = resolveSettings('lan', { maxMembers: 200 })
  const codec = swimCodec().open({
    cluster: 'test',
    sealer: undefined,
    maxPacketBytes: 65_535,
    maxStreamBytes: 16_777_216,
  })
  const events: string[] = []
  const sizes: number[] = []
  const engine = createEngine({
    record: record('me'),
    incarnation: wall,
    settings,
    codec,
    detectors: [
      {
        kind: 'detector',
        name: 'none',
        api: 1,
        attach: () => ({ start: () => undefined, stop: () => undefined, onTimer: () => undefined }),
      },
    ],
    random: createRandom([1]),
    maxPacketBytes: settings.packetBytes,
    packets: true,
    streams: true,
    wallSeconds: wall,
    now: 0,
    effects: {
      send: (_, packet) => sizes.push(packet.length),
      request: () => undefined,
      event: ({ record: { name }, type }) => events.push(`${type} ${name}`),
      deliver: () => undefined,
      done: () => undefined,
    },
  })
  engine.start(0)
  const packet = (...messages: readonly Message[]): Uint8Array =>
    codec.bundle(
      { name: 'n0', boot: 77n, incarnation: 5 },
      messages.map((message) => codec.encode(message)),
      undefined,
    )
  for (let i = 0; i < 30; i++) {
    engine.receive(from, packet({ type: 'alive', incarnation: 5, record: record(`n${i}`) }), 0)
  }
  const accusations = [{ accuser: 'n9', evidence: 'timeout' }] as const
  const claims: Message[] = ['n1', 'n2', 'n3'].map((name) => ({
    type: 'suspect',
    name,
    incarnation: 5,
    accusations,
  }))
  claims.push({ type: 'failed', name: 'n4', incarnation: 5, accuser: 'n9', evidence: 'timeout' })
  claims.push({ type: 'left', name: 'n5', incarnation: 5, by: 'n5' })
  engine.receive(from, packet(...claims), 0)
  const membership = () => {
    const { members } = engine
    return {
      digest: engine.digest,
      counts: [0, 1, 2, 3].map((status) => members.count(status as Status)),
      events: events.length,
      deadlines: ['n1', 'n2', 'n3'].map((name) => engine.suspicion(members.find(name)!)?.deadline),
      own: members.incarnation(members.self),
      backlog: engine.stats().backlog,
      health: engine.health,
      sent: sizes.length,
    }
  }
  return { codec, engine, membership, packet, sizes }
}

/** Packets of every kind of message about members that are there, the node itself, and strangers. */
function samples(packet: (...messages: readonly Message[]) => Uint8Array): Uint8Array[] {
  const messages = Object.entries(messagesByType)
    .filter(([type]) => type !== 'sync')
    .flatMap(([, arbitrary], i) => fc.sample(arbitrary, { seed: i + 1, numRuns: 20 }))
  const names = ['me', 'n0', 'n1', 'n4', 'n5', 'stranger']
  const near = names.flatMap((name): Message[] => [
    { type: 'alive', incarnation: 6, record: { ...record(name), boot: 3n } },
    { type: 'suspect', name, incarnation: 6, accusations: [{ accuser: 'n8', evidence: 'timeout' }] },
    { type: 'failed', name, incarnation: 6, accuser: 'n8', evidence: 'refused' },
    { type: 'left', name, incarnation: 6, by: name },
    { type: 'ping', seq: 1, target: name, boot: undefined },
  ])
  const all = [...messages, ...near]
  return all.map((message, i) => packet(message, all[(i * 7 + 3) % all.length]!))
}

/** Flips bits, cuts, lengthens, or copies a part of a packet over another part. */
function mutate(original: Uint8Array, random: Random): Uint8Array {
  const bytes = original.slice()
  const at = () => random.below(bytes.length)
  switch (random.below(5)) {
    case 0:
      return bytes.subarray(0, at())
    case 1: {
      const longer = new Uint8Array(bytes.length + 1 + random.below(40))
      longer.set(bytes)
      for (let i = bytes.length; i < longer.length; i++) longer[i] = random.below(256)
      return longer
    }
    case 2:
      // Never with itself in the same place: something must change.
      bytes.copyWithin(at(), at(), at())
      bytes[at()]! ^= 1 + random.below(255)
      return bytes
    default:
      for (let flips = 1 + random.below(4); flips > 0; flips--) bytes[at()]! ^= 1 << random.below(8)
      return bytes
  }
}

describe('hostile packets', () => {
  test('100,000 datagrams, random and mutated, change nothing, and each is counted as a fault', () => {
    const { engine, membership, packet } = settled()
    const random = createRandom([0xbad])
    const originals = samples(packet)
    const before = membership()
    let sent = 0
    for (let i = 0; i < 50_000; i++) {
      const noise = new Uint8Array(random.below(300))
      for (let j = 0; j < noise.length; j++) noise[j] = random.below(256)
      // Half of them look like ours at first sight.
      if (i % 2 === 0) noise.set([0xd0, 1].slice(0, noise.length))
      engine.receive(from, noise, 1)
      sent++
    }
    for (let i = 0; i < 50_000; i++) {
      const original = originals[i % originals.length]!
      const mutated = mutate(original, random)
      if (mutated.length === original.length && mutated.every((byte, at) => byte === original[at])) continue
      engine.receive(from, mutated, 1)
      sent++
    }
    expect(membership()).toEqual(before)
    const faults = Object.entries(engine.stats()).filter(([name]) => name.startsWith('fault:'))
    expect(faults.reduce((sum, [, count]) => sum + count, 0)).toBe(sent)
    expect(sent).toBeGreaterThan(99_000)
  }, 20_000)

  test('30,000 mutated packets under a right checksum may say anything: no exception, no bound broken', () => {
    const { codec, engine, packet, sizes } = settled()
    const random = createRandom([0xbad2])
    const originals = samples(packet)
    let now = 1
    let understood = 0
    for (let i = 0; i < 30_000; i++) {
      const original = originals[random.below(originals.length)]!
      const body = mutate(original.subarray(0, original.length - 4), random)
      const forged = new Uint8Array(body.length + 4)
      forged.set(body)
      putU32(forged, body.length, crc32(forged, 0, body.length))
      if (!isFault(codec.decode(forged))) understood++
      engine.receive(from, forged, now)
      now += 1
      if (engine.nextWake() <= now) engine.tick(now)
    }
    // Else this would test the decoder alone.
    expect(understood).toBeGreaterThan(3_000)
    const { members } = engine
    expect(members.status(members.self)).toBe(Status.Alive)
    expect(members.size).toBeLessThanOrEqual(200)
    expect([0, 1, 2, 3].reduce((sum, status) => sum + members.count(status as Status), 0)).toBe(members.size)
    expect(members.incarnation(members.self)).toBeLessThanOrEqual(wall + 30 + 2 ** 26 + 1)
    expect(Math.max(...sizes)).toBeLessThanOrEqual(1_400)
    expect(engine.health).toBeLessThanOrEqual(8)
    // No more than one refutation a second.
    expect(engine.stats().refutations).toBeLessThanOrEqual(32)
    // And it still works.
    sizes.length = 0
    engine.receive(from, packet({ type: 'ping', seq: 1, target: 'me', boot: undefined }), now)
    expect(sizes.length).toBe(1)
  }, 20_000)
})
