import { type Address, formatAddress, sameAddress } from '../model/address.ts'
import { RareMap } from '../model/rare-map.ts'
import type { Configuration } from './configuration.ts'
import { type CoreState, othersActive, TimerKind } from './core-state.ts'
import type { RequestOutcome } from './effects.ts'
import { dialBackLimit, type Introductions } from './introductions.ts'
import type { Arrival, Rumours } from './messaging/rumours.ts'
import type { Outbox } from './outbox.ts'
import type { OwnClaims } from './own-claims.ts'
import type { Requests } from './requests.ts'
import type { Synchronizer } from './synchronizer.ts'
import type { Syncs } from './syncs.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/** A join that waits to be dialled back. */
interface Waiting {
  readonly operation: number
  readonly introducer: string
  readonly timer: Timer
}

/** Joining: asking a node for its table, and waiting until somebody has reached this one where it says that it is. */
export class Joins {
  readonly #state: CoreState
  readonly #own: OwnClaims
  readonly #introductions: Introductions
  readonly #synchronizer: Synchronizer
  readonly #configuration: Configuration
  readonly #outbox: Outbox
  readonly #requests: Requests
  readonly #syncs: Syncs
  readonly #rumours: Rumours
  readonly #waiting = new RareMap<number, Waiting>()
  /** Whether somebody who was told the advertised address has reached this node there, in this boot. */
  #reachedByPacket = false
  #reachedByStream = false

  constructor(
    state: CoreState,
    own: OwnClaims,
    introductions: Introductions,
    synchronizer: Synchronizer,
    configuration: Configuration,
    outbox: Outbox,
    requests: Requests,
    syncs: Syncs,
    rumours: Rumours,
  ) {
    this.#state = state
    this.#own = own
    this.#introductions = introductions
    this.#synchronizer = synchronizer
    this.#configuration = configuration
    this.#outbox = outbox
    this.#requests = requests
    this.#syncs = syncs
    this.#rumours = rumours
  }

  /** `replay`: with the events that are still kept. */
  join(operation: number, address: Address, replay: boolean, now: Millis): void {
    const { sender, streams, table } = this.#state
    const arrival = { alone: othersActive(table) === 0, replay }
    if (!streams) return this.#failed(operation, 'unreachable', 'this transport carries no streams')
    if (sameAddress(address, table.record(table.self).address)) {
      return this.#failed(operation, 'self', `this is the own address of ${sender.name}`)
    }
    this.#requests.ask(address, this.#synchronizer.request(true, now), (outcome, at) =>
      this.#onReply(operation, address, arrival, outcome, at),
    )
  }

  onTimer(operation: number): void {
    const waiting = this.#waiting.get(operation)
    if (waiting === undefined) return
    this.#waiting.delete(operation)
    const { table } = this.#state
    const address = formatAddress(table.record(table.self).address)
    if (this.#reachedByPacket || this.#reachedByStream) {
      this.#outbox.result(operation, { kind: 'joined' })
      return
    }
    this.#failed(
      operation,
      'unreachable-address',
      `${waiting.introducer} could not reach this node at ${address}, neither by packet nor by stream: advertise an address that other members can reach`,
    )
  }

  /** A ping for this very boot arrived: whoever sent it used the advertised address. */
  onReached(path: 'packet' | 'stream', now: Millis): void {
    if (path === 'packet') this.#reachedByPacket = true
    else if (!this.#reachedByStream) {
      this.#reachedByStream = true
      const { table } = this.#state
      // One that starts among those who know it may have said so before.
      if (!this.#own.hasLeft && !table.record(table.self).streams) this.#own.announce(now, { streams: true })
    }
    const both =
      (this.#reachedByPacket || !this.#state.packets) && (this.#reachedByStream || !this.#state.streams)
    if (!both) return
    for (const { operation, timer } of this.#waiting.values()) {
      this.#state.timers.cancel(timer)
      this.#outbox.result(operation, { kind: 'joined' })
    }
    this.#waiting.clear()
  }

  #onReply(
    operation: number,
    address: Address,
    arrival: Arrival,
    outcome: RequestOutcome,
    now: Millis,
  ): void {
    if (outcome.kind === 'fault') {
      const code = outcome.fault.fault === 'cluster' ? 'cluster-mismatch' : outcome.fault.fault
      return this.#failed(operation, code, outcome.fault.detail)
    }
    if (outcome.kind !== 'reply') return this.#failed(operation, outcome.kind, failureText[outcome.kind])
    const { message, sender } = outcome.reply
    if (message.type === 'error') return this.#failed(operation, message.code, message.message)
    if (message.type !== 'sync') {
      return this.#failed(operation, 'malformed', `answered a join with a ${message.type}`)
    }
    if (!this.#configuration.follows(message)) {
      return this.#failed(
        operation,
        'detector-missing',
        `the cluster runs detector ${JSON.stringify(message.config.detector)}, which this node does not have`,
      )
    }
    if (this.#own.hasLeft) return this.#failed(operation, 'leaving', 'this node has left meanwhile')
    if (!this.#synchronizer.admits(message)) {
      return this.#failed(operation, 'rejected', 'this node does not merge with that cluster')
    }
    this.#configuration.meet(message, true, now)
    this.#syncs.take(message, sender, now)
    this.#syncs.push(address, message, now)
    this.#rumours.compare(address, message.events, arrival, now)
    this.#syncs.onJoined(now)
    const { settings, table, timers } = this.#state
    const introducer = sender === undefined ? undefined : table.find(sender.name)
    if (introducer !== undefined) this.#introductions.returnCall(table.record(introducer), now)
    const reached = this.#reachedByPacket || this.#reachedByStream
    if (!message.join || reached) {
      this.#outbox.result(operation, { kind: 'joined' })
      return
    }
    this.#waiting.set(operation, {
      operation,
      introducer: sender?.name ?? 'the introducer',
      timer: timers.arm(now + dialBackLimit(settings.probeTimeout), TimerKind.Join, operation),
    })
  }

  #failed(operation: number, code: string, message: string): void {
    this.#outbox.result(operation, { kind: 'join-failed', code, message })
  }
}

const failureText = {
  refused: 'nobody listens there',
  reset: 'the connection was closed before an answer came',
  timeout: 'no answer came in time',
  unreachable: 'there is no way to that address',
} as const
