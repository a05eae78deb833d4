import { RareSet } from '../model/rare-set.ts'
import type { EventsOptions, GapEvent, Logger, Member, MemberEvent, MemberEventType } from './api.ts'
import { Damper } from './damper.ts'

type Handler = (event: MemberEvent) => void
/** A gap as it waits: what the members are is found out when it is taken. */
type Gap = Pick<GapEvent, 'type' | 'missed' | 'nextId'>

/** One consumer of `events()`. */
interface Consumer {
  readonly damper: Damper | undefined
  readonly buffer: (MemberEvent | Gap)[]
  readonly limit: number
  /** Whoever waits for a next event, in order. */
  readonly waiting: ((result: IteratorResult<MemberEvent | GapEvent>) => void)[]
  ended: boolean
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
    const { after, buffer: limit = 1_024, damped = false, signal } = options
    const damper = damped ? new Damper() : undefined
    const consumer: Consumer = { damper, buffer: [], limit, waiting: [], ended: this.#closed }
    if (after !== undefined) {
      const first = this.#history[0]
      if (first !== undefined && first.id > after + 1) {
        consumer.buffer.push({ type: 'gap', missed: first.id - after - 1, nextId: first.id })
      }
      for (const event of this.#history) if (event.id > after) offer(consumer, event)
    }
    if (!this.#closed) this.#consumers.add(consumer)
    const end = (): void => {
      consumer.ended = true
      this.#consumers.delete(consumer)
      signal?.removeEventListener('abort', end)
      endWaiting(consumer)
    }
    if (signal?.aborted) end()
    else signal?.addEventListener('abort', end, { once: true })
    return {
      next: () => {
        const next = consumer.buffer.shift()
        if (next !== undefined) {
          const value = next.type === 'gap' ? this.#filled(next) : next
          return Promise.resolve({ value, done: false })
        }
        if (consumer.ended) return Promise.resolve({ value: undefined, done: true })
        return new Promise((resolve) => {
          consumer.waiting.push(resolve)
        })
      },
      return: () => {
        consumer.buffer.length = 0
        end()
        return Promise.resolve({ value: undefined, done: true })
      },
      [Symbol.asyncIterator]() {
        return this
      },
    }
  }

  /** Ends every iteration, after what is buffered was taken. */
  close(): void {
    this.deliver()
    this.#closed = true
    // From within a handler: what was committed with the event at hand is delivered first.
    if (!this.#delivering) this.#endAll()
  }

  #filled(gap: Gap): GapEvent {
    return { ...gap, members: this.#members(), asOf: this.#latest }
  }

  #endAll(): void {
    for (const consumer of this.#consumers) {
      consumer.ended = true
      endWaiting(consumer)
    }
    this.#consumers.clear()
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

function endWaiting(consumer: Consumer): void {
  for (const resolve of consumer.waiting.splice(0)) resolve({ value: undefined, done: true })
}

/** Gives a consumer an event, or, where it is too far behind, drops its oldest ones for a gap. */
function offer(consumer: Consumer, committed: MemberEvent): void {
  const event = consumer.damper === undefined ? committed : consumer.damper.filter(committed)
  if (event === undefined) return
  const waiting = consumer.waiting.shift()
  if (waiting !== undefined) {
    waiting({ value: event, done: false })
    return
  }
  const { buffer, limit } = consumer
  buffer.push(event)
  if (buffer.length <= limit) return
  let missed = 0
  while (buffer.length >= Math.max(1, limit)) {
    const dropped = buffer.shift()!
    missed += dropped.type === 'gap' ? dropped.missed : 1
  }
  // Only the front can be a gap, and it was just taken: what is left are events.
  const next = buffer[0] as MemberEvent | undefined
  buffer.unshift({ type: 'gap', missed, nextId: next?.id ?? event.id + 1 })
}
