import type { Address } from '../../model/address.ts'
import type { Boot, PeerRecord } from '../../model/peer.ts'
import type { Ref } from '../../model/ref.ts'
import { Status, statusNames } from '../../model/status.ts'
import { type Codec, isFault, type StreamMessage } from '../../wire/codec.ts'
import type { AliveClaim, Claim, EvidenceKind, Message, Sync, SyncEntry } from '../../wire/message.ts'
import { swimCodec } from '../../wire/swim-codec.ts'
import type { Detector, DetectorContext, LookOptions, LookResult, PingResult } from '../detector.ts'
import type { Delivery, EngineEvent, OperationResult } from '../effects.ts'
import { createEngine, type Engine, type EngineOptions } from '../engine.ts'
import { createRandom } from '../random.ts'
import { resolveSettings, type Settings } from '../settings.ts'

export interface Sent {
  readonly to: Address
  readonly messages: readonly Message[]
  readonly size: number
}

export interface RigOptions {
  readonly settings?: Partial<Settings>
  readonly engine?: Partial<EngineOptions>
  /** These have been introduced, at incarnation 5. */
  readonly members?: readonly string[]
  /** Beside the one that does as a test says, which runs. */
  readonly detectors?: readonly Detector[]
  readonly onEvent?: (event: EngineEvent, engine: Engine) => void
}

/** One real engine, `me`, alone with packets that a test makes up, and a detector that does as a test says. */
export class Rig {
  readonly self = peer('me', { boot: 77n, streams: false, address: { host: '10.0.0.1', port: 7_946 } })
  readonly settings: Settings
  readonly codec: Codec
  readonly engine: Engine
  readonly events: EngineEvent[] = []
  readonly deliveries: Delivery[] = []
  readonly results = new Map<number, OperationResult>()
  readonly requests: { readonly to: Address; readonly message: Message; readonly token: number }[] = []
  readonly pings: PingResult[] = []
  readonly looks: LookResult[] = []
  context!: DetectorContext
  now = 0
  #sent: Sent[] = []
  readonly #todo: (() => void)[] = []

  constructor({ detectors = [], engine = {}, members = [], onEvent, settings }: RigOptions = {}) {
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
      byPings: true,
      attach: (context) => {
        this.context = context
        return {
          start: () => undefined,
          stop: () => undefined,
          onTimer: () => {
            for (const act of this.#todo.splice(0)) act()
          },
          onPing: (result) => this.pings.push(result),
          onLook: (result) => this.looks.push(result),
        }
      },
    }
    this.engine = createEngine({
      record: this.self,
      incarnation: wall,
      settings: this.settings,
      codec: this.codec,
      detectors: [puppet, ...detectors],
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
        deliver: (delivery) => this.deliveries.push(delivery),
        done: (operation, result) => this.results.set(operation, result),
      },
    })
    this.engine.start(0)
    for (const name of members) this.hear('introducer', alive(peer(name), 5))
    const [first] = members
    if (first !== undefined) this.joinedBy(first)
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
    const { address, boot, name } = typeof from === 'string' ? peer(from) : from
    const request: StreamMessage = { sender: { name, boot, incarnation: 5 }, message }
    return this.#read(this.engine.exchange(request, this.now, address)).message
  }

  /** A member joins here: from now on this node is one of those that are told what is told to all. */
  joinedBy(name: string): void {
    this.ask(name, sync({ join: true, entries: [entry(name, Status.Alive, 5)] }))
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

  /** Lets the detector look at a member. */
  look(name: string, options: LookOptions = { timeout: 1_000 }): void {
    this.detect((context) => context.look(this.ref(name), options, this.now))
  }

  /** The outcome of a request over a stream that is none of a reply. */
  ended(token: number, kind: 'refused' | 'reset' | 'timeout' | 'unreachable'): void {
    this.engine.settled(token, { kind }, this.now)
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

/** 2026-01-01, in seconds: the clock at the instant 0. */
export const wall = 1_767_225_600

/** A fictitious member, with an address and a boot of its own. */
export function peer(name: string, change: Partial<PeerRecord> = {}): PeerRecord {
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

export const alive = (record: PeerRecord, incarnation: number): AliveClaim => ({
  type: 'alive',
  incarnation,
  record,
})
export const suspect = (name: string, incarnation: number, ...accusers: readonly string[]): Claim => ({
  type: 'suspect',
  name,
  incarnation,
  accusations: accusers.map((accuser) => ({ accuser, evidence: 'timeout' })),
})
export const failed = (name: string, incarnation: number, accuser = 'z'): Claim => ({
  type: 'failed',
  name,
  incarnation,
  accuser,
  evidence: 'timeout',
})
export const left = (name: string, incarnation: number, by = name): Claim => ({
  type: 'left',
  name,
  incarnation,
  by,
})
export const ping = (seq: number, target = 'me', boot?: Boot): Message => ({
  type: 'ping',
  seq,
  target,
  boot,
})

export const sync = (change: Partial<Sync> = {}): Sync => ({
  type: 'sync',
  join: false,
  alone: false,
  digest: undefined,
  config: { epoch: 0, detector: 'puppet', suspicion: true },
  entries: [],
  events: undefined,
  state: undefined,
  ...change,
})

export const entry = (name: string, status: Status, incarnation: number, age = 0): SyncEntry => ({
  record: peer(name),
  recordIncarnation: Math.min(5, incarnation),
  status,
  incarnation,
  age,
  accusations: [],
})

/** All that is said in packets, of one type. */
export const said = <T extends Message['type']>(sent: readonly Sent[], type: T) =>
  sent
    .flatMap(({ messages }) => messages)
    .filter((message): message is Extract<Message, { type: T }> => message.type === type)
