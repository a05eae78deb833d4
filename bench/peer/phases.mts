import type { Node } from '@swimkit/core'
import type { Cluster } from './cluster.mts'
import { cpuSeconds, datagramsOut } from './cost.mts'
import type { PeerOptions } from './options.mts'
import { type Quantiles, quantiles } from './quantiles.mts'
import { silence } from './silence.mts'
import { sleep, waitUntil } from './wait.mts'
import type { Watcher } from './watcher.mts'

export interface SteadyCost {
  readonly cpuPercentPerNode: number
  /** Of the whole network namespace; undefined where the system does not say. */
  readonly datagramsPerNodePerSecond: number | undefined
  /** By the nodes' own counters. */
  readonly packetsPerNodePerSecond: number
  readonly bytesPerPacket: number
}

/** What a cluster costs that has nothing to tell. */
export async function measureSteady(nodes: readonly Node[], seconds: number): Promise<SteadyCost> {
  const cpu = cpuSeconds()
  const datagrams = datagramsOut()
  const before = traffic(nodes)
  const start = performance.now()
  await sleep(seconds * 1_000)
  const span = ((performance.now() - start) / 1_000) * nodes.length
  const used = cpuSeconds() - cpu
  const sent = datagramsOut()
  const after = traffic(nodes)
  const packets = after.packets - before.packets
  return {
    cpuPercentPerNode: (100 * used) / span,
    datagramsPerNodePerSecond:
      sent === undefined || datagrams === undefined ? undefined : (sent - datagrams) / span,
    packetsPerNodePerSecond: packets / span,
    bytesPerPacket: (after.bytes - before.bytes) / packets,
  }
}

export interface SpreadFigures {
  /** For each of what was told, how long it took to be seen. */
  readonly spread: readonly Quantiles[]
  /** How many saw one, of how many that were to, over all of them. */
  readonly reached: number
  readonly wanted: number
}

/** Changes the first node's payload that many times, one after the other. */
export function measureUpdates({ nodes, watchers }: Cluster, times: number): Promise<SpreadFigures> {
  const first = nodes[0]!
  return measureSpread(watchers.slice(1), times, {
    tell: (i) => first.setPayload(new TextEncoder().encode(`v${i + 2}`)),
    seenAt: (watcher, i) => watcher.updatedAt(first.name, `v${i + 2}`),
  })
}

/** Lets the first node tell all of something that many times, one after the other. */
export function measureBroadcasts({ nodes, watchers }: Cluster, times: number): Promise<SpreadFigures> {
  for (const watcher of watchers) watcher.listen()
  return measureSpread(watchers.slice(1), times, {
    tell: (i) => nodes[0]!.broadcast(`b${i}`, new Uint8Array(100)),
    seenAt: (watcher, i) => watcher.toldAt(`b${i}`),
  })
}

interface Told {
  tell(i: number): Promise<void>
  seenAt(watcher: Watcher, i: number): number | undefined
}

async function measureSpread(others: readonly Watcher[], times: number, told: Told): Promise<SpreadFigures> {
  const spread: Quantiles[] = []
  let reached = 0
  for (let i = 0; i < times; i++) {
    // Long enough for the last transmissions of the one before, and never in step with any period.
    if (i > 0) await sleep(2_000 + 1_000 * Math.random())
    const seen = await measureOne(others, i, told)
    reached += seen.length
    const figures = quantiles(seen)
    if (figures !== undefined) spread.push(figures)
  }
  return { spread, reached, wanted: times * others.length }
}

/** The seconds after which each of the others that saw it saw it. */
async function measureOne(others: readonly Watcher[], i: number, { seenAt, tell }: Told): Promise<number[]> {
  const start = performance.now()
  // It resolves once it has been sent as often as it will be, which says nothing of who has it.
  const told = tell(i)
  const seen = (): number[] =>
    secondsSince(
      start,
      others.map((other) => seenAt(other, i)),
    )
  await waitUntil(() => seen().length === others.length, spreadLimit)
  await told
  return seen()
}

export interface CrashFigures {
  /** Seconds after which each survivor held each victim failed. */
  readonly noticed: readonly number[]
  /** Seconds after which each victim was first doubted by anybody. */
  readonly detected: readonly number[]
  /** How many such verdicts there are to be: who holds a victim failed already, wrongly, reaches none. */
  readonly wanted: number
}

/** Takes the last nodes away: they stop without a word, or their packets are dropped and they live on. */
export async function measureCrash(cluster: Cluster, options: PeerOptions): Promise<CrashFigures> {
  const { base, kill, limit, silent } = options
  const left = cluster.nodes.length - kill
  const victims = cluster.nodes.slice(left)
  const survivors = cluster.watchers.slice(0, left)
  const awaited = survivors.flatMap((watcher) =>
    victims.filter(({ name }) => watcher.forget(name)).map(({ name }) => [watcher, name] as const),
  )
  const start = performance.now()
  if (silent) await silence(base + left, base + cluster.nodes.length - 1)
  else await Promise.all(victims.map((node) => node.stop()))
  const noticed = (): number[] =>
    secondsSince(
      start,
      awaited.map(([watcher, name]) => watcher.failedAt(name)),
    )
  const wanted = awaited.length
  await waitUntil(() => noticed().length === wanted, limit * 1_000)
  const doubted = victims.map(({ name }) =>
    Math.min(...survivors.map((watcher) => watcher.suspectedAt(name) ?? Number.POSITIVE_INFINITY)),
  )
  return { noticed: noticed(), detected: secondsSince(start, doubted.filter(Number.isFinite)), wanted }
}

/** Verdicts of survivors about survivors, since the start. */
export function countFalsePositives({ nodes, watchers }: Cluster, kill: number): number {
  const left = nodes.length - kill
  const names = nodes.slice(0, left).map(({ name }) => name)
  let wrong = 0
  for (const watcher of watchers.slice(0, left)) for (const name of names) wrong += watcher.failedTimes(name)
  return wrong
}

function traffic(nodes: readonly Node[]): { packets: number; bytes: number } {
  let packets = 0
  let bytes = 0
  for (const node of nodes) {
    const { engine } = node.stats()
    packets += engine.packetsOut ?? 0
    bytes += engine.bytesOut ?? 0
  }
  return { packets, bytes }
}

/** What has not happened is left out. */
function secondsSince(start: number, instants: readonly (number | undefined)[]): number[] {
  return instants.filter((at) => at !== undefined).map((at) => (at - start) / 1_000)
}

/** Milliseconds for a change of metadata, or a broadcast, to reach everyone. */
const spreadLimit = 60_000
