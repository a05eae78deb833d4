import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status, statusBit } from '../model/status.ts'
import type { CoreState } from './core-state.ts'
import type { News } from './news.ts'
import type { PingReport, PingService } from './ping-service.ts'
import type { Millis } from './time.ts'

/** What may reach a member, or not. */
export type Carrier = 'packets' | 'streams'

/** A carrier that is tried on a member because it has just failed where another way did not. */
interface Check {
  readonly id: number
  readonly ref: Ref
  readonly carrier: Carrier
  /** Tries that failed, of all that there are to be. */
  failed: number
}

/** Tries that fail in a row before a carrier counts as broken: of packets at 10 % loss each way five do so once in four thousand. */
const tries = { packets: 5, streams: 3 } as const
/** Others that are asked, one after the other, whether they reach it. */
const othersAsked = 3
/** Checks under way at most, and the least time between two of one member, in probe intervals: so that loss does not cost much. */
const maxChecks = 4
const restIntervals = 60

const bit = { packets: 1, streams: 2 } as const
const both = bit.packets | bit.streams
const other = { packets: 'streams', streams: 'packets' } as const

/**
 * Finds members that are reachable by one way and not by another: by streams and not by packets, where a firewall lets only those through
 * or datagrams of that size get lost, the other way round, or by others and not from here. Such a member is alive, and what the group knows of it is slow or
 * incomplete; nobody would notice, so it is told as an event, and once more when the other way works again.
 */
export class PathChecks {
  readonly #state: CoreState
  readonly #news: News
  readonly #pings: PingService
  readonly #checks: Check[] = []
  /** Of members that were checked: bits of the carriers that do not reach them, and when that was. Made when there is a first. */
  #known: Map<Ref, { broken: number; checkedAt: Millis }> | undefined
  /** Members with a bit. */
  #count = 0
  #next = 0

  constructor(state: CoreState, news: News, pings: PingService) {
    this.#state = state
    this.#news = news
    this.#pings = pings
  }

  /** A carrier has just failed to reach a member that is there. */
  suspect(ref: Ref, carrier: Carrier, now: Millis): void {
    const { packets, settings, streams, table } = this.#state
    if (!packets || !streams || this.#checks.length >= maxChecks) return
    if (!table.has(ref) || table.status(ref) !== Status.Alive) return
    this.#known ??= new Map()
    const known = this.#known.get(ref) ?? { broken: 0, checkedAt: Number.NEGATIVE_INFINITY }
    if ((known.broken & bit[carrier]) !== 0) return
    if (now - known.checkedAt < restIntervals * settings.probeInterval) return
    known.checkedAt = now
    this.#known.set(ref, known)
    const check: Check = { id: ++this.#next, ref, carrier, failed: 0 }
    this.#checks.push(check)
    this.#try(check, now)
  }

  /** The outcome of any ping: it may be one of a check, and if it was answered, that carrier works. */
  onPing({ arg, outcome, owner, path, ref }: PingReport, now: Millis): void {
    if (outcome === 'ack' && this.#count > 0 && ref !== undefined && path !== 'indirect') {
      this.works(ref, path === 'direct' ? 'packets' : 'streams', now)
    }
    const check = owner === 'path' ? this.#checks.find(({ id }) => id === arg) : undefined
    if (check === undefined || outcome === 'nack') return
    const { carrier, ref: member } = check
    if (outcome === 'ack') {
      if (path === 'indirect') this.#isBroken(check, both, now)
      else if (path !== pathOf[carrier]) this.#isBroken(check, bit[carrier], now)
      this.#end(check)
      return
    }
    check.failed++
    // This node stood still; or it is for whose turn it is to probe.
    if (outcome === 'void' || !this.#isAlive(member)) this.#end(check)
    else this.#try(check, now)
  }

  /** A carrier has reached a member. */
  works(ref: Ref, carrier: Carrier, now: Millis): void {
    const known = this.#known?.get(ref)
    if (known === undefined || (known.broken & bit[carrier]) === 0) return
    const { table, trace } = this.#state
    // Where nothing got through, the first that does says that the way is there again; a carrier that still fails is found anew.
    const whole = known.broken === both
    known.broken &= whole ? 0 : ~bit[carrier]
    if (whole) known.checkedAt = Number.NEGATIVE_INFINITY
    if (known.broken === 0) this.#count--
    trace.record(ref, table.self, pathOf[carrier], 'restored', table.incarnation(ref), now)
    this.#news.tell('restored', ref, now, false, `${carrier} reach it again`)
  }

  /** Another process is behind the name now. */
  onRecord(ref: Ref, before: PeerRecord): void {
    const { boot, address } = this.#state.table.record(ref)
    if (
      boot !== before.boot ||
      address.host !== before.address.host ||
      address.port !== before.address.port
    ) {
      this.onGone(ref)
    }
  }

  /** It failed, left or was removed: what did not reach it then says nothing of when it is back. */
  onGone(ref: Ref): void {
    if (this.#known === undefined) return
    if ((this.#known.get(ref)?.broken ?? 0) !== 0) this.#count--
    this.#known.delete(ref)
  }

  #isAlive(ref: Ref): boolean {
    const { table } = this.#state
    return table.has(ref) && table.status(ref) === Status.Alive
  }

  /** The carrier in question, the other one, and what others reach, in turn. */
  #try(check: Check, now: Millis): void {
    const { carrier, failed } = check
    if (failed < tries[carrier]) return this.#ping(check, carrier, now)
    const left = failed - tries[carrier]
    if (left < tries[other[carrier]]) return this.#ping(check, other[carrier], now)
    if (left < tries[other[carrier]] + othersAsked) this.#askAnother(check, now)
    else this.#end(check)
  }

  #ping(check: Check, carrier: Carrier, now: Millis): void {
    const { probeTimeout } = this.#state.settings
    const limit = carrier === 'packets' ? probeTimeout : 2 * probeTimeout
    if (this.#pings.member(check.ref, pathOf[carrier], undefined, limit, 'path', check.id, now) < 0) {
      this.#end(check)
    }
  }

  #askAnother(check: Check, now: Millis): void {
    const { sampler, settings } = this.#state
    const drawn: Ref[] = []
    sampler.sample(1, statusBit(Status.Alive), drawn, check.ref)
    const [via] = drawn
    const limit = 2 * settings.probeTimeout
    if (
      via === undefined ||
      this.#pings.member(check.ref, 'indirect', via, limit, 'path', check.id, now) < 0
    ) {
      this.#end(check)
    }
  }

  #isBroken({ ref }: Check, bits: number, now: Millis): void {
    const { counters, table, trace } = this.#state
    const known = this.#known?.get(ref)
    if (known === undefined) return
    if (known.broken === 0) this.#count++
    known.broken |= bits
    counters.pathsDegraded++
    const path = bits === bit.streams ? 'stream' : 'direct'
    trace.record(ref, table.self, path, 'degraded', table.incarnation(ref), now)
    this.#news.tell('degraded', ref, now, false, degradedText[bits])
  }

  #end(check: Check): void {
    this.#checks.splice(this.#checks.indexOf(check), 1)
  }
}

const pathOf = { packets: 'direct', streams: 'stream' } as const
const degradedText: Readonly<Record<number, string>> = {
  [bit.packets]: 'streams reach it, and packets do not: a firewall, or a network that loses datagrams',
  [bit.streams]: 'packets reach it, and streams do not: a firewall, or it takes no more connections',
  [both]: 'others reach it, and nothing from here does, neither packets nor streams: the way to it is cut',
}
