import type { Address } from '../model/address.ts'
import { RareMap } from '../model/rare-map.ts'
import type { Message } from '../wire/message.ts'
import type { CoreState } from './core-state.ts'
import type { RequestOutcome } from './effects.ts'
import { noToken, type Outbox } from './outbox.ts'
import type { Millis } from './time.ts'

/** Goes on with what a request was for. */
type Ended = (outcome: RequestOutcome, now: Millis) => void

/** Requests of this node over streams, from their beginning to what became of them. */
export class Requests {
  readonly #state: CoreState
  readonly #outbox: Outbox
  readonly #open = new RareMap<number, Ended>()
  /** Those of pings are above zero. */
  #nextToken = -1

  constructor(state: CoreState, outbox: Outbox) {
    this.#state = state
    this.#outbox = outbox
  }

  /** Sends a message over a stream of its own; `ended` is called once, at another input. */
  ask(to: Address, message: Message, ended: Ended): void {
    const token = this.#nextToken--
    this.#open.set(token, ended)
    this.#outbox.request(to, message, token, this.#state.settings.streamTimeout)
  }

  settled(token: number, outcome: RequestOutcome, now: Millis): void {
    if (token === noToken) return this.#outbox.onUnawaited()
    const ended = this.#open.get(token)
    if (ended === undefined) return
    this.#open.delete(token)
    ended(outcome, now)
  }
}
