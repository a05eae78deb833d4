import type { Ref } from '../../model/ref.ts'
import type { Direct, Message } from '../../wire/message.ts'
import type { CoreState } from '../core-state.ts'
import type { RequestOutcome } from '../effects.ts'
import type { Outbox } from '../outbox.ts'
import type { Requests } from '../requests.ts'
import type { Millis } from '../time.ts'

/** Messages over streams that are under way at once at most. */
const mostUnderWay = 256

/** The application's messages from one member to another. */
export class Directs {
  readonly #state: CoreState
  readonly #outbox: Outbox
  readonly #requests: Requests
  #underWay = 0

  constructor(state: CoreState, outbox: Outbox, requests: Requests) {
    this.#state = state
    this.#outbox = outbox
    this.#requests = requests
  }

  /** Sends a message to a member. With `reliable` the operation ends when it has it, else at once. */
  send(operation: number, ref: Ref, body: Uint8Array, reliable: boolean, now: Millis): void {
    const { counters, table } = this.#state
    const { address, boot, name } = table.record(ref)
    const message: Direct = { type: 'direct', target: name, boot, body }
    counters.directsSent++
    if (ref === table.self) {
      this.hear(message, name, reliable, now)
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
      const code = problemOf(outcome)
      if (code === undefined) this.#outbox.result(operation, { kind: 'sent' })
      else this.#failed(operation, code)
    })
  }

  /** A message for this node. Whether it is. */
  hear({ body, boot, target }: Direct, from: string | undefined, reliable: boolean, now: Millis): boolean {
    const { counters, sender } = this.#state
    if (from === undefined || target !== sender.name || boot !== sender.boot) {
      counters.directsMisaddressed++
      return false
    }
    counters.directsHeard++
    this.#outbox.deliver({ kind: 'direct', from, body, reliable, at: now })
    return true
  }

  #failed(operation: number, code: string): void {
    this.#outbox.result(operation, { kind: 'send-failed', code })
  }
}

/** Why a request was not taken in; undefined where it was. */
function problemOf(outcome: RequestOutcome): string | undefined {
  if (outcome.kind === 'fault') return outcome.fault.fault
  if (outcome.kind !== 'reply') return outcome.kind
  const reply: Message = outcome.reply.message
  if (reply.type === 'ack') return undefined
  return reply.type === 'error' ? reply.code : 'malformed'
}
