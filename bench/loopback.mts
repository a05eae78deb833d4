/**
 * N nodes in this process over real loopback sockets at `lan` timings: time to form, CPU and memory per node, datagrams.
 *
 *   npx esbuild bench/loopback.mts --bundle --platform=node --format=esm --outfile=bench/dist/loopback.mjs
 *   node --expose-gc bench/dist/loopback.mjs --nodes 200 --hold 15
 */
import { parseArgs } from 'node:util'
import { compose, createNode, Directory, type Node } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { host } from '@swimkit/host'
import { tcp } from '@swimkit/transport-tcp'
import { udp } from '@swimkit/transport-udp'

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '50' },
    hold: { type: 'string', default: '10' },
    kill: { type: 'string', default: '0' },
    /** Each node its own directory, as if it were alone in its process. */
    apart: { type: 'boolean', default: false },
    /** Prints all counters, over all nodes. */
    totals: { type: 'boolean', default: false },
  },
})
const n = Number(values.nodes)
const hold = Number(values.hold)
const kill = Number(values.kill)
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
const collect = (globalThis as { gc?: () => void }).gc

function heap(): number {
  collect?.()
  collect?.()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return heapUsed + arrayBuffers
}
const cpu = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

const clock = host()
const empty = heap()
const started = performance.now()
const nodes: Node[] = []
for (let i = 0; i < n; i++) {
  const node = createNode({
    name: `n${i}`,
    bind: '127.0.0.1:0',
    host: clock,
    transport: compose({ packets: udp(), streams: tcp() }),
    detector: pingAck(),
    ...(values.apart ? { directory: new Directory() } : {}),
  })
  await node.start()
  nodes.push(node)
  const seed = nodes[0]!.address!
  if (i > 0) {
    const { failed } = await node.join([`${seed.host}:${seed.port}`])
    if (failed.length > 0) throw new Error(`${node.name}: ${failed[0]!.message}`)
  }
}
const joined = (performance.now() - started) / 1_000
while (nodes.some((node) => node.counts().alive !== n)) await sleep(5)
const formed = (performance.now() - started) / 1_000
const formCpu = cpu()
await sleep(5_000)
const packetsOut = (): number => nodes.reduce((sum, node) => sum + node.stats().engine.packetsOut!, 0)
const cpu0 = cpu()
const packets0 = packetsOut()
const at0 = performance.now()
await sleep(hold * 1_000)
const span = (performance.now() - at0) / 1_000
const steady = {
  cpuPercentPerNode: (100 * (cpu() - cpu0)) / span / n,
  packetsPerNodePerSecond: (packetsOut() - packets0) / span / n,
}
const heapKb = (heap() - empty) / 1_024 / n

let crash: object | undefined
if (kill > 0) {
  const victims = nodes.slice(-kill)
  const survivors = nodes.slice(0, -kill)
  const names = new Set(victims.map(({ name }) => name))
  const seen: number[] = []
  const t0 = performance.now()
  let wrong = 0
  for (const node of survivors) {
    node.on('failed', ({ member }) => {
      if (names.has(member.name)) seen.push((performance.now() - t0) / 1_000)
      else wrong++
    })
  }
  await Promise.all(victims.map((node) => node.stop()))
  while (seen.length < survivors.length * kill && performance.now() - t0 < 120_000) await sleep(20)
  seen.sort((a, b) => a - b)
  const at = (q: number): number | undefined => seen[Math.floor(q * (seen.length - 1))]
  crash = { first: at(0), p50: at(0.5), p99: at(0.99), last: at(1), seen: seen.length, wrong }
}
const totals: Record<string, number> = {}
for (const node of nodes)
  for (const [k, v] of Object.entries(node.stats().engine)) totals[k] = (totals[k] ?? 0) + v
console.log(
  JSON.stringify({
    system: 'swimkit',
    runtime: clock.runtime,
    n,
    joined_s: joined,
    form_s: formed,
    form_cpu_s: formCpu,
    steady,
    heapKbPerNode: heapKb,
    crash,
  }),
)
if (values.totals) console.log(JSON.stringify(totals, null, 1))
await Promise.all(nodes.map((node) => node.stop()))
