import {
  type Codec,
  createRandom,
  type Delivery,
  type Directory,
  type Effects,
  type Engine,
  type EngineEvent,
  type Millis,
  type PeerRecord,
  type Random,
  Roster,
  resolveSettings,
  type Settings,
  Status,
  swimCodec,
} from '@swimkit/core'
import { EventQueue } from './event-queue.ts'
import { type Conditions, quietNetwork } from './network/conditions.ts'
import { Exchange, type ExchangeWorld } from './network/exchange.ts'
import { Hosts } from './network/hosts.ts'
import { type PacketArrival, PacketNetwork } from './network/packets.ts'
import { LinkRules, type Places } from './network/rules.ts'
import { Segments } from './network/segments.ts'
import { Traffic } from './network/traffic.ts'
import { Births, defaultAddress, wallSeconds } from './nodes/births.ts'
import { Disks } from './nodes/disks.ts'
import { SimNode } from './nodes/sim-node.ts'
import { Turns } from './nodes/turns.ts'
import type { Observer } from './observer.ts'
import type { AddOptions, NodeLike, SimulationOptions } from './options.ts'
import { SimTrace } from './trace.ts'

interface Task {
  readonly kind: 'task'
  readonly run: () => void
}

/**
 * Engines, as they run in production, on a network and a clock that exist only here. Everything that happens is a function
 * of the options, the seed, and what is called, on every runtime. There is no promise and no timer: `run` returns when so
 * much virtual time is over.
 */
export class Simulation {
  /** The latest process of each name. */
  readonly nodes = new Map<string, SimNode>()
  /** By place: names keep theirs through restarts. */
  readonly names: string[] = []
  readonly random: Random
  readonly settings: Settings
  readonly rules: LinkRules
  readonly trace: SimTrace
  readonly traffic = new Traffic()
  readonly #births: Births
  readonly #openCodec: (cluster: string) => Codec
  /** By cluster. */
  readonly #codecs = new Map<string, Codec>()
  readonly #cluster: string
  readonly #snapshots: Millis | undefined
  readonly #disks = new Disks()
  readonly #queue = new EventQueue<PacketArrival | Task>()
  readonly #hosts = new Hosts()
  /** All there ever were, by their numbers: those of the queue's sleepers. */
  readonly #processes: SimNode[] = []
  readonly #packets: PacketNetwork
  readonly #turns: Turns
  readonly #places = new Map<string, number>()
  readonly #observers: Observer[] = []
  readonly #keepEvents: boolean
  readonly #exchangeWorld: ExchangeWorld
  #now: Millis = 0
  /** Events taken from the queue. */
  steps = 0

  constructor(options: SimulationOptions) {
    const { codec = swimCodec(), inboxLimit = 4_096, keepEvents = true, network, seed = 1 } = options
    this.settings = resolveSettings(options.profile ?? 'lan', options.settings)
    this.rules = new LinkRules({ ...quietNetwork, ...network })
    this.trace = new SimTrace(options.traceCapacity)
    this.random = createRandom([seed])
    const { random, rules, traffic } = this
    this.#packets = new PacketNetwork(rules, this.#hosts, traffic, random.fork('packets'), this.#queue)
    this.#turns = new Turns(this, traffic, inboxLimit)
    const segments = new Segments(rules, random.fork('streams'))
    this.#keepEvents = keepEvents
    this.#snapshots = options.snapshots
    const { maxStreamBytes } = this.settings
    this.#cluster = options.cluster ?? 'simulation'
    this.#openCodec = (cluster) =>
      codec.open({ cluster, sealer: undefined, maxPacketBytes: 65_535, maxStreamBytes })
    this.#births = new Births(options, this.settings, random)
    this.#exchangeWorld = {
      leg: (from, to) => segments.leg(from, to, this.#now),
      streams: (from, to) => rules.of(from, to).streams,
      after: (delay, run) => this.after(delay, run),
      deliver: (node, input) => this.#turns.deliver(node, input),
      message: (kind, from, to, bytes) => {
        traffic.streamMessages++
        traffic.streamBytes += bytes
        this.trace.record(kind, this.#now, from.place, to.place, bytes)
      },
      heard: (node, message) => {
        for (const observer of this.#observers) observer.heard?.(node, message, this.#now)
      },
      settle: (node) => this.#settled(node),
    }
  }

  /** The names and records of all nodes: kept once. */
  get directory(): Directory {
    return this.#births.directory
  }

  /** Virtual milliseconds since the beginning. */
  get now(): Millis {
    return this.#now
  }

  observe(observer: Observer): void {
    this.#observers.push(observer)
  }

  // Who takes part

  /** Starts a process. A name that is known is a restart: its last process, if it still runs, must be crashed first. */
  add(name: string = `n${this.names.length}`, options: AddOptions = {}): SimNode {
    return this.#add(name, options, undefined)
  }

  /** Starts `count` nodes that have known each other for long: `n0`, `n1`, … */
  populate(count: number, options: Pick<AddOptions, 'data' | 'engine'> = {}): SimNode[] {
    const members = Array.from({ length: count }, () => {
      const name = `n${this.names.length}`
      // They have been there for long: each has been reached by stream, and has said so.
      const address = defaultAddress(this.#placeOf(name))
      const record = this.#births.record(name, this.#processes.length, address, options, this.#now)
      return { record: { ...record, streams: true }, incarnation: wallSeconds({}, this.#now) }
    })
    const roster = new Roster(members, this.#now, this.directory)
    return members.map(({ record }) => this.#add(record.name, options, { roster, record }))
  }

  /** Starts `count` nodes that join at the first; returns once they agree. Throws after a minute and a second for each. */
  form(count: number): SimNode[] {
    const nodes = Array.from({ length: count }, () => this.add())
    for (const node of nodes.slice(1)) this.join(node, nodes[0]!)
    this.until(() => this.agreed(count), 60_000 + 1_000 * count)
    return nodes
  }

  node(node: NodeLike): SimNode {
    if (typeof node !== 'string') return node
    const found = this.nodes.get(node)
    if (found === undefined) throw new RangeError(`there is no node ${JSON.stringify(node)}`)
    return found
  }

  /** The node of a place. */
  nodeAt(place: number): SimNode {
    return this.node(this.names[place] ?? `#${place}`)
  }

  /** Nodes whose process runs or is paused. */
  live(): SimNode[] {
    return [...this.nodes.values()].filter(({ state }) => state !== 'gone')
  }

  // What they do

  /** Calls an engine, as its driver would; `now` is the node's own clock. */
  call<T>(node: NodeLike, input: (engine: Engine, now: Millis) => T): T {
    const target = this.node(node)
    this.trace.record('call', this.#now, target.place, -1, 0)
    const result = input(target.engine, target.clock.local(this.#now))
    this.#settled(target)
    return result
  }

  /** Asks a node to join at another; the operation's end is in `SimNode.results`. */
  join(node: NodeLike, at: NodeLike): number {
    const { address } = this.node(at)
    return this.call(node, (engine, now) => engine.join(address, now))
  }

  leave(node: NodeLike): number {
    this.node(node).leaving = true
    return this.call(node, (engine, now) => engine.leave(now))
  }

  /**
   * Ends a process without a word: a killed one's machine refuses streams from then on; with `silent` the machine is gone as
   * well, and nothing answers.
   */
  crash(node: NodeLike, silent = false): void {
    const target = this.node(node)
    if (target.state === 'gone') return
    this.trace.record('crash', this.#now, target.place, -1, silent ? 1 : 0)
    this.#end(target, silent)
  }

  /** Starts a process again, under its name and, unless another is given, at its address; the last one ends first. */
  restart(node: NodeLike, options: AddOptions = {}): SimNode {
    const last = this.node(node)
    if (last.state !== 'gone') this.crash(last)
    return this.#add(last.name, { address: last.address, wallOffset: last.wallOffset, ...options }, undefined)
  }

  /** The process stands still, timers too; what arrives waits. */
  pause(node: NodeLike): void {
    const target = this.node(node)
    if (target.state !== 'up') return
    target.state = 'paused'
    target.look()
    this.trace.record('pause', this.#now, target.place, -1, 0)
    this.#disturbed(target)
  }

  /** Goes on: what has arrived is read before timers run, as the driver does it. */
  resume(node: NodeLike): void {
    const target = this.node(node)
    if (target.state !== 'paused') return
    target.state = 'up'
    target.look()
    this.trace.record('resume', this.#now, target.place, -1, target.inbox.length)
    this.#disturbed(target)
    if (target.blocked) return
    this.#turns.goOn(target)
    this.#tick(target)
  }

  /** Holds what a node sends and what it receives for so long, while its timers run (Lifeguard's experiments). */
  blockIo(node: NodeLike, ms: Millis): void {
    const target = this.node(node)
    const until = this.#now + ms
    if (target.state === 'gone' || until <= target.blockedUntil) return
    target.blockedUntil = until
    target.look()
    this.trace.record('block', this.#now, target.place, -1, ms)
    this.#disturbed(target)
    this.after(ms, () => this.#unblock(target, until))
  }

  /** Ends what `blockIo` began before its time. */
  unblock(node: NodeLike): void {
    const target = this.node(node)
    if (target.blocked) this.#unblock(target, target.blockedUntil)
  }

  /** From now on each input takes a node so many milliseconds; 0: none. */
  slow(node: NodeLike, ms: Millis): void {
    const target = this.node(node)
    target.slowness = ms
    target.look()
    this.trace.record('slow', this.#now, target.place, -1, ms)
    this.#disturbed(target)
  }

  /** From now on a node's clock runs `rate` times as fast, 0.1..10. */
  drift(node: NodeLike, rate: number): void {
    const target = this.node(node)
    target.clock.run(rate, this.#now)
    target.look()
    this.trace.record('drift', this.#now, target.place, -1, rate * 1_000)
    this.#disturbed(target)
    this.#rearm(target)
  }

  #disturbed(node: SimNode): void {
    for (const observer of this.#observers) observer.disturbed?.(node, this.#now)
  }

  // The network

  /** Changes the links from some nodes to others; returns what undoes it. `undefined`: all nodes. */
  links(
    from: readonly NodeLike[] | undefined,
    to: readonly NodeLike[] | undefined,
    change: Partial<Conditions>,
  ): () => void {
    this.trace.record('rules', this.#now, -1, -1, 1)
    for (const observer of this.#observers) observer.relinked?.(this.#now)
    const undo = this.rules.add(this.#placesOf(from), this.#placesOf(to), change)
    return () => {
      this.trace.record('rules', this.#now, -1, -1, 0)
      for (const observer of this.#observers) observer.relinked?.(this.#now)
      undo()
    }
  }

  /** Cuts groups off from each other, both ways. Nodes in none of them stay with all. Returns what heals it. */
  partition(groups: readonly (readonly NodeLike[])[]): () => void {
    const undo = groups.flatMap((from) =>
      groups.filter((to) => to !== from).map((to) => this.links(from, to, { cut: 'everything' })),
    )
    return () => {
      for (const heal of undo) heal()
    }
  }

  // Time

  /** Runs `fn` after so many virtual milliseconds. */
  after(delay: Millis, run: () => void): void {
    this.#queue.push(this.#now + Math.max(0, delay), { kind: 'task', run })
  }

  /** Runs for so long. */
  run(ms: Millis): void {
    const end = this.#now + ms
    const queue = this.#queue
    while (queue.nextAt <= end) this.#step()
    this.#now = end
  }

  /** Runs until something holds, which is asked after every event; returns the time it took. Throws when it does not within the limit. */
  until(holds: () => boolean, limit: Millis): Millis {
    const start = this.#now
    while (!holds()) {
      if (this.#queue.nextAt > start + limit) {
        throw new Error(`after ${limit} ms of virtual time it still does not hold that ${holds}`)
      }
      this.#step()
    }
    return this.#now - start
  }

  /** Whether all that run hold `count` members alive and nobody suspect, and the same of each. */
  agreed(count: number): boolean {
    let digest: string | undefined
    for (const { engine, state } of this.nodes.values()) {
      if (state !== 'up') continue
      const { members } = engine
      if (members.count(Status.Alive) !== count || members.count(Status.Suspect) !== 0) return false
      digest ??= engine.digest
      if (engine.digest !== digest) return false
    }
    return true
  }

  #step(): void {
    this.steps++
    this.#now = this.#queue.nextAt
    const sleeper = this.#queue.pop()
    if (sleeper >= 0) return this.#tick(this.#processes[sleeper]!)
    // There is an item where there is no sleeper.
    const event = this.#queue.taken!
    if (event.kind === 'packet') this.#arrive(event)
    else event.run()
  }

  // Processes

  #add(
    name: string,
    options: AddOptions,
    known: { readonly roster: Roster; readonly record: PeerRecord } | undefined,
  ): SimNode {
    const earlier = this.nodes.get(name)
    if (
      known === undefined &&
      earlier !== undefined &&
      earlier.state !== 'gone' &&
      options.address === undefined
    ) {
      throw new RangeError(
        `${JSON.stringify(name)} runs: crash it, restart it, or give the new one an address`,
      )
    }
    const place = options.beside === undefined ? this.#placeOf(name) : this.node(options.beside).place
    const { settings } = this
    const node = new SimNode({
      name,
      place,
      number: this.#processes.length,
      address: known?.record.address ?? options.address ?? defaultAddress(place),
      codec: this.#codecOf(options.cluster ?? this.#cluster),
      maxPacketBytes: options.engine?.maxPacketBytes ?? settings.packetBytes,
      startedAt: this.#now,
      wallOffset: options.wallOffset ?? 0,
    })
    this.#processes.push(node)
    const now = this.#now
    const record =
      known?.record ?? this.#births.record(name, this.#processes.length, node.address, options, now)
    const memory = this.#snapshots === undefined ? undefined : this.#disks.read(name)
    const knows = known === undefined ? { memory } : { roster: known.roster }
    node.engine = this.#births.engine(node, record, knows, options, this.#effects(node), now)
    node.memory = knows.memory
    this.#hosts.listen(node)
    this.nodes.set(name, node)
    this.trace.record('start', now, place, -1, wallSeconds(options, now))
    for (const observer of this.#observers) observer.started?.(node)
    node.engine.start(now)
    this.#settled(node)
    if (this.#snapshots !== undefined) this.#save(node, this.#snapshots)
    return node
  }

  /** Saves what a node knows, now and every so often, while it runs. */
  #save(node: SimNode, interval: Millis): void {
    if (node.state === 'gone') return
    if (node.state === 'up') this.#disks.save(node, node.clock.local(this.#now))
    this.after(interval, () => this.#save(node, interval))
  }

  #end(node: SimNode, silent: boolean): void {
    node.state = 'gone'
    node.look()
    node.inbox.length = 0
    node.held.length = 0
    this.#queue.wake(node.number, Number.POSITIVE_INFINITY)
    this.#hosts.close(node, silent)
    for (const exchange of node.exchanges) exchange.reset()
    node.exchanges.clear()
    node.engine.close()
    for (const observer of this.#observers) observer.ended?.(node)
  }

  #codecOf(cluster: string): Codec {
    let codec = this.#codecs.get(cluster)
    if (codec === undefined) {
      codec = this.#openCodec(cluster)
      this.#codecs.set(cluster, codec)
    }
    return codec
  }

  #placeOf(name: string): number {
    let place = this.#places.get(name)
    if (place === undefined) {
      place = this.names.push(name) - 1
      this.#places.set(name, place)
    }
    return place
  }

  #placesOf(nodes: readonly NodeLike[] | undefined): Places {
    return nodes === undefined ? undefined : new Set(nodes.map((node) => this.node(node).place))
  }

  #effects(node: SimNode): Effects {
    return {
      send: (to, packet) => {
        for (const observer of this.#observers) observer.packet?.(node, to, packet, this.#now)
        if (node.ready) this.#packets.send(node, to, packet, this.#now)
        else this.#turns.out(node, () => this.#packets.send(node, to, packet, this.#now))
      },
      request: (to, parts, token, limit) => {
        const exchange = new Exchange(this.#exchangeWorld, node, this.#hosts.at(to), [...parts], token, limit)
        this.#turns.out(node, () => exchange.dial())
      },
      event: (event) => this.#onEvent(node, event),
      deliver: (delivery) => this.#onDelivery(node, delivery),
      done: (operation, result) => node.results.set(operation, result),
    }
  }

  #onDelivery(node: SimNode, delivery: Delivery): void {
    if (this.#keepEvents) node.deliveries.push(delivery)
    for (const observer of this.#observers) observer.delivered?.(node, delivery, this.#now)
    if (delivery.kind !== 'query') return
    // Not from within the engine's own effects.
    this.after(0, () => {
      if (node.state === 'gone') return
      const body = node.answers?.(delivery.query)
      node.engine.answer(delivery.query, body, node.clock.local(this.#now))
      this.#settled(node)
    })
  }

  #onEvent(node: SimNode, event: EngineEvent): void {
    const place = this.#places.get(event.record.name) ?? -1
    this.trace.record(event.type, this.#now, node.place, place, event.incarnation)
    if (this.#keepEvents) node.events.push(event)
    for (const observer of this.#observers) observer.event?.(node, event, this.#now)
  }

  // What happens at a process

  #unblock(node: SimNode, until: Millis): void {
    if (node.blockedUntil !== until || node.state === 'gone') return
    node.blockedUntil = Number.NEGATIVE_INFINITY
    node.look()
    this.trace.record('unblock', this.#now, node.place, -1, node.inbox.length)
    this.#disturbed(node)
    for (const send of node.held.splice(0)) send()
    if (node.state === 'up') this.#turns.goOn(node)
  }

  #tick(node: SimNode): void {
    if (node.ready && this.#observers.length === 0) {
      node.engine.tick(this.#now)
      this.#rearm(node)
      return
    }
    if (node.state !== 'up') return
    if (node.busyUntil > this.#now) {
      this.#queue.wake(node.number, node.busyUntil)
      return
    }
    const due = node.engine.nextWake()
    if (due !== Number.POSITIVE_INFINITY) {
      for (const observer of this.#observers) observer.ticking?.(node, due, this.#now)
      node.engine.tick(node.clock.localAtWake(this.#now, due))
      if (node.slowness > 0) node.busyUntil = this.#now + node.slowness
    }
    this.#settled(node)
  }

  /** An engine had an input. */
  #settled(node: SimNode): void {
    if (node.state === 'gone') return
    for (const observer of this.#observers) observer.settled?.(node, this.#now)
    this.#rearm(node)
  }

  #rearm(node: SimNode): void {
    const local = node.engine.nextWake()
    this.#queue.wake(node.number, Math.max(this.#now, node.ready ? local : node.clock.global(local)))
  }

  #arrive({ bytes, from, to }: PacketArrival): void {
    const { node } = to
    if (node === undefined) {
      this.traffic.unheard++
      return
    }
    this.trace.record('packet', this.#now, from.place, node.place, bytes.length)
    this.traffic.delivered++
    if (node.ready) {
      for (const observer of this.#observers) observer.received?.(node, bytes, from, this.#now)
      node.engine.receive(from.address, bytes, node.clock.local(this.#now))
      this.#settled(node)
      return
    }
    this.#turns.deliver(node, {
      handle: (target, now) => {
        for (const observer of this.#observers) observer.received?.(target, bytes, from, this.#now)
        target.engine.receive(from.address, bytes, now)
        this.#settled(target)
      },
    })
  }
}
