import type { JoinOptions, JoinResult, Logger, LogLevel, Member } from '@swimkit/core'
import { type Bootstrap, type BootstrapOptions, bootstrap } from '../bootstrap.ts'
import { Lan, type LanOptions } from '../lan/lan-discovery.ts'
import { FakeNetwork } from './fake-network.ts'
import { FakeNode, fakeMember } from './fake-node.ts'
import { fractions } from './fractions.ts'
import { fakeHost, VirtualTime } from './virtual-time.ts'

export interface Entry {
  readonly level: LogLevel
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>> | undefined
}

/** A node of a world: who is joined becomes a member at once, with all that it knows. Addresses are 10.0.0.N:7946. */
export class WorldNode extends FakeNode {
  override readonly cluster: string
  readonly log: Entry[] = []
  readonly end = new AbortController()
  lan: Lan | undefined
  search!: Bootstrap
  readonly #world: FakeWorld
  readonly #own: Member

  constructor(world: FakeWorld, number: number, cluster: string) {
    super()
    this.#world = world
    this.cluster = cluster
    this.#own = fakeMember(`n${number}`, {
      address: `10.0.0.${number}:7946`,
      boot: number.toString(16).padStart(16, '0'),
    })
    this.list = [this.#own]
  }

  override get self(): Member {
    return this.#own
  }

  override async join(addresses: readonly string[], { signal }: JoinOptions = {}): Promise<JoinResult> {
    this.joins.push(addresses)
    await this.#world.roundTrip()
    signal?.throwIfAborted()
    const joined = addresses.filter((address) => this.#world.meet(this, address))
    const failed = addresses
      .filter((address) => !joined.includes(address))
      .map((seed) => ({ seed, code: 'refused', message: 'nobody listens there' }))
    return { joined, failed }
  }

  get names(): string[] {
    return this.list.map(({ name }) => name).sort()
  }
}

export interface NodeSetup extends Partial<Omit<BootstrapOptions, 'host' | 'lan'>> {
  readonly cluster?: string
  readonly remembered?: readonly string[]
  /** On the local network. Default false. */
  readonly lan?: boolean | Partial<LanOptions>
}

/** Nodes on one network in virtual time. Everything in it depends on a seed. */
export class FakeWorld {
  readonly time = new VirtualTime()
  readonly network = new FakeNetwork(this.time)
  readonly nodes = new Map<string, WorldNode>()
  readonly #seed: number

  constructor(seed = 1) {
    this.#seed = seed
  }

  start(
    number: number,
    { cluster = 'default', lan = false, remembered = [], ...more }: NodeSetup,
  ): WorldNode {
    const node = new WorldNode(this, number, cluster)
    node.remembered = remembered
    this.nodes.set(node.self.address, node)
    const ip = `10.0.0.${number}`
    const host = fakeHost(this.time, fractions(1_000 * this.#seed + number), ip)
    if (lan) node.lan = new Lan({ host, ...(lan === true ? {} : lan) }, this.network.at(ip))
    const logger: Logger = {
      enabled: () => true,
      log: (level, message, fields) => void node.log.push({ level, message, fields }),
    }
    node.search = bootstrap(node, {
      host,
      logger,
      signal: node.end.signal,
      ...(node.lan === undefined ? {} : { lan: node.lan }),
      ...more,
    })
    return node
  }

  /** What a join takes. */
  roundTrip(): Promise<void> {
    return new Promise((resolve) => this.time.wake(this.time.now + 5, resolve))
  }

  /** Both know all that either has known. */
  meet(node: WorldNode, address: string): boolean {
    const other = this.nodes.get(address)
    if (other === undefined || other.state !== 'running' || other.cluster !== node.cluster || other === node)
      return false
    const all = [...new Set([...node.list, ...other.list])]
    for (const { address: at } of all) this.nodes.get(at)!.list = all
    return true
  }

  /** How many clusters there are. */
  get clusters(): number {
    return new Set([...this.nodes.values()].map(({ list }) => list)).size
  }

  async end(): Promise<void> {
    for (const { end } of this.nodes.values()) end.abort()
    await Promise.all([...this.nodes.values()].map(({ search }) => search.done))
  }
}

/** Addresses of nodes by their numbers. */
export const addressesOf = (...numbers: number[]): string[] =>
  numbers.map((number) => `10.0.0.${number}:7946`)
