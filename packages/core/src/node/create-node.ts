import { capabilityOf, type SwitchOutcome } from '../engine/configuration.ts'
import type { EngineEvent, OperationResult } from '../engine/effects.ts'
import { createEngine, type Engine } from '../engine/engine.ts'
import { maxProtocol, minProtocol } from '../engine/protocol-version.ts'
import { createRandom, type Random } from '../engine/random.ts'
import type { Settings } from '../engine/settings.ts'
import type { Millis } from '../engine/time.ts'
import { type Address, formatAddress, parseAddress } from '../model/address.ts'
import { Directory } from '../model/directory.ts'
import type { Boot, PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import type { StatusName } from '../model/status.ts'
import { type Codec, type Fault, isFault, type StreamMessage } from '../wire/codec.ts'
import { chooseAdvertise } from './advertise.ts'
import type {
  EventsOptions,
  Explanation,
  GapEvent,
  JoinResult,
  LeaveResult,
  Logger,
  Member,
  MemberEvent,
  MemberEventType,
  NameConflictInfo,
  Node,
  NodeOptions,
  NodeStats,
  PingOutcome,
  RttResult,
  SeedFailure,
  Service,
  SuspectInfo,
} from './api.ts'
import {
  NameConflictError,
  NodeStateError,
  OptionError,
  PingError,
  RttError,
  StoppedError,
  TooLargeError,
} from './errors.ts'
import { EventBus } from './event-bus.ts'
import { guardHooks } from './guarded-hooks.ts'
import type { Host } from './host.ts'
import { encodeMemberData, type MemberData, noData } from './member-data.ts'
import { Operations } from './operations.ts'
import { type CheckedOptions, checkName, checkOptions } from './options.ts'
import { Pace } from './pace.ts'
import { Snapshots } from './snapshots.ts'
import { Streams } from './streams.ts'
import { configOf } from './switch-result.ts'
import type { Transport } from './transport.ts'

/**
 * Makes a node. It does nothing before `start`. Throws an `OptionError`, a `TooLargeError` or a `MemberDataError` for what is wrong in
 * the options.
 *
 * ```ts
 * const node = createNode({ host: host(), transport: compose({ packets: udp(), streams: tcp() }), detector: pingAck() })
 * await node.start()
 * await node.join(['10.0.0.5:7946'])
 * ```
 */
export function createNode(options: NodeOptions): Node {
  return new SwimNode(options)
}

/** Members are the same for all nodes of a process: what is known of them is kept once. */
const processDirectory = new Directory()

type State = Node['state']

/** Events that an operator should see among all the others. */
const loud: ReadonlySet<MemberEventType> = new Set(['failed', 'conflict', 'degraded', 'detector-missing'])

interface Running {
  readonly engine: Engine
  readonly pace: Pace
  readonly snapshots: Snapshots
}

class SwimNode implements Node {
  readonly cluster: string
  readonly profile: string
  readonly transport: string
  readonly codec: string
  readonly runtime: string
  readonly settings: Settings
  readonly conflict: Promise<NameConflictInfo | undefined>
  readonly failed: Promise<Error | undefined>
  readonly #checked: CheckedOptions
  readonly #options: NodeOptions
  readonly #host: Host
  readonly #transport: Transport
  readonly #logger: Logger | undefined
  readonly #codec: Codec
  readonly #streams: Streams
  readonly #bus: EventBus
  readonly #operations = new Operations()
  readonly #loss: Random
  readonly #driverCounters = { packetsDroppedIn: 0, packetsDroppedOut: 0, transportFaults: 0 }
  #resolveConflict!: (info: NameConflictInfo | undefined) => void
  #resolveFailed!: (error: Error | undefined) => void
  #name: string | undefined
  #data: MemberData
  #seeds: Address[] = []
  #state: State = 'new'
  #address: Address | undefined
  #advertiseReason = ''
  /** What a started node consists of. */
  #running: Running | undefined
  #eventId = 0
  dropRate: number

  constructor(options: NodeOptions) {
    const checked = checkOptions(options)
    this.#checked = checked
    this.#options = options
    this.#host = options.host
    this.#transport = options.transport
    this.#logger = options.logger
    this.cluster = checked.cluster
    this.profile = checked.profile
    this.transport = options.transport.name
    this.codec = checked.codec.name
    this.runtime = options.host.runtime
    this.settings = checked.settings
    this.dropRate = checked.dropRate
    if (typeof checked.name === 'string') this.#name = checked.name
    const { payload = noData.payload, services = noData.services, tags = noData.tags } = options
    this.#data = { payload, services, tags }
    encodeMemberData(this.#data, checked.settings.maxDataBytes)
    this.#codec = checked.codec.open({
      cluster: checked.cluster,
      sealer: options.sealer,
      maxPacketBytes: 65_535,
      maxStreamBytes: checked.settings.maxStreamBytes,
    })
    this.#streams = new Streams(this.#host, this.#transport, this.#codec, checked.settings.streamTimeout)
    this.#bus = new EventBus(checked.eventHistory, options.logger)
    this.#loss = createRandom(entropyWords(options.host)).fork('loss')
    this.conflict = new Promise((resolve) => {
      this.#resolveConflict = resolve
    })
    this.failed = new Promise((resolve) => {
      this.#resolveFailed = resolve
    })
  }

  get name(): string {
    return this.#name ?? ''
  }
  get address(): Address | undefined {
    return this.#address
  }
  get advertiseReason(): string {
    return this.#advertiseReason
  }
  get state(): State {
    return this.#state
  }

  async start({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#state !== 'new') throw new NodeStateError(`start: the node is ${this.#state}, and starts once`)
    signal?.throwIfAborted()
    const { advertise, bind } = this.#checked
    // Wrong before anything is bound rather than after.
    chooseAdvertise(bind, advertise?.host, this.#host.interfaces())
    this.#state = 'running'
    const bound = await this.#open(bind, signal)
    const chosen = chooseAdvertise(bound, advertise?.host, this.#host.interfaces())
    this.#address = { host: chosen.host, port: advertise?.port ?? bound.port }
    this.#advertiseReason = chosen.reason
    this.#name ??= await this.#nameFor(this.#address)
    const now = this.#host.now()
    const engine = this.#createEngine(this.#address, now)
    this.#running = {
      engine,
      pace: new Pace(this.#host, engine, this.settings.probeTimeout, () =>
        this.#call((live, at) => live.tick(at)),
      ),
      snapshots: new Snapshots(engine, this.#host.wallMillis() - now),
    }
    const { bytes, limit } = engine.recordSize({})
    if (bytes > limit) {
      await this.stop()
      throw new TooLargeError('a packet with what this node says of itself', bytes, limit)
    }
    engine.setSeeds(this.#seeds)
    this.#call((live, at) => live.start(at))
  }

  /** Opens the transport. What comes up after a stop or an abort is closed again. */
  async #open(bind: Address, signal: AbortSignal | undefined): Promise<Address> {
    const opening = this.#transport.open(bind, {
      packet: (from, bytes) => this.#onPacket(from, bytes),
      connection: (connection) => {
        void this.#streams.serve(
          connection,
          (request) => this.#onRequest(request),
          (error) => this.#logger?.log('error', 'a stream could not be answered', { error: String(error) }),
        )
      },
      fault: (error, fatal) => this.#onTransportFault(error, fatal),
    })
    try {
      const bound = await unlessAborted(opening, signal)
      // TypeScript holds the state for what it was before the wait.
      if ((this.#state as State) === 'stopped')
        throw new StoppedError('the node was stopped while it started')
      return bound
    } catch (error) {
      this.#state = 'stopped'
      opening.then(
        () => this.#transport.close(),
        () => undefined,
      )
      throw error
    }
  }

  /** The name that depends on the address. A bad one ends the start. */
  async #nameFor(address: Address): Promise<string> {
    const { name } = this.#checked
    try {
      const chosen = typeof name === 'function' ? name(address) : formatAddress(address)
      checkName('name', chosen)
      return chosen
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  #createEngine(address: Address, now: Millis): Engine {
    const { coordinates, detectors, settings } = this.#checked
    const { hooks = {} } = this.#options
    const startedAt = this.#host.wallMillis()
    const wallSeconds = Math.floor(startedAt / 1_000)
    const record: PeerRecord = {
      name: this.name,
      boot: drawBoot(this.#host),
      startedAt,
      address,
      streams: false,
      leaving: false,
      protocolMin: minProtocol,
      protocolMax: maxProtocol,
      capabilities: detectors.map(({ name }) => capabilityOf(name)),
      data: encodeMemberData(this.#data, settings.maxDataBytes),
      opaque: undefined,
    }
    const { maxPacketBytes, streams } = this.#transport
    return createEngine({
      record,
      incarnation: wallSeconds,
      settings,
      codec: this.#codec,
      detectors,
      random: createRandom(entropyWords(this.#host)),
      maxPacketBytes: Math.min(settings.packetBytes, maxPacketBytes),
      packets: maxPacketBytes > 0,
      streams,
      wallSeconds,
      now,
      hooks: guardHooks(hooks, this.#logger),
      coordinates,
      directory: this.#options.directory ?? processDirectory,
      effects: {
        send: (to, packet) => {
          if (this.#isLost()) this.#driverCounters.packetsDroppedOut++
          else this.#transport.send(to, packet)
        },
        request: (to, parts, token, limit) => {
          void this.#streams.request(to, parts, limit).then((outcome) => {
            this.#call((engine, at) => engine.settled(token, outcome, at))
          })
        },
        event: (event) => this.#onEvent(event),
        done: (operation, result) => this.#operations.done(operation, result),
      },
    })
  }

  async join(seeds: readonly string[], { signal }: { signal?: AbortSignal } = {}): Promise<JoinResult> {
    this.#expect('join')
    signal?.throwIfAborted()
    const joined: string[] = []
    const failed: SeedFailure[] = []
    await Promise.all(
      seeds.map(async (seed) => {
        let address: Address
        try {
          address = parseAddress(seed, this.#checked.bind.port || 7_946)
        } catch (error) {
          failed.push({ seed, code: 'address', message: messageOf(error) })
          return
        }
        const result = await this.#run((engine, now) => engine.join(address, now), signal)
        if (result.kind === 'join-failed') {
          failed.push({ seed, code: result.code, message: result.message })
        } else {
          joined.push(seed)
        }
      }),
    )
    if (joined.length > 0 && this.#state === 'left') this.#state = 'running'
    return { joined, failed }
  }

  async leave({ signal }: { signal?: AbortSignal } = {}): Promise<LeaveResult> {
    if (this.#state === 'left') return { acknowledgedBy: [] }
    this.#expect('leave')
    signal?.throwIfAborted()
    this.#state = 'leaving'
    try {
      const result = await this.#run((engine, now) => engine.leave(now), signal)
      return { acknowledgedBy: result.kind === 'left' ? result.acknowledgedBy : [] }
    } finally {
      if (this.#state === 'leaving') this.#state = 'left'
    }
  }

  async stop(): Promise<void> {
    await this.#end(new StoppedError('the node was stopped'))
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  async #end(reason: Error): Promise<void> {
    if (this.#state === 'stopped') return
    this.#state = 'stopped'
    this.#running?.pace.stop()
    this.#streams.close()
    this.#operations.rejectAll(reason)
    this.#resolveConflict(undefined)
    this.#resolveFailed(undefined)
    this.#bus.close()
    await this.#transport.close()
    this.#running?.engine.close()
  }

  get self(): Member {
    return this.#require().snapshots.self
  }

  members(): Member[] {
    return this.#live()?.snapshots.members() ?? []
  }

  member(name: string): Member | undefined {
    return this.#live()?.snapshots.member(name)
  }

  counts(): Record<StatusName, number> {
    return this.#live()?.snapshots.counts() ?? { alive: 0, suspect: 0, failed: 0, left: 0 }
  }

  suspects(): SuspectInfo[] {
    return this.#live()?.snapshots.suspects() ?? []
  }

  explain(name: string): Explanation | undefined {
    return this.#live()?.snapshots.explain(name)
  }

  async ping(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<PingOutcome> {
    this.#expect('ping')
    signal?.throwIfAborted()
    const { engine } = this.#require()
    const ref = engine.members.find(name)
    if (ref === undefined) {
      throw new PingError('unknown-member', `cannot ping ${JSON.stringify(name)}: no member has that name`)
    }
    const result = await this.#run((live, now) => live.ping(ref, now), signal)
    if (result.kind === 'pong') {
      return { name, rtt: result.rtt, path: result.path, payload: result.payload }
    }
    const code = result.kind === 'ping-failed' ? result.code : 'unreachable'
    throw new PingError(code, `cannot ping ${JSON.stringify(name)}: ${code}, by packet and by stream`)
  }

  rtt(a: string, b: string = this.name): RttResult {
    const { engine } = this.#require()
    const { members } = engine
    const fail = `no round trip from ${JSON.stringify(a)} to ${JSON.stringify(b)}`
    const refOf = (name: string): Ref => {
      const ref = members.find(name)
      if (ref !== undefined) return ref
      throw new RttError('unknown-member', `${fail}: no member is called ${JSON.stringify(name)}`)
    }
    const known = engine.rtt(refOf(a), refOf(b))
    if ('rtt' in known) return { a, b, rtt: known.rtt, source: known.kind }
    const reason = this.#checked.coordinates
      ? `no coordinate of ${JSON.stringify(members.name(known.ref))} has come here yet`
      : 'it was not measured, and coordinates are turned off here'
    throw new RttError('no-coordinate', `${fail}: ${reason}`)
  }

  setTags(tags: Readonly<Record<string, string>>, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#setData({ ...this.#data, tags: { ...tags } }, options)
  }
  setPayload(payload: Uint8Array, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#setData({ ...this.#data, payload: payload.slice() }, options)
  }
  setServices(services: readonly Service[], options?: { signal?: AbortSignal }): Promise<void> {
    return this.#setData({ ...this.#data, services: [...services] }, options)
  }

  async #setData(data: MemberData, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#expect('a change of data')
    signal?.throwIfAborted()
    const encoded = encodeMemberData(data, this.settings.maxDataBytes)
    const { bytes, limit } = this.#require().engine.recordSize({ data: encoded })
    if (bytes > limit) throw new TooLargeError('a packet with what this node says of itself', bytes, limit)
    this.#data = data
    await this.#run((engine, now) => engine.setRecord({ data: encoded }, now), signal)
  }

  switchDetector(detector: string, { suspicion }: { suspicion?: boolean } = {}): Node['config'] {
    this.#expect('a switch of detectors')
    this.#require()
    let outcome: SwitchOutcome | undefined
    this.#call((engine, now) => {
      outcome = engine.switchDetector(detector, suspicion, now)
    })
    // The call above is made there and then, or throws.
    return configOf(outcome!, detector, this.#checked.detectors)
  }

  setSeeds(seeds: readonly string[]): void {
    this.#seeds = seeds.map((seed) => parseAddress(seed, 7_946))
    this.#live()?.engine.setSeeds(this.#seeds)
  }

  events(options?: EventsOptions): AsyncIterableIterator<MemberEvent | GapEvent> {
    const buffer = options?.buffer
    if (buffer !== undefined && !(Number.isInteger(buffer) && buffer >= 1 && buffer <= 1_000_000)) {
      throw new OptionError('buffer', `buffer is ${buffer}: must be a whole number 1..1000000`)
    }
    return this.#bus.events(options)
  }

  on(type: MemberEventType | '*', handler: (event: MemberEvent) => void): () => void {
    return this.#bus.on(type, handler)
  }

  get health(): number {
    return this.#live()?.engine.health ?? 0
  }
  get digest(): string {
    return this.#live()?.engine.digest ?? '0'.repeat(16)
  }
  get config(): Node['config'] {
    const first = this.#checked.detectors[0]!
    return this.#live()?.engine.config ?? { epoch: 0, detector: first.name, suspicion: true }
  }

  stats(): NodeStats {
    const running = this.#live()
    return {
      engine: {
        ...(running?.engine.stats() ?? {}),
        ...this.#driverCounters,
        latePolls: running?.pace.polls ?? 0,
      },
      transport: this.#transport.stats(),
    }
  }

  #onPacket(from: Address, bytes: Uint8Array): void {
    if (this.#isLost()) {
      this.#driverCounters.packetsDroppedIn++
      return
    }
    const running = this.#live()
    if (running === undefined) return
    running.pace.onPacket()
    running.engine.receive(from, bytes, this.#host.now())
    this.#afterCall()
  }

  #onRequest(request: StreamMessage | Fault): Iterable<Uint8Array> {
    const engine = this.#live()?.engine
    if (engine === undefined) return []
    if (isFault(request)) {
      this.#logger?.log('warn', `refused a stream: ${request.detail}`, { fault: request.fault })
      return engine.refuse(request)
    }
    const reply = engine.exchange(request, this.#host.now())
    this.#afterCall()
    return reply
  }

  #onTransportFault(error: Error, fatal: boolean): void {
    this.#driverCounters.transportFaults++
    if (fatal) {
      this.#logger?.log('error', 'the transport failed', { error: error.message })
      this.#resolveFailed(error)
    } else if (this.#logger?.enabled('debug'))
      this.#logger.log('debug', 'socket error', { error: error.message })
  }

  #onEvent(event: EngineEvent): void {
    const { engine, snapshots } = this.#running!
    const { lostTo } = engine
    if (event.type === 'conflict' && lostTo !== undefined) this.#onNameLost(lostTo)
    this.#logEvent(event)
    const id = ++this.#eventId
    if (!this.#bus.needed) return
    this.#bus.push({
      id,
      type: event.type,
      member: snapshots.describe(event.record, event.status, event.incarnation, event.since),
      at: snapshots.date(event.at),
      ...(event.restarted ? { restarted: true } : {}),
      ...(event.detail === undefined ? {} : { detail: event.detail }),
    })
  }

  /** The name is another's: this node falls silent, so that it neither gossips nor answers under it. */
  #onNameLost(lostTo: Address): void {
    const own = formatAddress(this.#address!)
    const other = formatAddress(lostTo)
    this.#resolveConflict({ name: this.name, own, other })
    // Not now: the engine is still letting out what this input led to.
    queueMicrotask(() => void this.#end(new NameConflictError(this.name, own, other)))
  }

  #logEvent({ detail, incarnation, record, type }: EngineEvent): void {
    const level = loud.has(type) ? 'warn' : 'info'
    if (!this.#logger?.enabled(level)) return
    this.#logger.log(level, type, {
      member: record.name,
      address: formatAddress(record.address),
      incarnation,
      ...(detail === undefined ? {} : { detail }),
    })
  }

  #run(start: (engine: Engine, now: Millis) => number, signal?: AbortSignal): Promise<OperationResult> {
    const { engine } = this.#require()
    const result = this.#operations.run(
      () => start(engine, this.#host.now()),
      (operation) => engine.abandon(operation),
      signal,
    )
    this.#afterCall()
    return result
  }

  #call(input: (engine: Engine, now: Millis) => void): void {
    const running = this.#live()
    if (running === undefined) return
    input(running.engine, this.#host.now())
    this.#afterCall()
  }

  #afterCall(): void {
    this.#running?.pace.schedule()
    this.#bus.deliver()
  }

  #isLost(): boolean {
    return this.dropRate > 0 && this.#loss.fraction() < this.dropRate
  }

  #live(): Running | undefined {
    return this.#state === 'stopped' ? undefined : this.#running
  }

  #require(): Running {
    const running = this.#live()
    if (running === undefined) {
      throw new NodeStateError(`the node is ${this.#state === 'stopped' ? 'stopped' : 'not started'}`)
    }
    return running
  }

  #expect(what: string): void {
    const allowed = this.#state === 'running' || (what === 'join' && this.#state === 'left')
    if (allowed && this.#running !== undefined) return
    const state = this.#running === undefined && this.#state !== 'stopped' ? 'not started' : this.#state
    throw new NodeStateError(`${what}: the node is ${state}`)
  }
}

/** What a promise gives, or a rejection with the signal's reason as soon as it is aborted. */
function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason)
    signal.addEventListener('abort', onAbort, { once: true })
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort))
  })
}

/** 64 random bits; 0 is kept for wire formats without boots. */
function drawBoot(host: Host): Boot {
  const [high, low] = entropyWords(host)
  const boot = (BigInt(high!) << 32n) | BigInt(low!)
  return boot === 0n ? 1n : boot
}

function entropyWords(host: Host): number[] {
  const bytes = host.entropy(16)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  return [0, 4, 8, 12].map((at) => view.getUint32(at))
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
