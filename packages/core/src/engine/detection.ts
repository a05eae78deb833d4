import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { ProbeScheduler, ProbeStrategy } from '../selection/strategy.ts'
import { ByteReader } from '../wire/byte-reader.ts'
import { maxChannelBytes } from '../wire/limits.ts'
import type { ClusterConfig, Custom } from '../wire/message.ts'
import { capabilityOf, isDetector } from './configuration.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import type { Detector, DetectorContext, DetectorHooks } from './detector.ts'
import type { Judgement } from './judgement.ts'
import type { LookReport, Looks } from './looks.ts'
import type { News } from './news.ts'
import type { Outbox } from './outbox.ts'
import type { PingReport, PingService } from './ping-service.ts'
import { PingWatch } from './ping-watch.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

interface Attached {
  readonly hooks: DetectorHooks
  readonly byPings: boolean
}

const missingHere = (detector: string): string =>
  `the cluster runs detector ${JSON.stringify(detector)}, which this node does not have: it watches the others by pings`
const missingThere = (detector: string): string =>
  `it does not have the cluster's detector ${JSON.stringify(detector)}: it is watched by pings`

/**
 * Where detectors are plugged in: gives them their context, hands them what concerns them, and takes their evidence to
 * the membership. One of them runs at a time, the one that the cluster's configuration names.
 */
export class Detection {
  readonly #state: CoreState
  readonly #judgement: Judgement
  readonly #pings: PingService
  readonly #looks: Looks
  readonly #outbox: Outbox
  readonly #news: News
  readonly #watch: PingWatch
  readonly #attached = new Map<string, Attached>()
  readonly #schedulers: ProbeScheduler[] = []
  #started = false
  /** Undefined as well where this node does not have the cluster's detector. */
  #running: Attached | undefined
  /** Members that say which detectors they have, and not the cluster's. */
  #lacking: Set<Ref> | undefined
  /** Those of them of whom this has still to be said. */
  readonly #untold: Ref[] = []

  constructor(
    state: CoreState,
    judgement: Judgement,
    pings: PingService,
    looks: Looks,
    outbox: Outbox,
    news: News,
    detectors: readonly Detector[],
  ) {
    this.#state = state
    this.#judgement = judgement
    this.#pings = pings
    this.#looks = looks
    this.#outbox = outbox
    this.#news = news
    this.#watch = new PingWatch(state, judgement, looks)
    for (const detector of detectors) {
      const { byPings = false, name } = detector
      if (this.#attached.has(name)) throw new TypeError(`two detectors are named ${JSON.stringify(name)}`)
      this.#attached.set(name, { byPings, hooks: detector.attach(this.#context(detector)) })
    }
  }

  has(name: string): boolean {
    return this.#attached.has(name)
  }

  start(now: Millis): void {
    const { config, table } = this.#state
    this.#started = true
    this.#running = this.#attached.get(config.detector)
    this.#running?.hooks.start(now)
    this.#watch.start(now)
    if (this.#running === undefined) {
      this.#news.tell('detector-missing', table.self, now, false, missingHere(config.detector))
    }
    for (let i = 0; i < table.active; i++) this.#sort(table.activeAt(i), now)
  }

  stop(now: Millis): void {
    this.#started = false
    this.#running?.hooks.stop(now)
    this.#running = undefined
    this.#watch.stop()
    this.#lacking = undefined
    this.#state.timers.cancelAll(TimerKind.Detector)
    this.#pings.forgetAll('detector')
    this.#looks.forgetAll('detector')
    this.#judgement.reset()
  }

  /** The cluster's configuration is another. What the old detector had under way is nothing to the new one. */
  reconfigured(before: ClusterConfig, now: Millis): void {
    if (!this.#started || before.detector === this.#state.config.detector) return
    this.stop(now)
    this.start(now)
  }

  onTimer(timer: Timer, now: Millis): void {
    this.#running?.hooks.onTimer(timer.tag, timer.arg, now)
  }

  onWatchTimer(now: Millis): void {
    this.#watch.onTimer(now)
  }

  onPing(report: PingReport, now: Millis): void {
    const { arg, boot, incarnation, outcome, path, ref, rtt, via } = report
    if (ref === undefined) return
    this.#running?.hooks.onPing?.({ arg, ref, path, via, outcome, rtt, incarnation, boot }, now)
  }

  onLook(report: LookReport, now: Millis): void {
    if (report.owner === 'watch') return this.#watch.onLook(report, now)
    const { arg, evidence, outcome, path, rtt, seen } = report
    this.#running?.hooks.onLook?.({ arg, seen, outcome, path, rtt, evidence }, now)
  }

  onCustom(message: Custom, from: Ref | undefined, now: Millis): void {
    const attached = this.#attached.get(message.channel)
    if (attached === undefined || attached !== this.#running || attached.hooks.onMessage === undefined) {
      this.#state.counters.customUnknown++
      return
    }
    attached.hooks.onMessage(from, new ByteReader(message.body), now)
  }

  onStatus(ref: Ref, before: Status | undefined, after: Status | undefined, now: Millis): void {
    if (ref === this.#state.table.self) return
    const was = before !== undefined && before < Status.Failed
    const is = after !== undefined && after < Status.Failed
    for (const scheduler of this.#schedulers) {
      if (is && !was) scheduler.added(ref)
      else if (was && !is) scheduler.removed(ref)
    }
    for (const { hooks } of this.#attached.values()) hooks.onStatus?.(ref, before, after, now)
    if (is && !was) this.#sort(ref, now)
    else if (was && !is) {
      this.#watch.set(ref, false, now)
      this.#lacking?.delete(ref)
    }
  }

  /** What an active member says of itself changed while its status did not. */
  onRecord(ref: Ref, before: PeerRecord, now: Millis): void {
    if (ref === this.#state.table.self) return
    for (const scheduler of this.#schedulers) scheduler.changed?.(ref)
    for (const { hooks } of this.#attached.values()) hooks.onRecord?.(ref, before, now)
    this.#sort(ref, now)
  }

  /** Finds out whether an active member has the cluster's detector, and who watches it if it has not. */
  #sort(ref: Ref, now: Millis): void {
    const { config, table } = this.#state
    if (!this.#started || ref === table.self) return
    const { capabilities } = table.record(ref)
    const lacks = !capabilities.includes(capabilityOf(config.detector))
    this.#watch.set(ref, this.#running === undefined || (lacks && !this.#running.byPings), now)
    // One of another wire format says nothing of detectors, and has never been expected to.
    if (!lacks || !capabilities.some(isDetector)) this.#lacking?.delete(ref)
    else if (!this.#lacking?.has(ref)) {
      this.#lacking ??= new Set()
      this.#lacking.add(ref)
      this.#untold.push(ref)
      this.#state.due |= Due.Lacking
    }
  }

  /** Says who does not have the cluster's detector, after what else there is to say of them. */
  tellLacking(now: Millis): void {
    this.#state.due &= ~Due.Lacking
    for (const ref of this.#untold) {
      if (!this.#lacking?.has(ref)) continue
      this.#news.tell('detector-missing', ref, now, false, missingThere(this.#state.config.detector))
    }
    this.#untold.length = 0
  }

  #context(detector: Detector): DetectorContext {
    const state = this.#state
    const { byPings = false } = detector
    const capability = capabilityOf(detector.name)
    const equipped = (ref: Ref): boolean => state.table.record(ref).capabilities.includes(capability)
    const random = state.random.fork(`detector:${detector.name}`)
    const bodyBytes = this.#bodyBytes()
    return {
      members: state.table,
      settings: state.settings,
      random,
      health: state.health,
      sampler: state.sampler,
      packets: state.packets,
      streams: state.streams,
      bodyBytes,
      backlog: () => state.queue.backlog,
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
        if (!state.table.has(to)) return
        // In a packet it is encoded at once; what fits none goes over a stream, later.
        const own = body.length > bodyBytes ? body.slice() : body
        this.#outbox.toMember(to, { type: 'custom', channel: detector.name, body: own })
      },
      // A status is cleared by a refutation alone; what was seen is in the trace already.
      reachable: () => undefined,
      unreachable: (seen, evidence, now) => {
        if (!byPings && state.table.has(seen.ref) && !equipped(seen.ref)) state.counters.reportsIgnored++
        else this.#judgement.report(seen, evidence, now)
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
