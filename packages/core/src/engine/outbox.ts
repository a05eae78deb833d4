import type { Address } from '../model/address.ts'
import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { activeStatuses, Status } from '../model/status.ts'
import type { Claim, Message } from '../wire/message.ts'
import { backlogOf, type CoreState, Due } from './core-state.ts'
import type { Delivery, Effects, EngineEvent, OperationResult } from './effects.ts'
import { transmitLimit } from './tellings.ts'
import type { Millis } from './time.ts'

interface OutgoingPacket {
  readonly to: Address
  /** The member it is for; undefined for one that is not known. */
  readonly ref: Ref | undefined
  /** Undefined: nothing but updates. */
  readonly part: Uint8Array | undefined
  readonly message: Message | undefined
}

interface OutgoingRequest {
  readonly to: Address
  readonly message: Message
  readonly token: number
  readonly limit: Millis
}

/**
 * Collects what an input leads to, and lets it out once the state has settled. Packets are put together only then, so
 * that each carries the latest: first what is held against its receiver (the buddy rule, Lifeguard §4.3), and that this node has
 * left, if it has; then the message it is for, then updates as far as the byte budget goes.
 */
export class Outbox {
  readonly #state: CoreState
  readonly #effects: Effects
  readonly #claimAbout: (ref: Ref) => Claim | undefined
  readonly #packets: OutgoingPacket[] = []
  #requests: OutgoingRequest[] = []
  #events: EngineEvent[] = []
  readonly #deliveries: Delivery[] = []
  #results: { readonly operation: number; readonly result: OperationResult }[] = []
  /** Requests under way whose end concerns nobody. */
  #unawaited = 0
  /** A gossip packet had no room for all that is queued, but for what is about its receiver. Reset by whoever asks. */
  crowded = false
  readonly #parts: Uint8Array[] = []
  readonly #targets: Ref[] = []
  #transmitLimit = 0
  #transmitLimitSize = 0

  constructor(state: CoreState, effects: Effects, claimAbout: (ref: Ref) => Claim | undefined) {
    this.#state = state
    this.#effects = effects
    this.#claimAbout = claimAbout
  }

  /** A message to a member at its address. */
  toMember(ref: Ref, message: Message): void {
    this.#state.due |= Due.Outbox
    this.#packets.push({
      to: this.#state.table.record(ref).address,
      ref,
      part: this.#state.codec.encode(message),
      message,
    })
  }

  /** A message to an address; `ref` if it is known who is there. */
  toAddress(to: Address, ref: Ref | undefined, message: Message): void {
    this.#state.due |= Due.Outbox
    this.#packets.push({ to, ref, part: this.#state.codec.encode(message), message })
  }

  request(to: Address, message: Message, token: number, limit: Millis): void {
    this.#state.due |= Due.Outbox
    this.#requests.push({ to, message, token, limit })
  }

  event(event: EngineEvent): void {
    this.#state.due |= Due.Outbox
    this.#events.push(event)
  }

  deliver(delivery: Delivery): void {
    this.#state.due |= Due.Outbox
    this.#deliveries.push(delivery)
  }

  result(operation: number, result: OperationResult): void {
    this.#state.due |= Due.Outbox
    this.#results.push({ operation, result })
  }

  /** Tells `fanout` random members, and `extra`, of what is queued. */
  gossip(fanout: number, extra?: Ref): void {
    const targets = this.#targets
    this.#state.sampler.sample(fanout, activeStatuses, targets)
    if (extra !== undefined) targets.push(extra)
    for (const ref of targets) this.updates(ref)
    while (targets.length > 0) targets.pop()
  }

  /** Tells a member what is held against it, and of what is queued. */
  updates(ref: Ref): void {
    this.#state.due |= Due.Outbox
    this.#packets.push({
      to: this.#state.table.record(ref).address,
      ref,
      part: undefined,
      message: undefined,
    })
  }

  /** Lets everything out: packets, requests, events in order of commit, what others say, results. */
  flush(): void {
    this.#state.due &= ~Due.Outbox
    const packets = this.#packets
    const requests = this.#requests
    const events = this.#events
    const results = this.#results
    if (packets.length > 0) {
      // Sending queues no packets: what it may queue is a request.
      for (let i = 0; i < packets.length; i++) this.#send(packets[i]!)
      while (packets.length > 0) packets.pop()
    }
    if (requests.length > 0) {
      this.#requests = []
      for (const { to, message, token, limit } of requests) {
        this.#state.counters.streamsOut++
        this.#effects.request(to, this.#state.codec.encodeStream(this.#state.sender, message), token, limit)
      }
    }
    if (events.length > 0) {
      this.#events = []
      for (const event of events) this.#effects.event(event)
    }
    while (this.#deliveries.length > 0) this.#effects.deliver(this.#deliveries.shift()!)
    if (results.length > 0) {
      this.#results = []
      for (const { operation, result } of results) this.#effects.done(operation, result)
    }
  }

  #send({ to, ref, part, message }: OutgoingPacket): void {
    const { codec, counters, maxPacketBytes, sender, table } = this.#state
    const parts = this.#parts
    // Setting the length would give the room back.
    while (parts.length > 0) parts.pop()
    let budget = maxPacketBytes - codec.bundleOverhead(sender)
    if (part !== undefined) budget -= part.length + codec.partOverhead
    if (budget < 0) {
      counters.oversize++
      // Nothing is cut: a stream takes it, if there are streams. Nobody waits for what comes of it.
      if (message !== undefined && this.#state.streams) this.#unawait(to, message)
      return
    }
    const known = ref !== undefined && table.has(ref) ? ref : undefined
    if (known !== undefined) budget -= this.#putHeld(known, budget)
    // One that has left says so to whoever still speaks to it: all who knew may have forgotten it since, and would hear anew that it lives.
    const farewell = table.status(table.self) === Status.Left ? this.#putHeld(table.self, budget) : 0
    budget -= farewell
    if (part !== undefined) parts.push(part)
    const waiting = backlogOf(this.#state)
    if (waiting > 0) {
      let told = parts.length
      this.#fill(known, budget)
      if (farewell > 0 && part === undefined && parts.length === told) {
        // A large update that fits beside nothing would wait for ever.
        parts.pop()
        told--
        this.#fill(known, budget + farewell)
      }
      if (part === undefined && parts.length - told < waiting - 1) this.crowded = true
    }
    if (parts.length > 0) {
      const record: PeerRecord | undefined = known === undefined ? undefined : table.record(known)
      const packet = codec.bundle(sender, parts, record)
      counters.packetsOut++
      counters.bytesOut += packet.length
      this.#effects.send(to, packet)
    }
  }

  /** Others may have this node say any number of these, as an answer that they ask for again and again. */
  #unawait(to: Address, message: Message): void {
    if (this.#unawaited >= mostUnawaited) {
      this.#state.counters.oversizeDropped++
      return
    }
    this.#unawaited++
    this.request(to, message, noToken, this.#state.settings.streamTimeout)
  }

  /** One of them has come to its end. */
  onUnawaited(): void {
    this.#unawaited--
  }

  /** Adds what is queued, as far as there is room. */
  #fill(known: Ref | undefined, budget: number): void {
    const { codec, queue, rumours } = this.#state
    const limit = this.#currentLimit()
    let left = budget
    if (queue.backlog > 0) left -= queue.fill(known, left, codec.partOverhead, limit, this.#parts)
    if (rumours !== undefined) rumours.fill(undefined, left, codec.partOverhead, limit, this.#parts)
  }

  /** What is held against a member, if anything is and there is room for it; returns the bytes that it takes. */
  #putHeld(ref: Ref, budget: number): number {
    const { codec } = this.#state
    const against = this.#claimAbout(ref)
    if (against === undefined) return 0
    const bytes = codec.encode(against)
    const size = bytes.length + codec.partOverhead
    if (size > budget) return 0
    this.#parts.push(bytes)
    return size
  }

  /** From the current size of the group, which seldom changes. */
  #currentLimit(): number {
    const { settings, table } = this.#state
    if (table.active !== this.#transmitLimitSize) {
      this.#transmitLimitSize = table.active
      this.#transmitLimit = transmitLimit(settings, table.active)
    }
    return this.#transmitLimit
  }
}

/** Token of a request whose end concerns nobody. */
export const noToken = 0
/** Of those so many are under way at a time, at most. */
const mostUnawaited = 256

/** Whether a member is held in a status that it ought to hear of when it is spoken to. */
export const isHeldAgainst = (status: Status): boolean => status !== Status.Alive
