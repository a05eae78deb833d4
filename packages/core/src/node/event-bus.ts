import { RareSet } from '../model/rare-set.ts'
import type { EventsOptions, GapEvent, Logger, Member, MemberEvent, MemberEventType } from './api.ts'
import { Damper } from './damper.ts'
import { defaultBuffer, Feed } from './feed.ts'

type Handler = (event: MemberEvent) => void
/** One consumer of `events()`. */
interface Consumer {
  readonly damper: Damper | undefined
  readonly feed: Feed<MemberEvent, GapEvent>
}

/**
 * Hands committed events to whoever listens. Handlers run after the engine has returned, so they may call the node; what
 * that leads to is delivered after the event at hand. A consumer that is behind loses the oldest events and is told so.
 */
export class EventBus {
  readonly #history: MemberEvent[] = []
  readonly #keep: number
  readonly #logger: Logger | undefined
  readonly #members: () => readonly Member[]
  readonly #handlers = new Map<MemberEventType | '*', Set<Handler>>()
  readonly #consumers = new RareSet<Consumer>()
  #queue: MemberEvent[] = []
  #delivering = false
  #closed = false
  #latest = 0

  /** `keep`: past events for `events({ after })`. `members`: all of them, as they are. */
  constructor(keep: number, logger: Logger | undefined, members: () => readonly Member[]) {
    this.#keep = keep
    this.#logger = logger
    this.#members = members
  }

  /** Whether anybody would notice an event. */
  get needed(): boolean {
    return this.#keep > 0 || this.#handlers.size > 0 || this.#consumers.size > 0
  }

  push(event: MemberEvent): void {
    this.#latest = event.id
    this.#queue.push(event)
  }

  /** Delivers what was pushed. */
  deliver(): void {
    if (this.#delivering || this.#queue.length === 0) return
    this.#delivering = true
    try {
      for (let event = this.#queue.shift(); event !== undefined; event = this.#queue.shift()) {
        this.#deliver(event)
      }
    } finally {
      this.#delivering = false
      // An array keeps the room that it once needed, which a thousand joins at once make large.
      if (this.#queue.length === 0) this.#queue = []
      if (this.#closed) this.#endAll()
    }
  }

  on(type: MemberEventType | '*', handler: Handler): () => void {
    let handlers = this.#handlers.get(type)
    if (handlers === undefined) {
      handlers = new Set()
      this.#handlers.set(type, handlers)
    }
    // The same function may be registered twice, and each registration ends by itself.
    const own: Handler = (event) => handler(event)
    handlers.add(own)
    return () => {
      handlers.delete(own)
      if (handlers.size === 0 && this.#handlers.get(type) === handlers) this.#handlers.delete(type)
    }
  }

  events(options: EventsOptions = {}): AsyncIterableIterator<MemberEvent | GapEvent> {
    const { after, buffer: limit = defaultBuffer, damped = false, signal } = options
    const consumer: Consumer = {
      damper: damped ? new Damper() : undefined,
      feed: new Feed({
        limit,
        gap: ({ last, missed, next }) => ({
          type: 'gap',
          missed,
          nextId: next?.id ?? last.id + 1,
          members: this.#members(),
          asOf: this.#latest,
        }),
        onEnd: () => this.#consumers.delete(consumer),
        signal,
      }),
    }
    if (after !== undefined) {
      const first = this.#history[0]
      if (first !== undefined && first.id > after + 1) consumer.feed.miss(first.id - after - 1, first)
      for (const event of this.#history) if (event.id > after) offer(consumer, event)
    }
    if (this.#closed) consumer.feed.end()
    else if (!consumer.feed.ended) this.#consumers.add(consumer)
    return consumer.feed
  }

  /** Ends every iteration, after what is buffered was taken. */
  close(): void {
    this.deliver()
    this.#closed = true
    // From within a handler: what was committed with the event at hand is delivered first.
    if (!this.#delivering) this.#endAll()
  }

  #endAll(): void {
    for (const { feed } of [...this.#consumers]) feed.end()
    this.#handlers.clear()
  }

  #deliver(event: MemberEvent): void {
    if (this.#keep > 0) {
      if (this.#history.length === this.#keep) this.#history.shift()
      this.#history.push(event)
    }
    for (const type of [event.type, '*'] as const) {
      const handlers = this.#handlers.get(type)
      if (handlers === undefined) continue
      for (const handler of [...handlers]) {
        try {
          handler(event)
        } catch (error) {
          this.#logger?.log('error', `a handler of ${event.type} events threw`, { error: String(error) })
        }
      }
    }
    for (const consumer of this.#consumers) offer(consumer, event)
  }
}

function offer({ damper, feed }: Consumer, committed: MemberEvent): void {
  const event = damper === undefined ? committed : damper.filter(committed)
  if (event !== undefined) feed.offer(event)
}
