import type { Ref } from '../model/ref.ts'
import { activeStatuses } from '../model/status.ts'
import type { Claim } from '../wire/message.ts'
import { type CoreState, TimerKind } from './core-state.ts'
import type { RequestOutcome } from './effects.ts'
import type { Membership } from './membership.ts'
import type { Outbox } from './outbox.ts'
import type { Requests } from './requests.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

interface Departure {
  readonly operation: number
  readonly acknowledgedBy: string[]
  readonly asked: Ref[]
  open: number
  readonly timer: Timer
}

/** Members that a leaving node tells over a stream. */
const witnesses = 3
/** Members it turns to in all, should some not answer. */
const attempts = 8

/** Leaving: a few members are told over streams, beside what is gossiped, so that it is known for certain. */
export class Departures {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #outbox: Outbox
  readonly #requests: Requests
  #departure: Departure | undefined

  constructor(state: CoreState, membership: Membership, outbox: Outbox, requests: Requests) {
    this.#state = state
    this.#membership = membership
    this.#outbox = outbox
    this.#requests = requests
  }

  /** The operation ends when those that were told have answered, or at the limit. */
  leave(operation: number, claim: Claim, now: Millis): void {
    const { settings, timers } = this.#state
    const timer = timers.arm(now + settings.leaveTimeout, TimerKind.Leave)
    this.#departure = { operation, acknowledgedBy: [], asked: [], open: 0, timer }
    for (let i = 0; i < witnesses; i++) this.#ask(claim)
    this.#check()
  }

  onTimer(): void {
    this.#end()
  }

  #ask(claim: Claim): void {
    const departure = this.#departure
    if (departure === undefined || departure.asked.length >= attempts) return
    const { sampler, streams, table } = this.#state
    if (!streams) return
    const drawn: Ref[] = []
    sampler.sample(attempts, activeStatuses, drawn)
    const witness = drawn.find((ref) => !departure.asked.includes(ref))
    if (witness === undefined) return
    departure.asked.push(witness)
    departure.open++
    const name = table.name(witness)
    this.#requests.ask(table.record(witness).address, claim, (outcome) => this.#onReply(name, outcome))
  }

  #onReply(name: string, outcome: RequestOutcome): void {
    const departure = this.#departure
    if (departure === undefined) return
    departure.open--
    if (outcome.kind === 'reply' && outcome.reply.message.type === 'ack') departure.acknowledgedBy.push(name)
    else this.#ask(this.#membership.claimAbout(this.#state.table.self))
    this.#check()
  }

  #check(): void {
    if (this.#departure?.open === 0) this.#end()
  }

  #end(): void {
    const departure = this.#departure
    if (departure === undefined) return
    this.#departure = undefined
    this.#state.timers.cancel(departure.timer)
    this.#outbox.result(departure.operation, { kind: 'left', acknowledgedBy: departure.acknowledgedBy })
  }
}
