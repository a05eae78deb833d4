import { type Host, type Logger, type Node, NodeStateError, OptionError } from '@swimkit/core'
import { exponentialBackoff } from './backoff.ts'
import { Complaints } from './complaints.ts'
import { complainOf, needsAdvice } from './join-complaints.ts'
import type { LanDiscovery, LanPresence } from './lan/lan-discovery.ts'
import type { LanPeer } from './lan/lan-message.ts'
import { lookForStrangers, mostJoined } from './lan/strangers.ts'
import { randomFew, randomFraction } from './random-fraction.ts'
import { reasonOf } from './reason.ts'
import { joinSeeds, resolveSeeds } from './seeds/join-seeds.ts'
import { type Resolver, systemResolver } from './seeds/resolve.ts'
import { readSeeds, type Seed } from './seeds/seed.ts'
import { sleep } from './sleep.ts'

/** Where the search for a cluster stands. */
export type BootstrapState =
  /** Nobody to look for, or nobody but this node there: a cluster of one. On the local network the search goes on. */
  | 'alone'
  /** There are others by configuration or by the last snapshot, and none has introduced this node yet. */
  | 'searching'
  /** It is, or was, with others. */
  | 'joined'

/** The part of a node that is needed. */
export type BootstrapNode = Pick<
  Node,
  'cluster' | 'conflict' | 'counts' | 'join' | 'members' | 'remembered' | 'self' | 'setSeeds' | 'state'
>

export interface BootstrapOptions {
  /** As the node has it. */
  readonly host: Host
  /** Whom to ask first: `host:port`, `dns+name:port` or `dnssrv+name`. Default: nobody. */
  readonly seeds?: readonly (Seed | string)[]
  /** Asks the local network, where neither seeds nor the last snapshot lead to anybody; see `lanDiscovery`. Closed at the end. Default: it is not asked. */
  readonly lan?: LanDiscovery
  /** Of seeds. Default: the system's. */
  readonly resolver?: Resolver
  /** Default: nothing is told. */
  readonly logger?: Logger
  /** Ends it all. The node's end does so, too. */
  readonly signal?: AbortSignal
  /** Wait between looks at the seeds once joined, milliseconds, 1,000..86,400,000. Default 60,000. */
  readonly refresh?: number
  /** The node's name belongs to another process, so that the search has ended and the node must not go on; `node.conflict` tells as well. Default: that is logged. */
  readonly onConflict?: (error: unknown) => void
}

/** The seeds of a running node: what they are, and how to change them. */
export interface SeedControl {
  readonly seeds: readonly Seed[]
  /** From now on these; looked at right away. Throws a {@link SeedError} for what is no seed, and changes nothing. */
  replace(seeds: readonly (Seed | string)[]): void
}

/** A search for the cluster, for as long as the node runs. */
export interface Bootstrap extends SeedControl {
  readonly state: BootstrapState
  /** Resolves when it has ended: with the signal, with the node, or at once where there is nobody to look for. Never rejects. */
  readonly done: Promise<void>
}

/** Of those whom the last snapshot names, so many are asked in a round. */
const handful = 5

/**
 * Finds a node's cluster, and goes on for as long as the node runs. While the node is alone, each round tries, until somebody introduces it: the seeds, whose names are
 * resolved anew; a few of those whom the last snapshot names (`node.remembered`); and whoever answers on the local network. Rounds back off from 1 s to 30 s,
 * with jitter, for ever: a name that failed at start or moved since must not leave the node on its own for life. Once it is with others, the seeds are
 * looked at about once a minute, and the local network now and then is asked for parts of the cluster that formed apart.
 *
 * The node must have been started. Throws a {@link NodeStateError} where it was not, a {@link SeedError} for what is no seed, and an {@link OptionError}.
 */
export function bootstrap(node: BootstrapNode, options: BootstrapOptions): Bootstrap {
  if (node.state === 'new') throw new NodeStateError('bootstrap: the node is not started')
  return new Search(node, options)
}

class Search implements Bootstrap {
  state: BootstrapState
  readonly #node: BootstrapNode
  readonly #host: Host
  readonly #logger: Logger | undefined
  readonly #resolver: Resolver
  readonly #refresh: number
  readonly #onConflict: (error: unknown) => void
  readonly #complaints: Complaints
  readonly #backoff
  readonly #end = new AbortController()
  /** Undefined where it is not to be asked, or cannot be. */
  #lan: LanDiscovery | undefined
  #seeds: readonly Seed[]
  /** The seeds stand for no other node than this one, as far as was found out. */
  #onlySelf = false
  /** Ends the wait until the next round. */
  #waiting = new AbortController()
  /** The local network was tried to be opened. */
  #opened: Promise<void> | undefined
  /** Undefined while there is nobody to look for. */
  #running: Promise<void> | undefined

  constructor(node: BootstrapNode, options: BootstrapOptions) {
    const { host, lan, logger, refresh = 60_000, resolver = systemResolver, seeds = [], signal } = options
    if (typeof host?.wake !== 'function') {
      throw new OptionError('host', 'host is missing: pass host() from @swimkit/host')
    }
    if (!(refresh >= 1_000 && refresh <= 86_400_000)) {
      throw new OptionError('refresh', `refresh is ${refresh}: must be 1000..86400000`)
    }
    this.#node = node
    this.#host = host
    this.#logger = logger
    this.#resolver = resolver
    this.#refresh = refresh
    this.#onConflict =
      options.onConflict ?? ((error) => logger?.log('error', reasonOf(error), { own: node.self.address }))
    this.#complaints = new Complaints(logger, () => host.now())
    this.#backoff = exponentialBackoff(1_000, 30_000, () => randomFraction(host))
    this.#seeds = readSeeds(seeds)
    this.#lan = lan
    const end = () => this.#end.abort()
    signal?.addEventListener('abort', end, { once: true })
    if (signal?.aborted) end()
    // It resolves when the node stops, whatever for.
    node.conflict.then(end, end)

    this.state = this.#isAlone() ? 'searching' : 'joined'
    if (this.#mayFind()) this.#running = this.#run()
    else if (this.#isAlone()) this.#becomeFirst()
  }

  get seeds(): readonly Seed[] {
    return this.#seeds
  }

  get done(): Promise<void> {
    return this.#running ?? Promise.resolve()
  }

  replace(seeds: readonly (Seed | string)[]): void {
    const wanted = readSeeds(seeds)
    this.#seeds = wanted
    this.#onlySelf = false
    this.#complaints.forget()
    this.#backoff.reset()
    if (this.state === 'alone' && wanted.length > 0) this.state = this.#isAlone() ? 'searching' : 'joined'
    if (!this.#expectsOthers() && this.#isAlone()) this.state = 'alone'
    this.#logger?.log('info', 'seeds replaced', {
      seeds: wanted.map(({ text }) => text).join(', ') || 'none',
    })
    if (this.#running === undefined) this.#running = this.#mayFind() ? this.#run() : undefined
    else this.#waiting.abort()
  }

  async #run(): Promise<void> {
    const { signal } = this.#end
    this.#opened = this.#openLan()
    const strangers = this.#opened.then(() => this.#lookForStrangers())
    while (!signal.aborted && this.#node.state !== 'stopped') {
      await this.#unlessConflict(() => this.#round())
      if (signal.aborted) break
      await this.#pause(this.#wait())
    }
    this.#end.abort()
    await Promise.all([strangers, this.#lan?.close()])
  }

  /** From now on others find this node on the local network. */
  async #openLan(): Promise<void> {
    const lan = this.#lan
    if (lan === undefined) return
    // At once: a question would otherwise be waited for.
    this.#end.signal.addEventListener('abort', () => void lan.close(), { once: true })
    try {
      await lan.open(() => this.#presence())
    } catch (error) {
      this.#lan = undefined
      this.#logger?.log('warn', 'the local network is neither asked nor answered', {
        reason: reasonOf(error),
      })
    }
  }

  async #lookForStrangers(): Promise<void> {
    const lan = this.#lan
    if (lan === undefined) return
    await lookForStrangers({
      host: this.#host,
      signal: this.#end.signal,
      members: () => (this.#node.state === 'running' ? this.#active() : undefined),
      ask: () => this.#ask(lan),
      join: (peers) =>
        this.#unlessConflict(async () => {
          await this.#join(
            peers.map(({ address }) => address),
            'the local network, as they formed apart',
          )
        }),
    })
  }

  async #unlessConflict(work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      if (this.#end.signal.aborted) return
      if (error instanceof Error && error.name === 'NameConflictError') {
        this.#end.abort()
        this.#onConflict(error)
        return
      }
      // Left or stopped meanwhile: nobody is to be joined, until it is brought back.
      if (this.#node.state !== 'running') return
      this.#logger?.log('warn', 'join failed', { reason: reasonOf(error) })
    }
  }

  async #round(): Promise<void> {
    if (this.#node.state !== 'running') return
    if (await this.#throughSeeds()) return
    if (await this.#throughSnapshot()) return
    if (await this.#throughLan()) return
    if (this.#end.signal.aborted || this.#node.state !== 'running') return
    if (!this.#joined([], '') && !this.#expectsOthers()) this.#becomeFirst()
  }

  /** Whether the node is with others, as seeds have introduced it or anyhow. Their addresses are the node's to go on trying by itself. */
  async #throughSeeds(): Promise<boolean> {
    const { signal } = this.#end
    const seeds = this.#seeds
    const resolved = await resolveSeeds(seeds, this.#resolver, signal)
    if (signal.aborted || seeds !== this.#seeds || this.#node.state !== 'running') return true
    this.#node.setSeeds([...new Set(resolved.flatMap(({ addresses }) => addresses))])
    if (!this.#isAlone()) {
      this.state = 'joined'
      return true
    }
    if (seeds.length === 0) return false
    const result = await joinSeeds(this.#node, resolved, signal, this.#host)
    const failed = result.failed.filter(({ code }) => code !== 'self')
    if (seeds === this.#seeds) this.#onlySelf = result.joined.length === 0 && failed.length === 0
    const joined = this.#joined(result.joined, 'seeds')
    for (const failure of failed) complainOf(failure, this.#node.self.address, this.#complaints)
    return joined
  }

  async #throughSnapshot(): Promise<boolean> {
    const remembered = this.#remembered()
    if (remembered.length === 0) return false
    const tried = randomFew(this.#host, remembered, handful)
    if (await this.#join(tried, 'the last snapshot')) return true
    this.#complaints.say('snapshot', 'silent', 'info', 'nobody of the last snapshot answers', {
      tried: tried.join(', '),
      of: remembered.length,
    })
    return false
  }

  async #throughLan(): Promise<boolean> {
    await this.#opened
    const lan = this.#lan
    if (lan === undefined) return false
    const answers = await this.#ask(lan)
    if (this.#end.signal.aborted || this.#node.state !== 'running') return true
    const others = new Set([...answers, ...lan.callers()].map(({ address }) => address))
    others.delete(this.#node.self.address)
    if (others.size === 0) return false
    return this.#join(randomFew(this.#host, [...others], mostJoined), 'the local network')
  }

  /** Nobody where it cannot be asked, which is said. */
  async #ask(lan: LanDiscovery): Promise<readonly LanPeer[]> {
    try {
      return await lan.ask()
    } catch (error) {
      this.#complaints.say('lan', 'unasked', 'warn', 'the local network cannot be asked', {
        reason: reasonOf(error),
      })
      return []
    }
  }

  async #join(addresses: readonly string[], by: string): Promise<boolean> {
    const result = await this.#node.join(addresses, { signal: this.#end.signal })
    for (const failure of result.failed) {
      if (needsAdvice(failure)) complainOf(failure, this.#node.self.address, this.#complaints)
    }
    return this.#joined(result.joined, by)
  }

  /** Whether the node is with others, as these have introduced it or as somebody has joined it meanwhile. */
  #joined(introducers: readonly string[], by: string): boolean {
    const introduced = introducers.length > 0
    if (!introduced && this.#isAlone()) return false
    if (introduced || this.state !== 'joined') {
      const how = introduced ? { through: introducers.join(', '), by } : { through: 'another member' }
      this.#logger?.log('info', 'joined', how)
    }
    this.state = 'joined'
    this.#complaints.forget()
    return true
  }

  #becomeFirst(): void {
    if (this.state === 'alone') return
    this.state = 'alone'
    const nobody = this.#seeds.length === 0 ? 'no seeds' : 'no seed but this node'
    const neither =
      this.#lan === undefined ? '' : `, and nobody answers on the local network (${this.#lan.place})`
    this.#logger?.log('info', `${nobody}${neither}: this node forms a cluster of one, and others may join`)
  }

  /** Where others are to be by configuration, or were. */
  #expectsOthers(): boolean {
    return (this.#seeds.length > 0 && !this.#onlySelf) || this.#remembered().length > 0
  }

  #mayFind(): boolean {
    return this.#seeds.length > 0 || this.#lan !== undefined || this.#remembered().length > 0
  }

  #remembered(): readonly string[] {
    const own = this.#node.self.address
    return this.#node.remembered.filter((address) => address !== own)
  }

  #active() {
    return this.#node.members().filter(({ status }) => status === 'alive' || status === 'suspect')
  }

  #isAlone(): boolean {
    const { alive, suspect } = this.#node.counts()
    return alive + suspect <= 1
  }

  #presence(): LanPresence | undefined {
    if (this.#node.state !== 'running') return undefined
    const { address, boot, name } = this.#node.self
    const { alive, suspect } = this.#node.counts()
    return { cluster: this.#node.cluster, name, address, boot, active: Math.max(1, alive + suspect) }
  }

  async #pause(ms: number): Promise<void> {
    const { signal } = this.#end
    // Replaced while they were looked at: there is nothing to wait for.
    if (!this.#waiting.signal.aborted) {
      await sleep(this.#host, ms, AbortSignal.any([signal, this.#waiting.signal]))
    }
    if (this.#waiting.signal.aborted) this.#waiting = new AbortController()
  }

  /** Short and growing while it is alone and there is somebody to look for, else about `refresh`. */
  #wait(): number {
    const searching = this.#node.state === 'running' && this.#isAlone()
    if (searching && (this.#expectsOthers() || this.#lan !== undefined)) return this.#backoff.next()
    this.#backoff.reset()
    return this.#refresh * (0.8 + 0.4 * randomFraction(this.#host))
  }
}
