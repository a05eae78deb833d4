import type { Address } from '../../model/address.ts'
import type { Sender } from '../../model/peer.ts'
import { RareMap } from '../../model/rare-map.ts'
import type { Ref } from '../../model/ref.ts'
import { Status } from '../../model/status.ts'
import type { Answer, Query, RumourId } from '../../wire/message.ts'
import { type CoreState, TimerKind } from '../core-state.ts'
import type { Outbox } from '../outbox.ts'
import type { Millis } from '../time.ts'
import type { Timer } from '../timers.ts'
import type { Rumours } from './rumours.ts'

/** Parts of the timeout: at the end of each but the last, those who have not answered are asked again by packets of their own. */
const rounds = 8
/** Packets of such a round at most; the others have their turn in the next one. */
const perRound = 256
/** From the second half on also those are asked again that have said that they are at it: their answer may be lost. */
const patientRounds = rounds / 2
/** Queries of this node's own under way at once, at most. */
const mostOpen = 256
/** Queries of others that the application is at, or whose answers are remembered, at most: more are told that there will be none. */
const mostPending = 256
/** An answer is waited for no longer, whatever the asker says: milliseconds. */
const longestTimeout = 600_000
const noBytes = new Uint8Array(0)

/** What a query asks. */
export interface Question extends Pick<Query, 'name' | 'body' | 'timeout' | 'names' | 'tags'> {
  /** Members that are expected to answer: the query ends when all of them have. */
  readonly expected: readonly Ref[]
}

/** A query of this node's. */
interface Open {
  readonly operation: number
  readonly query: Query
  /** Members that have not answered, by name; true: they are at it. */
  readonly waiting: Map<string, boolean>
  readonly answered: Set<string>
  readonly ends: Millis
  timer: Timer
  round: number
}

/** A query of another's that concerns this node. */
interface Pending {
  readonly query: Query
  answer: Answer
  /** Where the asker was last heard from, if that is known: it may be no member here. */
  from: Address | undefined
  /** When its answer is waited for no longer, whatever becomes of it. */
  readonly latest: Millis
  timer: Timer
  /** The asker waits no longer. */
  late: boolean
}

/** Questions to all or some members, and their answers: scattered as rumours, gathered by packets and, where they are too large, streams. */
export class Queries {
  readonly #state: CoreState
  readonly #outbox: Outbox
  readonly #rumours: Rumours
  /** By Lamport time. */
  readonly #open = new RareMap<number, Open>()
  /** By number, and that by id. */
  readonly #pending = new RareMap<number, Pending>()
  readonly #numbers = new RareMap<string, number>()
  #number = 0

  constructor(state: CoreState, outbox: Outbox, rumours: Rumours) {
    this.#state = state
    this.#outbox = outbox
    this.#rumours = rumours
  }

  ask(operation: number, question: Question, now: Millis): void {
    const { counters, sender, table, timers } = this.#state
    if (this.#open.size >= mostOpen) {
      this.#outbox.result(operation, { kind: 'query-failed', code: 'busy' })
      return
    }
    const { expected, ...asked } = question
    const query: Query = {
      type: 'query',
      time: this.#rumours.tick(),
      boot: sender.boot,
      origin: sender.name,
      ...asked,
    }
    counters.queriesSent++
    const waiting = new Map(expected.map((ref) => [table.name(ref), false]))
    const open: Open = {
      operation,
      query,
      waiting,
      answered: new Set(),
      ends: now + question.timeout,
      timer: timers.arm(now + question.timeout / rounds, TimerKind.Query, query.time),
      round: 0,
    }
    this.#open.set(query.time, open)
    this.#rumours.ask(query, now)
    if (waiting.has(sender.name)) this.#concerns(query, undefined, now)
    if (waiting.size === 0) this.#end(open)
  }

  /** Nobody waits for it any more. Whether it was a query that had not ended. */
  abandon(operation: number): boolean {
    for (const open of this.#open.values()) {
      if (open.operation !== operation) continue
      this.#forget(open)
      return true
    }
    return false
  }

  /** A query was heard, by gossip or from who asks. `from`: where the packet came from; undefined: over a stream. */
  hear(query: Query, sender: Sender | undefined, from: Address | undefined, now: Millis): void {
    const asked = sender?.name === query.origin && sender.boot === query.boot
    const asker = asked ? from : undefined
    if (this.#rumours.hear(query, now)) {
      const { name } = this.#state.sender
      if (query.names.length === 0 || query.names.includes(name)) this.#concerns(query, asker, now)
      return
    }
    // Asked again: what was said is said again.
    if (!asked) return
    const pending = this.#pending.get(this.#numbers.get(keyOf(query)) ?? -1)
    if (pending === undefined) return
    pending.from = asker ?? pending.from
    this.#reply(pending)
  }

  /** What the application says to a query of which it was told; undefined: nothing. Harmless when it is too late. */
  answer(query: Query, body: Uint8Array | undefined, now: Millis): void {
    const number = this.#numbers.get(keyOf(query)) ?? -1
    const pending = this.#pending.get(number)
    if (pending === undefined || pending.answer.kind !== 'ack') return
    if (pending.late) return this.#forgetPending(number, pending)
    pending.answer = answerTo(query, body === undefined ? 'none' : 'answer', body)
    if (query.boot === this.#state.sender.boot) this.onAnswer(pending.answer, this.#state.sender.name, now)
    else this.#reply(pending)
  }

  onAnswer(answer: Answer, from: string | undefined, now: Millis): void {
    const { counters, sender, table } = this.#state
    const open = answer.boot === sender.boot ? this.#open.get(answer.time) : undefined
    const member = from !== undefined && table.find(from) !== undefined
    if (open === undefined || !member || open.answered.has(from)) {
      counters.answersStray++
      return
    }
    const { answered, operation, waiting } = open
    if (answer.kind === 'ack') {
      if (waiting.has(from)) waiting.set(from, true)
      return
    }
    // Somebody of whom this node thought that the question is not for it counts as well.
    waiting.delete(from)
    answered.add(from)
    if (answer.kind === 'answer') {
      counters.answersHeard++
      this.#outbox.deliver({ kind: 'answer', operation, from, body: answer.body, at: now })
    }
    if (waiting.size === 0) this.#end(open)
  }

  /** A round is over, or all of the time. */
  onTimer(time: number, now: Millis): void {
    const open = this.#open.get(time)
    if (open === undefined) return
    if (now >= open.ends) return this.#end(open)
    open.round++
    this.#askAgain(open)
    if (open.waiting.size === 0) return this.#end(open)
    const next = Math.min(open.ends, now + open.query.timeout / rounds)
    open.timer = this.#state.timers.arm(next, TimerKind.Query, time)
  }

  /**
   * Nobody waits for an answer of this node's any more. As long as the application is at it, it counts all the same: askers without patience would else
   * have it begin any number of them.
   */
  onPendingTimer(number: number, now: Millis): void {
    const pending = this.#pending.get(number)
    if (pending === undefined) return
    if (pending.answer.kind === 'ack' && now < pending.latest) {
      pending.late = true
      pending.timer = this.#state.timers.arm(pending.latest, TimerKind.Answer, number)
    } else this.#forgetPending(number, pending)
  }

  #askAgain({ query, round, waiting }: Open): void {
    const { table } = this.#state
    let packets = 0
    for (const [name, atIt] of [...waiting]) {
      const ref = table.find(name)
      // Whoever has gone will not answer.
      if (ref === undefined || table.status(ref) > Status.Suspect) {
        waiting.delete(name)
        continue
      }
      if (ref === table.self || (atIt && round < patientRounds) || packets >= perRound) continue
      packets++
      this.#outbox.toMember(ref, query)
      // Behind the others, for the next round.
      waiting.delete(name)
      waiting.set(name, atIt)
    }
  }

  #end(open: Open): void {
    const silent: string[] = []
    const unfinished: string[] = []
    for (const [name, atIt] of open.waiting) (atIt ? unfinished : silent).push(name)
    this.#forget(open)
    this.#outbox.result(open.operation, { kind: 'queried', silent, unfinished })
  }

  #forget(open: Open): void {
    this.#state.timers.cancel(open.timer)
    this.#open.delete(open.query.time)
  }

  /** A new query for this node: the asker is told that it has come, and the application what is asked. */
  #concerns(query: Query, from: Address | undefined, now: Millis): void {
    const { counters, timers } = this.#state
    counters.queriesHeard++
    if (this.#pending.size >= mostPending) {
      counters.queriesRefused++
      this.#reply({ query, answer: answerTo(query, 'none'), from })
      return
    }
    const number = this.#number++
    const latest = now + longestTimeout
    const pending: Pending = {
      query,
      answer: answerTo(query, 'ack'),
      from,
      latest,
      timer: timers.arm(Math.min(now + query.timeout, latest), TimerKind.Answer, number),
      late: false,
    }
    this.#pending.set(number, pending)
    this.#numbers.set(keyOf(query), number)
    this.#reply(pending)
    this.#outbox.deliver({ kind: 'query', query, at: now })
  }

  #forgetPending(number: number, { query, timer }: Pending): void {
    this.#state.timers.cancel(timer)
    this.#pending.delete(number)
    this.#numbers.delete(keyOf(query))
  }

  #reply({ answer, from, query }: Pick<Pending, 'answer' | 'from' | 'query'>): void {
    const { sender, table } = this.#state
    if (query.boot === sender.boot) return
    const ref = table.find(query.origin)
    const known = ref !== undefined && table.record(ref).boot === query.boot ? ref : undefined
    if (known !== undefined) this.#outbox.toMember(known, answer)
    else if (from !== undefined) this.#outbox.toAddress(from, undefined, answer)
  }
}

const keyOf = ({ boot, time }: RumourId): string => `${time} ${boot}`

const answerTo = ({ boot, time }: Query, kind: Answer['kind'], body: Uint8Array = noBytes): Answer => ({
  type: 'answer',
  time,
  boot,
  kind,
  body,
})
