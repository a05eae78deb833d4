import {
  type Address,
  type Codec,
  createEngine,
  createRandom,
  type Detector,
  Directory,
  type Engine,
  type EngineEvent,
  type EngineOptions,
  type Fault,
  isFault,
  noBytes,
  type OperationResult,
  type Random,
  type RequestOutcome,
  resolveSettings,
  type Settings,
  type StatusName,
  type StreamMessage,
  statusNames,
  swimCodec,
} from '@swimkit/core'

export interface VirtualNetworkOptions {
  readonly detector: () => Detector
  readonly settings?: Partial<Settings>
  readonly seed?: number
  /** One way, milliseconds. Default 1 to 3. */
  readonly latency?: readonly [min: number, max: number]
  /** Share of packets lost. Default 0. */
  readonly loss?: number
  readonly cluster?: string
}

/** What a test wants to know of a node, with everything that was reported about it. */
export interface VirtualNode {
  readonly name: string
  readonly address: Address
  engine: Engine
  readonly events: EngineEvent[]
  readonly results: Map<number, OperationResult>
  /** `down`: the process is gone. `paused`: it stands still, and handles later what arrives. */
  state: 'up' | 'down' | 'paused'
  readonly held: (() => void)[]
  wakeAt: number
}

export interface AddOptions extends Partial<EngineOptions> {
  readonly port?: number
  /** The port it tells others, where that is not the one it has. */
  readonly advertise?: number
  /** How far its clock is off, in seconds. */
  readonly wallOffset?: number
}

interface Scheduled {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** 2026-01-01, in seconds. */
const epoch = 1_767_225_600

/**
 * Engines on a network in virtual time, over real codec bytes: enough for tests of this package. Each run is a function of its
 * seed.
 */
export class VirtualNetwork {
  readonly nodes = new Map<string, VirtualNode>()
  /** Those that were replaced under their name as well: they may still be up. */
  readonly #all: VirtualNode[] = []
  readonly random: Random
  readonly #options: VirtualNetworkOptions
  readonly #settings: Settings
  readonly #directory = new Directory()
  readonly #queue: Scheduled[] = []
  #order = 0
  now = 0
  loss: number
  /** Whether a packet or stream may pass. */
  link: (from: VirtualNode, to: VirtualNode, kind: 'packet' | 'stream') => boolean = () => true
  packets = 0

  constructor(options: VirtualNetworkOptions) {
    this.#options = options
    this.#settings = resolveSettings('lan', options.settings)
    this.random = createRandom([options.seed ?? 1])
    this.loss = options.loss ?? 0
  }

  /** Starts a node; the same name again is a restart, at another port if one is given. */
  add(name: string, extra: AddOptions = {}): VirtualNode {
    const { port = 1_000 + this.nodes.size, advertise = port, wallOffset = 0, ...options } = extra
    const address = { host: '10.0.0.1', port }
    const events: EngineEvent[] = []
    const results = new Map<number, OperationResult>()
    const wallSeconds = Math.floor(epoch + this.now / 1_000) + wallOffset
    const codec = this.codec()
    const node: VirtualNode = {
      name,
      address,
      // Set below: the effects of an engine need the node.
      engine: undefined as unknown as Engine,
      events,
      results,
      state: 'up',
      held: [],
      wakeAt: Number.POSITIVE_INFINITY,
    }
    node.engine = createEngine({
      record: {
        name,
        boot: (BigInt(this.random.u32()) << 32n) | BigInt(this.random.u32()),
        startedAt: wallSeconds * 1_000,
        address: { host: address.host, port: advertise },
        streams: false,
        leaving: false,
        protocolMin: 1,
        protocolMax: 1,
        capabilities: [],
        data: noBytes,
        opaque: undefined,
      },
      incarnation: wallSeconds,
      settings: this.#settings,
      codec,
      detectors: [this.#options.detector()],
      random: this.random.fork(`${name}@${this.now}`),
      maxPacketBytes: this.#settings.packetBytes,
      packets: true,
      streams: true,
      wallSeconds,
      now: this.now,
      directory: this.#directory,
      ...options,
      effects: {
        send: (to, packet) => this.#packet(node, to, packet),
        request: (to, parts, token, limit) => this.#request(node, to, parts, token, limit, codec),
        event: (event) => events.push(event),
        done: (operation, result) => results.set(operation, result),
      },
    })
    this.nodes.set(name, node)
    this.#all.push(node)
    node.engine.start(this.now)
    this.#wake(node)
    return node
  }

  codec(): Codec {
    return swimCodec().open({
      cluster: this.#options.cluster ?? 'test',
      sealer: undefined,
      maxPacketBytes: 65_535,
      maxStreamBytes: 16_777_216,
    })
  }

  /** Calls an engine outside of packets and timers. */
  call<T>(node: VirtualNode, input: (engine: Engine, now: number) => T): T {
    const result = input(node.engine, this.now)
    this.#wake(node)
    return result
  }

  join(node: VirtualNode, to: VirtualNode): number {
    return this.call(node, (engine, now) => engine.join(to.address, now))
  }

  /** A cluster of n, formed. */
  form(n: number): VirtualNode[] {
    const nodes = Array.from({ length: n }, (_, i) => this.add(`n${i}`))
    for (const node of nodes.slice(1)) this.join(node, nodes[0]!)
    this.until(() => this.agreed(n), 60_000)
    return nodes
  }

  crash(node: VirtualNode): void {
    node.state = 'down'
  }

  pause(node: VirtualNode): void {
    node.state = 'paused'
  }

  resume(node: VirtualNode): void {
    node.state = 'up'
    // What arrived meanwhile is read before timers run, as a driver does it.
    for (const run of node.held.splice(0)) run()
    node.engine.tick(this.now)
    this.#wake(node)
  }

  /** Runs for so long. */
  run(ms: number): void {
    const end = this.now + ms
    for (let next = this.#queue[0]; next !== undefined && next.at <= end; next = this.#queue[0]) this.#step()
    this.now = end
  }

  /** Runs until something holds; throws when it does not within the limit. Returns the time it took. */
  until(holds: () => boolean, limit: number): number {
    const start = this.now
    while (!holds()) {
      const next = this.#queue[0]
      if (next === undefined || next.at > start + limit) {
        throw new Error(`still not so after ${limit} ms of virtual time: ${holds}`)
      }
      this.#step()
    }
    return this.now - start
  }

  /** Whether all that are up hold n members alive and nobody suspect, and have one digest. */
  agreed(n: number): boolean {
    let digest: string | undefined
    for (const { engine, state } of this.nodes.values()) {
      if (state !== 'up') continue
      if (engine.members.count(0) !== n || engine.members.count(1) !== 0) return false
      digest ??= engine.digest
      if (engine.digest !== digest) return false
    }
    return true
  }

  statusAt(observer: VirtualNode, name: string): StatusName | undefined {
    const ref = observer.engine.members.find(name)
    return ref === undefined ? undefined : statusNames[observer.engine.members.status(ref)]
  }

  eventsOf(observer: VirtualNode, name: string): string[] {
    return observer.events.filter(({ record }) => record.name === name).map(({ type }) => type)
  }

  #at(to: Address): VirtualNode | undefined {
    for (const node of this.#all) {
      if (node.address.port === to.port && node.state !== 'down') return node
    }
    return undefined
  }

  #packet(from: VirtualNode, to: Address, packet: Uint8Array): void {
    this.packets++
    if (this.random.fraction() < this.loss) return
    const target = this.#at(to)
    if (target === undefined || from.state !== 'up' || !this.link(from, target, 'packet')) return
    const bytes = packet.slice()
    this.schedule(this.#delay(), () => {
      this.#deliver(target, () => target.engine.receive(from.address, bytes, this.now))
    })
  }

  #request(
    from: VirtualNode,
    to: Address,
    parts: Iterable<Uint8Array>,
    token: number,
    limit: number,
    codec: Codec,
  ): void {
    const request = [...parts]
    let open = true
    const settle = (outcome: RequestOutcome): void => {
      if (!open) return
      open = false
      this.#deliver(from, () => from.engine.settled(token, outcome, this.now))
    }
    this.schedule(limit, () => settle({ kind: 'timeout' }))
    const target = this.#at(to)
    if (target === undefined) {
      this.schedule(this.#delay(), () => settle({ kind: 'refused' }))
      return
    }
    if (!this.link(from, target, 'stream') || !this.link(target, from, 'stream')) return
    this.schedule(this.#delay(), () => {
      this.#deliver(target, () => {
        const asked = readStream(this.codec(), request)
        const reply = [
          ...(isFault(asked) ? target.engine.refuse(asked) : target.engine.exchange(asked, this.now)),
        ]
        this.schedule(this.#delay(), () => {
          const answer = readStream(codec, reply)
          settle(isFault(answer) ? { kind: 'fault', fault: answer } : { kind: 'reply', reply: answer })
        })
      })
    })
  }

  #deliver(node: VirtualNode, run: () => void): void {
    if (node.state === 'down') return
    if (node.state === 'paused') {
      node.held.push(run)
      return
    }
    run()
    this.#wake(node)
  }

  #delay(): number {
    const [min, max] = this.#options.latency ?? [1, 3]
    return min + this.random.fraction() * (max - min)
  }

  #wake(node: VirtualNode): void {
    const at = node.engine.nextWake()
    if (at >= node.wakeAt || !Number.isFinite(at)) return
    node.wakeAt = at
    this.schedule(Math.max(0, at - this.now), () => {
      if (node.wakeAt !== at) return
      node.wakeAt = Number.POSITIVE_INFINITY
      if (node.state !== 'up') return
      node.engine.tick(this.now)
      this.#wake(node)
    })
  }

  schedule(delay: number, run: () => void): void {
    const item: Scheduled = { at: this.now + delay, order: this.#order++, run }
    const queue = this.#queue
    let i = queue.push(item) - 1
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!earlier(item, queue[parent]!)) break
      queue[i] = queue[parent]!
      i = parent
    }
    queue[i] = item
  }

  #step(): void {
    const queue = this.#queue
    const first = queue[0]!
    const last = queue.pop()!
    if (last !== first) {
      let i = 0
      for (;;) {
        let child = 2 * i + 1
        if (child >= queue.length) break
        if (child + 1 < queue.length && earlier(queue[child + 1]!, queue[child]!)) child++
        if (!earlier(queue[child]!, last)) break
        queue[i] = queue[child]!
        i = child
      }
      queue[i] = last
    }
    this.now = first.at
    first.run()
  }
}

const earlier = (a: Scheduled, b: Scheduled): boolean => a.at < b.at || (a.at === b.at && a.order < b.order)

function readStream(codec: Codec, chunks: readonly Uint8Array[]): StreamMessage | Fault {
  const reader = codec.streamReader()
  for (const chunk of chunks) {
    const result = reader.push(chunk)
    if (result !== undefined) return result
  }
  throw new Error('a stream ended before its message')
}
