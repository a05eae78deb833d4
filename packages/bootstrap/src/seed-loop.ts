import type { Logger, Node, SeedFailure } from '@swimkit/core'
import { type Backoff, exponentialBackoff } from './backoff.ts'
import { reasonOf } from './reason.ts'
import { joinSeeds, resolveSeeds } from './seeds/join-seeds.ts'
import type { Resolver } from './seeds/resolve.ts'
import type { Seed } from './seeds/seed.ts'

/** Where the search for a cluster stands. */
export type SeedState =
  /** No seeds, or none but this node itself: a cluster of one by its user's choice. */
  | 'alone'
  /** No seed has introduced this node yet. */
  | 'searching'
  /** It is, or was, with others. */
  | 'joined'

export interface SeedLoopOptions {
  readonly node: Pick<Node, 'join' | 'setSeeds' | 'counts' | 'self' | 'state'>
  readonly seeds: readonly Seed[]
  readonly resolver: Resolver
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Between attempts; resolves early, without fault, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
  random(): number
  /** Milliseconds, from anywhere. */
  now(): number
  /** The name belongs to another process: the node must not go on. */
  onConflict(error: unknown): void
  /** Wait between looks at the seeds once joined, milliseconds. Default 60,000. */
  readonly refresh?: number
}

export interface SeedLoop extends SeedControl {
  readonly state: SeedState
  /** Resolves when the signal ended it. */
  readonly done: Promise<void>
}

/** The seeds of a running node: what they are, and how to change them. */
export interface SeedControl {
  readonly seeds: readonly Seed[]
  /** From now on these; looked at right away. */
  replace(seeds: readonly Seed[]): void
}

/** A seed that keeps failing in the same way is mentioned again after so long, milliseconds. */
const reminder = 600_000

/** Failures that trying again will not mend: an operator has to do something, and is told what. */
const advice: Readonly<Record<string, string>> = {
  'unreachable-address':
    'others cannot reach this node there: open its port (UDP and TCP), or name a reachable address with --advertise',
  'cluster-mismatch': 'that node is of another cluster: check --cluster on both',
  version: 'that node speaks another version of the protocol: upgrade the older one',
  'detector-missing': "this node lacks the cluster's detector: start it with that --detector",
}

/**
 * Looks for the cluster for as long as the node runs: names are resolved anew each time, attempts back off from 1 s to
 * 30 s while nobody has answered, and about once a minute after that the addresses are refreshed, because a name that
 * failed at start or moved since must not leave the node on its own for life.
 */
export function startSeedLoop(options: SeedLoopOptions): SeedLoop {
  const { node, logger, signal, random, refresh = 60_000 } = options
  let { seeds } = options
  /** Ends the wait until the seeds are looked at again. */
  let waiting = new AbortController()
  let state: SeedState = seeds.length === 0 ? 'alone' : 'searching'
  const backoff = exponentialBackoff(1_000, 30_000, random)

  async function attempt(): Promise<void> {
    const resolved = await resolveSeeds(seeds, options.resolver, signal)
    if (signal.aborted) return
    node.setSeeds([...new Set(resolved.flatMap(({ addresses }) => addresses))])
    if (!isAlone()) {
      state = 'joined'
      return
    }
    const { joined, failed } = await joinSeeds(node, resolved, signal)
    if (joined.length > 0 || !isAlone()) {
      state = 'joined'
      said.clear()
      logger.log('info', 'joined', { through: joined.join(', ') || 'another member' })
    } else if (failed.every(({ code }) => code === 'self')) {
      becomeFirst()
    }
    for (const failure of failed) if (failure.code !== 'self') report(failure)
  }

  /** What was last said of each seed: for life is long, and so would a log be that repeats itself at each attempt. */
  const said = new Map<string, { code: string; at: number }>()

  function report({ seed, code, message }: SeedFailure): void {
    const last = said.get(seed)
    const at = options.now()
    if (last?.code === code && at - last.at < reminder) return
    said.set(seed, { code, at })
    const known = advice[code]
    if (known)
      logger.log('error', `join refused: ${code}`, { seed, message, own: node.self.address, advice: known })
    else if (code === 'unresolved') logger.log('warn', 'seed does not resolve', { seed, reason: message })
    else logger.log('warn', 'seed does not answer', { seed, code, reason: message })
  }

  function becomeFirst(): void {
    if (state === 'alone') return
    state = 'alone'
    logger.log('info', 'no seed but this node: it forms a cluster of one, and others may join')
  }

  const isAlone = (): boolean => {
    const { alive, suspect } = node.counts()
    return alive + suspect <= 1
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      try {
        await attempt()
      } catch (error) {
        if (signal.aborted) return
        if (error instanceof Error && error.name === 'NameConflictError') {
          options.onConflict(error)
          return
        }
        // Left or stopped meanwhile: whoever did that also ends this loop.
        if (node.state !== 'running') return
        logger.log('warn', 'join failed', { reason: reasonOf(error) })
      }
      await pause(wait(backoff))
    }
  }

  async function pause(ms: number): Promise<void> {
    // Replaced while they were looked at: there is nothing to wait for.
    if (!waiting.signal.aborted) await options.sleep(ms, AbortSignal.any([signal, waiting.signal]))
    if (waiting.signal.aborted) waiting = new AbortController()
  }

  /** Short and growing until with others, then about `refresh`. */
  function wait(growing: Backoff): number {
    if (state === 'searching' || (state === 'joined' && isAlone())) return growing.next()
    growing.reset()
    return refresh * (0.8 + 0.4 * random())
  }

  /** Without seeds there is nothing to look at, until there are some. */
  let done: Promise<void> | undefined = seeds.length === 0 ? undefined : run()
  if (seeds.length === 0)
    logger.log('info', 'no seeds: this node forms a cluster of one, and others may join')
  return {
    get state() {
      return state
    },
    get seeds() {
      return seeds
    },
    get done() {
      return done ?? Promise.resolve()
    },
    replace(wanted) {
      seeds = wanted
      said.clear()
      backoff.reset()
      if (state === 'alone' && wanted.length > 0) state = isAlone() ? 'searching' : 'joined'
      if (wanted.length === 0 && isAlone()) state = 'alone'
      logger.log('info', 'seeds replaced', { seeds: wanted.map(({ text }) => text).join(', ') || 'none' })
      if (done === undefined) done = wanted.length === 0 ? undefined : run()
      else waiting.abort()
    },
  }
}
