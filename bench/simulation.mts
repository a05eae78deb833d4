/**
 * How fast the simulator runs, beside a bare event heap that delivers the same pings and acks and does nothing else: what is
 * between the two is the protocol itself.
 *
 *   npm run bench:simulation -- --nodes 1000 --seconds 60
 *   npm run bench:simulation -- --nodes 10000 --seconds 60 --crash 10
 */
import { parseArgs } from 'node:util'
import { pingAck } from '@swimkit/detector-pingack'
import { Simulation } from '@swimkit/simulator'

const { values } = parseArgs({
  options: {
    nodes: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '60' },
    crash: { type: 'string', default: '0' },
    seed: { type: 'string', default: '1' },
  },
})
const nodes = Number(values.nodes)
const seconds = Number(values.seconds)
const crash = Number(values.crash)

/** CPU seconds of this process: on a shared machine they say more than the time by the clock. */
const cpu = (): number => {
  const { system, user } = process.cpuUsage()
  return (system + user) / 1e6
}

interface Due {
  readonly at: number
  readonly kind: 'period' | 'ping' | 'ack'
  readonly from: number
  readonly to: number
}

/** A binary heap of objects, as anybody would write it first. */
function bareHeap(count: number, span: number): { seconds: number; events: number } {
  const heap: Due[] = []
  let seed = 1
  const random = (): number => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0
    return seed / 4_294_967_296
  }
  const push = (due: Due): void => {
    let place = heap.push(due) - 1
    while (place > 0) {
      const above = (place - 1) >> 1
      if (heap[above]!.at <= due.at) break
      heap[place] = heap[above]!
      place = above
    }
    heap[place] = due
  }
  const pop = (): Due => {
    const first = heap[0]!
    const last = heap.pop()!
    if (heap.length === 0) return first
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      if (child >= heap.length) break
      if (child + 1 < heap.length && heap[child + 1]!.at < heap[child]!.at) child++
      if (heap[child]!.at >= last.at) break
      heap[place] = heap[child]!
      place = child
    }
    heap[place] = last
    return first
  }
  for (let node = 0; node < count; node++)
    push({ at: random() * 1_000, kind: 'period', from: node, to: node })
  const delay = (): number => 0.2 + 0.6 * random()
  const start = cpu()
  let events = 0
  while (heap[0]!.at <= span * 1_000) {
    const { at, from, kind, to } = pop()
    events++
    if (kind === 'period') {
      push({ at: at + 1_000, kind, from, to })
      push({ at: at + delay(), kind: 'ping', from, to: Math.floor(random() * count) })
    } else if (kind === 'ping') push({ at: at + delay(), kind: 'ack', from: to, to: from })
  }
  return { seconds: cpu() - start, events }
}

/** Before and after, as the machine's speed drifts while the simulation runs. */
const span = Math.max(1, Math.min(seconds, 600_000 / nodes))
const bareBefore = bareHeap(nodes, span)
const started = performance.now()
const simulation = new Simulation({
  detectors: () => [pingAck()],
  seed: Number(values.seed),
  keepEvents: false,
})
simulation.populate(nodes)
const populated = (performance.now() - started) / 1_000
const runStarted = performance.now()
const cpuStarted = cpu()
for (let second = 0; second < seconds; second++) {
  if (second === Math.floor(seconds / 12)) {
    for (let i = 0; i < crash; i++) simulation.crash(`n${Math.floor(((i + 0.5) * nodes) / crash)}`)
  }
  simulation.run(1_000)
}
const wall = (performance.now() - runStarted) / 1_000
const busy = cpu() - cpuStarted
const bareAfter = bareHeap(nodes, span)
const bare = (2 * span) / (bareBefore.seconds + bareAfter.seconds)
const { arrayBuffers, heapUsed, rss } = process.memoryUsage()
console.log(
  JSON.stringify({
    nodes,
    virtualSeconds: seconds,
    crash,
    populateSeconds: populated,
    wallSeconds: wall,
    virtualSecondsPerSecond: seconds / wall,
    cpuSeconds: busy,
    bareHeapVirtualSecondsPerCpuSecond: bare,
    ratioToBareHeap: bare / (seconds / busy),
    events: simulation.steps,
    cpuMicrosecondsPerEvent: (1e6 * busy) / simulation.steps,
    packets: simulation.traffic.packets,
    traceHash: simulation.trace.hash,
    rssMiB: rss / 2 ** 20,
    heapMiB: heapUsed / 2 ** 20,
    arrayBuffersMiB: arrayBuffers / 2 ** 20,
    maxRssMiB: process.resourceUsage().maxRSS / 1_024,
  }),
)
