/**
 * Measures the detector beside ping/ack, in the simulator: how long a crash takes to be looked for, held suspect and failed, what a node
 * sends, how often it looks at the living, and the processor time of one node in one second.
 *
 *   npm run -w @swimkit/detector-gossip measure -- [n …] [--seeds 5] [--loss 0] [--packet 1400] [--quiet 30] [--skip pingack] [name=value …]
 *
 * `name=value` are options of the detector. Four machines vanish one after the other for each seed; times are those of the simulation, in
 * seconds: median, 90th percentile and longest. The processor time of both is that of a machine that does nothing else, if it does so.
 */
import { parseArgs } from 'node:util'
import type { Detector, LookOptions, Ref } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { Detection, quantile, Simulation } from '@swimkit/simulator'
import { gossip } from './src/index.ts'

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    seeds: { type: 'string', default: '5' },
    loss: { type: 'string', default: '0' },
    packet: { type: 'string', default: '1400' },
    skip: { type: 'string', default: '' },
    quiet: { type: 'string', default: '30' },
  },
})
const sizes = positionals.filter((each) => !each.includes('=')).map(Number)
const options = Object.fromEntries(
  positionals
    .filter((each) => each.includes('='))
    .map((each) => [each.split('=')[0], Number(each.split('=')[1])]),
)
const settings = { packetBytes: Number(values.packet) }
const network = { loss: Number(values.loss) }

/** A detector whose looks are counted. */
function watched(inner: Detector, looked: (ref: Ref) => void): Detector {
  return {
    ...inner,
    attach: (context) =>
      inner.attach({
        ...context,
        look: (ref: Ref, how: LookOptions, now: number) => {
          looked(ref)
          return context.look(ref, how, now)
        },
      }),
  }
}

for (const n of sizes.length > 0 ? sizes : [16, 64, 200]) {
  for (const [name, make] of [
    ['pingack', () => pingAck()],
    ['gossip', () => gossip(options)],
  ] as const) {
    if (name === values.skip) continue
    const times = { look: [] as number[], suspect: [] as number[], failed: [] as number[] }
    let packets = 0
    let bytes = 0
    let cpu = 0
    let falseLooks = 0
    let reports = 0
    const quiet = Number(values.quiet)
    for (let seed = 1; seed <= Number(values.seeds); seed++) {
      let looks = 0
      let victim = -1
      let first = Number.NaN
      const detector = watched(make(), (ref) => {
        looks++
        if ((ref as number) === victim && Number.isNaN(first)) first = simulation.now
      })
      const simulation = new Simulation({
        detectors: () => [detector],
        seed,
        settings,
        network,
        keepEvents: false,
      })
      const nodes = simulation.populate(n)
      simulation.run(n > 250 ? 60_000 : 20_000)
      const before = { ...simulation.traffic }
      looks = 0
      const start = process.cpuUsage()
      simulation.run(quiet * 1_000)
      const used = process.cpuUsage(start)
      cpu += (used.user + used.system) / n / quiet
      packets += (simulation.traffic.packets - before.packets) / n / quiet
      bytes += (simulation.traffic.bytes - before.bytes) / n / quiet
      falseLooks += looks / n / quiet
      const detection = new Detection(simulation)
      for (const node of nodes) reports += node.engine.stats().suspectedOthers ?? 0
      for (let death = 0; death < 4; death++) {
        const gone = nodes[n - 1 - death]!
        simulation.run(137 * death)
        const died = simulation.now
        simulation.crash(gone, true)
        victim = nodes[0]!.engine.members.find(gone.name)! as number
        first = Number.NaN
        simulation.run(15_000 + (n > 250 ? 25_000 : 0))
        times.look.push(first - died)
        if (Number.isNaN(first))
          console.log(`seed ${seed}: ${gone.name}, dead since ${died}, was not looked for`)
      }
      simulation.run(40_000)
      for (const { firstSuspect, allFailed } of detection.deaths.map((death) => detection.timeline(death))) {
        if (firstSuspect !== null) times.suspect.push(firstSuspect * 1_000)
        times.failed.push(allFailed === null ? Number.POSITIVE_INFINITY : allFailed * 1_000)
      }
    }
    const seeds = Number(values.seeds)
    const spread = (ms: number[]): string => {
      const sorted = Float64Array.from(ms.filter((each) => !Number.isNaN(each))).sort()
      return [0.5, 0.9, 1].map((q) => (quantile(sorted, q) / 1_000).toFixed(1)).join(' / ')
    }
    console.log(
      [
        String(n).padStart(5),
        name.padEnd(8),
        `look ${spread(times.look)}`.padEnd(24),
        `suspect ${spread(times.suspect)}`.padEnd(26),
        `all failed ${spread(times.failed)}`.padEnd(32),
        `${(packets / seeds).toFixed(2)} packets/s`,
        `${(bytes / seeds).toFixed(0)} B/s`,
        `${(cpu / seeds).toFixed(1)} µs/s`,
        `${(falseLooks / seeds).toFixed(4)} looks/s`,
        `${reports} reports`,
      ].join('  '),
    )
  }
}
