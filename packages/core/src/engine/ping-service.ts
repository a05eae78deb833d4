import type { Address } from '../model/address.ts'
import type { Boot, Sender } from '../model/peer.ts'
import { RareMap } from '../model/rare-map.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { Ack, Nack, Ping, PingReq, PingTarget } from '../wire/message.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import type { PingOutcomeKind, PingPath } from './detector.ts'
import type { RequestOutcome } from './effects.ts'
import type { Outbox } from './outbox.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/** On whose behalf a ping was sent: the result goes there. */
export type PingOwner = 'detector' | 'look' | 'path' | 'operation' | 'conflict' | 'admission'

/** What became of a ping; see `PingResult` of the detector interface. */
export interface PingReport {
  readonly seq: number
  readonly owner: PingOwner
  /** The owner's own number. */
  readonly arg: number
  readonly ref: Ref | undefined
  readonly path: PingPath
  readonly via: Ref | undefined
  readonly outcome: PingOutcomeKind
  readonly rtt: Millis
  readonly incarnation: number
  readonly boot: Boot
  readonly payload: Uint8Array | undefined
}

interface Pending {
  readonly seq: number
  readonly owner: PingOwner
  readonly arg: number
  readonly ref: Ref | undefined
  readonly name: string
  readonly path: PingPath
  readonly via: Ref | undefined
  readonly incarnation: number
  readonly boot: Boot
  readonly sentAt: Millis
  timer: Timer
}

/** A ping that this node sent because another asked it to. */
interface Relay {
  readonly origin: Address
  /** By name: it may become a member, or cease to be one, before the answer goes back. */
  readonly originName: string | undefined
  readonly originSeq: number
  readonly name: string
  timeout: Timer
  nack: Timer | undefined
}

/** Pings in flight, and relays, at most: beyond it the newest are refused and counted. */
const maxPending = 4_096
const maxRelays = 1_024
/** A helper waits no longer than this, whatever it is told. Milliseconds. */
const maxRelayWait = 120_000
/** Targets in one request to a helper: with the longest names four fit any packet. */
const targetsPerPacket = 4
/** Share of its own wait after which a helper says that it has heard nothing (Lifeguard §4.1). */
const nackShare = 0.8

/** Whom a ping is for, where it is not a member. */
export interface PingAddressee {
  readonly name: string
  /** If given, only this boot may answer. */
  readonly boot: Boot | undefined
  readonly address: Address
}

/**
 * Pinging, as a service to detectors, conflict checks, introductions and users: correlation, helpers, nacks, timeouts
 * and round-trip times. And answering, which every node does, whatever its detector.
 */
export class PingService {
  readonly #state: CoreState
  readonly #outbox: Outbox
  readonly #pending = new RareMap<number, Pending>()
  readonly #relays = new RareMap<number, Relay>()
  /** Targets for each helper, of this input: they share a packet. */
  readonly #asked = new RareMap<Ref, { nackAfter: number; targets: PingTarget[] }>()
  #seq: number
  /** Results that were not yet handed to their owners. */
  readonly reports: PingReport[] = []

  constructor(state: CoreState, outbox: Outbox) {
    this.#state = state
    this.#outbox = outbox
    this.#seq = state.random.u32()
  }

  /** Pings a member; the report comes later. Returns its number, or −1 where too many are under way. */
  member(
    ref: Ref,
    path: PingPath,
    via: Ref | undefined,
    timeout: Millis,
    owner: PingOwner,
    arg: number,
    now: Millis,
  ): number {
    const { table } = this.#state
    const record = table.record(ref)
    const pending = this.#begin(
      record.name,
      ref,
      path,
      via,
      table.incarnation(ref),
      record.boot,
      timeout,
      owner,
      arg,
      now,
    )
    if (pending === undefined) return -1
    const { seq } = pending
    if (path === 'indirect' && via !== undefined) {
      let asked = this.#asked.get(via)
      if (asked === undefined) {
        asked = { nackAfter: Math.round(timeout * nackShare), targets: [] }
        this.#asked.set(via, asked)
        this.#state.due |= Due.Helpers
      }
      asked.targets.push({ seq, name: record.name, boot: undefined, address: record.address })
    } else {
      const ping: Ping = { type: 'ping', seq, target: record.name, boot: undefined }
      if (path === 'stream') this.#outbox.request(record.address, ping, seq, timeout)
      else this.#outbox.toMember(ref, ping)
    }
    if (isProbe(owner)) this.#state.counters.probesSent++
    return seq
  }

  /** Pings whoever is at an address, provided it is who it should be. */
  address(
    to: PingAddressee,
    path: 'direct' | 'stream',
    timeout: Millis,
    owner: PingOwner,
    arg: number,
    now: Millis,
  ): number {
    const pending = this.#begin(
      to.name,
      undefined,
      path,
      undefined,
      0,
      to.boot ?? 0n,
      timeout,
      owner,
      arg,
      now,
    )
    if (pending === undefined) return -1
    const ping: Ping = { type: 'ping', seq: pending.seq, target: to.name, boot: to.boot }
    if (path === 'stream') this.#outbox.request(to.address, ping, pending.seq, timeout)
    else this.#outbox.toAddress(to.address, this.#refOf(to), ping)
    return pending.seq
  }

  /** Puts what helpers were asked during this input into packets. */
  flush(): void {
    this.#state.due &= ~Due.Helpers
    for (const [via, { nackAfter, targets }] of this.#asked) {
      for (let i = 0; i < targets.length; i += targetsPerPacket) {
        this.#outbox.toMember(via, {
          type: 'pingReq',
          nackAfter,
          targets: targets.slice(i, i + targetsPerPacket),
        })
      }
    }
    this.#asked.clear()
  }

  /** Whether this node is the one that is asked for. */
  isForMe(ping: Ping): boolean {
    const { counters, sender, table } = this.#state
    // Who asks for a boot wants to know whether it stands by its name: one that has left does not.
    const standsBy = ping.boot === sender.boot && table.status(table.self) !== Status.Left
    if (ping.target === sender.name && (ping.boot === undefined || standsBy)) return true
    counters.pingsMisaddressed++
    return false
  }

  /** The answer over a stream, of which the round trip says nothing of the way: there is a handshake in it. */
  ack(seq: number): Ack {
    return { type: 'ack', seq, payload: this.#state.hooks.ackPayload?.() }
  }

  /** The answer to a packet. */
  packetAck(seq: number): Ack {
    const { coordinates, hooks } = this.#state
    return { type: 'ack', seq, payload: hooks.ackPayload?.(), coordinate: coordinates?.packed }
  }

  onPingReq(req: PingReq, origin: Address, originName: string | undefined, now: Millis): void {
    const { counters, timers } = this.#state
    const nackAfter = Math.min(req.nackAfter, maxRelayWait * nackShare)
    const wait = nackAfter === 0 ? this.#state.settings.probeTimeout : nackAfter / nackShare
    for (const target of req.targets) {
      if (this.#relays.size >= maxRelays) {
        counters.relaysRefused++
        return
      }
      const seq = this.#nextSeq()
      this.#relays.set(seq, {
        origin,
        originName,
        originSeq: target.seq,
        name: target.name,
        timeout: timers.arm(now + wait, TimerKind.PingTimeout, seq),
        nack: nackAfter === 0 ? undefined : timers.arm(now + nackAfter, TimerKind.RelayNack, seq),
      })
      counters.pingsRelayed++
      const ref = this.#state.table.find(target.name)
      this.#outbox.toAddress(target.address, ref, {
        type: 'ping',
        seq,
        target: target.name,
        boot: target.boot,
      })
    }
  }

  /** `true`: the member that was asked is held as another process than the one that answered for it. */
  onAck({ coordinate, payload, seq }: Ack, sender: Sender | undefined, now: Millis): boolean {
    // Asked first whether there are any at all: most of the time there are none.
    const relay = this.#relays.size === 0 ? undefined : this.#relays.get(seq)
    if (relay !== undefined && (sender === undefined || sender.name === relay.name)) {
      this.#endRelay(seq, relay)
      this.#answerOrigin(relay, { type: 'ack', seq: relay.originSeq, payload })
      return false
    }
    const pending = this.#pending.get(seq)
    if (pending === undefined || pending.path === 'stream' || !this.#mayAnswer(pending, sender)) {
      this.#state.counters.acksStray++
      return false
    }
    const another = this.#tellOther(pending, sender)
    if (coordinate !== undefined) this.#locate(pending, coordinate, sender, now)
    this.#finish(pending, 'ack', now, payload)
    return another
  }

  onNack(seq: number, sender: Sender | undefined, now: Millis): void {
    const pending = this.#pending.get(seq)
    if (pending === undefined || pending.path !== 'indirect' || !this.#mayAnswer(pending, sender)) {
      this.#state.counters.acksStray++
      return
    }
    this.#state.counters.nacks++
    this.#report(pending, 'nack', now, undefined)
  }

  /** A stream ping came to an end; false where the number is not one. */
  onStream(seq: number, outcome: RequestOutcome, now: Millis): boolean {
    const pending = this.#pending.get(seq)
    if (pending === undefined || pending.path !== 'stream') return false
    this.#state.doubt.onStream(pending.ref, outcome.kind === 'refused')
    if (outcome.kind === 'reply') {
      const { message, sender } = outcome.reply
      const right = message.type === 'ack' && message.seq === seq && this.#mayAnswer(pending, sender)
      // Somebody else listens there now: this member does not.
      if (right) this.#finish(pending, 'ack', now, message.payload)
      else this.#finish(pending, 'reset', now, undefined)
    } else {
      this.#finish(pending, outcome.kind === 'fault' ? 'reset' : outcome.kind, now, undefined)
    }
    return true
  }

  onTimeout(seq: number, now: Millis): void {
    const relay = this.#relays.get(seq)
    if (relay !== undefined) return this.#endRelay(seq, relay)
    const pending = this.#pending.get(seq)
    if (pending !== undefined) this.#finish(pending, 'timeout', now, undefined)
  }

  onRelayNack(seq: number): void {
    const relay = this.#relays.get(seq)
    if (relay === undefined) return
    relay.nack = undefined
    this.#answerOrigin(relay, { type: 'nack', seq: relay.originSeq })
  }

  /** Forgets a ping; its answer will be stray. */
  forget(seq: number): void {
    const pending = this.#pending.get(seq)
    if (pending === undefined) return
    this.#state.timers.cancel(pending.timer)
    this.#pending.delete(seq)
  }

  /** Forgets all pings of an owner. */
  forgetAll(owner: PingOwner): void {
    for (const pending of [...this.#pending.values()]) if (pending.owner === owner) this.forget(pending.seq)
  }

  /** This node stalled: what it waited for may have come and gone, so no ping under way says anything. */
  voidAll(now: Millis): void {
    for (const pending of [...this.#pending.values()]) this.#finish(pending, 'void', now, undefined)
    for (const [seq, relay] of [...this.#relays]) this.#endRelay(seq, relay)
  }

  #begin(
    name: string,
    ref: Ref | undefined,
    path: PingPath,
    via: Ref | undefined,
    incarnation: number,
    boot: Boot,
    timeout: Millis,
    owner: PingOwner,
    arg: number,
    now: Millis,
  ): Pending | undefined {
    if (this.#pending.size >= maxPending) return undefined
    const seq = this.#nextSeq()
    const timer = this.#state.timers.arm(now + timeout, TimerKind.PingTimeout, seq)
    const pending: Pending = {
      seq,
      owner,
      arg,
      ref,
      name,
      path,
      via,
      incarnation,
      boot,
      sentAt: now,
      timer,
    }
    this.#pending.set(seq, pending)
    return pending
  }

  #nextSeq(): number {
    do {
      this.#seq = (this.#seq + 1) >>> 0
      // 0 is no ping's: it marks a request that nobody waits for.
    } while (this.#seq === 0 || this.#pending.has(this.#seq) || this.#relays.has(this.#seq))
    return this.#seq
  }

  /** The member that an addressee is, if this very process is one: it is told what is held against it. */
  #refOf({ boot, name }: PingAddressee): Ref | undefined {
    const { table } = this.#state
    const ref = table.find(name)
    return ref !== undefined && table.record(ref).boot === boot ? ref : undefined
  }

  /** An answer comes from the member itself, or from the helper that was asked. */
  #mayAnswer(pending: Pending, sender: Sender | undefined): boolean {
    if (sender === undefined || sender.name === pending.name) return true
    return pending.via !== undefined && sender.name === this.#state.table.name(pending.via)
  }

  #finish(pending: Pending, outcome: PingOutcomeKind, now: Millis, payload: Uint8Array | undefined): void {
    this.#state.timers.cancel(pending.timer)
    this.#pending.delete(pending.seq)
    this.#report(pending, outcome, now, payload)
  }

  #report(pending: Pending, outcome: PingOutcomeKind, now: Millis, payload: Uint8Array | undefined): void {
    const { counters, hooks, roundTrips, table, trace } = this.#state
    const { boot, incarnation, owner, path, ref, seq, via } = pending
    const rtt = now - pending.sentAt
    if (ref !== undefined && table.has(ref)) {
      const doubted = table.status(ref) !== Status.Alive
      if (outcome !== 'ack' || path !== 'direct' || doubted) {
        trace.record(ref, via ?? table.self, path, outcome, incarnation, now)
      }
      if (outcome === 'ack' && path === 'direct') {
        roundTrips.measured(ref, rtt)
        this.#state.doubt.onAnswer()
        hooks.onPing?.(pending.name, rtt, payload)
      }
    }
    if (outcome === 'ack' && isProbe(owner)) counters.probesAnswered++
    this.#state.due |= Due.Reports
    this.reports.push({
      seq,
      owner,
      arg: pending.arg,
      ref,
      path,
      via,
      outcome,
      rtt,
      incarnation,
      boot,
      payload,
    })
  }

  /** Where the very process that was asked is, if it answered by itself: the way through a helper is another one. */
  #locate(pending: Pending, coordinate: Uint8Array, sender: Sender | undefined, now: Millis): void {
    const { boot, path, ref, sentAt } = pending
    if (path !== 'direct' || ref === undefined || !this.#state.table.has(ref)) return
    if (sender === undefined || sender.name !== pending.name || sender.boot !== boot) return
    this.#state.coordinates?.heard(ref, coordinate, now - sentAt)
  }

  /**
   * Another process than the one that is held answers for its name: it is told of that one, to refute it, or to leave anew. Its own
   * claims may be below those of the earlier boot, where its clock was set back, and count for nothing here. Returns whether it is another.
   */
  #tellOther({ boot, ref }: Pending, sender: Sender | undefined): boolean {
    const { table } = this.#state
    if (ref === undefined || sender === undefined || sender.boot === 0n || boot === 0n) return false
    if (sender.boot === boot || !table.has(ref)) return false
    const record = table.record(ref)
    if (sender.name !== record.name || record.boot !== boot) return false
    this.#outbox.toMember(ref, { type: 'alive', incarnation: table.recordIncarnation(ref), record })
    return true
  }

  #answerOrigin({ origin, originName }: Relay, answer: Ack | Nack): void {
    const ref = originName === undefined ? undefined : this.#state.table.find(originName)
    this.#outbox.toAddress(origin, ref, answer)
  }

  #endRelay(seq: number, relay: Relay): void {
    this.#state.timers.cancel(relay.timeout)
    this.#state.timers.cancel(relay.nack)
    this.#relays.delete(seq)
  }
}

/** Sent to find out whether a member is there. */
const isProbe = (owner: PingOwner): boolean => owner === 'look' || owner === 'detector'
