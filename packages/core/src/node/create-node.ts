import type { SwitchOutcome } from '../engine/configuration.ts'
import type { EngineEvent } from '../engine/effects.ts'
import type { Memory } from '../engine/memory.ts'
import type { Settings } from '../engine/settings.ts'
import type { Millis } from '../engine/time.ts'
import { type Address, formatAddress, parseAddress } from '../model/address.ts'
import type { StatusName } from '../model/status.ts'
import type { Codec } from '../wire/codec.ts'
import { chooseAdvertise } from './advertise.ts'
import { Announcer } from './announcer.ts'
import type {
  Broadcast,
  DirectMessage,
  EventsOptions,
  Explanation,
  FeedOptions,
  ForceLeaveOptions,
  GapEvent,
  JoinOptions,
  JoinResult,
  LeaveOptions,
  LeaveResult,
  Logger,
  Member,
  MemberEvent,
  MemberEventType,
  MissedGap,
  NameConflictInfo,
  Node,
  NodeOptions,
  NodeStats,
  PingOutcome,
  QueryHandler,
  QueryOptions,
  QueryResult,
  RttResult,
  SeedFailure,
  Service,
  ServiceInstance,
  ServiceOptions,
  SuspectInfo,
  WatchOptions,
} from './api.ts'
import { CountingSealer } from './counting-sealer.ts'
import { drained, within } from './drain.ts'
import { Driver } from './driver.ts'
import { engineOptions } from './engine-options.ts'
import { Entrance } from './entrance.ts'
import { NameConflictError, NodeStateError, StoppedError } from './errors.ts'
import { EventBus } from './event-bus.ts'
import type { Host } from './host.ts'
import { randomOf } from './identity.ts'
import type { MemberData } from './member-data.ts'
import { Messaging } from './messaging.ts'
import {
  type CheckedOptions,
  checkAllowed,
  checkBuffer,
  checkName,
  checkOptions,
  checkRange,
} from './options.ts'
import { OwnData, tooLarge } from './own-data.ts'
import { PacketLoss } from './packet-loss.ts'
import { Questions } from './questions.ts'
import { Refusals } from './refusals.ts'
import { addressesOf, SavedState } from './saved-state.ts'
import { Discovery } from './services/discovery.ts'
import { Snapshots } from './snapshots.ts'
import { Streams } from './streams.ts'
import { configOf } from './switch-result.ts'
import type { Transport } from './transport.ts'
import { unlessAborted } from './unless-aborted.ts'

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

type State = Node['state']

interface Running {
  readonly driver: Driver
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
  readonly #data: OwnData
  readonly #questions: Questions
  readonly #bus: EventBus
  readonly #discovery: Discovery
  readonly #announcer: Announcer
  /** Made when something is first said, or somebody listens: most nodes do neither. */
  #messages: Messaging | undefined
  readonly #loss: PacketLoss
  readonly #refusals: Refusals
  readonly #entrance: Entrance
  readonly #saved: SavedState | undefined
  #resolveConflict!: (info: NameConflictInfo | undefined) => void
  #resolveFailed!: (error: Error | undefined) => void
  #name: string | undefined
  #seeds: Address[] = []
  #remembered: readonly string[] = []
  #state: State = 'new'
  #address: Address | undefined
  #advertiseReason = ''
  /** What a started node consists of. */
  #running: Running | undefined
  /** Ends the drain hook that is under way. */
  #draining: AbortController | undefined

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
    if (typeof checked.name === 'string') this.#name = checked.name
    this.#data = new OwnData(options, checked.settings)
    this.#questions = new Questions(() => this.#require(), checked.coordinates)
    const sealer = options.sealer === undefined ? undefined : new CountingSealer(options.sealer)
    this.#codec = checked.codec.open({
      cluster: checked.cluster,
      sealer,
      maxPacketBytes: 65_535,
      maxStreamBytes: checked.settings.maxStreamBytes,
    })
    this.#streams = new Streams({
      host: this.#host,
      transport: this.#transport,
      codec: this.#codec,
      sealer,
      timeout: checked.settings.streamTimeout,
      // Room for two of the largest messages.
      intake: 2 * checked.settings.maxStreamBytes,
    })
    this.#bus = new EventBus(checked.eventHistory, options.logger, () => this.members())
    this.#discovery = new Discovery(this.#host, 2 * checked.settings.gossipInterval, () => this.members())
    this.#announcer = new Announcer(this.#bus, this.#discovery, options.logger)
    this.#loss = new PacketLoss(checked.dropRate, randomOf(options.host))
    this.#refusals = new Refusals(options.logger, () => this.#host.now())
    this.#entrance = new Entrance({
      allow: checked.allow,
      loss: this.#loss,
      refusals: this.#refusals,
      streams: this.#streams,
      logger: options.logger,
      driver: () => this.#live()?.driver,
      onFatal: (error) => this.#resolveFailed(error),
    })
    const { snapshots } = options
    this.#saved = snapshots && new SavedState(snapshots, this.#host, checked.cluster, options.logger)
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
  get dropRate(): number {
    return this.#loss.rate
  }
  set dropRate(rate: number) {
    this.#loss.rate = rate
  }

  async start({ signal }: { signal?: AbortSignal } = {}): Promise<void> {
    if (this.#state !== 'new') throw new NodeStateError(`start: the node is ${this.#state}, and starts once`)
    signal?.throwIfAborted()
    const { advertise, bind } = this.#checked
    // Wrong before anything is bound rather than after.
    const first = chooseAdvertise(bind, advertise?.host, this.#host.interfaces())
    checkAllowed(first.host, this.#checked.allow)
    this.#state = 'running'
    const bound = await this.#open(bind, signal)
    const chosen = chooseAdvertise(bound, advertise?.host, this.#host.interfaces())
    this.#address = { host: chosen.host, port: advertise?.port ?? bound.port }
    this.#advertiseReason = chosen.reason
    this.#name ??= await this.#nameFor(this.#address)
    const memory = await this.#recall(signal)
    const now = this.#host.now()
    const driver = this.#createDriver(this.#address, memory, now)
    const { engine } = driver
    this.#running = { driver, snapshots: new Snapshots(engine, this.#host.wallMillis() - now) }
    const size = engine.recordSize({})
    if (size.bytes > size.limit) {
      await this.stop()
      throw tooLarge(size)
    }
    engine.setSeeds(this.#seeds)
    driver.call((_, at) => engine.start(at))
    this.#saved?.begin(driver)
    // Of itself a node that starts tells nothing.
    if (this.#discovery.needed) this.#discovery.changed(this.self)
  }

  /** Opens the transport. What comes up after a stop or an abort is closed again. */
  async #open(bind: Address, signal: AbortSignal | undefined): Promise<Address> {
    const opening = this.#transport.open(bind, this.#entrance)
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

  /** What the snapshot says, if there is one. One that cannot be read ends the start. */
  async #recall(signal: AbortSignal | undefined): Promise<Memory | undefined> {
    if (this.#saved === undefined) return undefined
    try {
      const memory = await unlessAborted(this.#saved.load(), signal)
      if ((this.#state as State) === 'stopped')
        throw new StoppedError('the node was stopped while it started')
      if (memory !== undefined) this.#remembered = addressesOf(memory)
      return memory
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  #createDriver(address: Address, memory: Memory | undefined, now: Millis): Driver {
    const birth = { name: this.name, address, data: this.#data.fitted, codec: this.#codec, memory, now }
    return new Driver(engineOptions(this.#options, this.#checked, birth), {
      host: this.#host,
      transport: this.#transport,
      streams: this.#streams,
      loss: this.#loss,
      refusals: this.#refusals,
      onEvent: (event) => this.#onEvent(event),
      onDelivery: (delivery) => {
        this.#messaging.push(delivery)
        this.#saved?.changed()
      },
      afterInput: () => {
        this.#bus.deliver()
        this.#messages?.deliver()
      },
    })
  }

  async join(seeds: readonly string[], { replay = false, signal }: JoinOptions = {}): Promise<JoinResult> {
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
        const result = await this.#require().driver.run(
          (engine, now) => engine.join(address, now, replay),
          signal,
        )
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

  async leave({ drain, drainTimeout = 30_000, signal }: LeaveOptions = {}): Promise<LeaveResult> {
    if (this.#state === 'left') return { acknowledgedBy: [] }
    this.#expect('leave')
    checkRange('drainTimeout', drainTimeout, 0, 3_600_000)
    signal?.throwIfAborted()
    this.#state = 'leaving'
    let leaves = false
    try {
      if (drain !== undefined) await this.#drain(drain, drainTimeout, signal)
      leaves = true
      const result = await this.#require().driver.run((engine, now) => engine.leave(now), signal)
      return { acknowledgedBy: result.kind === 'left' ? result.acknowledgedBy : [] }
    } finally {
      if (this.#state === 'leaving') {
        this.#state = leaves ? 'left' : 'running'
        // It stays after all, and may be picked again.
        if (!leaves) this.#live()?.driver.call((engine, now) => engine.setRecord({ leaving: false }, now))
      }
    }
  }

  async #drain(
    drain: NonNullable<LeaveOptions['drain']>,
    limit: Millis,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const { driver } = this.#require()
    const told = driver.run((engine, now) => engine.setRecord({ leaving: true }, now), signal)
    await within(this.#host, this.settings.leaveTimeout, told)
    // Whoever stops the node meanwhile does not wait for the hook.
    const stopping = new AbortController()
    this.#draining = stopping
    try {
      const ends = signal === undefined ? stopping.signal : AbortSignal.any([signal, stopping.signal])
      await drained(this.#host, drain, limit, this.#logger, ends)
    } finally {
      this.#draining = undefined
    }
  }

  async forceLeave(name: string, options: ForceLeaveOptions = {}): Promise<void> {
    this.#expect('forceLeave')
    options.signal?.throwIfAborted()
    await this.#questions.forceLeave(name, options)
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
    this.#running?.driver.stop(reason)
    this.#draining?.abort(reason)
    this.#streams.close()
    this.#resolveConflict(undefined)
    this.#resolveFailed(undefined)
    this.#bus.close()
    this.#discovery.end()
    this.#messages?.end()
    await Promise.all([this.#saved?.end(), this.#transport.close()])
    this.#running?.driver.engine.close()
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

  serviceNames(): string[] {
    return this.#discovery.names()
  }
  services(service: string, options?: ServiceOptions): readonly ServiceInstance[] {
    return this.#discovery.services(service, options)
  }
  pick(service: string, key?: string, options?: ServiceOptions): ServiceInstance | undefined {
    return this.#discovery.pick(service, key, options)
  }
  watchMembers(options?: WatchOptions): AsyncIterableIterator<readonly Member[]> {
    return this.#discovery.watchMembers(options)
  }
  watchService(
    service: string,
    options?: WatchOptions & ServiceOptions,
  ): AsyncIterableIterator<readonly ServiceInstance[]> {
    return this.#discovery.watchService(service, options)
  }

  async ping(name: string, { signal }: { signal?: AbortSignal } = {}): Promise<PingOutcome> {
    this.#expect('ping')
    signal?.throwIfAborted()
    return this.#questions.ping(name, signal)
  }

  rtt(a: string, b: string = this.name): RttResult {
    return this.#questions.rtt(a, b)
  }

  async payload(member: string, { signal }: { signal?: AbortSignal } = {}): Promise<Uint8Array> {
    this.#require()
    signal?.throwIfAborted()
    return this.#questions.payload(member, signal)
  }

  setTags(tags: Readonly<Record<string, string>>, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#setData({ tags: { ...tags } }, options)
  }
  setPayload(payload: Uint8Array, options?: { signal?: AbortSignal }): Promise<void> {
    return this.#setData({ payload: payload.slice() }, options)
  }
  setServices(services: readonly Service[], options?: { signal?: AbortSignal }): Promise<void> {
    return this.#setData({ services: [...services] }, options)
  }

  registerService(service: Service, options?: { signal?: AbortSignal }): Promise<void> {
    const others = this.#data.services.filter(({ name }) => name !== service.name)
    return this.#setData({ services: [...others, { ...service }] }, options)
  }
  async unregisterService(name: string, options?: { signal?: AbortSignal }): Promise<void> {
    const left = this.#data.services.filter((service) => service.name !== name)
    if (left.length < this.#data.services.length) await this.#setData({ services: left }, options)
  }

  async #setData(change: Partial<MemberData>, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#expect('a change of data')
    signal?.throwIfAborted()
    await this.#data.set(change, this.#require().driver, signal)
  }

  switchDetector(detector: string, { suspicion }: { suspicion?: boolean } = {}): Node['config'] {
    this.#expect('a switch of detectors')
    const { driver } = this.#require()
    let outcome: SwitchOutcome | undefined
    driver.call((engine, now) => {
      outcome = engine.switchDetector(detector, suspicion, now)
    })
    // The call above is made there and then, or throws.
    return configOf(outcome!, detector, this.#checked.detectors)
  }

  get remembered(): readonly string[] {
    return this.#remembered
  }

  setSeeds(seeds: readonly string[]): void {
    this.#seeds = seeds.map((seed) => parseAddress(seed, 7_946))
    this.#live()?.driver.engine.setSeeds(this.#seeds)
  }

  get #messaging(): Messaging {
    this.#messages ??= new Messaging({
      settings: this.settings,
      logger: this.#logger,
      driver: () => this.#require().driver,
      members: () => this.members(),
      self: () => this.self,
      date: (at) => this.#require().snapshots.date(at),
    })
    return this.#messages
  }

  async broadcast(name: string, body?: Uint8Array, { signal }: { signal?: AbortSignal } = {}): Promise<void> {
    this.#expect('broadcast')
    await this.#messaging.broadcast(name, body, signal)
  }
  async send(
    member: string,
    body: Uint8Array,
    { reliable = true, signal }: { reliable?: boolean; signal?: AbortSignal } = {},
  ): Promise<void> {
    this.#expect('send')
    await this.#messaging.send(member, body, reliable, signal)
  }
  async query(name: string, body?: Uint8Array, options?: QueryOptions): Promise<QueryResult> {
    this.#expect('query')
    return this.#messaging.query(name, body, options)
  }
  onBroadcast(handler: (broadcast: Broadcast) => void): () => void {
    return this.#messaging.onBroadcast(handler)
  }
  onMessage(handler: (message: DirectMessage) => void): () => void {
    return this.#messaging.onMessage(handler)
  }
  broadcasts(options?: FeedOptions): AsyncIterableIterator<Broadcast | MissedGap> {
    checkBuffer(options?.buffer)
    return this.#messaging.broadcasts(options)
  }
  messages(options?: FeedOptions): AsyncIterableIterator<DirectMessage | MissedGap> {
    checkBuffer(options?.buffer)
    return this.#messaging.messages(options)
  }
  onQuery(name: string, handler: QueryHandler): () => void {
    return this.#messaging.onQuery(name, handler)
  }

  events(options?: EventsOptions): AsyncIterableIterator<MemberEvent | GapEvent> {
    checkBuffer(options?.buffer)
    return this.#bus.events(options)
  }

  on(type: MemberEventType | '*', handler: (event: MemberEvent) => void): () => void {
    return this.#bus.on(type, handler)
  }

  get health(): number {
    return this.#live()?.driver.engine.health ?? 0
  }
  get digest(): string {
    return this.#live()?.driver.engine.digest ?? '0'.repeat(16)
  }
  get config(): Node['config'] {
    const first = this.#checked.detectors[0]!
    return this.#live()?.driver.engine.config ?? { epoch: 0, detector: first.name, suspicion: true }
  }

  stats(): NodeStats {
    const running = this.#live()
    return {
      engine: {
        ...(running?.driver.engine.stats() ?? {}),
        packetsDroppedIn: this.#loss.packetsDroppedIn,
        packetsDroppedOut: this.#loss.packetsDroppedOut,
        ...this.#entrance.stats(),
        streamsLetGo: this.#streams.letGo,
        latePolls: running?.driver.latePolls ?? 0,
        snapshotFailures: this.#saved?.failures ?? 0,
      },
      transport: this.#transport.stats(),
    }
  }

  #onEvent(event: EngineEvent): void {
    const { driver, snapshots } = this.#running!
    const { lostTo } = driver.engine
    if (event.type === 'conflict' && lostTo !== undefined) this.#onNameLost(lostTo)
    this.#announcer.announce(event, snapshots)
    this.#saved?.changed()
  }

  /** The name is another's: this node falls silent, so that it neither gossips nor answers under it. */
  #onNameLost(lostTo: Address): void {
    const own = formatAddress(this.#address!)
    const other = formatAddress(lostTo)
    this.#resolveConflict({ name: this.name, own, other })
    // Not now: the engine is still letting out what this input led to.
    queueMicrotask(() => void this.#end(new NameConflictError(this.name, own, other)))
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

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
