import { type Detector, type DetectorHooks, type LookResult, type Millis, roundRobin } from '@swimkit/core'
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

/** Tag of the timers at which a result that was held back is handed over: no detector here uses it. */
const held = 99

/**
 * Lets the probing of blocked members wait: one look may begin in a block, whose packets are held and which fails; what came of it is told,
 * and all else that the detector would do is done, when the block is over. So does memberlist's, whose probing is a goroutine that stands
 * still in its send; its timers for suspicions run on.
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
        const blockedUntil = (): Millis => this.#until.get(own) ?? 0
        /** A look is under way, or its result is held. */
        let looking = false
        const results: LookResult[] = []
        const hooks = inner.attach({
          ...context,
          look: (ref, options, now) => {
            const begun = context.look(ref, options, now)
            looking ||= begun
            return begun
          },
        })
        return {
          ...wrapped(hooks),
          onLook: (result, now) => {
            if (now < blockedUntil() && result.outcome !== 'reached') {
              results.push(result)
              context.arm(blockedUntil(), held)
              return
            }
            looking = false
            hooks.onLook?.(result, now)
          },
          onTimer: (tag, arg, now) => {
            if (tag === held) {
              looking = false
              for (const result of results.splice(0)) hooks.onLook?.(result, now)
            } else if (looking && now < blockedUntil()) context.arm(blockedUntil(), tag, arg)
            else hooks.onTimer(tag, arg, now)
          },
        }
      },
    }
  }
}

/** Every hook of a detector, to be replaced one by one. */
const wrapped = (hooks: DetectorHooks): DetectorHooks => ({
  start: (now) => hooks.start(now),
  stop: (now) => hooks.stop(now),
  onTimer: (tag, arg, now) => hooks.onTimer(tag, arg, now),
  onPing: (result, now) => hooks.onPing?.(result, now),
  onLook: (result, now) => hooks.onLook?.(result, now),
  onMessage: (from, body, now) => hooks.onMessage?.(from, body, now),
  onStatus: (ref, before, after, now) => hooks.onStatus?.(ref, before, after, now),
  onRecord: (ref, before, now) => hooks.onRecord?.(ref, before, now),
})
