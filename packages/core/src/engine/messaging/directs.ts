import type { Sender } from '../../model/peer.ts'
import type { Ref } from '../../model/ref.ts'
import type { Ack, Direct, Message } from '../../wire/message.ts'
import type { CoreState } from '../core-state.ts'
import type { RequestOutcome } from '../effects.ts'
import type { Outbox } from '../outbox.ts'
import type { Requests } from '../requests.ts'
import type { Millis } from '../time.ts'
import { Once } from './once.ts'

/** Messages over streams that are under way at once at most. */
const mostUnderWay = 256

/** The application's messages from one member to another. */
export class Directs {
  readonly #state: CoreState
  readonly #outbox: Outbox
  readonly #requests: Requests
  #underWay = 0
  #reliable = 0
  #unreliable = 0
  readonly #waitedFor = new Once()
  readonly #others = new Once()

  constructor(state: CoreState, outbox: Outbox, requests: Requests) {
    this.#state = state
    this.#outbox = outbox
    this.#requests = requests
  }

  /** Sends a message to a member. With `reliable` the operation ends when it has it, else at once. */
  send(operation: number, ref: Ref, body: Uint8Array, reliable: boolean, now: Millis): void {
    const { counters, table } = this.#state
    const { address, boot, name } = table.record(ref)
    const message: Direct = { type: 'direct', target: name, boot, number: this.#next(reliable), body }
    counters.directsSent++
    if (ref === table.self) {
      this.hear(message, this.#state.sender, reliable, now)
      this.#outbox.result(operation, { kind: 'sent' })
      return
    }
    if (!reliable) {
      this.#outbox.toMember(ref, message)
      this.#outbox.result(operation, { kind: 'sent' })
      return
    }
    if (!this.#state.streams) return this.#failed(operation, 'unreachable')
    if (this.#underWay >= mostUnderWay) return this.#failed(operation, 'busy')
    this.#underWay++
    this.#requests.ask(address, message, (outcome) => {
      this.#underWay--
      const code = problemOf(outcome, message)
      if (code === undefined) this.#outbox.result(operation, { kind: 'sent' })
      else this.#failed(operation, code)
    })
  }

  /** Takes in a message that came over a stream, and says what it is answered with. */
  answer(message: Direct, from: Sender | undefined, now: Millis): Message {
    switch (this.hear(message, from, true, now)) {
      case 'taken':
        return receiptFor(message)
      case 'old':
        return rejected('it is so old that it may have come before')
      case 'misaddressed':
        return rejected('this is another node')
    }
  }

  /** Takes a message in, once: one that comes again, as somebody on the way may send it, is not delivered. */
  hear(
    { body, boot, number, target }: Direct,
    from: Sender | undefined,
    reliable: boolean,
    now: Millis,
  ): 'taken' | 'misaddressed' | 'old' {
    const { counters, sender } = this.#state
    if (from === undefined || target !== sender.name || boot !== sender.boot) {
      counters.directsMisaddressed++
      return 'misaddressed'
    }
    // What is waited for comes in about the order of its numbers, and may not be held up by thousands of others.
    const once = number % 2 === 0 ? this.#waitedFor : this.#others
    // Processes of a wire format without boots cannot be told apart.
    const novelty = from.boot === 0n ? 'new' : once.take(from.boot, Math.floor(number / 2))
    if (novelty !== 'new') {
      counters.directsAgain++
      return novelty === 'old' ? 'old' : 'taken'
    }
    counters.directsHeard++
    this.#outbox.deliver({ kind: 'direct', from: from.name, body, reliable, at: now })
    return 'taken'
  }

  /** Even for those that are waited for. */
  #next(reliable: boolean): number {
    return reliable ? 2 * this.#reliable++ : 2 * this.#unreliable++ + 1
  }

  #failed(operation: number, code: string): void {
    this.#outbox.result(operation, { kind: 'send-failed', code })
  }
}

/**
 * What a message over a stream is answered with when it has arrived. It names the message: an answer that was recorded, and is sent again by somebody on the way, is
 * one to another.
 */
const receiptFor = ({ number }: Direct): Ack => ({
  type: 'ack',
  seq: Math.floor(number / 2) % 2 ** 32,
  payload: undefined,
})

/** Why a message was not taken in; undefined where it was. */
function problemOf(outcome: RequestOutcome, asked: Direct): string | undefined {
  if (outcome.kind === 'fault') return outcome.fault.fault
  if (outcome.kind !== 'reply') return outcome.kind
  const { message, sender } = outcome.reply
  if (message.type === 'error') return message.code
  const right =
    sender === undefined ||
    (sender.name === asked.target && (asked.boot === 0n || sender.boot === asked.boot))
  return right && message.type === 'ack' && message.seq === receiptFor(asked).seq ? undefined : 'malformed'
}

const rejected = (message: string): Message => ({ type: 'error', code: 'rejected', message })
