import {
  type Detector,
  type DetectorContext,
  type DetectorHooks,
  type LookResult,
  type Millis,
  type ProbeStrategy,
  type Ref,
  roundRobin,
} from '@swimkit/core'

export interface PingAckOptions {
  /**
   * Whom to look at next. Default {@link roundRobin}: everyone once per round, so at most 2n − 1 periods between two looks
   * at one member; `uniform` is the selection of SWIM's analysis.
   */
  readonly strategy?: ProbeStrategy
}

const Tag = { Period: 0 } as const

/**
 * SWIM's failure detector (Das, Gupta, Motivala 2002, §3.1 and §4.3) with Lifeguard's local health (§4.1). Once per
 * period one member is looked at (see `DetectorContext.look`): pinged, and should the ack be late, pinged by `indirectProbes` others
 * and over a stream as well. If nothing has come by the end of the period, or its port is found closed, the member is reported unreachable.
 * The period grows with this node's health score, which what happens to a look moves.
 *
 * Timings are the node's `probeInterval`, `probeTimeout`, `probeTimeoutMin`, `indirectProbes` and `healthMax`.
 */
export function pingAck(options: PingAckOptions = {}): Detector {
  const { strategy = roundRobin } = options
  return {
    kind: 'detector',
    name: 'pingack',
    api: 1,
    attach: (context) => new PingAck(context, strategy),
  }
}

class PingAck implements DetectorHooks {
  readonly #context: DetectorContext
  readonly #scheduler: { next(): Ref | undefined }

  constructor(context: DetectorContext, strategy: ProbeStrategy) {
    this.#context = context
    this.#scheduler = context.schedule(strategy)
  }

  start(now: Millis): void {
    const { random, settings } = this.#context
    // Nodes that start together should not probe together.
    this.#context.arm(now + random.fraction() * settings.probeInterval, Tag.Period)
  }

  stop(): void {}

  onTimer(_tag: number, _arg: number, now: Millis): void {
    const { health, settings } = this.#context
    const interval = health.scale(settings.probeInterval)
    const ref = this.#scheduler.next()
    if (ref !== undefined) this.#context.look(ref, { timeout: interval }, now)
    // Armed after the look, which is thus over before the next one begins.
    this.#context.arm(now + interval, Tag.Period)
  }

  onLook({ evidence, outcome, path, rtt, seen }: LookResult, now: Millis): void {
    if (outcome === 'reached') this.#context.reachable(seen, now, path === 'direct' ? rtt : undefined)
    else if (outcome === 'unreached') this.#context.unreachable(seen, evidence, now)
  }
}
