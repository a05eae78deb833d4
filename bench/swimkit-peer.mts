/**
 * A whole cluster of swimkit in this process, over loopback at `lan` timings, through the phases that
 * peers/memberlist runs memberlist through: form, steady, update, crash. Prints one JSON object with the same keys.
 *
 *   npm run bench:loopback -- --nodes 200 --hold 20 --kill 5
 */

import { form, runtime, sumCounters } from './peer/cluster.mts'
import { canCollect, cpuSeconds, heapBytes, residentBytes } from './peer/cost.mts'
import { runProgram } from './peer/numbers.mts'
import { type PeerOptions, readPeerOptions, usage } from './peer/options.mts'
import {
  countFalsePositives,
  measureBroadcasts,
  measureCrash,
  measureSteady,
  measureUpdates,
} from './peer/phases.mts'
import { medianQuantiles, quantiles } from './peer/quantiles.mts'
import { sleep } from './peer/wait.mts'

async function run(options: PeerOptions): Promise<void> {
  const empty = heapBytes()
  const cluster = await form(options)
  const formCpu = cpuSeconds()
  const { nodes } = cluster
  const perNodeKb = (bytes: number): number => bytes / 1_024 / nodes.length

  await sleep(options.settle * 1_000)
  const steady = options.hold > 0 ? await measureSteady(nodes, options.hold) : undefined
  const heap = canCollect() ? perNodeKb(heapBytes() - empty) : undefined
  const resident = perNodeKb(residentBytes())

  const update = await measureUpdates(cluster, options.updates)
  const broadcast = await measureBroadcasts(cluster, options.updates)
  const crash = options.kill > 0 ? await measureCrash(cluster, options) : undefined

  console.log(
    JSON.stringify({
      system: 'swimkit',
      runtime,
      n: nodes.length,
      profile: 'lan',
      silent: options.silent,
      apart: options.apart,
      detector: options.detector,
      joined_s: cluster.joined,
      form_s: cluster.formed,
      form_cpu_s: formCpu,
      steady_cpu_pct_per_node: steady?.cpuPercentPerNode,
      steady_datagrams_per_node_s: steady?.datagramsPerNodePerSecond,
      steady_packets_per_node_s: steady?.packetsPerNodePerSecond,
      steady_bytes_per_packet: steady?.bytesPerPacket,
      heap_kb_per_node: heap,
      rss_kb_per_node: resident,
      update_s: medianQuantiles(update.spread),
      update_reached: update.reached,
      update_wanted: update.wanted,
      broadcast_s: medianQuantiles(broadcast.spread),
      broadcast_reached: broadcast.reached,
      broadcast_wanted: broadcast.wanted,
      crash_s: crash && quantiles(crash.noticed),
      detected_s: crash && quantiles(crash.detected),
      crash_seen: crash?.noticed.length,
      crash_wanted: crash?.wanted,
      false_positives: countFalsePositives(cluster, options.kill),
    }),
  )
  if (options.totals) console.log(JSON.stringify(sumCounters(nodes), null, 1))
  await Promise.all(nodes.map((node) => node.stop()))
}

await runProgram('swimkit-peer', usage, (args) => run(readPeerOptions(args)))
