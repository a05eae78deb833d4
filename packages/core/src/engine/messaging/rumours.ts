import { PiggybackQueue } from '../../dissemination/piggyback-queue.ts'
import type { Address } from '../../model/address.ts'
import type { Ref } from '../../model/ref.ts'
import type { Events, EventsDigest, Message, Query, RumourId, UserEvent } from '../../wire/message.ts'
import { type CoreState, Due, othersActive } from '../core-state.ts'
import type { News } from '../news.ts'
import type { Outbox } from '../outbox.ts'
import type { Requests } from '../requests.ts'
import { tellingTime } from '../tellings.ts'
import type { Millis } from '../time.ts'
import { EventLog, type Verdict } from './event-log.ts'

/** How this node came to who answered. */
export interface Arrival {
  /** It knew of no other member when it asked. */
  readonly alone: boolean
  /** It wants to be told what was told before it came. */
  readonly replay: boolean
}

/** Rumours that wait to be told at most: beyond it those go that were told most. */
const queued = 1_024

/**
 * What is told to every member once: events and queries. They ride on packets behind all news of the membership; who missed an event hears of it when
 * tables are compared, as long as it is kept.
 */
export class Rumours {
  readonly #state: CoreState
  readonly #news: News
  readonly #outbox: Outbox
  readonly #requests: Requests
  /** Made when something is first said. */
  #events: EventLog | undefined
  /** Numbers in place of members, as keys of the queue. */
  #number = 0
  /** It has joined others, or others it: what they tell is for it as well. */
  #belongs: boolean
  /** It has compared its events with those of another: what was settled before is not for it. */
  #met = false
  /** It has left, and not come back. */
  #away = false
  /** Under way with somebody, one at a time. */
  #exchange: { readonly silently: boolean } | undefined

  constructor(state: CoreState, news: News, outbox: Outbox, requests: Requests) {
    this.#state = state
    this.#news = news
    this.#outbox = outbox
    this.#requests = requests
    this.#belongs = othersActive(state.table) > 0
  }

  /** Highest Lamport time that was heard; 0: none. */
  get clock(): number {
    return this.#events?.clock ?? 0
  }

  /** Events that others may still tell this node of. */
  heard(now: Millis): readonly RumourId[] {
    return this.#events?.heard(now) ?? []
  }

  /** An earlier process of this node has heard these, and of that time: they are not delivered again, but kept for others. */
  recall(clock: number, heard: readonly RumourId[], now: Millis): void {
    if (clock === 0) return
    this.#log.witness(clock, now)
    this.#log.recall(heard, now)
  }

  get kept(): number {
    return this.#events?.kept ?? 0
  }

  get #log(): EventLog {
    const { settings, wallSeconds } = this.#state
    this.#events ??= new EventLog(settings.eventRetention, wallSeconds)
    return this.#events
  }

  /** The next Lamport time, for something that this node tells. */
  tick(): number {
    return this.#log.tick()
  }

  /** Tells all of an event, this node among them. `done`: it was handed on as often as any update. */
  broadcast(name: string, body: Uint8Array, now: Millis, done: () => void): void {
    const { boot, name: origin } = this.#state.sender
    const event: UserEvent = { type: 'event', time: this.tick(), boot, origin, name, body }
    this.#log.add(event, event, now, now)
    this.#state.counters.eventsSent++
    this.#deliver(event, now, now)
    this.tell(event, done)
  }

  /** Tells all of a query of this node's own. */
  ask(query: Query, now: Millis): void {
    this.#log.add(query, undefined, now, now)
    this.tell(query)
  }

  /** Takes a rumour's id in, whoever brought it, and passes on what is new. Whether it is. `at`: when it was told, if not now. */
  hear(rumour: UserEvent | Query, now: Millis, at: Millis = now): boolean {
    const { counters } = this.#state
    // What is told before this node has come to those who tell it is not for it, whoever sends it.
    if (!this.#belongs) {
      counters.rumoursOld++
      return false
    }
    const verdict = this.#log.add(rumour, rumour.type === 'event' ? rumour : undefined, at, now)
    counters[counterOf[verdict]]++
    if (verdict !== 'new') return false
    this.tell(rumour)
    return true
  }

  /** An event that came by gossip. */
  hearEvent(event: UserEvent, now: Millis): void {
    if (this.hear(event, now)) this.#deliver(event, now, now)
  }

  /** Queues a rumour to ride on packets, as often as any update. */
  tell(rumour: UserEvent | Query, done?: () => void): void {
    const { codec, counters, maxPacketBytes, sender, table } = this.#state
    // Whoever comes later is not meant.
    if (othersActive(table) === 0) return done?.()
    const told = done === undefined ? undefined : this.#news.awaitTold(done)
    const bytes = codec.encode(rumour)
    if (bytes.length + codec.partOverhead + codec.bundleOverhead(sender) > maxPacketBytes) {
      // Of a cluster with larger packets, or without any: comparing tables brings it to the others.
      counters.oversize++
      told?.()
      return
    }
    this.#state.rumours ??= new PiggybackQueue(queued, () => counters.updatesDropped++)
    const key = this.#number++ as Ref // of a queue that holds no members
    this.#state.rumours.push({ ref: key, subject: 'status', bytes, done: told })
    this.#state.due |= Due.Gossip
  }

  /** What to say of the events in a sync. */
  digest(now: Millis): EventsDigest | undefined {
    const { settings, table } = this.#state
    // The last to hear of it tells it as long as the first.
    return this.#events?.digest(now, 2 * tellingTime(settings, table.active))
  }

  /** This node has left: if it comes back, what was told meanwhile is not for it. */
  onLeft(): void {
    this.#belongs = false
    this.#away = true
  }

  /** Another went: whoever comes after the last of them is not meant by what was being told. */
  onOtherGone(): void {
    if (othersActive(this.#state.table) === 0) this.#state.rumours = undefined
  }

  /** Somebody has joined here: this node is one of those that are told, if it was not before. */
  onJoinedBy(): void {
    this.#belongs = true
  }

  /**
   * Somebody's answer to a sync says which events it keeps: what differs is exchanged. What was told before a newcomer came is none of its business,
   * but for the `replay` that it asked for: that is remembered as heard, and kept for others.
   */
  compare(address: Address, theirs: EventsDigest | undefined, { alone, replay }: Arrival, now: Millis): void {
    const newcomer = !this.#belongs && (alone || this.#away)
    // Not whether it belongs: others may have come to it before, or a recording of one of them.
    const meets = !this.#met || newcomer
    this.#belongs = true
    this.#met = true
    this.#away = false
    // What it has told itself, or among others, it does not bring along.
    if (newcomer) this.#events?.forgetKept()
    if (theirs === undefined) return
    const log = this.#log
    log.witness(theirs.clock, now)
    const own = this.digest(now)
    const settle = (): void => {
      if (meets) log.settle(theirs.settled)
    }
    if (own !== undefined && own.mark[0] === theirs.mark[0] && own.mark[1] === theirs.mark[1]) return settle()
    if (this.#exchange !== undefined) return settle()
    const exchange = { silently: newcomer && !replay }
    this.#exchange = exchange
    this.#state.counters.eventSyncs++
    const request: Events = { type: 'events', clock: log.clock, known: log.known(now), events: [] }
    this.#requests.ask(address, request, (outcome, at) => {
      this.#exchange = undefined
      if (outcome.kind !== 'reply' || outcome.reply.message.type !== 'events') return settle()
      const { message } = outcome.reply
      this.#take(message, exchange.silently ? theirs.count : 0, at)
      settle()
      const events = log.lacking(message.known, at).filter(({ event }) => !isAmong(event, message))
      if (events.length === 0) return
      this.#requests.ask(address, { type: 'events', clock: log.clock, known: [], events }, () => {})
    })
  }

  /** Answers a request of another that compares its events with this node's. */
  answer(request: Events, now: Millis): Message {
    const log = this.#log
    // Who pushes has been told already. One that is still being told what was before it came could not tell that from what is new.
    if (request.events.length > 0) {
      if (this.#exchange?.silently !== true) this.#take(request, 0, now)
      return { type: 'events', clock: log.clock, known: [], events: [] }
    }
    log.witness(request.clock, now)
    const answer: Events = {
      type: 'events',
      clock: log.clock,
      known: log.known(now),
      events: log.lacking(request.known, now),
    }
    return answer
  }

  /** Takes events of another's log in; silently those that it had heard up to that number of them. */
  #take({ clock, events }: Events, silentUpTo: number, now: Millis): void {
    this.#log.witness(clock, now)
    for (const { age, event, order } of events) {
      const told = now - age * 1_000
      if (!this.hear(event, now, told)) continue
      this.#state.counters.eventsRecovered++
      if (order > silentUpTo) this.#deliver(event, told, now)
    }
  }

  #deliver(event: UserEvent, told: Millis, now: Millis): void {
    this.#outbox.deliver({ kind: 'event', event, told, at: now })
  }
}

const counterOf = {
  new: 'rumoursHeard',
  seen: 'rumoursAgain',
  old: 'rumoursOld',
  ahead: 'rumoursAhead',
} as const satisfies Record<Verdict, string>

const isAmong = ({ boot, time }: UserEvent, { events }: Events): boolean =>
  events.some(({ event }) => event.time === time && event.boot === boot)
