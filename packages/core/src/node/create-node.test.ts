import { describe, expect, test } from 'vitest'
import type { Detector, DetectorContext } from '../engine/detector.ts'
import { type Address, formatAddress } from '../model/address.ts'
import { Directory } from '../model/directory.ts'
import { swimCodec } from '../wire/swim-codec.ts'
import type { Logger, MemberEvent, Node, NodeOptions } from './api.ts'
import { createNode } from './create-node.ts'
import {
  NameConflictError,
  NodeStateError,
  OptionError,
  PingError,
  StoppedError,
  TooLargeError,
} from './errors.ts'
import type { Host } from './host.ts'
import { MemberDataError } from './member-data.ts'
import { BindError, type Connection, DialError, type Transport, type TransportHandlers } from './transport.ts'

/** 2026-01-01, in milliseconds. */
const epoch = 1_767_225_600_000

interface Due {
  readonly at: number
  readonly order: number
  readonly run: () => void
}

/** A machine with a clock of its own, and a network in memory. Nothing happens unless a test lets time pass. */
class World {
  now = 1_000.25
  /** Looks for packets are kept here instead of being answered, while a test wants to answer them itself. */
  polls: (() => void)[] | undefined
  readonly ports = new Map<number, FakeTransport>()
  /** Ports that take a connection and never answer. */
  readonly silent = new Set<number>()
  /** Whether a packet passes. */
  passes: (from: Address, to: Address) => boolean = () => true
  interfaces = [{ name: 'eth0', address: '10.0.0.1', prefix: 24, internal: false }]
  #due: Due[] = []
  #order = 0
  #entropy = 1

  readonly host: Host = {
    runtime: 'test 1.0',
    now: () => this.now,
    wallMillis: () => epoch + Math.floor(this.now),
    entropy: (bytes) => Uint8Array.from({ length: bytes }, () => this.#draw()),
    wake: (at, run) => this.schedule(at, run),
    afterPoll: (run) => {
      if (this.polls === undefined) this.schedule(this.now, run)
      else this.polls.push(run)
    },
    interfaces: () => this.interfaces,
  }

  /** Not random at all, and never the same twice in a row. */
  #draw(): number {
    this.#entropy = (this.#entropy * 75 + 74) % 65_537
    return this.#entropy & 255
  }

  schedule(at: number, run: () => void): () => void {
    const due: Due = { at: Math.max(at, this.now), order: this.#order++, run }
    this.#due.push(due)
    return () => {
      this.#due = this.#due.filter((other) => other !== due)
    }
  }

  /** Lets everything happen that needs no time. */
  async settle(): Promise<void> {
    // A turn of the event loop: all promises that can go on do so before it comes.
    await new Promise((resolve) => setImmediate(resolve))
  }

  async run(ms: number): Promise<void> {
    const end = this.now + ms
    await this.settle()
    for (;;) {
      const next = this.#due.reduce<Due | undefined>(
        (first, due) =>
          first === undefined || due.at < first.at || (due.at === first.at && due.order < first.order)
            ? due
            : first,
        undefined,
      )
      if (next === undefined || next.at > end) break
      this.#due = this.#due.filter((due) => due !== next)
      this.now = Math.max(this.now, next.at)
      next.run()
      await this.settle()
    }
    this.now = end
  }

  /** Runs until a promise has settled, and gives how. */
  async outcome<T>(promise: Promise<T>, limit = 60_000): Promise<T> {
    let open = true
    const watched = promise.finally(() => {
      open = false
    })
    watched.catch(() => undefined)
    await this.settle()
    for (let waited = 0; open; waited += 50) {
      if (waited > limit) throw new Error(`not settled within ${limit} ms of its time`)
      await this.run(50)
    }
    return watched
  }

  /** The clock moves on, and this process does not. */
  stall(ms: number): void {
    this.now += ms
  }
}

class FakeTransport implements Transport {
  readonly kind = 'transport'
  readonly name = 'fake'
  readonly api = 1
  readonly maxPacketBytes = 1_400
  readonly streams = true
  readonly sent: { readonly to: Address; readonly packet: Uint8Array }[] = []
  handlers!: TransportHandlers
  bound: Address | undefined
  closes = 0
  /** Holds `open` up until a test lets it go on. */
  gate: Promise<void> | undefined
  readonly #world: World

  constructor(world: World) {
    this.#world = world
  }

  async open(bind: Address, handlers: TransportHandlers): Promise<Address> {
    await this.gate
    let { port } = bind
    while (port === 0 || (bind.port === 0 && this.#world.ports.has(port)))
      port = port === 0 ? 40_000 : port + 1
    if (this.#world.ports.has(port)) throw new BindError('in-use', `cannot bind port ${port}: in use`)
    this.handlers = handlers
    this.#world.ports.set(port, this)
    this.bound = { host: bind.host, port }
    return this.bound
  }

  send(to: Address, packet: Uint8Array): void {
    const from = { host: '10.0.0.1', port: this.bound!.port }
    this.sent.push({ to, packet: packet.slice() })
    if (!this.#world.passes(from, to)) return
    this.#world.schedule(this.#world.now + 1, () => this.#world.ports.get(to.port)?.arrive(from, packet))
  }

  arrive(from: Address, packet: Uint8Array): void {
    // A socket reads the next packet into the same buffer.
    const buffer = packet.slice()
    this.handlers.packet(from, buffer)
    buffer.fill(0xff)
  }

  dial(to: Address, signal: AbortSignal): Promise<Connection> {
    return new Promise((resolve, reject) => {
      const target = this.#world.ports.get(to.port)
      if (this.#world.silent.has(to.port)) {
        signal.addEventListener('abort', () => reject(signal.reason))
        return
      }
      if (target === undefined) {
        reject(new DialError('refused', 'nobody listens'))
        return
      }
      const [near, far] = ends(to, this.bound!)
      target.handlers.connection(far)
      resolve(near)
    })
  }

  stats() {
    return { sent: this.sent.length }
  }

  async close(): Promise<void> {
    this.closes++
    if (this.bound !== undefined && this.#world.ports.get(this.bound.port) === this) {
      this.#world.ports.delete(this.bound.port)
    }
  }
}

class End implements Connection {
  readonly remote: Address
  other!: End
  state: 'open' | 'ended' | 'destroyed' = 'open'
  readonly #chunks: (Uint8Array | undefined)[] = []
  #wake: (() => void) | undefined

  constructor(remote: Address) {
    this.remote = remote
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0) {
      if (this.state === 'destroyed' || this.other.state === 'destroyed')
        throw new DialError('reset', 'reset')
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    return this.#chunks.shift()
  }

  async write(chunk: Uint8Array): Promise<void> {
    if (this.state !== 'open' || this.other.state === 'destroyed') throw new DialError('reset', 'reset')
    this.other.#take(chunk.slice())
  }

  settle(): void {}

  end(): void {
    if (this.state !== 'open') return
    this.state = 'ended'
    this.other.#take(undefined)
  }

  destroy(): void {
    this.state = 'destroyed'
    this.#wake?.()
    this.other.#wake?.()
  }

  #take(chunk: Uint8Array | undefined): void {
    this.#chunks.push(chunk)
    this.#wake?.()
  }
}

function ends(one: Address, other: Address): [End, End] {
  const [near, far] = [new End(one), new End(other)]
  near.other = far
  far.other = near
  return [near, far]
}

/** A detector that looks at nobody. */
const idle = (onContext: (context: DetectorContext) => void = () => undefined): Detector => ({
  kind: 'detector',
  name: 'idle',
  api: 1,
  attach: (context) => {
    onContext(context)
    return { start: () => undefined, stop: () => undefined, onTimer: () => undefined }
  },
})

interface Made {
  readonly node: Node
  readonly transport: FakeTransport
  readonly logged: string[]
}

function make(world: World, port: number, options: Partial<NodeOptions> = {}): Made {
  const transport = new FakeTransport(world)
  const logged: string[] = []
  const logger: Logger = { enabled: () => true, log: (level, message) => logged.push(`${level}: ${message}`) }
  const node = createNode({
    name: `n${port}`,
    host: world.host,
    transport,
    detector: idle(),
    bind: `10.0.0.1:${port}`,
    directory: new Directory(),
    logger,
    ...options,
  })
  return { node, transport, logged }
}

const seed = ({ node }: Made) => formatAddress(node.address!)

/** Started, and joined to the first of them. */
async function cluster(world: World, count: number, options: Partial<NodeOptions> = {}): Promise<Made[]> {
  const all = Array.from({ length: count }, (_, i) => make(world, 1 + i, options))
  for (const { node } of all) await node.start()
  for (const each of all.slice(1)) {
    const result = await world.outcome(each.node.join([seed(all[0]!)]))
    expect(result.failed).toEqual([])
  }
  await world.run(5_000)
  for (const { node } of all) expect(node.counts().alive).toBe(count)
  return all
}

/** What a promise rejects with; where it resolves, a text that no error is equal to. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => `resolved with ${String(value)}`,
    (error: unknown) => error,
  )

describe('the life of a node', () => {
  test('is new, running, leaving, left, running again after a join, stopped', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const made = make(world, 9)
    const { node } = made
    const seen: string[] = [node.state]
    await node.start()
    seen.push(node.state)
    await world.outcome(node.join([seed(first!)]))
    await world.run(1_000)
    const leaving = node.leave()
    seen.push(node.state)
    expect(await world.outcome(leaving)).toEqual({ acknowledgedBy: ['n1'] })
    seen.push(node.state)
    expect(first!.node.member('n9')!.status).toBe('left')
    expect((await world.outcome(node.join([seed(first!)]))).joined).toEqual(['10.0.0.1:1'])
    seen.push(node.state)
    await world.run(1_000)
    expect(first!.node.member('n9')!.status).toBe('alive')
    await node.stop()
    seen.push(node.state)
    expect(seen).toEqual(['new', 'running', 'leaving', 'left', 'running', 'stopped'])
    expect(world.ports.has(9)).toBe(false)
  })

  test('begins once', async () => {
    const { node } = make(new World(), 1)
    await node.start()
    expect(await rejection(node.start())).toBeInstanceOf(NodeStateError)
    await node.stop()
    expect(await rejection(node.start())).toBeInstanceOf(NodeStateError)
  })

  test('ends once, and may end before it began', async () => {
    const { node, transport } = make(new World(), 1)
    await Promise.all([node.stop(), node.stop()])
    expect([node.state, transport.closes]).toEqual(['stopped', 1])
  })

  test.each<[string, (node: Node) => Promise<unknown>]>([
    ['join', (node) => node.join(['10.0.0.1:5'])],
    ['leave', (node) => node.leave()],
    ['ping', (node) => node.ping('x')],
    ['setTags', (node) => node.setTags({})],
    ['setPayload', (node) => node.setPayload(new Uint8Array(1))],
    ['setServices', (node) => node.setServices([])],
  ])('%s needs a running node, and says what it is instead', async (_, call) => {
    const { node } = make(new World(), 1)
    const before = await rejection(call(node))
    expect(before).toBeInstanceOf(NodeStateError)
    expect(String(before)).toContain('not started')
    await node.start()
    await node.stop()
    const after = await rejection(call(node))
    expect(after).toBeInstanceOf(NodeStateError)
    expect(String(after)).toContain('stopped')
  })

  test('what may be read may be read at any time', async () => {
    const { node } = make(new World(), 1)
    const read = () => [
      node.members(),
      node.counts().alive,
      node.member('n1')?.name,
      node.suspects(),
      node.explain('x'),
      node.health,
      node.digest,
      node.config.detector,
    ]
    const nothing = [[], 0, undefined, [], undefined, 0, '0000000000000000', 'idle']
    expect([read(), node.address]).toEqual([nothing, undefined])
    expect(() => node.self).toThrow(NodeStateError)
    await node.start()
    expect(node.self).toMatchObject({ name: 'n1', address: '10.0.0.1:1', status: 'alive', leaving: false })
    await node.stop()
    expect(read()).toEqual(nothing)
    expect(node.stats().engine).toMatchObject({ packetsDroppedIn: 0 })
  })

  test('that cannot bind ends with the error, and stop does no harm', async () => {
    const world = new World()
    await make(world, 1).node.start()
    const { node } = make(world, 1)
    expect(await rejection(node.start())).toBeInstanceOf(BindError)
    expect(node.state).toBe('stopped')
    await node.stop()
    expect(world.ports.size).toBe(1)
  })

  test('that could advertise nothing is not bound in the first place', async () => {
    const world = new World()
    world.interfaces = []
    const { node } = make(world, 1, { bind: '0.0.0.0:1' })
    expect(await rejection(node.start())).toBeInstanceOf(OptionError)
    expect(world.ports.size).toBe(0)
  })

  test('gives a shared directory all that it held', async () => {
    const directory = new Directory()
    const all = await cluster(new World(), 3, { directory })
    expect(directory.size).toBe(3)
    for (const { node } of all) await node.stop()
    expect(directory.size).toBe(0)
  })

  test('ends with its block', async () => {
    const { node } = make(new World(), 1)
    await node.start()
    await node[Symbol.asyncDispose]()
    expect(node.state).toBe('stopped')
  })
})

describe('stopping settles every promise:', () => {
  test('join, ping, a change of data, leave and an iteration', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    for (const port of [1, 2, 3]) world.silent.add(port)
    world.passes = () => false
    const events = first!.node.events()
    const next = events.next()
    const open = [
      first!.node.join(['10.0.0.1:3']),
      first!.node.ping('n2'),
      first!.node.setTags({ a: 'b' }),
      second!.node.leave(),
    ].map(rejection)
    await world.settle()
    await Promise.all([first!.node.stop(), second!.node.stop()])
    for (const each of await Promise.all(open)) expect(each).toBeInstanceOf(StoppedError)
    // The change of data above is an event too; after it comes the end.
    let result = await next
    while (!result.done) result = await events.next()
    expect(result.done).toBe(true)
  })

  test('start, while the transport is being opened; what comes up late is closed again', async () => {
    const world = new World()
    const directory = new Directory()
    const { node, transport } = make(world, 1, { directory })
    let open: () => void = () => undefined
    transport.gate = new Promise((resolve) => {
      open = resolve
    })
    const starting = rejection(node.start())
    await world.settle()
    await node.stop()
    open()
    await world.settle()
    expect(await starting).toBeInstanceOf(StoppedError)
    expect([node.state, world.ports.size, directory.size]).toEqual(['stopped', 0, 0])
  })

  test('after that no timer fires and nothing is sent', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    await first!.node.stop()
    const { length } = first!.transport.sent
    await world.run(60_000)
    expect(first!.transport.sent.length).toBe(length)
    expect(first!.node.counts().alive).toBe(0)
    await second!.node.stop()
  })
})

describe('an AbortSignal', () => {
  const reason = new Error('enough')

  test.each<[string, (node: Node, signal: AbortSignal) => Promise<unknown>]>([
    ['join', (node, signal) => node.join(['10.0.0.1:3'], { signal })],
    ['leave', (node, signal) => node.leave({ signal })],
    ['ping', (node, signal) => node.ping('n2', { signal })],
    ['setTags', (node, signal) => node.setTags({ a: 'b' }, { signal })],
    ['setPayload', (node, signal) => node.setPayload(Uint8Array.of(1), { signal })],
    ['setServices', (node, signal) => node.setServices([{ name: 'web' }], { signal })],
  ])('ends %s with its reason, before or while it runs', async (_, call) => {
    const world = new World()
    const [first] = await cluster(world, 2)
    world.silent.add(2).add(3)
    world.passes = () => false
    const { node } = first!
    expect(await rejection(call(node, AbortSignal.abort(reason)))).toBe(reason)
    expect(node.state).toBe('running')
    const abort = new AbortController()
    const running = rejection(call(node, abort.signal))
    await world.settle()
    abort.abort(reason)
    expect(await running).toBe(reason)
    // What comes in the end is nobody's any more.
    world.passes = () => true
    await world.run(30_000)
    await node.stop()
  })

  test('that is aborted keeps start from binding', async () => {
    const world = new World()
    const { node, transport } = make(world, 1)
    expect(await rejection(node.start({ signal: AbortSignal.abort(reason) }))).toBe(reason)
    expect([transport.bound, world.ports.size]).toEqual([undefined, 0])
  })

  test('ends start while the transport is being opened, and nothing stays open', async () => {
    const world = new World()
    const { node, transport } = make(world, 1)
    let open: () => void = () => undefined
    transport.gate = new Promise((resolve) => {
      open = resolve
    })
    const abort = new AbortController()
    let ended: unknown
    const starting = rejection(node.start({ signal: abort.signal })).then((error) => {
      ended = error
    })
    await world.settle()
    abort.abort(reason)
    await world.settle()
    expect(ended).toBe(reason)
    open()
    await starting
    await world.settle()
    expect([node.state, world.ports.size]).toEqual(['stopped', 0])
  })

  test('ends an iteration', async () => {
    const { node } = make(new World(), 1)
    await node.start()
    const abort = new AbortController()
    const next = node.events({ signal: abort.signal }).next()
    abort.abort()
    expect((await next).done).toBe(true)
    await node.stop()
  })
})

describe('joining', () => {
  test('tells for each seed what became of it', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const other = make(world, 20, { cluster: 'other' })
    await other.node.start()
    world.silent.add(30)
    const { node } = make(world, 9)
    await node.start()
    const joining = node.join([
      '10.0.0.1:1',
      '10.0.0.1:77',
      'nonsense:1:2',
      'example.org:1',
      '10.0.0.1:9',
      '10.0.0.1:20',
      '10.0.0.1:30',
    ])
    const { failed, joined } = await world.outcome(joining)
    expect(joined).toEqual(['10.0.0.1:1'])
    expect(Object.fromEntries(failed.map(({ code, seed }) => [seed, code]))).toEqual({
      '10.0.0.1:77': 'refused',
      'nonsense:1:2': 'address',
      'example.org:1': 'address',
      '10.0.0.1:9': 'self',
      '10.0.0.1:20': 'cluster-mismatch',
      '10.0.0.1:30': 'timeout',
    })
    for (const each of [first!, other]) await each.node.stop()
    await node.stop()
  })

  test('nobody is no error', async () => {
    const { node } = make(new World(), 1)
    await node.start()
    expect(await node.join([])).toEqual({ joined: [], failed: [] })
    await node.stop()
  })

  test('makes both know each other, with all that they say of themselves', async () => {
    const world = new World()
    const options = {
      tags: { zone: 'a' },
      services: [{ name: 'web', port: 80 }],
      payload: Uint8Array.of(1, 2),
    }
    const [first, second] = await cluster(world, 2, options)
    const { node } = first!
    expect(node.member('n2')).toMatchObject({
      address: '10.0.0.1:2',
      status: 'alive',
      streams: true,
      capabilities: ['detector:idle'],
      ...options,
    })
    expect(node.member('n2')!.boot).toBe(second!.node.self.boot)
    expect(node.digest).toBe(second!.node.digest)
    expect(
      node
        .members()
        .map(({ name }) => name)
        .sort(),
    ).toEqual(['n1', 'n2'])
    expect(node.member('n2')!.since.getTime()).toBeGreaterThan(epoch)
  })

  test('is refused by a hook that says no, and by one that throws, which is logged', async () => {
    const world = new World()
    const vetoes = [
      () => false,
      () => {
        throw new Error('oh')
      },
    ]
    for (const [i, admit] of vetoes.entries()) {
      const gate = make(world, 10 + i, { hooks: { admit } })
      await gate.node.start()
      const { node } = make(world, 20 + i)
      await node.start()
      const { failed } = await world.outcome(node.join([seed(gate)]))
      expect(failed).toMatchObject([{ code: 'rejected' }])
      await world.run(2_000)
      expect(gate.node.members().length).toBe(1)
      expect(gate.logged.filter((line) => line.includes('hook'))).toEqual(
        i === 0 ? [] : ['error: the admit hook threw'],
      )
    }
  })

  test('two processes of one name: the later one is told, and ends', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const later = make(world, 9, { name: 'n2' })
    await later.node.start()
    const open = rejection(later.node.join([seed(first!)]).then(() => later.node.setTags({ a: 'b' })))
    const conflict = await world.outcome(later.node.conflict)
    expect(conflict).toEqual({ name: 'n2', own: '10.0.0.1:9', other: '10.0.0.1:2' })
    const error = await world.outcome(open)
    expect(error instanceof NameConflictError || error instanceof NodeStateError).toBe(true)
    expect([later.node.state, world.ports.has(9)]).toEqual(['stopped', false])
    await world.run(10_000)
    expect(first!.node.member('n2')!.address).toBe('10.0.0.1:2')
    expect(second!.node.state).toBe('running')
  })
})

describe('the name', () => {
  test('is by default the advertised address', async () => {
    const world = new World()
    const transport = new FakeTransport(world)
    const node = createNode({ host: world.host, transport, detector: idle(), bind: '0.0.0.0:0' })
    expect(node.name).toBe('')
    await node.start()
    expect([node.name, node.self.address]).toEqual(['10.0.0.1:40000', '10.0.0.1:40000'])
    expect(node.advertiseReason).toContain('eth0')
    await node.stop()
  })

  test('may depend on it', async () => {
    const { node } = make(new World(), 7, { name: ({ port }) => `node-${port}` })
    await node.start()
    expect([node.name, node.self.name]).toEqual(['node-7', 'node-7'])
  })

  test.each<[string, () => string, new (...rest: never[]) => Error]>([
    ['gives no good name', () => 'a b', OptionError],
    [
      'throws',
      () => {
        throw new RangeError('oh')
      },
      RangeError,
    ],
  ])('a function that %s ends the start, and nothing stays open', async (_, name, kind) => {
    const world = new World()
    const { node } = make(world, 7, { name })
    expect(await rejection(node.start())).toBeInstanceOf(kind)
    expect([node.state, world.ports.size]).toEqual(['stopped', 0])
  })
})

describe('what a node carries', () => {
  test('is set, told to all, and resolved once it is', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const { node } = first!
    await world.outcome(node.setTags({ a: '1' }))
    await world.outcome(node.setServices([{ name: 'web' }]))
    const payload = Uint8Array.of(5)
    const setting = node.setPayload(payload)
    // The caller's bytes are the caller's.
    payload[0] = 6
    await world.outcome(setting)
    const expected = { tags: { a: '1' }, services: [{ name: 'web' }], payload: Uint8Array.of(5) }
    expect([node.self, second!.node.member('n1')]).toMatchObject([expected, expected])
  })

  test('that is too large is refused, and nothing is changed', async () => {
    const { node } = make(new World(), 1, { tags: { keep: 'me' } })
    await node.start()
    const { incarnation } = node.self
    const error = await rejection(node.setPayload(new Uint8Array(600)))
    expect(error).toBeInstanceOf(TooLargeError)
    expect(error).toMatchObject({ limit: 512 })
    expect(await rejection(node.setTags({ '': 'x' }))).toBeInstanceOf(MemberDataError)
    expect(node.self).toMatchObject({ incarnation, tags: { keep: 'me' }, payload: new Uint8Array(0) })
    await node.setServices([{ name: 'web' }])
    expect(node.self.tags).toEqual({ keep: 'me' })
  })

  test('that is wrong from the start makes no node', () => {
    const world = new World()
    expect(() => make(world, 1, { payload: new Uint8Array(600) })).toThrow(TooLargeError)
    expect(() => make(world, 1, { services: [{ name: 'x', port: 0 }] })).toThrow(MemberDataError)
  })
})

describe('pinging', () => {
  test('tells the round trip and what the other’s application adds', async () => {
    const world = new World()
    const pinged: unknown[] = []
    const hooks = {
      ackPayload: () => Uint8Array.of(42),
      onPing: (name: string, rtt: number) => pinged.push([name, rtt]),
    }
    const [first] = await cluster(world, 2, { hooks })
    pinged.length = 0
    expect(await world.outcome(first!.node.ping('n2'))).toEqual({
      name: 'n2',
      rtt: 2,
      path: 'direct',
      payload: Uint8Array.of(42),
    })
    expect(pinged).toEqual([['n2', 2]])
  })

  test('goes over a stream where no packet comes through', async () => {
    const world = new World()
    const [first] = await cluster(world, 2)
    world.passes = () => false
    expect(await world.outcome(first!.node.ping('n2'))).toMatchObject({ path: 'stream' })
  })

  test('tells why not: nobody of that name, nobody there, no answer', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const { node } = first!
    const code = async (promise: Promise<unknown>) => {
      const error = await world.outcome(rejection(promise))
      expect(error).toBeInstanceOf(PingError)
      return (error as PingError).code
    }
    expect(await code(node.ping('nobody'))).toBe('unknown-member')
    await second!.node.stop()
    expect(await code(node.ping('n2'))).toBe('refused')
    world.silent.add(2)
    expect(await code(node.ping('n2'))).toBe('timeout')
  })

  test('a node does not outlive its words: another process at that address does not answer for it', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    await second!.node.stop()
    await make(world, 2, { name: 'other' }).node.start()
    const error = await world.outcome(rejection(first!.node.ping('n2')))
    expect(error).toBeInstanceOf(PingError)
  })
})

describe('events', () => {
  test('have rising ids, and name the member as it then was', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2, { eventHistory: 100 })
    const { node } = first!
    const events = node.events({ after: 0 })
    await world.outcome(second!.node.setTags({ v: '1' }))
    await world.outcome(second!.node.setTags({ v: '2' }))
    await world.outcome(second!.node.leave())
    await node.stop()
    const seen: MemberEvent[] = []
    for await (const event of events) if (event.type !== 'gap') seen.push(event)
    expect(seen.map(({ id }) => id)).toEqual(seen.map((_, i) => i + 1))
    const ofSecond = seen.filter(({ member }) => member.name === 'n2')
    expect(ofSecond.map(({ member, type }) => [type, member.tags.v, member.status]).slice(-3)).toEqual([
      ['update', '1', 'alive'],
      ['update', '2', 'alive'],
      ['leave', '2', 'left'],
    ])
    expect(ofSecond[0]).toMatchObject({ type: 'join', member: { name: 'n2' } })
  })

  test('come after the change: a handler may call back into the node, whatever it wants', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const { node, logged } = first!
    const calls: string[] = []
    let changed: Promise<void> | undefined
    node.on('*', ({ member, type }) => calls.push(`${type} ${member.name}`))
    node.on('join', ({ member }) => {
      expect(node.member(member.name)!.status).toBe('alive')
      expect(node.members().length).toBe(2)
      changed = node.setTags({ seen: member.name })
      node.ping(member.name).catch(() => undefined)
      node.setSeeds(['10.0.0.1:5'])
      node.stats()
      expect(node.self.tags).toEqual({ seen: member.name })
      calls.push('handler of join ends')
    })
    const second = make(world, 2)
    await second.node.start()
    await world.outcome(second.node.join([seed(first!)]))
    await world.run(5_000)
    // What a handler causes comes after the event at hand has gone to all.
    const start = calls.indexOf('handler of join ends')
    expect(calls.slice(start, start + 3)).toEqual(['handler of join ends', 'join n2', 'update n1'])
    await changed
    expect(logged.filter((line) => line.includes('threw'))).toEqual([])
    expect(second.node.member('n1')!.tags).toEqual({ seen: 'n2' })
  })

  test('a handler may stop the node', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    first!.node.on('join', () => void first!.node.stop())
    const second = make(world, 2)
    await second.node.start()
    await world.outcome(second.node.join([seed(first!)]).catch(() => undefined) as Promise<unknown>)
    await world.run(2_000)
    expect([first!.node.state, world.ports.has(1)]).toEqual(['stopped', false])
    expect(first!.logged.filter((line) => line.includes('threw'))).toEqual([])
  })

  test('a handler that throws is logged, and harms nobody', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    let heard = 0
    first!.node.on('*', () => {
      throw new Error('oh')
    })
    first!.node.on('*', () => {
      heard++
    })
    const second = make(world, 2)
    await second.node.start()
    await world.outcome(second.node.join([seed(first!)]))
    await world.run(1_000)
    expect(heard).toBeGreaterThan(0)
    expect(first!.logged).toContain('error: a handler of join events threw')
    expect(first!.node.counts().alive).toBe(2)
  })

  test.each([0, 1.5, -1, 1_000_001, Number.NaN])('a buffer of %d is refused', (buffer) => {
    const { node } = make(new World(), 1)
    expect(() => node.events({ buffer })).toThrow(OptionError)
  })
})

describe('a late wake', () => {
  /** A node whose detector arms one timer, and writes down when it fires. */
  async function armed() {
    const world = new World()
    const happened: string[] = []
    let context!: DetectorContext
    const detector: Detector = {
      kind: 'detector',
      name: 'idle',
      api: 1,
      attach: (given) => {
        context = given
        return {
          start: (now) => void context.arm(now + 100, 0),
          stop: () => undefined,
          onTimer: () => happened.push('timer'),
          onMessage: (_, body) => happened.push(`packet ${body.u8()}`),
        }
      },
    }
    const made = make(world, 1, { detector })
    const codec = swimCodec().open({
      cluster: 'default',
      sealer: undefined,
      maxPacketBytes: 1_400,
      maxStreamBytes: 65_536,
    })
    const packet = (number: number) => {
      const body = codec.encode({ type: 'custom', channel: 'idle', body: Uint8Array.of(number) })
      made.transport.arrive(
        { host: '10.0.0.9', port: 9 },
        codec.bundle({ name: 'x', boot: 1n, incarnation: 1 }, [body], undefined),
      )
    }
    await made.node.start()
    return { ...made, world, happened, packet }
  }

  test('lets packets in that have arrived, look by look, before it ticks', async () => {
    const { happened, node, packet, world } = await armed()
    world.polls = []
    await world.run(99)
    world.stall(50)
    await world.run(0)
    expect([world.polls.length, happened]).toEqual([1, []])
    packet(1)
    world.polls.shift()!()
    // There was one: there may be more.
    expect([world.polls.length, happened]).toEqual([1, ['packet 1']])
    packet(2)
    world.polls.shift()!()
    expect(happened).toEqual(['packet 1', 'packet 2'])
    world.polls.shift()!()
    expect(happened).toEqual(['packet 1', 'packet 2', 'timer'])
    expect([world.polls.length, node.stats().engine.latePolls]).toEqual([0, 3])
    await node.stop()
  })

  test('goes ahead after 16 looks, however many packets come', async () => {
    const { happened, node, packet, world } = await armed()
    world.polls = []
    world.stall(150)
    await world.run(0)
    let looks = 0
    while (world.polls.length > 0) {
      packet(looks++)
      world.polls.shift()!()
    }
    expect([looks, happened.length, happened.at(-1)]).toEqual([16, 17, 'timer'])
    await node.stop()
  })

  test('that is late by 3 ms at most ticks at once', async () => {
    const { happened, node, world } = await armed()
    world.polls = []
    await world.run(99)
    world.stall(4)
    await world.run(0)
    expect([world.polls, happened]).toEqual([[], ['timer']])
    await node.stop()
  })

  test('whose node is stopped meanwhile does nothing', async () => {
    const { happened, node, world } = await armed()
    world.polls = []
    world.stall(150)
    await world.run(0)
    await node.stop()
    world.polls.shift()!()
    expect([world.polls, happened]).toEqual([[], []])
  })
})

describe('at the transport', () => {
  test('dropped packets are counted, in and out, and dropping can be switched', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const { node } = first!
    node.dropRate = 1
    const { length } = first!.transport.sent
    second!.node.ping('n1').catch(() => undefined)
    node.ping('n2').catch(() => undefined)
    await world.run(100)
    expect(first!.transport.sent.length).toBe(length)
    expect(node.stats().engine).toMatchObject({ packetsDroppedIn: 1, packetsDroppedOut: 1 })
    node.dropRate = 0
    await world.run(20_000)
    expect((await world.outcome(node.ping('n2'))).path).toBe('direct')
  })

  test('a stream of nonsense is answered with an error and logged; one that ends early, with nothing', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const { logged, node, transport } = first!
    const [near, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
    transport.handlers.connection(far)
    await near.write(new Uint8Array(100).fill(7))
    const answer = await near.read()
    expect(answer!.length).toBeGreaterThan(0)
    expect(await near.read()).toBeUndefined()
    expect(logged.filter((line) => line.startsWith('warn: refused a stream'))).toHaveLength(1)
    const [early, served] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
    transport.handlers.connection(served)
    early.end()
    await world.settle()
    expect(served.state).toBe('destroyed')
    await node.stop()
  })

  test('a stream that says nothing is dropped after the limit, and at the stop', async () => {
    const world = new World()
    const [first] = await cluster(world, 1)
    const { node, transport } = first!
    const serve = () => {
      const [, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
      transport.handlers.connection(far)
      return far
    }
    const slow = serve()
    await world.run(9_999)
    expect(slow.state).toBe('open')
    await world.run(1)
    expect(slow.state).toBe('destroyed')
    const last = serve()
    await node.stop()
    await world.settle()
    expect(last.state).toBe('destroyed')
  })

  test('errors are counted, and a fatal one is told', async () => {
    const { logged, node, transport } = make(new World(), 1)
    await node.start()
    transport.handlers.fault(new Error('one'), false)
    expect(node.stats().engine.transportFaults).toBe(1)
    const error = new Error('two')
    transport.handlers.fault(error, true)
    expect(await node.failed).toBe(error)
    expect(logged).toContain('error: the transport failed')
  })

  test('what comes before or after its time is nothing', async () => {
    const world = new World()
    const [first, second] = await cluster(world, 2)
    const { handlers } = first!.transport
    await first!.node.stop()
    handlers.packet({ host: '10.0.0.1', port: 2 }, second!.transport.sent[0]!.packet)
    const [near, far] = ends({ host: '10.0.0.1', port: 1 }, { host: '10.0.0.9', port: 9 })
    handlers.connection(far)
    await near.write(new Uint8Array(100))
    await world.settle()
    expect(far.state).toBe('destroyed')
    expect(first!.node.members()).toEqual([])
  })
})
