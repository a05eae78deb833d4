import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Address } from '../model/address.ts'
import { Directory } from '../model/directory.ts'
import type { Boot, PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status, statusNames } from '../model/status.ts'
import { type Codec, isFault, type StreamMessage } from '../wire/codec.ts'
import type { AliveClaim, Claim, EvidenceKind, Message, Sync, SyncEntry } from '../wire/message.ts'
import { swimCodec } from '../wire/swim-codec.ts'
import { FakeSealer } from '../wire/testing/fake-sealer.ts'
import type { Detector, DetectorContext, PingResult } from './detector.ts'
import type { EngineEvent, OperationResult } from './effects.ts'
import { createEngine, type Engine, type EngineOptions } from './engine.ts'
import { createRandom } from './random.ts'
import { resolveSettings, type Settings } from './settings.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

/** 2026-01-01, in seconds: the clock at the instant 0. */
const wall = 1_767_225_600

/** A fictitious member, with an address and a boot of its own. */
function peer(name: string, change: Partial<PeerRecord> = {}): PeerRecord {
  let sum = 0
  for (const character of name) sum = (sum * 31 + character.codePointAt(0)!) % 50_000
  return {
    name,
    boot: BigInt(1_000 + sum),
    startedAt: wall * 1_000,
    address: { host: '10.0.0.2', port: 1_000 + sum },
    streams: true,
    leaving: false,
    protocolMin: 1,
    protocolMax: 1,
    capabilities: [],
    data: new Uint8Array(0),
    opaque: undefined,
    ...change,
  }
}

const alive = (record: PeerRecord, incarnation: number): AliveClaim => ({
  type: 'alive',
  incarnation,
  record,
})
const suspect = (name: string, incarnation: number, ...accusers: readonly string[]): Claim => ({
  type: 'suspect',
  name,
  incarnation,
  accusations: accusers.map((accuser) => ({ accuser, evidence: 'timeout' })),
})
const failed = (name: string, incarnation: number, accuser = 'z'): Claim => ({
  type: 'failed',
  name,
  incarnation,
  accuser,
  evidence: 'timeout',
})
const left = (name: string, incarnation: number, by = name): Claim => ({
  type: 'left',
  name,
  incarnation,
  by,
})
const ping = (seq: number, target = 'me', boot?: Boot): Message => ({ type: 'ping', seq, target, boot })

interface Sent {
  readonly to: Address
  readonly messages: readonly Message[]
  readonly size: number
}

interface RigOptions {
  readonly settings?: Partial<Settings>
  readonly engine?: Partial<EngineOptions>
  /** These have said that they are there, at incarnation 5. */
  readonly members?: readonly string[]
  readonly onEvent?: (event: EngineEvent, engine: Engine) => void
}

/** One real engine, `me`, alone with packets that a test makes up, and a detector that does as a test says. */
class Rig {
  readonly self = peer('me', { boot: 77n, streams: false, address: { host: '10.0.0.1', port: 7_946 } })
  readonly settings: Settings
  readonly codec: Codec
  readonly engine: Engine
  readonly events: EngineEvent[] = []
  readonly results = new Map<number, OperationResult>()
  readonly requests: { readonly to: Address; readonly message: Message; readonly token: number }[] = []
  readonly pings: PingResult[] = []
  context!: DetectorContext
  now = 0
  #sent: Sent[] = []
  readonly #todo: (() => void)[] = []

  constructor({ engine = {}, members = [], onEvent, settings }: RigOptions = {}) {
    this.settings = resolveSettings('lan', settings)
    this.codec =
      engine.codec ??
      swimCodec().open({
        cluster: 'test',
        sealer: undefined,
        maxPacketBytes: 65_535,
        maxStreamBytes: 16_777_216,
      })
    const puppet: Detector = {
      kind: 'detector',
      name: 'puppet',
      api: 1,
      attach: (context) => {
        this.context = context
        return {
          start: () => undefined,
          stop: () => undefined,
          onTimer: () => {
            for (const act of this.#todo.splice(0)) act()
          },
          onPing: (result) => this.pings.push(result),
        }
      },
    }
    this.engine = createEngine({
      record: this.self,
      incarnation: wall,
      settings: this.settings,
      codec: this.codec,
      detectors: [puppet],
      random: createRandom([1]),
      maxPacketBytes: this.settings.packetBytes,
      packets: true,
      streams: true,
      wallSeconds: wall,
      now: 0,
      ...engine,
      effects: {
        send: (to, packet) => {
          const decoded = this.codec.decode(packet)
          if (isFault(decoded)) throw new Error(`sent a packet that nobody can read: ${decoded.detail}`)
          this.#sent.push({ to, messages: decoded.messages, size: packet.length })
        },
        request: (to, parts, token) => {
          this.requests.push({ to, message: this.#read(parts).message, token })
        },
        event: (event) => {
          this.events.push(event)
          onEvent?.(event, this.engine)
        },
        done: (operation, result) => this.results.set(operation, result),
      },
    })
    this.engine.start(0)
    for (const name of members) this.hear(name, alive(peer(name), 5))
    this.run(5_000)
    this.take()
    this.events.length = 0
    this.requests.length = 0
  }

  /** A packet with these messages, from a fictitious member. */
  packet(from: string | PeerRecord, messages: readonly Message[]): Uint8Array {
    const { boot, name } = typeof from === 'string' ? peer(from) : from
    return this.codec.bundle(
      { name, boot, incarnation: 5 },
      messages.map((message) => this.codec.encode(message)),
      undefined,
    )
  }

  hear(from: string | PeerRecord, ...messages: readonly Message[]): void {
    const { address } = typeof from === 'string' ? peer(from) : from
    this.engine.receive(address, this.packet(from, messages), this.now)
  }

  /** A whole message over a stream, and what is answered. */
  ask(from: string | PeerRecord, message: Message): Message {
    const { boot, name } = typeof from === 'string' ? peer(from) : from
    return this.#read(this.engine.exchange({ sender: { name, boot, incarnation: 5 }, message }, this.now))
      .message
  }

  /** The answer to a request that this engine made. */
  reply(token: number, from: string | PeerRecord, message: Message): void {
    const { boot, name } = typeof from === 'string' ? peer(from) : from
    const reply: StreamMessage = { sender: { name, boot, incarnation: 5 }, message }
    this.engine.settled(token, { kind: 'reply', reply }, this.now)
  }

  /** Entries of another's table, pushed by a member. */
  push(from: string, ...entries: readonly SyncEntry[]): Message {
    return this.ask(from, sync({ entries }))
  }

  /** Lets the detector do something. */
  detect(act: (context: DetectorContext) => void): void {
    this.#todo.push(() => act(this.context))
    this.context.arm(this.now, 0)
    this.engine.tick(this.now)
  }

  /** Evidence of the detector against a member as it stands, or as it is said to have been seen. */
  accuse(name: string, seen: { incarnation?: number; boot?: Boot } = {}, evidence: EvidenceKind = 'timeout') {
    const ref = this.ref(name)
    const { members } = this.engine
    const observed = { ref, incarnation: members.incarnation(ref), boot: members.record(ref).boot, ...seen }
    this.detect((context) => context.unreachable(observed, evidence, this.now))
  }

  /** Ticks whenever the engine wants to, for so long. */
  run(ms: number): void {
    const end = this.now + ms
    for (let at = this.engine.nextWake(); at <= end; at = this.engine.nextWake()) {
      this.now = Math.max(this.now, at)
      this.engine.tick(this.now)
    }
    this.now = end
  }

  /** What was sent since the last time. */
  take(): Sent[] {
    return this.#sent.splice(0)
  }

  /** What was sent to a member since the last time. */
  takeTo(name: string): Sent[] {
    return this.take().filter(({ to }) => to.port === peer(name).address.port)
  }

  ref(name: string): Ref {
    const ref = this.engine.members.find(name)
    if (ref === undefined) throw new Error(`${name} is not known`)
    return ref
  }

  status(name: string): string {
    const ref = this.engine.members.find(name)
    return ref === undefined ? 'unknown' : statusNames[this.engine.members.status(ref)]
  }

  eventsOf(name: string): string[] {
    return this.events.filter(({ record }) => record.name === name).map(({ type }) => type)
  }

  get ownIncarnation(): number {
    return this.engine.members.incarnation(this.engine.members.self)
  }

  deadline(name: string): number | undefined {
    return this.engine.suspicion(this.ref(name))?.deadline
  }

  count(counter: string): number {
    return this.engine.stats()[counter]!
  }

  /** Everything of the membership that can be seen from outside. */
  snapshot() {
    const { members } = this.engine
    const refs = Array.from({ length: members.size }, (_, i) =>
      i < members.active ? members.activeAt(i) : members.terminalAt(i - members.active),
    )
    return {
      digest: this.engine.digest,
      counts: [0, 1, 2, 3].map((status) => members.count(status as Status)),
      members: refs.map((ref) => [
        members.name(ref),
        members.status(ref),
        members.incarnation(ref),
        members.recordIncarnation(ref),
        members.record(ref),
        members.since(ref),
        this.engine.suspicion(ref),
      ]),
      events: this.events.length,
      sent: this.#sent.length,
      backlog: this.count('backlog'),
      health: this.engine.health,
    }
  }

  #read(parts: Iterable<Uint8Array>): StreamMessage {
    const reader = this.codec.streamReader()
    for (const part of parts) {
      const result = reader.push(part)
      if (result === undefined) continue
      if (isFault(result)) throw new Error(`wrote a stream that nobody can read: ${result.detail}`)
      return result
    }
    throw new Error('a stream without a whole message')
  }
}

const sync = (change: Partial<Sync> = {}): Sync => ({
  type: 'sync',
  join: false,
  digest: undefined,
  config: { epoch: 0, detector: 'puppet', suspicion: true },
  entries: [],
  state: undefined,
  ...change,
})

const entry = (name: string, status: Status, incarnation: number, age = 0): SyncEntry => ({
  record: peer(name),
  recordIncarnation: Math.min(5, incarnation),
  status,
  incarnation,
  age,
  accusations: [],
})

/** All that is said in packets, of one type. */
const said = <T extends Message['type']>(sent: readonly Sent[], type: T) =>
  sent
    .flatMap(({ messages }) => messages)
    .filter((message): message is Extract<Message, { type: T }> => message.type === type)

describe('a claim about a name that is not known', () => {
  test.each([
    ['suspect', suspect('x', 5, 'b')],
    ['failed', failed('x', 5)],
    ['left', left('x', 5)],
  ] as const)('creates nothing if it is %s: no member, no event, no gossip', (_, claim) => {
    const rig = new Rig({ members: ['b'] })
    const before = rig.snapshot()
    rig.hear('b', claim)
    expect(rig.snapshot()).toEqual(before)
    expect(rig.count('claimsUnknown')).toBe(1)
    rig.run(2_000)
    expect(said(rig.take(), claim.type)).toEqual([])
  })

  test.each([
    ['failed', Status.Failed],
    ['left', Status.Left],
  ] as const)('creates nothing if a sync says %s', (_, status) => {
    const rig = new Rig({ members: ['b'] })
    const before = rig.snapshot()
    rig.push('b', entry('x', status, 5))
    expect(rig.snapshot()).toEqual(before)
    expect(rig.count('claimsUnknown')).toBe(1)
  })

  test('makes a member if it is alive, and is handed on as it was heard', () => {
    const rig = new Rig({ members: ['b'] })
    const x = peer('x', { data: Uint8Array.of(1, 2), opaque: Uint8Array.of(3), capabilities: ['detector:y'] })
    rig.hear('b', alive(x, 9))
    expect([rig.status('x'), rig.eventsOf('x')]).toEqual(['alive', ['join']])
    rig.run(500)
    expect(said(rig.takeTo('b'), 'alive')).toContainEqual(alive(x, 9))
  })
})

describe('an incarnation', () => {
  const limit = wall + 2 ** 26

  test.each([
    ['alive', (incarnation: number) => alive(peer('b', { data: Uint8Array.of(1) }), incarnation)],
    ['suspect', (incarnation: number) => suspect('b', incarnation, 'c')],
    ['failed', (incarnation: number) => failed('b', incarnation)],
    ['left', (incarnation: number) => left('b', incarnation)],
  ] as const)('too far above the wall clock is refused and counted: %s', (_, claim) => {
    const rig = new Rig({ members: ['b', 'c'] })
    const now = limit + rig.now / 1_000
    const before = rig.snapshot()
    rig.hear('c', claim(now + 1))
    expect(rig.snapshot()).toEqual(before)
    expect(rig.count('claimsIncarnationTooHigh')).toBe(1)
    rig.hear('c', claim(now))
    expect(rig.engine.members.incarnation(rig.ref('b'))).toBe(now)
    expect(rig.count('claimsIncarnationTooHigh')).toBe(1)
  })

  test('of this node is not driven there by a claim about it either', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', suspect('me', 0xffff_ffff, 'b'))
    expect([rig.ownIncarnation, rig.count('claimsIncarnationTooHigh')]).toEqual([wall, 1])
  })

  test('is raised by this node alone: hearing of others, judging them and being pinged leave it', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', suspect('c', 5, 'b'), ping(1))
    rig.accuse('b')
    rig.run(60_000)
    expect(rig.ownIncarnation).toBe(wall)
  })
})

describe('the data of a member', () => {
  const data = Uint8Array.of(9)

  test('alive@N after suspect@N is taken, and the suspicion stays', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 6, 'c'))
    const deadline = rig.deadline('b')
    rig.hear('c', alive(peer('b', { data }), 6))
    const { members } = rig.engine
    const ref = rig.ref('b')
    expect([rig.status('b'), members.incarnation(ref), members.recordIncarnation(ref)]).toEqual([
      'suspect',
      6,
      6,
    ])
    expect(members.record(ref).data).toEqual(data)
    expect([rig.eventsOf('b'), rig.deadline('b')]).toEqual([['suspect', 'update'], deadline])
    rig.run(1_000)
    const sent = rig.takeTo('c')
    expect(said(sent, 'suspect').map(({ incarnation }) => incarnation)).toContain(6)
    expect(said(sent, 'alive')).toContainEqual(alive(peer('b', { data }), 6))
  })

  test('that is newer does not stop news of a failure from being told', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', failed('b', 6))
    rig.take()
    rig.hear('c', alive(peer('b', { data }), 6))
    expect([rig.status('b'), rig.engine.members.recordIncarnation(rig.ref('b'))]).toEqual(['failed', 6])
    rig.run(1_000)
    expect(said(rig.takeTo('c'), 'failed').map(({ incarnation }) => incarnation)).toContain(6)
  })

  test('that is older is not taken again', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', alive(peer('b', { data }), 7))
    const before = rig.snapshot()
    rig.hear('c', alive(peer('b'), 6), alive(peer('b'), 7))
    expect(rig.snapshot()).toEqual(before)
    expect(rig.count('claimsStale')).toBe(2)
  })

  test('of an earlier incarnation is not taken from a late claim while a suspicion of a later one stands', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 8, 'c'), alive(peer('b', { data }), 7))
    expect(rig.status('b')).toBe('suspect')
    expect(rig.engine.members.record(rig.ref('b')).data).toEqual(data)
    rig.hear('c', alive(peer('b'), 6))
    expect(rig.engine.members.record(rig.ref('b')).data).toEqual(data)
  })

  test('of another boot at a higher incarnation is another process: update, restarted', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', alive(peer('b', { boot: 5n }), 6))
    expect(rig.events.map(({ restarted, type }) => [type, restarted])).toEqual([['update', true]])
  })

  test('that does not change with the incarnation is no event', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', alive(peer('b'), 6))
    expect([rig.events, rig.engine.members.incarnation(rig.ref('b'))]).toEqual([[], 6])
  })
})

describe('evidence', () => {
  test('makes an alive member suspect, tells of it at once, and fails it when its time is up', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.accuse('b')
    expect(rig.status('b')).toBe('suspect')
    expect(said(rig.takeTo('c'), 'suspect')).toEqual([suspect('b', 5, 'me')])
    // Three members: nobody but c could confirm, so the shortest time.
    expect(rig.deadline('b')).toBe(rig.now + 4_000)
    rig.run(3_999)
    expect(rig.status('b')).toBe('suspect')
    rig.run(1)
    expect(rig.status('b')).toBe('failed')
    expect(rig.eventsOf('b')).toEqual(['suspect', 'failed'])
    expect(said(rig.takeTo('c'), 'failed')[0]).toEqual(failed('b', 5, 'me'))
  })

  test('that comes late, after a refutation, does not condemn', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 5, 'c'), alive(peer('b'), 6))
    rig.accuse('b', { incarnation: 5 })
    expect([rig.status('b'), rig.engine.suspicion(rig.ref('b')), rig.count('suspectedOthers')]).toEqual([
      'alive',
      undefined,
      0,
    ])
  })

  test('about another boot does not condemn', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.accuse('b', { boot: 1n })
    expect(rig.status('b')).toBe('alive')
  })

  test('about a member that is gone, or about this node, is nothing', () => {
    const rig = new Rig({ members: ['b', 'c'], settings: { leftRetention: 100 } })
    const gone = { ref: rig.ref('b'), incarnation: 5, boot: peer('b').boot }
    rig.hear('b', left('b', 5))
    rig.run(200)
    expect(rig.status('b')).toBe('unknown')
    rig.detect((context) => context.unreachable(gone, 'timeout', rig.now))
    rig.accuse('me')
    expect([rig.status('b'), rig.status('me')]).toEqual(['unknown', 'alive'])
  })

  test('that it is reachable clears no suspicion', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 5, 'c'))
    const seen = { ref: rig.ref('b'), incarnation: 5, boot: peer('b').boot }
    rig.detect((context) => context.reachable(seen, rig.now, 3))
    rig.hear('b', ping(1))
    expect(rig.status('b')).toBe('suspect')
  })

  test('against one that failed or left changes nothing', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.hear('d', failed('b', 5), left('c', 5))
    const before = rig.snapshot()
    for (const name of ['b', 'c']) rig.accuse(name)
    expect(rig.snapshot()).toEqual(before)
  })

  test('a ping of a member that is gone is refused, and harms nothing', () => {
    const rig = new Rig({ members: ['b', 'c'], settings: { leftRetention: 100 } })
    const gone = rig.ref('b')
    rig.hear('b', left('b', 5))
    rig.run(200)
    let accepted: boolean | undefined
    rig.detect((context) => {
      accepted = context.ping(gone, { path: 'direct', timeout: 100 }, rig.now)
    })
    expect(accepted).toBe(false)
  })
})

describe('a suspicion', () => {
  /** Six members: two confirmations are waited for, between 4 s and 24 s. */
  const six = (settings: Partial<Settings> = {}) => new Rig({ members: ['b', 'c', 'd', 'e', 'f'], settings })

  test('is cleared by a higher incarnation, and by nothing else', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c'), alive(peer('b'), 5), alive(peer('b', { boot: 3n }), 4))
    expect(rig.status('b')).toBe('suspect')
    rig.hear('c', alive(peer('b'), 6))
    expect([rig.status('b'), rig.engine.suspicion(rig.ref('b')), rig.eventsOf('b')]).toEqual([
      'alive',
      undefined,
      ['suspect', 'alive'],
    ])
    rig.run(60_000)
    expect(rig.status('b')).toBe('alive')
  })

  test('counts each accuser once, and each one more shortens it, from when it began', () => {
    const rig = six()
    const start = rig.now
    rig.hear('c', suspect('b', 5, 'c'))
    expect(rig.deadline('b')).toBe(start + 24_000)
    rig.run(1_000)
    rig.hear('d', suspect('b', 5, 'c', 'c'))
    rig.hear('c', suspect('b', 5, 'c'))
    expect([rig.deadline('b'), rig.count('confirmations')]).toEqual([start + 24_000, 0])
    // 24 s − 20 s × ln 2 / ln 3
    rig.hear('d', suspect('b', 5, 'c', 'd'))
    expect([rig.deadline('b'), rig.count('confirmations')]).toEqual([start + 11_381, 1])
    rig.hear('d', suspect('b', 5, 'd'))
    expect(rig.count('confirmations')).toBe(1)
    rig.accuse('b')
    expect([rig.deadline('b'), rig.count('confirmations')]).toEqual([start + 4_000, 2])
    rig.hear('f', suspect('b', 5, 'e', 'f'))
    expect([rig.deadline('b'), rig.count('confirmations')]).toEqual([start + 4_000, 2])
    const accusers = rig.engine.suspicion(rig.ref('b'))!.accusations.map(({ accuser }) => accuser)
    expect(accusers).toEqual(['c', 'd', 'me'])
  })

  test('that is confirmed after its shorter time would have been over ends at the next tick', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c'))
    rig.run(6_000)
    rig.hear('d', suspect('b', 5, 'd', 'e'))
    expect(rig.status('b')).toBe('suspect')
    rig.run(0)
    expect(rig.status('b')).toBe('failed')
  })

  test('that begins with several accusers counts them all', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c', 'd', 'e'))
    expect(rig.deadline('b')).toBe(rig.now + 4_000)
  })

  test('that begins with one accuser said twice counts it once', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c', 'c', 'c'))
    expect(rig.deadline('b')).toBe(rig.now + 24_000)
  })

  test('hands a confirmation on, with all that make a difference', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c'))
    rig.run(2_000)
    rig.take()
    rig.hear('d', suspect('b', 5, 'd'))
    rig.run(1_000)
    expect(said(rig.take(), 'suspect')).toContainEqual(suspect('b', 5, 'c', 'd'))
  })

  test('of a higher incarnation begins anew', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c', 'd', 'e'))
    rig.run(3_000)
    rig.hear('c', suspect('b', 6, 'c'))
    expect(rig.deadline('b')).toBe(rig.now + 24_000)
    expect(rig.eventsOf('b')).toEqual(['suspect'])
  })

  test('of an older incarnation is no confirmation', () => {
    const rig = six()
    rig.hear('c', suspect('b', 5, 'c'))
    rig.hear('d', suspect('b', 4, 'd'))
    expect([rig.count('confirmations'), rig.count('claimsStale')]).toEqual([0, 1])
  })

  test.each([
    ['one after another', [suspect('b', 5, 'c'), suspect('b', 5, 'd')]],
    ['in one claim', [suspect('b', 5, 'c', 'd')]],
  ])('fails at once with a quorum of independent reports %s', (_, claims) => {
    const rig = six({ suspicionQuorum: 2 })
    for (const claim of claims) {
      expect(rig.status('b')).not.toBe('failed')
      rig.hear('c', claim)
    }
    expect([rig.status('b'), rig.eventsOf('b')]).toEqual(['failed', ['suspect', 'failed']])
  })

  test('one accuser alone is no quorum, however often it says so', () => {
    const rig = six({ suspicionQuorum: 2 })
    rig.hear('c', suspect('b', 5, 'c', 'c'), suspect('b', 5, 'c'))
    rig.hear('d', suspect('b', 5, 'c'))
    expect(rig.status('b')).toBe('suspect')
  })

  test('keeps at most 16 accusers', () => {
    const accusers = Array.from({ length: 40 }, (_, i) => `a${i}`)
    const rig = new Rig({ members: ['b', ...accusers], settings: { suspicionMult: 30 } })
    for (const accuser of accusers) rig.hear(accuser, suspect('b', 5, accuser))
    expect(rig.engine.suspicion(rig.ref('b'))!.accusations.length).toBe(16)
  })
})

describe('an accusation of this node', () => {
  test.each([
    ['suspect', suspect('me', wall, 'b')],
    ['failed', failed('me', wall, 'b')],
    ['left', left('me', wall, 'b')],
  ] as const)('of being %s is refuted in the very ack to the ping that brings it', (_, claim) => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', claim, ping(123))
    const [answer] = rig.takeTo('b').filter(({ messages }) => messages.some(({ type }) => type === 'ack'))
    expect(answer!.messages).toContainEqual({ type: 'ack', seq: 123, payload: undefined })
    expect(answer!.messages).toContainEqual(alive(rig.self, wall + 1))
    expect([rig.status('me'), rig.ownIncarnation, rig.count('refutations')]).toEqual(['alive', wall + 1, 1])
    expect(rig.engine.health).toBe(1)
  })

  test('is refuted in the ack also where it comes behind the ping', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', ping(123), suspect('me', wall, 'b'))
    const [answer] = rig.takeTo('b').filter(({ messages }) => messages.some(({ type }) => type === 'ack'))
    expect(answer!.messages).toContainEqual(alive(rig.self, wall + 1))
  })

  test('is refuted above the incarnation that was heard', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', suspect('me', wall + 1_000, 'b'))
    expect(rig.ownIncarnation).toBe(wall + 1_001)
  })

  test('is refuted at most once per probe interval; the last one heard meanwhile, when it is over', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', suspect('me', wall, 'b'))
    for (let i = 1; i <= 9; i++) {
      rig.run(100)
      rig.hear('b', suspect('me', wall + i, 'b'), ping(i))
    }
    expect([rig.ownIncarnation, rig.count('refutations')]).toEqual([wall + 1, 1])
    rig.run(99)
    expect(rig.count('refutations')).toBe(1)
    rig.run(1)
    expect([rig.ownIncarnation, rig.count('refutations')]).toEqual([wall + 10, 2])
    rig.run(10_000)
    expect([rig.ownIncarnation, rig.count('refutations')]).toEqual([wall + 10, 2])
  })

  test('of an earlier incarnation is old news, and is not refuted', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', suspect('me', wall - 1, 'b'), failed('me', wall - 1), left('me', wall - 1, 'b'))
    rig.run(3_000)
    expect([rig.ownIncarnation, rig.count('refutations'), rig.count('claimsStale')]).toEqual([wall, 0, 3])
  })

  test.each([
    ['failed', Status.Failed],
    ['left', Status.Left],
    ['suspect', Status.Suspect],
  ] as const)('by a sync that says %s is refuted', (_, status) => {
    const rig = new Rig({ members: ['b'] })
    rig.push('b', { ...entry('me', status, wall), record: rig.self, recordIncarnation: wall })
    expect([rig.status('me'), rig.ownIncarnation]).toEqual(['alive', wall + 1])
  })

  test('an alive claim of it at its incarnation with other data, or above it, is refuted; its own words are not', () => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', alive(rig.self, wall))
    expect(rig.ownIncarnation).toBe(wall)
    rig.hear('b', alive({ ...rig.self, data: Uint8Array.of(1) }, wall))
    expect(rig.ownIncarnation).toBe(wall + 1)
    rig.run(1_000)
    rig.hear('b', alive(rig.self, wall + 50))
    expect(rig.ownIncarnation).toBe(wall + 51)
  })
})

describe('a member that something is held against', () => {
  test.each([
    ['suspect', suspect('b', 5, 'c')],
    ['failed', failed('b', 5, 'c')],
    ['left', left('b', 5, 'c')],
  ] as const)('hears first that it is %s, in a reply and in a ping', (type, claim) => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.hear('c', claim)
    rig.run(3_000)
    rig.take()
    rig.hear('b', ping(55))
    const [answer] = rig.takeTo('b')
    expect(answer!.messages[0]).toMatchObject({ type, name: 'b', incarnation: 5 })
    expect(answer!.messages[1]).toMatchObject({ type: 'ack', seq: 55 })
    rig.detect((context) => context.ping(rig.ref('b'), { path: 'direct', timeout: 500 }, rig.now))
    const [asked] = rig.takeTo('b')
    expect(asked!.messages.map((message) => message.type)).toEqual([type, 'ping'])
  })

  test('is told also when this node pings it for another', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', suspect('b', 5, 'c'))
    rig.run(3_000)
    rig.take()
    const { address, name } = peer('b')
    rig.hear('c', { type: 'pingReq', nackAfter: 0, targets: [{ seq: 1, name, boot: undefined, address }] })
    expect(rig.takeTo('b')[0]!.messages.map(({ type }) => type)).toEqual(['suspect', 'ping'])
  })

  test('one that nothing is held against is told nothing of the kind', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', ping(55))
    expect(rig.takeTo('b')[0]!.messages).toEqual([{ type: 'ack', seq: 55, payload: undefined }])
  })

  test('one that failed lately is still gossiped to, so that it may refute; a minute later no more', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('c', failed('b', 5))
    rig.run(1_000)
    expect(said(rig.takeTo('b'), 'failed').length).toBeGreaterThan(0)
    rig.run(60_000)
    rig.take()
    rig.hear('c', alive(peer('x'), 1))
    rig.run(5_000)
    expect(rig.takeTo('b')).toEqual([])
  })
})

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

describe('leaving', () => {
  test('is claimed by the member itself, at its incarnation, and believed', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', left('b', 5))
    expect([rig.status('b'), rig.eventsOf('b')]).toEqual(['left', ['leave']])
    expect(said(rig.takeTo('c'), 'left')).toEqual([left('b', 5)])
  })

  test('a member that left is not suspected, and comes back with a higher incarnation only', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', left('b', 5))
    rig.hear('c', suspect('b', 5, 'c'), failed('b', 5), alive(peer('b'), 5))
    expect(rig.status('b')).toBe('left')
    rig.hear('b', alive(peer('b'), 6))
    expect([rig.status('b'), rig.eventsOf('b')]).toEqual(['alive', ['leave', 'join']])
  })

  test('this node says so at its own incarnation, is answered by witnesses, and still answers pings', () => {
    const rig = new Rig({ members: ['b', 'c', 'd', 'e'] })
    const operation = rig.engine.leave(rig.now)
    expect(said(rig.take(), 'left')[0]).toEqual(left('me', wall))
    expect(rig.requests.map(({ message }) => message)).toEqual([0, 1, 2].map(() => left('me', wall)))
    for (const { to, token } of rig.requests) {
      const witness = ['b', 'c', 'd', 'e'].find((name) => peer(name).address.port === to.port)!
      rig.reply(token, witness, { type: 'ack', seq: 0, payload: undefined })
    }
    const result = rig.results.get(operation)
    expect(result?.kind === 'left' && new Set(result.acknowledgedBy).size).toBe(3)
    rig.hear('b', ping(9))
    expect(said(rig.takeTo('b'), 'ack')).toEqual([{ type: 'ack', seq: 9, payload: undefined }])
  })

  test('a node that has left does not refute that, nor a suspicion', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.engine.leave(rig.now)
    rig.hear('b', suspect('me', wall, 'b'), left('me', wall, 'b'), failed('me', wall))
    rig.run(5_000)
    expect([rig.status('me'), rig.ownIncarnation, rig.count('refutations')]).toEqual(['left', wall, 0])
  })

  test('a refutation that was still to come does not bring back a node that has left meanwhile', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', suspect('me', wall, 'b'))
    rig.run(100)
    rig.hear('b', suspect('me', wall + 1, 'b'))
    rig.engine.leave(rig.now)
    rig.run(5_000)
    expect([rig.status('me'), rig.ownIncarnation]).toEqual(['left', wall + 1])
  })

  test('a node that has left leaves its name to others: it neither contests it nor comes back for it', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.engine.leave(rig.now)
    rig.take()
    rig.requests.length = 0
    // A later start at another address: in a contest this node would win.
    const heir = peer('me', { startedAt: (wall + 100) * 1_000, address: { host: '10.0.0.9', port: 9 } })
    rig.hear('b', alive(heir, wall + 100))
    for (const { seq } of said(rig.take(), 'ping')) rig.hear(heir, { type: 'ack', seq, payload: undefined })
    rig.run(5_000)
    expect(rig.eventsOf('me')).toEqual(['leave'])
    expect([rig.status('me'), rig.engine.lostTo]).toEqual(['left', undefined])
  })

  test('joining again raises its incarnation', () => {
    const rig = new Rig({ members: ['b'] })
    rig.engine.leave(rig.now)
    rig.run(6_000)
    rig.engine.join(peer('b').address, rig.now)
    expect([rig.status('me'), rig.ownIncarnation]).toEqual(['alive', wall + 1])
  })
})

describe('a change of what this node says of itself', () => {
  test('raises its incarnation by one, and is done when it was handed on as often as any update', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    const data = Uint8Array.of(1)
    const operation = rig.engine.setRecord({ data }, rig.now)
    let times = 0
    while (!rig.results.has(operation)) {
      rig.run(10)
      times += said(rig.take(), 'alive').length
      expect(rig.now).toBeLessThan(60_000)
    }
    // retransmitMult × ceil(log10(3 + 1))
    expect([times, rig.results.get(operation)]).toEqual([4, { kind: 'disseminated' }])
    expect([rig.ownIncarnation, rig.engine.members.record(rig.ref('me')).data]).toEqual([wall + 1, data])
  })

  test('that a later one or a refutation overtakes is done when that is: nobody has heard of it before', () => {
    const overtakes: readonly ((rig: Rig) => void)[] = [
      (rig) => rig.engine.setRecord({ leaving: true }, rig.now),
      (rig) => rig.hear('b', suspect('me', rig.ownIncarnation, 'b')),
    ]
    for (const overtake of overtakes) {
      const rig = new Rig({ members: ['b', 'c'] })
      const data = Uint8Array.of(1)
      const operation = rig.engine.setRecord({ data }, rig.now)
      overtake(rig)
      let times = 0
      while (!rig.results.has(operation)) {
        rig.run(10)
        times += said(rig.take(), 'alive').filter(({ incarnation }) => incarnation === wall + 2).length
        expect(rig.now).toBeLessThan(60_000)
      }
      expect([rig.ownIncarnation, times]).toEqual([wall + 2, 4])
      expect(rig.engine.members.record(rig.ref('me')).data).toEqual(data)
    }
  })

  test('alone is done at once', () => {
    const rig = new Rig()
    const operation = rig.engine.setRecord({ leaving: true }, rig.now)
    expect(rig.results.get(operation)).toEqual({ kind: 'disseminated' })
  })

  test('that was abandoned is not reported', () => {
    const rig = new Rig({ members: ['b'] })
    const operation = rig.engine.setRecord({ data: Uint8Array.of(1) }, rig.now)
    rig.engine.abandon(operation)
    rig.run(20_000)
    expect(rig.results.has(operation)).toBe(false)
  })
})

describe('a ping', () => {
  test.each([
    ['another name', ping(1, 'you')],
    ['another boot', ping(1, 'me', 78n)],
  ])('for %s is not answered, and is counted', (_, message) => {
    const rig = new Rig({ members: ['b'] })
    rig.hear('b', message)
    expect([rig.take(), rig.count('pingsMisaddressed')]).toEqual([[], 1])
    expect(rig.ask('b', message)).toMatchObject({ type: 'error', code: 'rejected' })
    expect(rig.count('pingsMisaddressed')).toBe(2)
  })

  test('for this boot, or for whatever boot, is answered, by packet and by stream', () => {
    const rig = new Rig({ members: ['b'] })
    for (const message of [ping(1), ping(2, 'me', 77n)]) {
      rig.hear('b', message)
      expect(said(rig.take(), 'ack').length).toBe(1)
      expect(rig.ask('b', message)).toMatchObject({ type: 'ack' })
    }
  })

  test('of a stranger is answered where it came from, and makes no member of it', () => {
    const rig = new Rig()
    rig.hear('stranger', ping(8))
    expect(rig.take()).toMatchObject([{ to: peer('stranger').address, messages: [{ type: 'ack', seq: 8 }] }])
    expect(rig.status('stranger')).toBe('unknown')
  })

  test('of a member is answered at the address it advertises', () => {
    const rig = new Rig({ members: ['b'] })
    rig.engine.receive({ host: '192.0.2.1', port: 1 }, rig.packet('b', [ping(8)]), rig.now)
    expect(rig.take()[0]!.to).toEqual(peer('b').address)
  })

  test('of another process under a member’s name is answered where that came from', () => {
    const rig = new Rig({ members: ['b'] })
    const from = { host: '192.0.2.1', port: 1 }
    rig.engine.receive(from, rig.packet(peer('b', { boot: 4n }), [ping(8)]), rig.now)
    expect(rig.take()[0]!.to).toEqual(from)
  })

  test('the application’s bytes ride on the ack', () => {
    const rig = new Rig({ members: ['b'], engine: { hooks: { ackPayload: () => Uint8Array.of(7) } } })
    rig.hear('b', ping(1))
    expect(said(rig.take(), 'ack')).toEqual([{ type: 'ack', seq: 1, payload: Uint8Array.of(7) }])
  })
})

describe('an ack', () => {
  const pinged = (path: 'direct' | 'indirect' = 'direct') => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    const via = path === 'indirect' ? { via: rig.ref('c') } : {}
    rig.detect((context) => context.ping(rig.ref('b'), { path, timeout: 500, arg: 3, ...via }, rig.now))
    const sent = rig.take()
    const seq = said(sent, 'ping')[0]?.seq ?? said(sent, 'pingReq')[0]!.targets[0]!.seq
    return { rig, seq }
  }
  const ack = (seq: number): Message => ({ type: 'ack', seq, payload: undefined })

  test('gives the round trip, and what was known of the member when it was pinged', () => {
    const { rig, seq } = pinged()
    rig.run(20)
    rig.hear('c', alive(peer('b'), 6))
    rig.hear('b', ack(seq))
    expect(rig.pings).toEqual([
      {
        arg: 3,
        ref: rig.ref('b'),
        path: 'direct',
        via: undefined,
        outcome: 'ack',
        rtt: 20,
        incarnation: 5,
        boot: peer('b').boot,
      },
    ])
    rig.run(1_000)
    expect(rig.pings.length).toBe(1)
  })

  test('that nobody waits for, or that comes twice, is counted and does nothing', () => {
    const { rig, seq } = pinged()
    rig.hear('b', ack(seq + 1))
    expect([rig.pings.length, rig.count('acksStray')]).toEqual([0, 1])
    rig.hear('b', ack(seq))
    rig.hear('b', ack(seq))
    rig.hear('b', { type: 'nack', seq })
    expect([rig.pings.length, rig.count('acksStray')]).toEqual([1, 3])
  })

  test('that comes after the timeout is counted and does nothing', () => {
    const { rig, seq } = pinged()
    rig.run(500)
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['timeout'])
    rig.hear('b', ack(seq))
    expect([rig.pings.length, rig.count('acksStray')]).toEqual([1, 1])
  })

  test('by somebody else is counted and does nothing', () => {
    const { rig, seq } = pinged()
    rig.hear('c', ack(seq))
    expect([rig.pings.length, rig.count('acksStray')]).toEqual([0, 1])
  })

  test.each(['b', 'c'])('to a ping through c may come from b itself or from c: %s', (from) => {
    const { rig, seq } = pinged('indirect')
    rig.hear('d', ack(seq))
    expect(rig.pings).toEqual([])
    rig.hear(from, ack(seq))
    expect(rig.pings).toMatchObject([{ path: 'indirect', via: rig.ref('c'), outcome: 'ack' }])
  })

  test('may follow a nack, which is not the last word', () => {
    const { rig, seq } = pinged('indirect')
    rig.hear('c', { type: 'nack', seq })
    rig.hear('c', ack(seq))
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['nack', 'ack'])
    expect(rig.count('nacks')).toBe(1)
  })

  test('a nack to a direct ping is stray', () => {
    const { rig, seq } = pinged()
    rig.hear('b', { type: 'nack', seq })
    expect([rig.pings, rig.count('acksStray')]).toEqual([[], 1])
  })
})

describe('helping', () => {
  const target = (name: string, seq: number) => ({ seq, name, boot: undefined, address: peer(name).address })
  const helping = (nackAfter: number) => {
    const rig = new Rig({ members: ['b', 'c'] })
    rig.hear('b', { type: 'pingReq', nackAfter, targets: [target('c', 900)] })
    const [asked] = rig.takeTo('c')
    return { rig, seq: said([asked!], 'ping')[0]!.seq }
  }
  const ack = (seq: number): Message => ({ type: 'ack', seq, payload: Uint8Array.of(4) })

  test('is a ping with a number of its own, and the relayed ack', () => {
    const { rig, seq } = helping(400)
    expect(seq).not.toBe(900)
    rig.run(50)
    rig.hear('c', ack(seq))
    expect(rig.takeTo('b')[0]!.messages).toEqual([ack(900)])
    rig.run(2_000)
    expect(said(rig.takeTo('b'), 'nack')).toEqual([])
  })

  test('is a nack when the time for one is up, 80 % of the whole, and still the ack if it comes before the end', () => {
    const { rig, seq } = helping(400)
    rig.run(399)
    expect(rig.takeTo('b')).toEqual([])
    rig.run(1)
    expect(rig.takeTo('b')[0]!.messages).toEqual([{ type: 'nack', seq: 900 }])
    rig.run(99)
    rig.hear('c', ack(seq))
    expect(rig.takeTo('b')[0]!.messages).toEqual([ack(900)])
  })

  test('ends with the whole time: a later ack is stray', () => {
    const { rig, seq } = helping(400)
    rig.run(500)
    rig.take()
    rig.hear('c', ack(seq))
    expect([rig.takeTo('b'), rig.count('acksStray')]).toEqual([[], 1])
  })

  test('sends no nack where none is wanted', () => {
    const { rig } = helping(0)
    rig.run(5_000)
    expect(said(rig.take(), 'nack')).toEqual([])
  })

  test('relays no ack of anybody but the target', () => {
    const { rig, seq } = helping(400)
    rig.hear('b', ack(seq))
    expect([rig.takeTo('b'), rig.count('acksStray')]).toEqual([[], 1])
  })

  test('answers each of several targets', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.hear('b', {
      type: 'pingReq',
      nackAfter: 400,
      targets: [target('c', 1), target('d', 2), target('x', 3)],
    })
    const asked = rig.take()
    expect(asked.map(({ to }) => to)).toEqual(['c', 'd', 'x'].map((name) => peer(name).address))
    rig.hear('d', ack(said(asked, 'ping')[1]!.seq))
    rig.run(400)
    const answers = rig.takeTo('b')
    expect(said(answers, 'ack').map(({ seq }) => seq)).toEqual([2])
    expect(said(answers, 'nack').map(({ seq }) => seq)).toEqual([1, 3])
  })

  test('several targets for one helper are asked for in one message, which wants its nack after 80 %', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.detect((context) => {
      for (const name of ['c', 'd']) {
        context.ping(rig.ref(name), { path: 'indirect', via: rig.ref('b'), timeout: 500 }, rig.now)
      }
    })
    const requests = said(rig.takeTo('b'), 'pingReq')
    expect(requests.map(({ nackAfter, targets }) => [nackAfter, targets.map(({ name }) => name)])).toEqual([
      [400, ['c', 'd']],
    ])
  })

  test('each helper of one target is asked by itself', () => {
    const rig = new Rig({ members: ['b', 'c', 'd'] })
    rig.detect((context) => {
      for (const name of ['c', 'd']) {
        context.ping(rig.ref('b'), { path: 'indirect', via: rig.ref(name), timeout: 500 }, rig.now)
      }
    })
    const sent = rig.take()
    expect(sent.map(({ to }) => to)).toEqual(['c', 'd'].map((name) => peer(name).address))
    expect(new Set(said(sent, 'pingReq').map(({ targets }) => targets[0]!.seq)).size).toBe(2)
  })

  test('is bounded: beyond 1,024 relays further ones are refused and counted', () => {
    const rig = new Rig({ members: ['b'] })
    for (let i = 0; i < 70; i++) {
      const targets = Array.from({ length: 16 }, (_, j) => target('x', i * 16 + j))
      rig.hear('b', { type: 'pingReq', nackAfter: 400, targets })
    }
    expect(rig.count('pingsRelayed')).toBe(1_024)
    expect(rig.count('relaysRefused')).toBeGreaterThan(0)
    rig.run(1_000)
    rig.hear('b', { type: 'pingReq', nackAfter: 400, targets: [target('x', 1)] })
    expect(rig.count('pingsRelayed')).toBe(1_025)
  })
})

describe('a packet with any fault', () => {
  const rig = new Rig({ members: ['b', 'c'] })
  const messages = [
    suspect('b', 5, 'c'),
    alive(peer('x'), 1),
    left('c', 5),
    suspect('me', wall, 'b'),
    ping(1),
  ] as const
  const good = rig.packet('b', messages)

  test('changes nothing, though it begins with good claims: any bit of it may be wrong', () => {
    const before = rig.snapshot()
    const faults = () =>
      Object.entries(rig.engine.stats()).reduce(
        (sum, [name, n]) => (name.startsWith('fault:') ? sum + n : sum),
        0,
      )
    const counted = faults()
    for (let bit = 0; bit < good.length * 8; bit++) {
      const bad = good.slice()
      bad[bit >> 3]! ^= 1 << (bit & 7)
      rig.engine.receive(peer('b').address, bad, rig.now)
    }
    expect(rig.snapshot()).toEqual(before)
    expect(faults() - counted).toBe(good.length * 8)
  })

  test('changes nothing if it is cut short anywhere', () => {
    const before = rig.snapshot()
    for (let end = 0; end < good.length; end++) {
      rig.engine.receive(peer('b').address, good.subarray(0, end), rig.now)
    }
    expect(rig.snapshot()).toEqual(before)
  })

  test('changes nothing if its last part alone is malformed, under a right checksum', () => {
    const before = rig.snapshot()
    const parts = [
      ...messages.map((message) => rig.codec.encode(message)),
      rig.codec.encode(ping(1)).subarray(0, 3),
    ]
    const packet = rig.codec.bundle({ name: 'b', boot: peer('b').boot, incarnation: 5 }, parts, undefined)
    rig.engine.receive(peer('b').address, packet, rig.now)
    expect(rig.snapshot()).toEqual(before)
  })

  test('the whole packet would have changed much', () => {
    rig.engine.receive(peer('b').address, good, rig.now)
    expect(['b', 'c', 'x'].map((name) => rig.status(name))).toEqual(['suspect', 'left', 'alive'])
  })

  test('of another cluster is counted as such', () => {
    const alone = new Rig()
    const other = swimCodec().open({
      cluster: 'other',
      sealer: undefined,
      maxPacketBytes: 65_535,
      maxStreamBytes: 65_536,
    })
    const packet = other.bundle(
      { name: 'b', boot: 1n, incarnation: 1 },
      [other.encode(alive(peer('b'), 1))],
      undefined,
    )
    alone.engine.receive(peer('b').address, packet, 5_000)
    expect([alone.engine.stats()['fault:cluster'], alone.engine.members.size]).toEqual([1, 1])
  })
})

describe('packets', () => {
  test('never exceed their largest size, sealed or not, whatever is queued and however long the names are', () => {
    const name = fc
      .tuple(fc.integer({ min: 1, max: 120 }), fc.nat(999))
      .map(([length, i]) => `${'n'.repeat(length)}${i}`)
    fc.assert(
      fc.property(
        fc.integer({ min: 576, max: 1_500 }),
        fc.boolean(),
        fc.integer({ min: 1, max: 120 }),
        fc.uniqueArray(fc.tuple(name, fc.nat(512), fc.nat(3)), {
          selector: ([each]) => each,
          minLength: 3,
          maxLength: 40,
        }),
        fc.nat(250),
        (maxPacketBytes, sealed, ownName, members, payload) => {
          const codec = swimCodec().open({
            cluster: 'a cluster with a label of some length',
            sealer: sealed ? new FakeSealer() : undefined,
            maxPacketBytes: 65_535,
            maxStreamBytes: 16_777_216,
          })
          const record = {
            ...peer('me'),
            name: 'm'.repeat(ownName),
            address: { host: 'fd00::1234:5678', port: 1 },
          }
          const rig = new Rig({
            engine: { codec, maxPacketBytes, record, hooks: { ackPayload: () => new Uint8Array(payload) } },
          })
          for (const [each, bytes] of members)
            rig.hear(each, alive(peer(each, { data: new Uint8Array(bytes) }), 5))
          const [, , third] = members
          for (const [each, , action] of members) {
            if (action === 0) rig.hear(third![0], suspect(each, 5, ...members.slice(0, 9).map(([by]) => by)))
            if (action === 1) rig.hear(third![0], failed(each, 5))
            rig.hear(each, ping(1, record.name))
            rig.detect((context) => {
              for (const [other] of members) {
                if (other !== each)
                  context.ping(
                    rig.ref(other),
                    { path: 'indirect', via: rig.ref(each), timeout: 500 },
                    rig.now,
                  )
              }
            })
          }
          rig.run(3_000)
          const sent = rig.take()
          expect(Math.max(...sent.map(({ size }) => size))).toBeLessThanOrEqual(maxPacketBytes)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('are filled with updates as far as they go', () => {
    const rig = new Rig({ members: ['b'] })
    for (let i = 0; i < 100; i++) rig.hear('b', alive(peer(`n${i}`), 5))
    rig.run(200)
    const [first] = rig.take().filter(({ messages }) => messages.length > 1)
    expect(first!.size).toBeGreaterThan(1_400 - 60)
    expect(first!.size).toBeLessThanOrEqual(1_400)
  })

  test('an ack goes at once, however much is queued', () => {
    const rig = new Rig({ members: ['b'] })
    for (let i = 0; i < 1_000; i++) rig.hear('b', alive(peer(`n${i}`), 5))
    rig.take()
    rig.hear('b', ping(7))
    expect(rig.takeTo('b')[0]!.messages[0]).toMatchObject({ type: 'ack', seq: 7 })
  })
})

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

describe('after a stall', () => {
  const stalled = () => {
    const rig = new Rig({ members: ['b', 'c', 'd', 'e'] })
    rig.hear('c', suspect('b', 5, 'c'))
    rig.detect((context) => context.ping(rig.ref('d'), { path: 'direct', timeout: 500 }, rig.now))
    const seq = said(rig.take(), 'ping')[0]!.seq
    return { rig, seq, due: rig.engine.nextWake(), deadline: rig.deadline('b')! }
  }

  test('pending pings say nothing, suspicions get the time on top, and health is at its worst', () => {
    const { deadline, due, rig } = stalled()
    rig.now += 30_000
    rig.engine.tick(rig.now)
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['void'])
    expect([rig.deadline('b'), rig.status('b')]).toEqual([deadline + rig.now - due, 'suspect'])
    expect([rig.engine.health, rig.count('stalls'), rig.count('loopLags')]).toEqual([8, 1, 0])
    expect(rig.count('suspectedOthers') + rig.count('failedOthers')).toBe(0)
  })

  test('packets that arrived are heard first: an ack is an ack, a refutation a refutation', () => {
    const { rig, seq } = stalled()
    rig.now += 30_000
    rig.hear('d', { type: 'ack', seq, payload: undefined })
    rig.hear('b', alive(peer('b'), 6))
    rig.engine.tick(rig.now)
    expect(rig.pings.map(({ outcome }) => outcome)).toEqual(['ack'])
    rig.run(60_000)
    expect(rig.status('b')).toBe('alive')
  })

  test('a confirmation counts from the moved start', () => {
    const { due, rig } = stalled()
    const start = rig.now
    rig.now += 30_000
    rig.engine.tick(rig.now)
    const shift = rig.now - due
    rig.hear('d', suspect('b', 5, 'd', 'e'))
    expect(rig.deadline('b')).toBe(start + shift + 4_000)
    rig.run(0)
    expect(rig.status('b')).toBe('suspect')
  })

  test('of one probe interval exactly nothing is voided, of a little more everything', () => {
    for (const [late, outcome] of [
      [1_000, 'timeout'],
      [1_001, 'void'],
    ] as const) {
      const rig = new Rig({ members: ['b'], engine: { streams: false } })
      rig.detect((context) => context.ping(rig.ref('b'), { path: 'direct', timeout: 500 }, rig.now))
      rig.now = rig.engine.nextWake() + late
      rig.engine.tick(rig.now)
      expect(rig.pings.map((ping) => ping.outcome)).toEqual([outcome])
    }
  })

  test('a shorter lag counts against health, once per probe interval', () => {
    const rig = new Rig({ engine: { streams: false } })
    const late = (ms: number) => {
      rig.context.arm(rig.now, 0)
      rig.now += ms
      rig.engine.tick(rig.now)
      return [rig.engine.health, rig.count('loopLags')]
    }
    // A quarter of the probe timeout of 500 ms.
    expect(late(125)).toEqual([0, 0])
    expect(late(126)).toEqual([1, 1])
    expect(late(400)).toEqual([1, 1])
    expect(late(500)).toEqual([1, 1])
    expect(late(200)).toEqual([2, 2])
    expect(rig.count('stalls')).toBe(0)
  })
})

describe('the own name from another boot', () => {
  const elsewhere: Partial<PeerRecord> = { boot: 5n, address: { host: '10.0.0.9', port: 9 } }
  const contested = (change: Partial<PeerRecord> = {}, incarnation = wall) => {
    const rig = new Rig({ members: ['b'] })
    const other = peer('me', { ...elsewhere, ...change })
    rig.hear('b', alive(other, incarnation))
    return { rig, other, sent: rig.take() }
  }

  test('at another address is looked into: that very boot is pinged, by packet and by stream', () => {
    const { other, rig, sent } = contested()
    const asked = sent.filter(({ to }) => to.port === 9)
    expect(said(asked, 'ping')).toMatchObject([{ target: 'me', boot: 5n }])
    expect(rig.requests).toMatchObject([
      { to: other.address, message: { type: 'ping', target: 'me', boot: 5n } },
    ])
    expect([rig.ownIncarnation, rig.eventsOf('me')]).toEqual([wall, []])
  })

  test.each([
    ['an earlier start keeps it', { startedAt: wall * 1_000 - 1 }, true],
    ['a later start does not', { startedAt: wall * 1_000 + 1 }, false],
    ['of two at once the smaller boot keeps it', { boot: 76n }, true],
    ['and the larger does not', { boot: 78n }, false],
  ])('if it answers, %s', (_, change, lost) => {
    const { other, rig, sent } = contested(change)
    rig.hear(other, { type: 'ack', seq: said(sent, 'ping')[0]!.seq, payload: undefined })
    expect(rig.eventsOf('me')[0]).toBe('conflict')
    expect(rig.events[0]!.detail).toContain('10.0.0.9:9')
    expect(rig.events[0]!.detail).toContain('10.0.0.1:7946')
    expect(rig.engine.lostTo).toEqual(lost ? other.address : undefined)
    // The one that keeps the name says so, above what the other claimed.
    expect([rig.ownIncarnation, rig.count('conflicts')]).toEqual([lost ? wall : wall + 1, 1])
  })

  test('an answer over a stream counts as well', () => {
    const { other, rig } = contested({ startedAt: wall * 1_000 - 1 })
    const { token } = rig.requests[0]!
    rig.reply(token, other, { type: 'ack', seq: token, payload: undefined })
    expect(rig.engine.lostTo).toEqual(other.address)
  })

  test('if nobody answers it was an earlier boot: refuted then, if it is not below the own incarnation', () => {
    for (const [incarnation, expected] of [
      [wall + 4, wall + 5],
      [wall - 4, wall],
    ] as const) {
      const { rig } = contested({}, incarnation)
      rig.run(499)
      expect(rig.ownIncarnation).toBe(wall)
      rig.engine.settled(rig.requests[0]!.token, { kind: 'refused' }, rig.now)
      rig.run(1)
      expect([rig.ownIncarnation, rig.eventsOf('me'), rig.engine.lostTo]).toEqual([expected, [], undefined])
    }
  })

  test('is looked into once, however often it is heard meanwhile', () => {
    const { other, rig } = contested()
    for (let i = 0; i < 5; i++) rig.hear('b', alive(other, wall + i), alive(other, wall))
    expect(said(rig.take(), 'ping')).toEqual([])
  })

  test('at the own address is an earlier boot of this very process: refuted at once, nobody asked', () => {
    const { rig, sent } = contested({ address: { host: '10.0.0.1', port: 7_946 } }, wall + 2)
    expect([said(sent, 'ping'), rig.requests]).toEqual([[], []])
    expect(rig.ownIncarnation).toBe(wall + 3)
  })

  test('is not asked more than 16 times at once', () => {
    const rig = new Rig({ members: ['b'] })
    for (let i = 0; i < 40; i++) {
      rig.hear(
        'b',
        alive(peer('me', { boot: BigInt(100 + i), address: { host: '10.0.0.9', port: 100 + i } }), wall),
      )
    }
    expect(said(rig.take(), 'ping').length).toBe(16)
  })
})

describe('an introducer', () => {
  const joining = (record: PeerRecord) =>
    sync({ join: true, entries: [{ ...entry(record.name, Status.Alive, 5), record }] })

  const newcomer = peer('x')
  const dialled = () => {
    const rig = new Rig({ members: ['b'] })
    const answer = rig.ask(newcomer, joining(newcomer))
    const token = rig.requests[0]!.token
    return {
      rig,
      answer,
      byStream: (reached: boolean) => {
        if (reached) rig.reply(token, newcomer, { type: 'ack', seq: token, payload: undefined })
        else rig.engine.settled(token, { kind: 'refused' }, rig.now)
      },
      /** Answers what was sent to the newcomer by packet. */
      byPacket: () => {
        for (const { seq } of said(rig.takeTo('x'), 'ping')) {
          rig.hear(newcomer, { type: 'ack', seq, payload: undefined })
        }
      },
    }
  }

  test('dials a newcomer back, for that very boot, before it tells anybody', () => {
    const { answer, rig } = dialled()
    expect(answer).toMatchObject({ type: 'sync', join: true })
    expect(rig.requests).toMatchObject([
      { to: newcomer.address, message: { type: 'ping', target: 'x', boot: newcomer.boot } },
    ])
    expect([rig.status('x'), rig.events, said(rig.take(), 'alive')]).toEqual(['unknown', [], []])
  })

  test('makes it a member when it answered by stream and by packet', () => {
    const { byPacket, byStream, rig } = dialled()
    byStream(true)
    expect(rig.status('x')).toBe('unknown')
    byPacket()
    expect([rig.status('x'), rig.eventsOf('x')]).toEqual(['alive', ['join']])
    rig.run(200)
    expect(said(rig.takeTo('b'), 'alive')).toContainEqual(alive(newcomer, 5))
  })

  test('makes it a member when it answers by packet only', () => {
    const { byPacket, byStream, rig } = dialled()
    byStream(false)
    byPacket()
    expect([rig.status('x'), rig.eventsOf('x')]).toEqual(['alive', ['join']])
  })

  test('makes it a member when it answers by stream only, after three packets in vain', () => {
    const { byStream, rig } = dialled()
    byStream(true)
    rig.run(1_499)
    expect(rig.status('x')).toBe('unknown')
    rig.run(1)
    expect([rig.status('x'), rig.eventsOf('x')]).toEqual(['alive', ['join']])
    expect(said(rig.takeTo('x'), 'ping').length).toBe(3)
  })

  test('holds back one whose name another live process has', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    const rival = peer('c', { boot: 3n, address: { host: '10.0.0.9', port: 9 } })
    rig.ask(rival, sync({ join: true, entries: [{ ...entry('c', Status.Alive, 50), record: rival }] }))
    const [asked] = rig.take()
    expect([asked!.to, asked!.messages]).toMatchObject([
      peer('c').address,
      [{ target: 'c', boot: peer('c').boot }],
    ])
    rig.hear('c', { type: 'ack', seq: said([asked!], 'ping')[0]!.seq, payload: undefined })
    expect([rig.engine.members.record(rig.ref('c')).boot, rig.count('claimsHeldBack')]).toEqual([
      peer('c').boot,
      1,
    ])
    rig.run(20_000)
    expect(rig.engine.members.record(rig.ref('c')).boot).toBe(peer('c').boot)
  })

  test('lets it have the name when the process that had it does not answer', () => {
    const rig = new Rig({ members: ['b', 'c'] })
    const heir = peer('c', { boot: 3n, address: { host: '10.0.0.9', port: 9 } })
    rig.ask(heir, sync({ join: true, entries: [{ ...entry('c', Status.Alive, 50), record: heir }] }))
    rig.engine.settled(rig.requests[0]!.token, { kind: 'refused' }, rig.now)
    rig.take()
    rig.run(500)
    expect(rig.requests[1]).toMatchObject({ to: heir.address, message: { boot: 3n } })
    rig.engine.settled(rig.requests[1]!.token, { kind: 'refused' }, rig.now)
    const dial = rig.take().filter(({ to }) => to.port === 9)
    rig.hear(heir, { type: 'ack', seq: said(dial, 'ping')[0]!.seq, payload: undefined })
    expect(rig.engine.members.record(rig.ref('c')).boot).toBe(3n)
  })

  test('forgets one that cannot be reached, and counts it', () => {
    const { byStream, rig } = dialled()
    byStream(false)
    rig.run(5_000)
    expect([rig.status('x'), rig.count('dialBacksFailed')]).toEqual(['unknown', 1])
  })

  test('does not introduce a member that has left and still runs: a sync is no way back', () => {
    const rig = new Rig({ members: ['b'] })
    const gone = peer('x')
    rig.ask(
      gone,
      sync({
        entries: [entry('x', Status.Left, 5)],
        digest: { buckets: new Uint32Array(128), terminal: [0, 0] },
      }),
    )
    // It still answers whoever pings it, over whatever path.
    for (let round = 0; round < 3; round++) {
      for (const { message, token } of rig.requests.splice(0)) {
        if (message.type === 'ping') rig.reply(token, gone, { type: 'ack', seq: token, payload: undefined })
      }
      for (const { seq } of said(rig.take(), 'ping')) rig.hear(gone, { type: 'ack', seq, payload: undefined })
    }
    expect([rig.status('x'), rig.events]).toEqual(['unknown', []])
  })

  test('does not introduce one that says it leaves before it was reached', () => {
    for (const how of ['stream', 'packet']) {
      const { byPacket, byStream, rig } = dialled()
      if (how === 'stream') rig.ask('x', left('x', 5))
      else rig.hear('x', left('x', 5))
      byStream(true)
      byPacket()
      rig.run(5_000)
      expect(rig.status('x')).toBe('unknown')
    }
  })

  test('introduces one that comes back, though the word that it had left is still going round', () => {
    const rig = new Rig({ members: ['b', 'x'] })
    rig.hear('x', left('x', 5))
    const again = peer('x', { boot: 9n, startedAt: wall * 1_000 + 5_000 })
    rig.ask(again, sync({ join: true, entries: [{ ...entry('x', Status.Alive, 8), record: again }] }))
    rig.hear('b', left('x', 5))
    rig.ask('b', left('x', 5))
    const { token } = rig.requests.find(({ message }) => message.type === 'ping')!
    rig.reply(token, again, { type: 'ack', seq: token, payload: undefined })
    for (const { seq } of said(rig.takeTo('x'), 'ping'))
      rig.hear(again, { type: 'ack', seq, payload: undefined })
    expect(rig.status('x')).toBe('alive')
    expect(rig.engine.members.record(rig.ref('x')).boot).toBe(9n)
  })

  test('does not introduce itself', () => {
    const rig = new Rig()
    expect(rig.ask(rig.self, joining(rig.self))).toMatchObject({ type: 'error', code: 'self' })
  })

  test('that has left introduces nobody', () => {
    const rig = new Rig({ members: ['b'] })
    rig.engine.leave(rig.now)
    expect(rig.ask('x', joining(peer('x')))).toMatchObject({ type: 'error', code: 'leaving' })
  })
})
