import { healthDelta } from '../model/local-health.ts'
import type { EvidenceKind } from '../wire/message.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { Observation } from './detector.ts'
import type { Membership } from './membership.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

interface Held {
  readonly seen: Observation
  readonly evidence: EvidenceKind
}

/** Periods of probing that a node which doubts itself waits before it tells of others what it saw. */
const periodsHeld = 2
/** Reports held at once, at most: the oldest go. */
const mostHeld = 64

/**
 * Where reports of this node's own looks pass on their way to the membership. While most of its looks fail at once it suspects itself
 * first: what it has seen of others waits two periods, and is dropped should answers come again, and its suspicions get the longest
 * that they may last. After that it says so all the same: the last of a group must find the others gone.
 */
export class Judgement {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #held: Held[] = []
  #timer: Timer | undefined
  /** Episode of doubt that was noticed last, and the one that has lasted its time. */
  #noticed = 0
  #lasted = 0

  constructor(state: CoreState, membership: Membership) {
    this.#state = state
    this.#membership = membership
  }

  /** A look at a member, or a detector's own means, came to nothing. */
  report(seen: Observation, evidence: EvidenceKind, now: Millis): void {
    const { counters, doubt, health, settings, table, timers, trace } = this.#state
    if (!doubt.doubtful || doubt.episode === this.#lasted) {
      this.#membership.accuse(seen, evidence, now)
      return
    }
    if (this.#noticed !== doubt.episode) {
      this.#noticed = doubt.episode
      counters.doubts++
      health.apply(healthDelta.doubt)
      this.#drop()
      this.#timer = timers.arm(now + periodsHeld * health.scale(settings.probeInterval), TimerKind.Judgement)
    }
    if (this.#held.length === mostHeld) this.#held.shift()
    this.#held.push({ seen, evidence })
    counters.reportsHeld++
    if (table.has(seen.ref)) {
      trace.record(seen.ref, table.self, 'judgement', 'held', seen.incarnation, now)
    }
  }

  onTimer(now: Millis): void {
    this.#timer = undefined
    const { doubt } = this.#state
    const held = this.#held.splice(0)
    if (!doubt.doubtful || doubt.episode !== this.#noticed) return
    this.#lasted = doubt.episode
    for (const { evidence, seen } of held) this.#membership.accuse(seen, evidence, now)
  }

  /** Whether this node waits with its verdicts. */
  get holds(): boolean {
    const { doubt } = this.#state
    return this.#timer !== undefined && doubt.doubtful && doubt.episode === this.#noticed
  }

  /** This node has stood still, or watches nobody any more: what it held is not worth telling. */
  reset(): void {
    this.#drop()
    this.#state.doubt.onStall()
  }

  #drop(): void {
    this.#held.length = 0
    this.#state.timers.cancel(this.#timer)
    this.#timer = undefined
  }
}
