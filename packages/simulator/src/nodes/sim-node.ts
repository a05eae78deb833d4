import type {
  Address,
  Codec,
  Delivery,
  Engine,
  EngineEvent,
  Memory,
  Millis,
  OperationResult,
  Query,
} from '@swimkit/core'
import { NodeClock } from './clock.ts'

/** Something that a process is to handle: a packet, a request over a stream, the end of a request of its own. */
export interface Input {
  handle(node: SimNode, now: Millis): void
}

/** What a process is doing. `paused`: it stands still, timers too. `gone`: crashed, stopped, or replaced by a restart. */
export type NodeState = 'up' | 'paused' | 'gone'

/** One process under a name: an engine, and what the simulation does to it. A restart makes another one. */
export class SimNode {
  readonly name: string
  /** The same for every process of a name: links and rules go by it. */
  readonly place: number
  /** Its own: tells the processes of a name apart. */
  readonly number: number
  readonly address: Address
  readonly codec: Codec
  /** Largest packet that it may send. */
  readonly maxPacketBytes: number
  readonly startedAt: Millis
  readonly clock = new NodeClock()
  /** Set right after construction: an engine's effects need the node. */
  engine!: Engine
  /** What its process began with, of what an earlier one had saved. */
  memory: Memory | undefined
  state: NodeState = 'up'
  /** Nothing is done to it: it handles what arrives at once, and its clock is the simulation's. */
  ready = true
  /** Has said that it leaves. */
  leaving = false
  /** What its engine reported, oldest first; empty unless the simulation keeps events. */
  readonly events: EngineEvent[] = []
  /** What others told it, oldest first; empty unless the simulation keeps events. */
  readonly deliveries: Delivery[] = []
  /** What it answers to queries, at once; undefined: nothing. Default: to none. */
  answers: ((query: Query) => Uint8Array | undefined) | undefined
  /** How its operations ended, by their numbers. */
  readonly results = new Map<number, OperationResult>()
  /** Seconds by which its wall clock is ahead. */
  readonly wallOffset: number

  /** Sends and receives are held until then. */
  blockedUntil = Number.NEGATIVE_INFINITY
  /** Milliseconds that handling one input takes. */
  slowness = 0
  /** Busy with earlier inputs until then. */
  busyUntil = Number.NEGATIVE_INFINITY
  turnScheduled = false
  /** Arrived and not yet handled. */
  readonly inbox: Input[] = []
  /** Requests over streams that it has accepted and not answered. */
  readonly exchanges = new Set<{ reset(): void }>()
  /** Sent and not yet let out. */
  readonly held: (() => void)[] = []

  constructor(options: {
    readonly name: string
    readonly place: number
    readonly number: number
    readonly address: Address
    readonly codec: Codec
    readonly maxPacketBytes: number
    readonly startedAt: Millis
    readonly wallOffset: number
  }) {
    this.name = options.name
    this.place = options.place
    this.number = options.number
    this.address = options.address
    this.codec = options.codec
    this.maxPacketBytes = options.maxPacketBytes
    this.startedAt = options.startedAt
    this.wallOffset = options.wallOffset
  }

  get blocked(): boolean {
    return this.blockedUntil !== Number.NEGATIVE_INFINITY
  }

  /** Looks again whether it is `ready`, after something was done to it. */
  look(): void {
    this.ready =
      this.state === 'up' &&
      !this.blocked &&
      this.slowness === 0 &&
      !this.turnScheduled &&
      this.clock.rate === 1 &&
      this.clock.local(0) === 0
  }
}
