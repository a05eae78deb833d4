import { compose, createNode, Directory, type Node } from '@swimkit/core'
import { gossip } from '@swimkit/detector-gossip'
import { pingAck } from '@swimkit/detector-pingack'
import { host } from '@swimkit/host'
import { aesGcm, Keyring } from '@swimkit/security'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'
import type { PeerOptions } from './options.mts'
import { waitUntil } from './wait.mts'
import { Watcher } from './watcher.mts'

export interface Cluster {
  readonly nodes: readonly Node[]
  /** By node, in the same order. */
  readonly watchers: readonly Watcher[]
  /** Seconds until the last had joined, and until all knew all. */
  readonly joined: number
  readonly formed: number
}

const clock = host()
const key = new Uint8Array(32).fill(7)

/** Such as `node 20.20.2`. */
export const runtime = clock.runtime

/** Starts nodes at the profile `lan`, each joining the first once the one before has, until all know all. */
export async function form(options: PeerOptions): Promise<Cluster> {
  const start = performance.now()
  const since = (): number => (performance.now() - start) / 1_000
  const nodes: Node[] = []
  const watchers: Watcher[] = []
  for (let i = 0; i < options.nodes; i++) {
    const node = createNode({
      name: `n${i}`,
      bind: `127.0.0.1:${options.base === 0 ? 0 : options.base + i}`,
      host: clock,
      transport: compose({ packets: udp(), streams: tcp() }),
      detector: options.detector === 'gossip' ? gossip() : pingAck(),
      profile: 'lan',
      // Each its own, as if it were alone in its process.
      ...(options.sealed ? { sealer: aesGcm(new Keyring([key])) } : {}),
      ...(options.apart ? { directory: new Directory() } : {}),
    })
    watchers.push(new Watcher(node))
    await node.start()
    nodes.push(node)
    if (i > 0) await join(node, nodes[0]!)
  }
  const joined = since()
  const complete = (): boolean => nodes.every((node) => node.counts().alive === nodes.length)
  if (!(await waitUntil(complete, options.formLimit * 1_000 - since() * 1_000))) {
    const known = nodes.map((node) => node.counts().alive)
    const whole = known.filter((alive) => alive === nodes.length).length
    throw new Error(
      `${nodes.length} nodes have not formed a cluster after ${options.formLimit} s: ${whole} know all, the least know ${Math.min(...known)}`,
    )
  }
  return { nodes, watchers, joined, formed: since() }
}

async function join(node: Node, first: Node): Promise<void> {
  const { host: address, port } = first.address!
  const { failed } = await node.join([`${address}:${port}`])
  if (failed[0] !== undefined) throw new Error(`${node.name} cannot join: ${failed[0].message}`)
}

/** Every counter of the engines, summed over all nodes. */
export function sumCounters(nodes: readonly Node[]): Record<string, number> {
  const sums: Record<string, number> = {}
  for (const node of nodes) {
    for (const [name, value] of Object.entries(node.stats().engine)) sums[name] = (sums[name] ?? 0) + value
  }
  return sums
}
