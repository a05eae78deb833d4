import {
  type Address,
  type Codec,
  createEngine,
  createRandom,
  type Delivery,
  decodeSnapshot,
  type Engine,
  encodeSnapshot,
  firstIncarnation,
  isFault,
  type Memory,
  type Message,
  type Millis,
  type PeerRecord,
  Roster,
  resolveSettings,
  type Sender,
  Status,
  swimCodec,
} from '@swimkit/core'
import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { cluster } from './framing.ts'
import { hold } from './target.ts'

/** 2026-01-01, in seconds. */
export const wall = 1_767_225_600
/** As the engine has it: what claims may be above the wall clock. */
export const incarnationHeadroom = 2 ** 26
/** One more than there are, so that a second stranger is one too many. */
const maxMembers = 10
const payloadMemory = 100_000

export const recordOf = (name: string, place: number, more: Partial<PeerRecord> = {}): PeerRecord => ({
  name,
  boot: BigInt(1_000 + place),
  startedAt: wall * 1_000,
  address: { host: `10.0.0.${place}`, port: 7_946 },
  streams: true,
  leaving: false,
  protocolMin: 1,
  protocolMax: 1,
  capabilities: ['detector:pingack', 'detector:gossip'],
  data: new Uint8Array(0),
  opaque: undefined,
  ...more,
})

export interface Request {
  readonly token: number
  readonly to: Address
}

/** A real engine with eight members, which looks on as it is spoken to; what it does is checked as it does it. */
export class EngineUnderFire {
  readonly engine: Engine
  readonly codec: Codec
  readonly members: readonly PeerRecord[]
  readonly requests: Request[] = []
  readonly deliveries: Delivery[] = []
  /** Packets that it sent, the latest last. */
  readonly sent: Uint8Array[] = []
  /** Pings that it sent, by number, the latest last. */
  readonly pinged: { readonly seq: number; readonly target: string }[] = []
  now: Millis = 0
  hasLeft = false
  readonly #settings = resolveSettings('lan', { maxMembers, payloadMemory })

  constructor(detector: 'pingack' | 'gossip', memory?: Memory) {
    this.codec = swimCodec().open({
      cluster,
      sealer: undefined,
      maxPacketBytes: 65_535,
      maxStreamBytes: this.#settings.maxStreamBytes,
    })
    this.members = ['me', 'n1', 'n2', 'n3', 'n4', 'n5', 'n6', 'n7', 'n8'].map((name, i) => recordOf(name, i))
    const record = this.members[0]!
    const incarnation = firstIncarnation(wall, memory?.sender.incarnation)
    const all = this.members.map((each) => ({ record: each, incarnation: wall }))
    this.engine = createEngine({
      record,
      incarnation,
      settings: this.#settings,
      codec: this.codec,
      detectors: detector === 'pingack' ? [pingAck(), gossip()] : [gossip(), pingAck()],
      random: createRandom([1]),
      maxPacketBytes: this.#settings.packetBytes,
      packets: true,
      streams: true,
      wallSeconds: wall,
      now: 0,
      hash: firstBytes,
      ...(memory === undefined ? { roster: new Roster(all, 0) } : { memory }),
      effects: {
        send: (_, packet) => this.#onSent(packet),
        request: (to, parts, token) => {
          this.#readStream(parts)
          this.requests.push({ to, token })
        },
        event: () => undefined,
        deliver: (delivery) => this.deliveries.push(delivery),
        done: () => undefined,
      },
    })
    this.engine.start(0)
  }

  /** Ticks as a driver does, for so long; or late, all at once. */
  run(ms: Millis, late = false): void {
    const end = this.now + ms
    if (late) this.now = end
    let ticks = 0
    for (let at = this.engine.nextWake(); at <= end; at = this.engine.nextWake()) {
      this.now = Math.max(this.now, at)
      this.engine.tick(this.now)
      hold(this.engine.nextWake() > this.now, 'an engine wants to tick again at the same instant')
      hold(++ticks <= 1_000 + ms, `${ticks} ticks within ${ms} ms`)
    }
    this.now = end
  }

  packet(from: Sender, messages: readonly Message[]): Uint8Array {
    return this.codec.bundle(
      from,
      messages.map((message) => this.codec.encode(message)),
      undefined,
    )
  }

  ask(from: Sender, message: Message): void {
    this.#readStream(this.engine.exchange({ sender: from, message }, this.now))
  }

  /** Whatever it was told. */
  checkBounds(): void {
    const { engine } = this
    const { members } = engine
    const own = members.record(members.self)
    const status = members.status(members.self)
    hold(status === (this.hasLeft ? Status.Left : Status.Alive), `its own status is ${status}`)
    hold(own.boot === 1_000n && own.address.host === '10.0.0.0', 'its own record is another’s')
    hold(members.incarnation(members.self) <= 0xffff_ffff, 'its own incarnation has no room')
    const stats = engine.stats()
    for (const [name, value] of Object.entries(stats)) {
      hold(Number.isFinite(value) && value >= 0, `${name} is ${value}`)
    }
    const ceiling = wall + this.now / 1_000 + incarnationHeadroom
    hold(stats.members! <= maxMembers, `${stats.members} members where ${maxMembers} are allowed`)
    hold(stats.backlog! <= 16_384 + 1_024, `${stats.backlog} updates wait`)
    hold(stats.eventsKept! <= 512, `${stats.eventsKept} events are kept`)
    hold(stats.payloadBytes! <= payloadMemory, `${stats.payloadBytes} bytes of payloads are kept`)
    // Pings and relays under way, one or two for each member, answers, and a dozen periods.
    hold(stats.timers! <= 4_096 + 2 * 1_024 + 4 * maxMembers + 512 + 16, `${stats.timers} timers are armed`)
    for (let i = 0; i < members.active; i++) {
      const ref = members.activeAt(i)
      if (ref === members.self) continue
      hold(members.incarnation(ref) <= ceiling, `${members.name(ref)} is at ${members.incarnation(ref)}`)
    }
  }

  /** What it knows can be saved, and read again. */
  checkMemory(): void {
    const bytes = encodeSnapshot(this.engine.memory(this.now), cluster)
    const memory = decodeSnapshot(bytes, cluster)
    hold(!('reason' in memory), 'a snapshot cannot be read')
  }

  #onSent(packet: Uint8Array): void {
    hold(packet.length <= this.#settings.packetBytes, `a packet of ${packet.length} bytes was sent`)
    const decoded = this.codec.decode(packet)
    hold(!isFault(decoded), 'a packet was sent that nobody can read')
    if (this.sent.push(packet) > 64) this.sent.shift()
    for (const message of decoded.messages) {
      if (message.type === 'ping') this.pinged.push({ seq: message.seq, target: message.target })
    }
    if (this.pinged.length > 64) this.pinged.splice(0, this.pinged.length - 64)
  }

  #readStream(parts: Iterable<Uint8Array>): void {
    const reader = this.codec.streamReader()
    let read: ReturnType<typeof reader.push>
    for (const part of parts) read = reader.push(part)
    hold(read !== undefined && !isFault(read), 'a stream was sent that nobody can read')
  }
}

/** In place of SHA-256: here somebody may make a payload up to fit. */
export function firstBytes(bytes: Uint8Array): Uint8Array {
  const hash = new Uint8Array(32)
  hash.set(bytes.subarray(0, 31))
  hash[31] = bytes.length
  return hash
}
