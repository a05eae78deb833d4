import { pingAck } from '@swimkit/detector-pingack'
import { Simulation } from '@swimkit/simulator'
import { cpuSeconds } from '../peer/cost.mts'
import { bareHeap } from './bare-heap.mts'

export interface SimulationOrder {
  readonly nodes: number
  /** Virtual seconds. */
  readonly seconds: number
  /** Processes that die, all at once, a twelfth of the time after the start. */
  readonly crash: number
  readonly seed: number
}

export interface SimulationFigures extends SimulationOrder {
  readonly populateSeconds: number
  readonly wallSeconds: number
  readonly virtualSecondsPerSecond: number
  readonly cpuSeconds: number
  readonly bareHeapVirtualSecondsPerCpuSecond: number
  /** By CPU time: on a shared machine that says more than the time by the clock. */
  readonly ratioToBareHeap: number
  readonly events: number
  readonly cpuMicrosecondsPerEvent: number
  readonly packets: number
  readonly traceHash: string
  readonly maxRssMiB: number
}

/** Runs a converged cluster at `lan`, and the bare heap before and after, as the machine's speed drifts meanwhile. */
export function simulate(order: SimulationOrder): SimulationFigures {
  const { crash, nodes, seconds, seed } = order
  const span = Math.max(1, Math.min(seconds, 600_000 / nodes))
  const bareBefore = bareHeap(nodes, span)
  const started = performance.now()
  const simulation = new Simulation({ detectors: () => [pingAck()], seed, keepEvents: false })
  simulation.populate(nodes)
  const populated = performance.now()
  const cpuStarted = cpuSeconds()
  for (let second = 0; second < seconds; second++) {
    if (second === Math.floor(seconds / 12)) {
      for (let i = 0; i < crash; i++) simulation.crash(`n${Math.floor(((i + 0.5) * nodes) / crash)}`)
    }
    simulation.run(1_000)
  }
  const wall = (performance.now() - populated) / 1_000
  const busy = cpuSeconds() - cpuStarted
  const bareAfter = bareHeap(nodes, span)
  const bare = (2 * span) / (bareBefore.seconds + bareAfter.seconds)
  return {
    ...order,
    populateSeconds: (populated - started) / 1_000,
    wallSeconds: wall,
    virtualSecondsPerSecond: seconds / wall,
    cpuSeconds: busy,
    bareHeapVirtualSecondsPerCpuSecond: bare,
    ratioToBareHeap: bare / (seconds / busy),
    events: simulation.steps,
    cpuMicrosecondsPerEvent: (1e6 * busy) / simulation.steps,
    packets: simulation.traffic.packets,
    traceHash: simulation.trace.hash,
    maxRssMiB: process.resourceUsage().maxRSS / 1_024,
  }
}
