import { type Detector, type Millis, roundRobin } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { type SimNode, Simulation } from '@swimkit/simulator'
import { PlainPiggyback } from '../kit/piggyback.mts'
import { suspicionMult, type Variant, type VariantName, variants } from './variants.mts'

export interface GroupOptions {
  readonly variant: VariantName
  /** C: members that are blocked, always together and always the same. */
  readonly anomalous: number
  /** Whether a blocked member's probing waits at its send, as a thread does that is blocked in it; else it goes on. */
  readonly waits: boolean
  readonly seed: number
}

/** The paper's group: 128 members. */
export const members = 128
/** Milliseconds in which it settles. */
const settling = 15_000

/** The paper's group after it has settled, and who of it is going to be blocked. */
export interface Group {
  readonly simulation: Simulation
  readonly anomalous: ReadonlySet<string>
  /** Blocks the anomalous members, all at once. */
  block(ms: Millis): void
}

export function settledGroup({ anomalous: count, seed, variant, waits }: GroupOptions): Group {
  const { buddy, settings, ours = false }: Variant = variants[variant]
  const detector = ours ? pingAck() : pingAck({ strategy: roundRobin })
  const waiting = new Waiting()
  const simulation = new Simulation({
    detectors: () => [waits ? waiting.around(detector) : detector],
    seed,
    buddy,
    doubt: ours,
    ...(buddy ? {} : { disseminator: () => new PlainPiggyback() }),
    keepEvents: false,
    evidence: 16,
    settings: { suspicionMult, ...settings, ...(ours ? {} : { refusalQuorum: 0, probeTimeoutMin: 500 }) },
  })
  const left = simulation.populate(members)
  const random = simulation.random.fork('anomalous')
  const anomalous: SimNode[] = []
  while (anomalous.length < count) anomalous.push(...left.splice(random.below(left.length), 1))
  simulation.run(settling)
  return {
    simulation,
    anomalous: new Set(anomalous.map(({ name }) => name)),
    block(ms) {
      waiting.begin(anomalous, simulation.now + ms)
      for (const node of anomalous) simulation.blockIo(node, ms)
    },
  }
}

/**
 * Lets the probing of blocked members wait: a look may begin, with a ping that is held, and all else that the detector would do is
 * done when the block is over. So does memberlist's, whose probing is a goroutine that stands still in its send; its timers
 * for suspicions run on.
 */
class Waiting {
  readonly #until = new Map<string, Millis>()

  begin(nodes: readonly SimNode[], end: Millis): void {
    for (const { name } of nodes) this.#until.set(name, end)
  }

  around(inner: Detector): Detector {
    return {
      ...inner,
      attach: (context) => {
        const { members: table } = context
        const own = table.name(table.self)
        /** A ping is out, and neither answered nor given up. */
        let looking = false
        const hooks = inner.attach({
          ...context,
          ping: (ref, options, now) => {
            looking = true
            return context.ping(ref, options, now)
          },
        })
        return {
          start: (now) => hooks.start(now),
          stop: (now) => hooks.stop(now),
          onPing: (result, now) => {
            if (result.outcome === 'ack') looking = false
            hooks.onPing?.(result, now)
          },
          onTimer: (tag, arg, now) => {
            const end = this.#until.get(own) ?? 0
            if (looking && now < end) context.arm(end, tag, arg)
            else hooks.onTimer(tag, arg, now)
          },
        }
      },
    }
  }
}
