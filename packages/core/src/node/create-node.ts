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
import { Status, type StatusName, statusNames } from '../model/status.ts'
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
  SeedFailure,
  Service,
  SuspectInfo,
} from './api.ts'
import {
  NameConflictError,
  NodeStateError,
  OptionError,
  PingError,
  StoppedError,
  TooLargeError,
} from './errors.ts'
import { EventBus } from './event-bus.ts'
import { guardHooks } from './guarded-hooks.ts'
import type { Host } from './host.ts'
import { decodeMemberData, encodeMemberData, type MemberData, noData } from './member-data.ts'
import { Operations } from './operations.ts'
import { type CheckedOptions, checkName, checkOptions } from './options.ts'
import { Streams } from './streams.ts'
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

/** A wake this late lets packets that have already arrived in before the engine judges. Milliseconds. */
const lateSlack = 3
/** Looks for arrived packets before a late tick goes ahead all the same. */
const maxPolls = 16

/** Members are the same for all nodes of a process: what is known of them is kept once. */
const processDirectory = new Directory()

type State = Node['state']

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
  readonly #decoded = new WeakMap<PeerRecord, MemberData>()
  readonly #driverCounters = { packetsDroppedIn: 0, packetsDroppedOut: 0, latePolls: 0, transportFaults: 0 }
  #resolveConflict!: (info: NameConflictInfo | undefined) => void
  #resolveFailed!: (error: Error | undefined) => void
  #name: string | undefined
  #data: MemberData
  #seeds: Address[] = []
  #state: State = 'new'
  #address: Address | undefined
  #advertiseReason = ''
  #engine: Engine | undefined
  #eventId = 0
  /** Wall clock at the instant zero of the host's clock, in milliseconds. */
  #wallOrigin = 0
  #wakeAt = Number.POSITIVE_INFINITY
  #cancelWake: (() => void) | undefined
  #polling = false
  #packetsSeen = 0
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
    this.#wallOrigin = this.#host.wallMillis() - now
    this.#engine = this.#createEngine(this.#address, now)
    const { bytes, limit } = this.#engine.recordSize({})
    if (bytes > limit) {
      await this.stop()
      throw new TooLargeError('a packet with what this node says of itself', bytes, limit)
    }
    this.#engine.setSeeds(this.#seeds)
    this.#engine.start(now)
    this.#afterCall()
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
    const { detectors, settings } = this.#checked
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
      capabilities: detectors.map(({ name }) => `detector:${name}`),
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
    this.#running('join')
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
    this.#running('leave')
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
    this.#cancelWake?.()
    this.#cancelWake = undefined
    this.#streams.close()
    this.#operations.rejectAll(reason)
    this.#resolveConflict(undefined)
    this.#resolveFailed(undefined)
    this.#bus.close()
    await this.#transport.close()
    this.#engine?.close()
  }

  get self(): Member {
    const engine = this.#requireEngine()
    return this.#member(engine, engine.members.self)
  }

  members(): Member[] {
    const engine = this.#live()
    if (engine === undefined) return []
    const { members } = engine
    const all: Member[] = []
    for (let i = 0; i < members.active; i++) all.push(this.#member(engine, members.activeAt(i)))
    for (let i = 0; i < members.size - members.active; i++) {
      all.push(this.#member(engine, members.terminalAt(i)))
    }
    return all
  }

  member(name: string): Member | undefined {
    const engine = this.#live()
    const ref = engine?.members.find(name)
    return engine === undefined || ref === undefined ? undefined : this.#member(engine, ref)
  }

  counts(): Record<StatusName, number> {
    const members = this.#live()?.members
    const count = (status: Status): number => members?.count(status) ?? 0
    return {
      alive: count(Status.Alive),
      suspect: count(Status.Suspect),
      failed: count(Status.Failed),
      left: count(Status.Left),
    }
  }

  suspects(): SuspectInfo[] {
    const engine = this.#live()
    const suspects: SuspectInfo[] = []
    if (engine === undefined || engine.members.count(Status.Suspect) === 0) return suspects
    const { members } = engine
    for (let i = 0; i < members.active; i++) {
      const view = engine.suspicion(members.activeAt(i))
      if (view === undefined) continue
      suspects.push({
        name: members.name(view.ref),
        incarnation: view.incarnation,
        since: this.#date(view.start),
        deadline: this.#date(view.deadline),
        accusers: view.accusations.map(({ accuser }) => accuser),
      })
    }
    return suspects
  }

  explain(name: string): Explanation | undefined {
    const engine = this.#live()
    const ref = engine?.members.find(name)
    if (engine === undefined || ref === undefined) return undefined
    const evidence = engine.explain(ref).map(({ at, by, incarnation, outcome, path }) => ({
      at: this.#date(at),
      by: by !== undefined && engine.members.has(by) ? engine.members.name(by) : 'unknown',
      path,
      outcome,
      incarnation,
    }))
    return { name, status: statusNames[engine.members.status(ref)], evidence }
  }

  async ping(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<PingOutcome> {
    this.#running('ping')
    signal?.throwIfAborted()
    const engine = this.#requireEngine()
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
    this.#running('a change of data')
    signal?.throwIfAborted()
    const encoded = encodeMemberData(data, this.settings.maxDataBytes)
    const { bytes, limit } = this.#requireEngine().recordSize({ data: encoded })
    if (bytes > limit) throw new TooLargeError('a packet with what this node says of itself', bytes, limit)
    this.#data = data
    await this.#run((engine, now) => engine.setRecord({ data: encoded }, now), signal)
  }

  setSeeds(seeds: readonly string[]): void {
    this.#seeds = seeds.map((seed) => parseAddress(seed, 7_946))
    this.#live()?.setSeeds(this.#seeds)
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
    return this.#live()?.health ?? 0
  }
  get digest(): string {
    return this.#live()?.digest ?? '0'.repeat(16)
  }
  get config(): Node['config'] {
    const first = this.#checked.detectors[0]!
    return this.#live()?.config ?? { epoch: 0, detector: first.name, suspicion: true }
  }

  stats(): NodeStats {
    return {
      engine: { ...(this.#live()?.stats() ?? {}), ...this.#driverCounters },
      transport: this.#transport.stats(),
    }
  }

  #onPacket(from: Address, bytes: Uint8Array): void {
    if (this.#isLost()) {
      this.#driverCounters.packetsDroppedIn++
      return
    }
    this.#packetsSeen++
    this.#call((engine, now) => engine.receive(from, bytes, now))
  }

  #onRequest(request: StreamMessage | Fault): Iterable<Uint8Array> {
    const engine = this.#live()
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
    const { lostTo } = this.#engine!
    if (event.type === 'conflict' && lostTo !== undefined) this.#onNameLost(lostTo)
    this.#logEvent(event)
    const id = ++this.#eventId
    if (!this.#bus.needed) return
    this.#bus.push({
      id,
      type: event.type,
      member: this.#describe(event.record, event.status, event.incarnation, event.since),
      at: this.#date(event.at),
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
    const level = type === 'failed' || type === 'conflict' || type === 'degraded' ? 'warn' : 'info'
    if (!this.#logger?.enabled(level)) return
    this.#logger.log(level, type, {
      member: record.name,
      address: formatAddress(record.address),
      incarnation,
      ...(detail === undefined ? {} : { detail }),
    })
  }

  #run(start: (engine: Engine, now: Millis) => number, signal?: AbortSignal): Promise<OperationResult> {
    const engine = this.#requireEngine()
    const running = this.#operations.run(
      () => start(engine, this.#host.now()),
      (operation) => engine.abandon(operation),
      signal,
    )
    this.#afterCall()
    return running
  }

  #call(input: (engine: Engine, now: Millis) => void): void {
    const engine = this.#live()
    if (engine === undefined) return
    input(engine, this.#host.now())
    this.#afterCall()
  }

  #afterCall(): void {
    this.#scheduleWake()
    this.#bus.deliver()
  }

  /** Keeps one host timer, at or before the engine's next instant: a later one is found out when it fires. */
  #scheduleWake(): void {
    if (this.#polling || this.#state === 'stopped') return
    const at = this.#engine!.nextWake()
    if (at >= this.#wakeAt) return
    this.#cancelWake?.()
    this.#wakeAt = at
    this.#cancelWake = this.#host.wake(at, this.#onWake)
  }

  readonly #onWake = (): void => {
    this.#wakeAt = Number.POSITIVE_INFINITY
    this.#cancelWake = undefined
    const engine = this.#live()
    if (engine === undefined) return
    const now = this.#host.now()
    const late = now - engine.nextWake()
    if (late > lateSlack) this.#letPacketsIn(0)
    else if (late >= 0) this.#call((live, at) => live.tick(at))
    else this.#scheduleWake()
  }

  /**
   * A timer may fire before packets that arrived earlier are read: after a stall an ack may lie in the socket when its
   * timeout is due. So a late tick waits until a look at the sockets brings nothing more.
   */
  #letPacketsIn(polls: number): void {
    this.#polling = true
    this.#driverCounters.latePolls++
    const before = this.#packetsSeen
    this.#host.afterPoll(() => {
      if (this.#packetsSeen !== before && polls + 1 < maxPolls) {
        this.#letPacketsIn(polls + 1)
        return
      }
      this.#polling = false
      this.#call((engine, now) => engine.tick(now))
    })
  }

  #isLost(): boolean {
    return this.dropRate > 0 && this.#loss.fraction() < this.dropRate
  }

  #member(engine: Engine, ref: Ref): Member {
    const { members } = engine
    return this.#describe(
      members.record(ref),
      members.status(ref),
      members.incarnation(ref),
      members.since(ref),
    )
  }

  #describe(record: PeerRecord, status: Status, incarnation: number, since: Millis): Member {
    let data = this.#decoded.get(record)
    if (data === undefined) {
      data = decodeMemberData(record.data)
      this.#decoded.set(record, data)
    }
    return {
      name: record.name,
      address: formatAddress(record.address),
      status: statusNames[status],
      leaving: record.leaving && status === Status.Alive,
      incarnation,
      boot: record.boot.toString(16).padStart(16, '0'),
      since: this.#date(since),
      tags: data.tags,
      services: data.services,
      payload: data.payload,
      streams: record.streams,
      capabilities: record.capabilities,
    }
  }

  #date(at: Millis): Date {
    return new Date(Math.round(this.#wallOrigin + at))
  }

  #live(): Engine | undefined {
    return this.#state === 'stopped' ? undefined : this.#engine
  }

  #requireEngine(): Engine {
    const engine = this.#live()
    if (engine === undefined) {
      throw new NodeStateError(`the node is ${this.#state === 'new' ? 'not started' : this.#state}`)
    }
    return engine
  }

  #running(what: string): void {
    const allowed = this.#state === 'running' || (what === 'join' && this.#state === 'left')
    if (!allowed || this.#engine === undefined) {
      const state = this.#engine === undefined && this.#state !== 'stopped' ? 'not started' : this.#state
      throw new NodeStateError(`${what}: the node is ${state}`)
    }
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
