import {
  type Detector,
  type DetectorContext,
  type DetectorHooks,
  type HelperScheduler,
  type HelperStrategy,
  type LookResult,
  type Millis,
  type ProbeStrategy,
  type Ref,
  ringSuccessor,
  Status,
} from '@swimkit/core'

export interface PingAckOptions {
  /**
   * Whom to look at next. Default {@link ringSuccessor}: in turn the member behind this node on a ring, so that a crash is looked at within two
   * periods by somebody, and everyone once per round, so at most 2(2n − 1) periods lie between two looks of one node at one member.
   * `roundRobin` is SWIM's, with 2n − 1 and no bound on a crash; `uniform` the selection of its analysis; `topologyAware` looks at near
   * members more often.
   */
  readonly strategy?: ProbeStrategy
  /**
   * Whom to ask to ping a member that does not answer. `zoneHelpers`: one of its own zone, so that a way that is broken is told from a member
   * that is dead. Default: members at random.
   */
  readonly helpers?: HelperStrategy
  /**
   * Members looked at per period, go-swim's p, where the setting `probesMax` is not more: the strategy's next ones, none of them twice in one period. With p of them a crash is looked
   * at p times as soon, and each node sends p times the packets: 2p per period, and as many come in, where everyone answers. 1..8. Default 1.
   */
  readonly probes?: number
}

const maxProbes = 8

const Tag = { Period: 0 } as const

/** Updates that wait, for each member more that is looked at in a period: about as many as a packet holds. */
const updatesPerProbe = 16
/** A quiet period makes the next one longer by so much, within the settings' bounds. */
const growth = 1.1

/**
 * SWIM's failure detector (Das, Gupta, Motivala 2002, §3.1 and §4.3) with Lifeguard's local health (§4.1). Once per
 * period one member, or `probes` of them, is looked at (see `DetectorContext.look`): pinged, and should the ack be late, pinged by `indirectProbes` others
 * and over a stream as well. If nothing has come by the end of the period, or its port is found closed, the member is reported unreachable.
 * The period grows with this node's health score, which what happens to a look moves; and where the settings let it, it shrinks while members are
 * doubted, and more of them are looked at while there is much to tell.
 *
 * Timings are the node's `probeInterval`, `probeIntervalMin`, `probeIntervalMax`, `probesMax`, `probeTimeout`, `probeTimeoutMin`, `indirectProbes` and `healthMax`. Throws a RangeError for an
 * option out of its range.
 */
export function pingAck(options: PingAckOptions = {}): Detector {
  const { helpers, probes = 1, strategy = ringSuccessor } = options
  if (!(Number.isInteger(probes) && probes >= 1 && probes <= maxProbes)) {
    throw new RangeError(`probes is ${probes}: must be a whole number 1..${maxProbes}`)
  }
  return {
    kind: 'detector',
    name: 'pingack',
    api: 1,
    byPings: true,
    attach: (context) => new PingAck(context, { helpers, probes, strategy }),
  }
}

interface Selection {
  readonly strategy: ProbeStrategy
  readonly helpers: HelperStrategy | undefined
  readonly probes: number
}

class PingAck implements DetectorHooks {
  readonly #context: DetectorContext
  readonly #scheduler: { next(): Ref | undefined }
  readonly #helpers: HelperScheduler | undefined
  readonly #probes: number
  /** Looked at in this period. */
  readonly #looked: Ref[] = []
  /** The period at this time, before health. */
  #interval: Millis
  #quiet = true

  constructor(context: DetectorContext, { helpers, probes, strategy }: Selection) {
    this.#context = context
    this.#scheduler = context.schedule(strategy)
    this.#helpers = helpers === undefined ? undefined : scheduleHelpers(context, helpers)
    this.#probes = probes
    this.#interval = context.settings.probeInterval
  }

  start(now: Millis): void {
    const { random, settings } = this.#context
    this.#interval = settings.probeInterval
    // Nodes that start together should not probe together.
    this.#context.arm(now + random.fraction() * settings.probeInterval, Tag.Period)
  }

  stop(): void {}

  onTimer(_tag: number, _arg: number, now: Millis): void {
    this.#pace()
    const interval = this.#context.health.scale(this.#interval)
    const probes = this.#probesNow
    // Where few are there, or near, the same ones come again: twice as many turns as looks are enough for most.
    for (let turns = 2 * probes; turns > 0 && this.#looked.length < probes; turns--) {
      const ref = this.#scheduler.next()
      if (ref === undefined) break
      if (this.#looked.includes(ref)) continue
      this.#looked.push(ref)
      this.#look(ref, interval, now)
    }
    this.#looked.length = 0
    // Armed after the looks, which are thus over before the next ones begin.
    this.#context.arm(now + interval, Tag.Period)
  }

  onLook({ evidence, outcome, path, rtt, seen }: LookResult, now: Millis): void {
    if (outcome === 'unreached') this.#quiet = false
    if (outcome === 'reached') this.#context.reachable(seen, now, path === 'direct' ? rtt : undefined)
    else if (outcome === 'unreached') this.#context.unreachable(seen, evidence, now)
  }

  onStatus(_ref: Ref, _before: Status | undefined, after: Status | undefined): void {
    if (after === Status.Suspect || after === Status.Failed) this.#quiet = false
  }

  /** Shorter at once where a member was doubted, longer bit by bit where none was. */
  #pace(): void {
    const { probeIntervalMax, probeIntervalMin } = this.#context.settings
    if (probeIntervalMin === probeIntervalMax) return
    this.#interval = this.#quiet ? Math.min(probeIntervalMax, this.#interval * growth) : probeIntervalMin
    this.#quiet = true
  }

  get #probesNow(): number {
    const { probesMax } = this.#context.settings
    if (probesMax <= this.#probes) return this.#probes
    return Math.min(probesMax, this.#probes + Math.floor(this.#context.backlog() / updatesPerProbe))
  }

  #look(ref: Ref, timeout: Millis, now: Millis): void {
    const helpers = this.#helpers
    if (helpers === undefined) this.#context.look(ref, { timeout }, now)
    else this.#context.look(ref, { timeout, helpers: (k, out) => helpers.choose(ref, k, out) }, now)
  }
}

/** A scheduler that is told of the members like any other, and never asked for the next. */
function scheduleHelpers(context: DetectorContext, strategy: HelperStrategy): HelperScheduler {
  const helpers = strategy(context.members, context.random.fork('helpers'), context.sampler)
  context.schedule(() => ({
    next: () => undefined,
    added: (ref) => helpers.added(ref),
    removed: (ref) => helpers.removed(ref),
    changed: (ref) => helpers.changed?.(ref),
  }))
  return helpers
}
