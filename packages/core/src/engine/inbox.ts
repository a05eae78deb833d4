import { type Address, sameAddress } from '../model/address.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { Decoded, StreamMessage } from '../wire/codec.ts'
import { type AliveClaim, type Claim, isClaim, type Message } from '../wire/message.ts'
import { othersActive } from './core-state.ts'
import type { Parts } from './parts.ts'
import type { Millis } from './time.ts'

type From = StreamMessage['sender']

/** Takes messages, of packets and of requests over streams, to the parts that they concern. */
export class Inbox {
  readonly #parts: Parts

  constructor(parts: Parts) {
    this.#parts = parts
  }

  /** A packet was read. */
  take({ messages, sender, skipped }: Decoded, from: Address, now: Millis): void {
    const { state } = this.#parts
    state.counters.messagesSkipped += skipped
    // Claims first: the answers then carry what follows from them, a refutation above all.
    for (const message of messages) if (isClaim(message)) this.#hear(message, sender, from.host, now)
    // To one that is alone still, whatever it hears is reason to look who that is: others may hold it failed, and say nothing to it but that.
    if (othersActive(state.table) === 0) this.#onSpeaker(sender, this.#refOf(sender?.name), from, now)
    for (const message of messages) if (!isClaim(message)) this.#onMessage(message, sender, from, now)
  }

  /** What a whole request over a stream is answered with. `from`: the host that dialled, if it is known. */
  answer({ message, sender }: StreamMessage, from: string | undefined, now: Millis): Message {
    const { detection, directs, joins, payloads, pings, queries, reception, rumours, state } = this.#parts
    state.counters.streamsIn++
    if (isClaim(message)) {
      this.#hear(message, sender, from, now)
      return understood
    }
    switch (message.type) {
      case 'ping':
        if (!pings.isForMe(message)) return rejected('this is another node')
        joins.onReached('stream', now)
        return pings.ack(message.seq)
      case 'custom':
        detection.onCustom(message, this.#refOf(sender?.name), now)
        return understood
      case 'sync':
        return reception.answer(message, sender?.name, from, now)
      case 'events':
        return rumours.answer(message, now)
      case 'fetch':
        return payloads.answer(message, now)
      case 'direct':
        return directs.answer(message, sender, now)
      // Those that fit no packet.
      case 'query':
        queries.hear(message, sender, undefined, now)
        return understood
      case 'answer':
        queries.onAnswer(message, sender?.name, now)
        return understood
      default:
        return rejected(`a ${message.type} is no request`)
    }
  }

  #hear(claim: Claim, sender: From, from: string | undefined, now: Millis): void {
    const { introductions, membership, state } = this.#parts
    if (claim.type === 'left') introductions.withdraw(claim.name, claim.incarnation)
    if (claim.type === 'alive' && this.#isHearsay(claim, sender)) {
      state.counters.claimsHeldBack++
      return
    }
    if (claim.type === 'alive' && this.#isStranger(claim, sender)) return introductions.hear(claim)
    if (claim.type === 'alive' && this.#moves(claim, sender)) {
      if (from === undefined || state.newNames.allows(from, now)) introductions.admit(claim, now)
      else state.counters.newNamesLimited++
      return
    }
    membership.hear(claim, { path: 'gossip', by: this.#refOf(sender?.name), from }, now)
  }

  /**
   * Whether a claim is the own word of somebody whose name is not known: nobody becomes a member by that, but by that of one who has
   * reached it where it says.
   */
  #isStranger({ record }: AliveClaim, sender: From): boolean {
    return sender?.name === record.name && this.#refOf(record.name) === undefined
  }

  /**
   * Whether one that is no member tells of another, where the application says with whom tables are compared: a group that it keeps out, and
   * that still speaks to an address which was one of its own, would come in by single claims.
   */
  #isHearsay({ record }: AliveClaim, sender: From): boolean {
    if (this.#parts.state.hooks.admitMerge === undefined) return false
    return sender !== undefined && sender.name !== record.name && this.#memberOf(sender) === undefined
  }

  /**
   * Whether a claim is the own word of another process than the one that has its name here, at another address: it may be the same after a restart
   * elsewhere, or a second one under a name that is taken. That is looked into, as for any newcomer, before it is believed.
   */
  #moves({ record }: AliveClaim, sender: From): boolean {
    const { table } = this.#parts.state
    const ref = sender?.name === record.name ? table.find(record.name) : undefined
    if (ref === undefined || ref === table.self || table.status(ref) > Status.Suspect) return false
    const held = table.record(ref)
    if (held.boot === 0n || record.boot === 0n || held.boot === record.boot) return false
    return !sameAddress(held.address, record.address)
  }

  #onMessage(message: Exclude<Message, Claim>, sender: From, from: Address, now: Millis): void {
    const { configuration, detection, directs, joins, pings, queries, rumours, state } = this.#parts
    switch (message.type) {
      case 'ping': {
        if (!pings.isForMe(message)) return
        if (message.boot !== undefined) joins.onReached('packet', now)
        this.#reply(pings.packetAck(message.seq), sender, from, now)
        return
      }
      case 'pingReq': {
        const ref = this.#refOf(sender?.name)
        pings.onPingReq(message, this.#replyAddress(ref, sender, from), sender?.name, now)
        return
      }
      case 'ack':
        if (pings.onAck(message, sender, now)) this.#onSpeaker(sender, this.#refOf(sender?.name), from, now)
        return
      case 'nack':
        return pings.onNack(message.seq, sender, now)
      case 'custom': {
        const ref = this.#refOf(sender?.name)
        this.#onSpeaker(sender, ref, from, now)
        return detection.onCustom(message, ref, now)
      }
      case 'config':
        return configuration.hear(message, this.#memberOf(sender), now)
      case 'event':
        return rumours.hearEvent(message, now)
      case 'query':
        return queries.hear(message, sender, from, now)
      case 'answer':
        return queries.onAnswer(message, sender?.name, now)
      case 'direct':
        directs.hear(message, sender, false, now)
        return
      case 'sync':
      case 'events':
      case 'fetch':
      case 'payload':
      case 'user':
      case 'error':
        // None of these is of use in a packet.
        state.counters.messagesSkipped++
        return
    }
  }

  #reply(message: Message, sender: From, from: Address, now: Millis): void {
    const { membership, outbox } = this.#parts
    const ref = this.#refOf(sender?.name)
    this.#onSpeaker(sender, ref, from, now)
    outbox.toAddress(this.#replyAddress(ref, sender, from), ref, message)
    // News of a name goes to where its member is held to be: this process would hear of that one when it next compares its table.
    if (ref !== undefined && this.#isRival(ref, sender, from)) {
      outbox.toAddress(from, undefined, membership.claimAbout(ref))
    }
  }

  #onSpeaker(sender: From, ref: Ref | undefined, from: Address, now: Millis): void {
    if (sender !== undefined) this.#parts.syncs.onSpeaker(sender, ref, from, now)
  }

  /**
   * Whether a packet is from another process than the one that is held alive under its name, and not in that one's place. Of the own name
   * the two find out by their pings: to answer each of those with a claim would lead to the next.
   */
  #isRival(ref: Ref, sender: From, from: Address): boolean {
    const { table } = this.#parts.state
    const { address, boot } = table.record(ref)
    if (sender === undefined || ref === table.self) return false
    if (boot === 0n || sender.boot === 0n || boot === sender.boot) return false
    return table.status(ref) === Status.Alive && !sameAddress(address, from)
  }

  /** A reply goes to the advertised address of a known process, else to where the packet came from. */
  #replyAddress(ref: Ref | undefined, sender: From, from: Address): Address {
    if (ref === undefined || sender === undefined) return from
    const record = this.#parts.state.table.record(ref)
    return record.boot === sender.boot ? record.address : from
  }

  /** The member that sent something, if it is that very process. */
  #memberOf(sender: From): Ref | undefined {
    const ref = this.#refOf(sender?.name)
    return ref !== undefined && this.#parts.state.table.record(ref).boot === sender?.boot ? ref : undefined
  }

  #refOf(name: string | undefined): Ref | undefined {
    return name === undefined ? undefined : this.#parts.state.table.find(name)
  }
}

/** The answer to what wants none but has been taken in. */
const understood: Message = { type: 'ack', seq: 0, payload: undefined }

const rejected = (message: string): Message => ({ type: 'error', code: 'rejected', message })
