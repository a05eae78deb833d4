import {
  type Address,
  capabilityOf,
  createEngine,
  Directory,
  type Effects,
  type Engine,
  firstIncarnation,
  type Memory,
  type Millis,
  maxProtocol,
  minProtocol,
  type PeerRecord,
  type Random,
  type Roster,
  type Settings,
} from '@swimkit/core'
import type { AddOptions, SimulationOptions } from '../options.ts'
import type { SimNode } from './sim-node.ts'

/** 2026-01-01, in seconds. */
const epoch = 1_767_225_600

/** What a process knows when it begins: members that it has known for long, or what an earlier one has saved. */
export interface Known {
  readonly roster?: Roster | undefined
  readonly memory?: Memory | undefined
}

/** What a process begins with: what it says of itself, and its engine. */
export class Births {
  readonly directory = new Directory()
  readonly #options: SimulationOptions
  readonly #settings: Settings
  readonly #random: Random

  constructor(options: SimulationOptions, settings: Settings, random: Random) {
    this.#options = options
    this.#settings = settings
    this.#random = random
  }

  /** What a process says of itself; `number` tells it from those that had its name before. */
  record(name: string, number: number, address: Address, options: AddOptions, now: Millis): PeerRecord {
    const boot = this.#random.fork(`boot of ${name} ${number}`)
    const detectors = options.engine?.detectors ?? this.#options.detectors()
    return {
      name,
      boot: (BigInt(boot.u32()) << 32n) | BigInt(boot.u32()),
      startedAt: wallSeconds(options, now) * 1_000 + (Math.floor(now) % 1_000),
      address: options.advertise ?? address,
      streams: false,
      leaving: false,
      protocolMin: minProtocol,
      protocolMax: maxProtocol,
      capabilities: detectors.map((detector) => capabilityOf(detector.name)),
      data: options.data ?? new Uint8Array(0),
      opaque: undefined,
    }
  }

  /** An engine for a process that starts. */
  engine(
    node: SimNode,
    record: PeerRecord,
    known: Known,
    options: AddOptions,
    effects: Effects,
    now: Millis,
  ): Engine {
    const { memory, roster } = known
    const { buddy, detectors, disseminator, doubt, evidence } = this.#options
    const seconds = wallSeconds(options, now)
    return createEngine({
      record,
      incarnation: firstIncarnation(seconds, memory?.sender.incarnation),
      settings: this.#settings,
      codec: node.codec,
      detectors: detectors(),
      effects,
      random: this.#random.fork(`${node.name}#${node.number}`),
      maxPacketBytes: node.maxPacketBytes,
      packets: true,
      streams: true,
      wallSeconds: seconds,
      now,
      directory: this.directory,
      hash: hashOf,
      ...(roster === undefined ? {} : { roster }),
      ...(memory === undefined ? {} : { memory }),
      ...(buddy === undefined ? {} : { buddy }),
      ...(doubt === undefined ? {} : { doubt }),
      ...(evidence === undefined ? {} : { traceCapacity: evidence }),
      ...(disseminator === undefined ? {} : { disseminator: disseminator() }),
      ...options.engine,
    })
  }
}

/** Seconds on the wall clock of a process. */
export const wallSeconds = ({ wallOffset = 0 }: Pick<AddOptions, 'wallOffset'>, now: Millis): number =>
  Math.floor(epoch + now / 1_000) + wallOffset

/** Where a node is that was given no address: a host of its own. */
export const defaultAddress = (place: number): Address => ({
  host: `10.${(place >> 16) & 255}.${(place >> 8) & 255}.${place & 255}`,
  port: 7_946,
})

/** In place of SHA-256: eight times FNV-1a, each from another start. Nobody here makes up a payload to fit a hash. */
function hashOf(bytes: Uint8Array): Uint8Array {
  const words = Uint32Array.from({ length: 8 }, (_, lane) => (0x811c9dc5 + Math.imul(lane, 0x9e3779b1)) >>> 0)
  for (const byte of bytes) {
    for (let lane = 0; lane < 8; lane++) words[lane] = Math.imul(words[lane]! ^ byte, 0x01000193)
  }
  const hash = new Uint8Array(32)
  for (let i = 0; i < 32; i++) hash[i] = words[i >> 2]! >>> (8 * (i & 3))
  return hash
}
