import type { Delivery } from '../engine/effects.ts'
import { decimalDigits } from '../model/logarithm.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { maxBodyBytes, maxQueryNames, maxQueryTagBytes, maxQueryTags } from '../wire/limits.ts'
import type { Query } from '../wire/message.ts'
import { utf8Length } from '../wire/names.ts'
import type {
  Broadcast,
  DirectMessage,
  FeedOptions,
  Logger,
  Member,
  MissedGap,
  Node,
  QueryAnswer,
  QueryHandler,
  QueryOptions,
  QueryResult,
} from './api.ts'
import type { Driver } from './driver.ts'
import { OptionError, SendError, TooLargeError } from './errors.ts'
import { defaultBuffer, Feed } from './feed.ts'
import { checkName, checkRange } from './options.ts'

/** Gossip intervals that answers are waited for, times the decimal digits of the group (Serf's `QueryTimeoutMult`). */
const timeoutMult = 16
const noBytes = new Uint8Array(0)

/** What a node's messages need of it. */
export interface MessagingContext {
  readonly settings: Node['settings']
  readonly logger: Logger | undefined
  /** Throws where the node does not run. */
  driver(): Driver
  members(): readonly Member[]
  self(): Member
  /** An instant of the engine's as a date. */
  date(at: number): Date
}

/** What members of a group say to each other through a node: broadcasts, messages, queries and their answers. */
export class Messaging {
  readonly #context: MessagingContext
  readonly #onBroadcast = new Set<(broadcast: Broadcast) => void>()
  readonly #onMessage = new Set<(message: DirectMessage) => void>()
  readonly #broadcastFeeds = new Set<Feed<Broadcast, MissedGap>>()
  readonly #messageFeeds = new Set<Feed<DirectMessage, MissedGap>>()
  #ended = false
  readonly #handlers = new Map<string, QueryHandler>()
  /** What is done with answers, by the query's operation. */
  readonly #gathering = new Map<number, (answer: QueryAnswer) => void>()
  readonly #queue: Delivery[] = []
  #delivering = false

  constructor(context: MessagingContext) {
    this.#context = context
  }

  onBroadcast(handler: (broadcast: Broadcast) => void): () => void {
    return added(this.#onBroadcast, handler)
  }

  onMessage(handler: (message: DirectMessage) => void): () => void {
    return added(this.#onMessage, handler)
  }

  broadcasts(options?: FeedOptions): AsyncIterableIterator<Broadcast | MissedGap> {
    return this.#feed(this.#broadcastFeeds, options)
  }

  messages(options?: FeedOptions): AsyncIterableIterator<DirectMessage | MissedGap> {
    return this.#feed(this.#messageFeeds, options)
  }

  #feed<T extends object>(
    feeds: Set<Feed<T, MissedGap>>,
    { buffer = defaultBuffer, signal }: FeedOptions = {},
  ): Feed<T, MissedGap> {
    const feed: Feed<T, MissedGap> = new Feed({
      limit: buffer,
      gap: ({ missed }) => ({ type: 'gap', missed }),
      onEnd: () => feeds.delete(feed),
      signal,
    })
    if (this.#ended) feed.end()
    else if (!feed.ended) feeds.add(feed)
    return feed
  }

  onQuery(name: string, handler: QueryHandler): () => void {
    checkName('name', name)
    if (this.#handlers.has(name)) {
      throw new OptionError('name', `queries called ${JSON.stringify(name)} have a handler already`)
    }
    this.#handlers.set(name, handler)
    return () => {
      if (this.#handlers.get(name) === handler) this.#handlers.delete(name)
    }
  }

  async broadcast(name: string, body: Uint8Array = noBytes, signal?: AbortSignal): Promise<void> {
    const driver = this.#context.driver()
    signal?.throwIfAborted()
    this.#checkSize('a broadcast', name, body, driver)
    const own = body.slice()
    await driver.run((engine, now) => engine.broadcast(name, own, now), signal)
  }

  async send(member: string, body: Uint8Array, reliable: boolean, signal?: AbortSignal): Promise<void> {
    const driver = this.#context.driver()
    signal?.throwIfAborted()
    const { maxMessageBytes } = this.#context.settings
    if (body.length > maxMessageBytes) throw new TooLargeError('a message', body.length, maxMessageBytes)
    const fail = `cannot send to ${JSON.stringify(member)}`
    const ref = driver.engine.members.find(member)
    if (ref === undefined) throw new SendError('unknown-member', `${fail}: no member has that name`)
    const own = body.slice()
    const result = await driver.run((engine, now) => engine.send(ref, own, reliable, now), signal)
    if (result.kind === 'send-failed') throw new SendError(result.code, `${fail}: ${result.code}`)
  }

  async query(name: string, body: Uint8Array = noBytes, options: QueryOptions = {}): Promise<QueryResult> {
    const { onAnswer, signal } = options
    const driver = this.#context.driver()
    signal?.throwIfAborted()
    const { settings } = this.#context
    const { members } = driver.engine
    const {
      members: names = [],
      tags = {},
      timeout = timeoutMult * settings.gossipInterval * decimalDigits(members.active),
    } = options
    checkRange('timeout', timeout, 10, 600_000)
    checkFilter(names, tags)
    this.#checkSize('a query', name, body, driver, names, Object.entries(tags))
    const expected = this.#asked(names, tags, driver)
    const question = {
      name,
      body: body.slice(),
      timeout: Math.ceil(timeout),
      names: [...new Set(names)],
      tags: Object.entries(tags),
      expected,
    }
    const answers: QueryAnswer[] = []
    let operation = 0
    const gather = (answer: QueryAnswer): void => {
      answers.push(answer)
      this.#call('an onAnswer handler', () => onAnswer?.(answer))
    }
    try {
      const result = await driver.run((engine, now) => {
        operation = engine.query(question, now)
        this.#gathering.set(operation, gather)
        return operation
      }, signal)
      if (result.kind === 'query-failed') {
        throw new SendError(result.code, `cannot ask ${JSON.stringify(name)}: ${result.code}`)
      }
      const { silent, unfinished } =
        result.kind === 'queried' ? result : { silent: [] as string[], unfinished: [] as string[] }
      const unknown = question.names.filter((each) => members.find(each) === undefined)
      return { answers, silent: [...silent, ...unknown], unfinished }
    } finally {
      this.#gathering.delete(operation)
    }
  }

  /** Takes what others said; `deliver` hands it on, once the engine is done. */
  push(delivery: Delivery): void {
    this.#queue.push(delivery)
  }

  deliver(): void {
    if (this.#delivering) return
    this.#delivering = true
    try {
      for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) this.#hand(next)
    } finally {
      this.#delivering = false
    }
  }

  /** The node has stopped: nothing is handed on any more. */
  end(): void {
    this.#ended = true
    this.#queue.length = 0
    for (const feeds of [this.#broadcastFeeds, this.#messageFeeds]) for (const feed of [...feeds]) feed.end()
    this.#onBroadcast.clear()
    this.#onMessage.clear()
    this.#handlers.clear()
  }

  #hand(delivery: Delivery): void {
    const { date } = this.#context
    switch (delivery.kind) {
      case 'event': {
        const { body, name, origin, time } = delivery.event
        const toldAt = date(delivery.told)
        const broadcast: Broadcast = { type: 'broadcast', name, body, from: origin, time, toldAt }
        this.#tell('a handler of broadcasts', this.#onBroadcast, broadcast)
        for (const feed of this.#broadcastFeeds) feed.offer(broadcast)
        return
      }
      case 'direct': {
        const { at, body, from, reliable } = delivery
        const message: DirectMessage = { type: 'message', from, body, reliable, at: date(at) }
        this.#tell('a handler of messages', this.#onMessage, message)
        for (const feed of this.#messageFeeds) feed.offer(message)
        return
      }
      case 'answer': {
        const { at, body, from, operation } = delivery
        this.#gathering.get(operation)?.({ member: from, body, at: date(at) })
        return
      }
      case 'query':
        void this.#answer(delivery.query, delivery.at)
        return
    }
  }

  async #answer(query: Query, at: number): Promise<void> {
    const { date, logger, self } = this.#context
    const { body, name, origin, tags, timeout } = query
    const handler = this.#handlers.get(name)
    const own = self().tags
    const meant = tags.every(([key, value]) => Object.hasOwn(own, key) && own[key] === value)
    let answer: Uint8Array | undefined
    if (handler !== undefined && meant) {
      try {
        answer = await handler({ name, body, from: origin, deadline: date(at + timeout) })
        if (answer !== undefined && answer.length > maxBodyBytes) {
          throw new TooLargeError('the answer', answer.length, maxBodyBytes)
        }
      } catch (error) {
        answer = undefined
        logger?.log('error', `the handler of queries called ${JSON.stringify(name)} failed`, {
          error: String(error),
        })
      }
    }
    this.#answered(query, answer)
  }

  /** A node that has stopped meanwhile answers nobody. */
  #answered(query: Query, answer: Uint8Array | undefined): void {
    let driver: Driver
    try {
      driver = this.#context.driver()
    } catch {
      return
    }
    driver.call((engine, now) => engine.answer(query, answer, now))
  }

  /** The members that a question is for, as far as this node knows. */
  #asked(names: readonly string[], tags: Readonly<Record<string, string>>, driver: Driver): Ref[] {
    const { members } = driver.engine
    const wanted = Object.entries(tags)
    const chosen = new Set(names)
    const asked: Ref[] = []
    if (wanted.length === 0 && chosen.size === 0) {
      for (let i = 0; i < members.active; i++) asked.push(members.activeAt(i))
      return asked
    }
    for (const { name, status, tags: own } of this.#context.members()) {
      const active = status === 'alive' || status === 'suspect'
      if (!active || (chosen.size > 0 && !chosen.has(name))) continue
      if (!wanted.every(([key, value]) => Object.hasOwn(own, key) && own[key] === value)) continue
      const ref = members.find(name)
      if (ref !== undefined && members.status(ref) <= Status.Suspect) asked.push(ref)
    }
    return asked
  }

  #checkSize(
    what: string,
    name: string,
    body: Uint8Array,
    driver: Driver,
    names: readonly string[] = [],
    tags: readonly (readonly [string, string])[] = [],
  ): void {
    checkName('name', name)
    const { maxEventBytes } = this.#context.settings
    const size = utf8Length(name) + body.length
    if (size > maxEventBytes) throw new TooLargeError(what, size, maxEventBytes)
    const { bytes, limit } = driver.engine.rumourSize({ name, body, names, tags })
    if (bytes > limit) throw new TooLargeError(`a packet with ${what}`, bytes, limit)
  }

  #tell<T>(what: string, handlers: ReadonlySet<(value: T) => void>, value: T): void {
    for (const handler of [...handlers]) this.#call(what, () => handler(value))
  }

  #call(what: string, call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#context.logger?.log('error', `${what} threw`, { error: String(error) })
    }
  }
}

function checkFilter(names: readonly string[], tags: Readonly<Record<string, string>>): void {
  if (names.length > maxQueryNames) {
    throw new OptionError(
      'members',
      `a query names ${names.length} members: at most ${maxQueryNames} are allowed`,
    )
  }
  for (const name of names) checkName('members', name)
  const wanted = Object.entries(tags)
  if (wanted.length > maxQueryTags) {
    throw new OptionError(
      'tags',
      `a query asks for ${wanted.length} tags: at most ${maxQueryTags} are allowed`,
    )
  }
  for (const text of wanted.flat()) {
    if (utf8Length(text) > maxQueryTagBytes)
      throw new OptionError(
        'tags',
        `a tag of ${utf8Length(text)} bytes: at most ${maxQueryTagBytes} are allowed`,
      )
  }
}

/** Adds a handler; the same function may be added twice, and each goes by itself. */
function added<T>(handlers: Set<(value: T) => void>, handler: (value: T) => void): () => void {
  const own = (value: T): void => handler(value)
  handlers.add(own)
  return () => void handlers.delete(own)
}
