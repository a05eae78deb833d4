import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { ProbeScheduler, ProbeStrategy } from '../selection/strategy.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import type { Custom } from '../wire/message.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { Detector, DetectorContext, DetectorHooks } from './detector.ts'
import type { Membership } from './membership.ts'
import type { Outbox } from './outbox.ts'
import type { PingReport, PingService } from './ping-service.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/**
 * Where detectors are plugged in: gives them their context, hands them what concerns them, and takes their evidence to
 * the membership. One of them runs at a time, the one that the cluster's configuration names.
 */
export class Detection {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #pings: PingService
  readonly #outbox: Outbox
  readonly #hooks = new Map<string, DetectorHooks>()
  readonly #schedulers: ProbeScheduler[] = []
  #running: DetectorHooks | undefined

  constructor(
    state: CoreState,
    membership: Membership,
    pings: PingService,
    outbox: Outbox,
    detectors: readonly Detector[],
  ) {
    this.#state = state
    this.#membership = membership
    this.#pings = pings
    this.#outbox = outbox
    for (const detector of detectors) {
      if (this.#hooks.has(detector.name)) {
        throw new TypeError(`two detectors are named ${JSON.stringify(detector.name)}`)
      }
      this.#hooks.set(detector.name, detector.attach(this.#context(detector)))
    }
  }

  has(name: string): boolean {
    return this.#hooks.has(name)
  }

  start(now: Millis): void {
    this.#running = this.#hooks.get(this.#state.config.detector)
    this.#running?.start(now)
  }

  stop(now: Millis): void {
    this.#running?.stop(now)
    this.#running = undefined
    this.#state.timers.cancelAll(TimerKind.Detector)
    this.#pings.forgetAll('detector')
  }

  onTimer(timer: Timer, now: Millis): void {
    this.#running?.onTimer(timer.tag, timer.arg, now)
  }

  onPing(report: PingReport, now: Millis): void {
    const { arg, boot, incarnation, outcome, path, ref, rtt, via } = report
    if (ref === undefined) return
    this.#running?.onPing?.({ arg, ref, path, via, outcome, rtt, incarnation, boot }, now)
  }

  onCustom(message: Custom, from: Ref | undefined, now: Millis): void {
    const hooks = this.#hooks.get(message.channel)
    if (hooks === undefined || hooks !== this.#running || hooks.onMessage === undefined) {
      this.#state.counters.customUnknown++
      return
    }
    hooks.onMessage(from, new ByteReader(message.body), now)
  }

  onStatus(ref: Ref, before: Status | undefined, after: Status | undefined, now: Millis): void {
    if (ref === this.#state.table.self) return
    const was = before !== undefined && before < Status.Failed
    const is = after !== undefined && after < Status.Failed
    for (const scheduler of this.#schedulers) {
      if (is && !was) scheduler.added(ref)
      else if (was && !is) scheduler.removed(ref)
    }
    for (const hooks of this.#hooks.values()) hooks.onStatus?.(ref, before, after, now)
  }

  #context(detector: Detector): DetectorContext {
    const state = this.#state
    const random = state.random.fork(`detector:${detector.name}`)
    return {
      members: state.table,
      settings: state.settings,
      random,
      health: state.health,
      sampler: state.sampler,
      packets: state.packets,
      streams: state.streams,
      schedule: (strategy: ProbeStrategy) => {
        const scheduler = strategy(state.table, random.fork('schedule'))
        this.#schedulers.push(scheduler)
        const { active, self } = state.table
        for (let i = 0; i < active; i++) {
          const ref = state.table.activeAt(i)
          if (ref !== self) scheduler.added(ref)
        }
        return scheduler
      },
      column: (kind, initial) => state.table.column(kind, initial),
      arm: (at, tag, arg = 0) => state.timers.arm(at, TimerKind.Detector, arg, tag),
      // A handle is what `arm` returned: nothing else makes one.
      disarm: (timer) => state.timers.cancel(timer as Timer),
      ping: (ref, { arg = 0, path, timeout, via }, now) =>
        state.table.has(ref) &&
        (via === undefined || state.table.has(via)) &&
        this.#pings.member(ref, path, via, timeout, 'detector', arg, now) >= 0,
      send: (to, body) => {
        if (state.table.has(to)) this.#outbox.toMember(to, { type: 'custom', channel: detector.name, body })
      },
      // A status is cleared by a refutation alone; what was seen is in the trace already.
      reachable: () => undefined,
      unreachable: (seen, evidence, now) => {
        this.#membership.accuse(seen, evidence, now)
      },
      adjustHealth: (delta) => state.health.apply(delta),
    }
  }
}
