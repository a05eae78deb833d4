import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { ProbeScheduler, ProbeStrategy } from '../selection/strategy.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import { maxChannelBytes } from '../wire/limits.ts'
import type { Custom } from '../wire/message.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { Detector, DetectorContext, DetectorHooks } from './detector.ts'
import type { LookReport, Looks } from './looks.ts'
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
  readonly #looks: Looks
  readonly #outbox: Outbox
  readonly #hooks = new Map<string, DetectorHooks>()
  readonly #schedulers: ProbeScheduler[] = []
  #running: DetectorHooks | undefined

  constructor(
    state: CoreState,
    membership: Membership,
    pings: PingService,
    looks: Looks,
    outbox: Outbox,
    detectors: readonly Detector[],
  ) {
    this.#state = state
    this.#membership = membership
    this.#pings = pings
    this.#looks = looks
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
    this.#looks.forgetAll('detector')
  }

  onTimer(timer: Timer, now: Millis): void {
    this.#running?.onTimer(timer.tag, timer.arg, now)
  }

  onPing(report: PingReport, now: Millis): void {
    const { arg, boot, incarnation, outcome, path, ref, rtt, via } = report
    if (ref === undefined) return
    this.#running?.onPing?.({ arg, ref, path, via, outcome, rtt, incarnation, boot }, now)
  }

  onLook({ arg, evidence, outcome, path, rtt, seen }: LookReport, now: Millis): void {
    this.#running?.onLook?.({ arg, seen, outcome, path, rtt, evidence }, now)
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

  /** What an active member says of itself changed while its status did not. */
  onRecord(ref: Ref, before: PeerRecord, now: Millis): void {
    if (ref === this.#state.table.self) return
    for (const scheduler of this.#schedulers) scheduler.changed?.(ref)
    for (const hooks of this.#hooks.values()) hooks.onRecord?.(ref, before, now)
  }

  #context(detector: Detector): DetectorContext {
    const state = this.#state
    const capability = `detector:${detector.name}`
    const equipped = (ref: Ref): boolean => state.table.record(ref).capabilities.includes(capability)
    const random = state.random.fork(`detector:${detector.name}`)
    return {
      members: state.table,
      settings: state.settings,
      random,
      health: state.health,
      sampler: state.sampler,
      packets: state.packets,
      streams: state.streams,
      bodyBytes: this.#bodyBytes(),
      schedule: (strategy: ProbeStrategy) => {
        const scheduler = strategy(state.table, random.fork('schedule'), state.roundTrips)
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
      look: (ref, options, now) => state.table.has(ref) && this.#looks.begin(ref, options, 'detector', now),
      patience: (ref) => this.#looks.patience(ref),
      equipped,
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

  /** What one packet holds of a detector's own, with the longest name. */
  #bodyBytes(): number {
    const { codec, maxPacketBytes, packets, sender } = this.#state
    if (!packets) return 0
    const size = (bytes: number): number =>
      codec.encode({ type: 'custom', channel: longestChannel, body: new Uint8Array(bytes) }).length
    // A codec that is text takes more than a byte for each.
    const each = (size(3_000) - size(0)) / 3_000
    const room = maxPacketBytes - codec.bundleOverhead(sender) - codec.partOverhead - size(0)
    return Math.max(0, Math.floor(room / each) - lengthSlack)
  }
}

const longestChannel = 'x'.repeat(maxChannelBytes)
/** Lengths take a few bytes more where what they count is longer. */
const lengthSlack = 4
