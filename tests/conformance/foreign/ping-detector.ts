import {
  type Detector,
  type DetectorContext,
  type DetectorHooks,
  type DetectorTimer,
  healthDelta,
  type Millis,
  type Observation,
  type PingResult,
  type Ref,
  roundRobin,
  Status,
  statusBit,
} from '@swimkit/core'

/** One look at one member: a direct ping, and later helpers and a stream. */
interface Probe {
  /** Tells its pings from those of earlier looks, which may still be answered. */
  readonly look: number
  readonly seen: Observation
  /** When the period ends. */
  readonly until: Millis
  /** The timer that turns to helpers. */
  readonly late: DetectorTimer
  helpers: number
  nacks: number
  /** Its stream port is closed. */
  refused: boolean
}

const Tag = { Period: 0, Late: 1 } as const

/** A detector that looks by pings of its own making: SWIM's, put together from what the core offers. */
export function pingDetector(): Detector {
  return { kind: 'detector', name: 'pingack', api: 1, attach: (context) => new PingDetector(context) }
}

class PingDetector implements DetectorHooks {
  readonly #context: DetectorContext
  readonly #scheduler: { next(): Ref | undefined }
  readonly #helpers: Ref[] = []
  #probe: Probe | undefined
  #looks = 0

  constructor(context: DetectorContext) {
    this.#context = context
    this.#scheduler = context.schedule(roundRobin)
  }

  start(now: Millis): void {
    const { random, settings } = this.#context
    // Nodes that start together should not probe together.
    this.#context.arm(now + random.fraction() * settings.probeInterval, Tag.Period)
  }

  stop(): void {
    this.#probe = undefined
  }

  onTimer(tag: number, _arg: number, now: Millis): void {
    if (tag === Tag.Late) this.#turnToHelpers(now)
    else this.#nextPeriod(now)
  }

  onPing(result: PingResult, now: Millis): void {
    const probe = this.#probe
    // An answer to an earlier look says nothing of this one, not even if it is the same member's.
    if (probe === undefined || result.arg !== probe.look) return
    switch (result.outcome) {
      case 'ack':
        this.#context.reachable(probe.seen, now, result.path === 'direct' ? result.rtt : undefined)
        this.#context.adjustHealth(healthDelta.probeAnswered)
        this.#drop(probe)
        return
      case 'nack':
        probe.nacks++
        return
      case 'refused':
        probe.refused = true
        return
      case 'void':
        this.#drop(probe)
        return
      case 'timeout':
      case 'reset':
      case 'unreachable':
        return
    }
  }

  #nextPeriod(now: Millis): void {
    const { health, members, packets, settings } = this.#context
    this.#conclude(now)
    const interval = health.scale(settings.probeInterval)
    this.#context.arm(now + interval, Tag.Period)
    const ref = this.#scheduler.next()
    if (ref === undefined) return
    const seen: Observation = {
      ref,
      incarnation: members.incarnation(ref),
      boot: members.record(ref).boot,
    }
    const look = ++this.#looks
    this.#probe = {
      look,
      seen,
      until: now + interval,
      late: this.#context.arm(now + health.scale(settings.probeTimeout), Tag.Late),
      helpers: 0,
      nacks: 0,
      refused: false,
    }
    this.#context.ping(ref, { path: packets ? 'direct' : 'stream', timeout: interval, arg: look }, now)
  }

  #turnToHelpers(now: Millis): void {
    const probe = this.#probe
    if (probe === undefined) return
    const { members, packets, sampler, settings, streams } = this.#context
    const { look } = probe
    const { ref } = probe.seen
    const timeout = probe.until - now
    if (timeout <= 0 || !members.has(ref)) return
    const helpers = this.#helpers
    if (packets) sampler.sample(settings.indirectProbes, statusBit(Status.Alive), helpers, ref)
    for (const via of helpers) {
      if (this.#context.ping(ref, { path: 'indirect', via, timeout, arg: look }, now)) probe.helpers++
    }
    helpers.length = 0
    if (packets && streams) this.#context.ping(ref, { path: 'stream', timeout, arg: look }, now)
  }

  /** The period is over, and no answer has come: that is evidence, and a hint about this node itself. */
  #conclude(now: Millis): void {
    const probe = this.#probe
    if (probe === undefined) return
    this.#drop(probe)
    const { members } = this.#context
    const { helpers, nacks, refused, seen } = probe
    if (!members.has(seen.ref) || members.status(seen.ref) > Status.Suspect) return
    this.#context.adjustHealth(
      helpers > 0 ? Math.max(0, helpers - nacks) * healthDelta.nackMissed : healthDelta.probeFailed,
    )
    const closed = refused && members.record(seen.ref).streams
    this.#context.unreachable(seen, closed ? 'refused' : 'timeout', now)
  }

  #drop(probe: Probe): void {
    this.#context.disarm(probe.late)
    this.#probe = undefined
  }
}
