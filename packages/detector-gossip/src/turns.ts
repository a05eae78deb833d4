import {
  type DetectorContext,
  type DetectorHooks,
  type LookResult,
  type Millis,
  type Ref,
  roundRobin,
} from '@swimkit/core'

const Tag = { Turn: 0 } as const

/**
 * What is left where the transport carries no packets, and so no heartbeats: each member is looked at in turn, one per probe interval, which grows
 * with this node's health score (Lifeguard §4.1).
 */
export class Turns implements DetectorHooks {
  readonly #context: DetectorContext
  readonly #scheduler: { next(): Ref | undefined }

  constructor(context: DetectorContext) {
    this.#context = context
    this.#scheduler = context.schedule(roundRobin)
  }

  start(now: Millis): void {
    const { random, settings } = this.#context
    // Nodes that start together should not look together.
    this.#context.arm(now + random.fraction() * settings.probeInterval, Tag.Turn)
  }

  stop(): void {}

  onTimer(_tag: number, _arg: number, now: Millis): void {
    const { health, settings } = this.#context
    const interval = health.scale(settings.probeInterval)
    const ref = this.#scheduler.next()
    if (ref !== undefined && this.#context.equipped(ref)) this.#context.look(ref, { timeout: interval }, now)
    this.#context.arm(now + interval, Tag.Turn)
  }

  onLook({ evidence, outcome, seen }: LookResult, now: Millis): void {
    if (outcome === 'reached') this.#context.reachable(seen, now)
    else if (outcome === 'unreached') this.#context.unreachable(seen, evidence, now)
  }
}
