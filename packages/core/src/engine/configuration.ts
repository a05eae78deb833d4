import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { ClusterConfig, ErrorReply, Sync } from '../wire/message.ts'
import { type CoreState, Due, othersActive } from './core-state.ts'
import type { News } from './news.ts'
import type { Millis } from './time.ts'

/** An epoch so far above the own is a fault: nobody switches that often, and nobody may push it to the end of the numbers. */
const epochHeadroom = 1_000
/** No epoch is above this, whoever says so: even one that knows nothing else has to be able to go on from there. */
const highestEpoch = 2 ** 48

/** Told once another configuration holds. */
export type ConfigurationListener = (before: ClusterConfig, now: Millis) => void

/** What came of asking for a switch. `unknown`: this node has no such detector. `missing`: these members have not. */
export type SwitchOutcome =
  | { readonly kind: 'switched'; readonly config: ClusterConfig }
  | { readonly kind: 'unknown' }
  | { readonly kind: 'missing'; readonly members: readonly string[] }

/**
 * Which of two configurations holds where both were agreed on: the later epoch, then the greater name of a detector, then the one with
 * suspicion. Total, so that two switches at once come to one end everywhere. Positive: `a` holds.
 */
export function compareConfigs(a: ClusterConfig, b: ClusterConfig): number {
  if (a.epoch !== b.epoch) return a.epoch - b.epoch
  if (a.detector !== b.detector) return a.detector > b.detector ? 1 : -1
  return Number(a.suspicion) - Number(b.suspicion)
}

export const capabilityOf = (detector: string): string => `detector:${detector}`
/** Whether a capability is a detector, whichever. */
export const isDetector = (capability: string): boolean => capability.startsWith(capabilityOf(''))

/**
 * The configuration of the cluster at this node: which detector runs, and whether there is a suspicion phase. It spreads like any
 * update, and with every sync. Clusters that merge compare theirs; one node alone takes that of those it meets.
 */
export class Configuration {
  readonly #state: CoreState
  readonly #news: News
  readonly #knows: (detector: string) => boolean
  readonly #listener: ConfigurationListener

  constructor(
    state: CoreState,
    news: News,
    knows: (detector: string) => boolean,
    listener: ConfigurationListener,
  ) {
    this.#state = state
    this.#news = news
    this.#knows = knows
    this.#listener = listener
  }

  /** An operator's wish. Refused where anybody active could not follow; asks for nothing new: nothing changes. */
  switch(detector: string, suspicion: boolean | undefined, now: Millis): SwitchOutcome {
    const { config } = this.#state
    if (!this.#knows(detector)) return { kind: 'unknown' }
    const members = this.#without(detector)
    if (members.length > 0) return { kind: 'missing', members }
    const wanted = { epoch: config.epoch + 1, detector, suspicion: suspicion ?? config.suspicion }
    if (wanted.detector !== config.detector || wanted.suspicion !== config.suspicion) {
      this.#take(wanted, now)
    }
    return { kind: 'switched', config: this.#state.config }
  }

  /** Somebody's word in a packet: that of a member counts. */
  hear(config: ClusterConfig, from: Ref | undefined, now: Millis): void {
    const { counters, table } = this.#state
    if (from === undefined || table.status(from) > Status.Suspect) counters.configsIgnored++
    else this.#compare(config, now)
  }

  /** The configuration of another node, over a stream. `introduced`: this node has asked that one to be let in. */
  meet(other: Sync, introduced: boolean, now: Millis): void {
    const { config } = other
    // A foreign wire format has none.
    if (config.detector === '' || !this.#yields(other, introduced)) return
    if (config.epoch > highestEpoch) {
      this.#state.counters.configsTooFarAhead++
      return
    }
    if (othersActive(this.#state.table) > 0) this.#compare(config, now)
    else if (compareConfigs(config, this.#state.config) !== 0) this.#take(config, now)
  }

  /** Whether this node has what it would run after a join that was answered so. */
  follows(answer: Sync): boolean {
    return answer.config.detector === '' || !this.#yields(answer, true) || this.#knows(answer.config.detector)
  }

  /** Why one that asks to be let in is not, if its detectors are the reason: it has not this cluster's, or this node alone not its. */
  refuses(request: Sync, { capabilities, name }: PeerRecord): ErrorReply | undefined {
    const { config, sender } = this.#state
    const theirs = request.config.detector
    if (theirs !== '' && this.#yields(request, false)) {
      if (this.#knows(theirs)) return undefined
      return {
        type: 'error',
        code: 'detector-missing',
        message: `${sender.name} does not have detector ${JSON.stringify(theirs)}, which the cluster of ${name} runs`,
      }
    }
    // One of another wire format says nothing of detectors, and is watched by pings.
    const speaks = capabilities.some(isDetector)
    if (!speaks || capabilities.includes(capabilityOf(config.detector))) return undefined
    return {
      type: 'error',
      code: 'detector-missing',
      message: `the cluster runs detector ${JSON.stringify(config.detector)}, which ${name} does not have`,
    }
  }

  /** Whether this node would take that configuration for its own. */
  #yields({ alone, config }: Sync, introduced: boolean): boolean {
    if (othersActive(this.#state.table) === 0) return introduced || !alone
    return !alone && compareConfigs(config, this.#state.config) > 0
  }

  #compare(config: ClusterConfig, now: Millis): void {
    const { counters, config: own } = this.#state
    if (compareConfigs(config, own) <= 0) return
    if (config.epoch > Math.min(highestEpoch, own.epoch + epochHeadroom)) counters.configsTooFarAhead++
    else this.#take(config, now)
  }

  #take({ detector, epoch, suspicion }: ClusterConfig, now: Millis): void {
    const { counters, config: before, table } = this.#state
    const config: ClusterConfig = { epoch, detector, suspicion }
    this.#state.config = config
    counters.switches++
    // Alone there is nobody to tell, and whoever is met next is not to be told by a packet before it has been agreed with.
    if (othersActive(table) > 0) {
      this.#news.queueConfig({ type: 'config', ...config })
      this.#state.due |= Due.Urgent
    } else this.#news.dropConfig()
    this.#news.tell(
      'switch',
      table.self,
      now,
      false,
      `detector ${detector}, suspicion ${suspicion ? 'on' : 'off'}, epoch ${epoch}`,
    )
    this.#listener(before, now)
  }

  /** Active members that do not have a detector. Looks at all of them: an operator waits for it. */
  #without(detector: string): string[] {
    const { table } = this.#state
    const capability = capabilityOf(detector)
    const names: string[] = []
    for (let i = 0; i < table.active; i++) {
      const ref = table.activeAt(i)
      if (ref !== table.self && !table.record(ref).capabilities.includes(capability))
        names.push(table.name(ref))
    }
    return names.sort()
  }
}
