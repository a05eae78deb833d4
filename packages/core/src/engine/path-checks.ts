import type { PeerRecord } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { CoreState } from './core-state.ts'
import type { News } from './news.ts'
import type { PingReport, PingService } from './ping-service.ts'
import type { Millis } from './time.ts'

/** What may reach a member, or not. */
export type Carrier = 'packets' | 'streams'

/** A carrier that is tried on a member because it has just failed where the other did not. */
interface Check {
  readonly id: number
  readonly ref: Ref
  readonly carrier: Carrier
  failed: number
}

/** Tries that fail in a row before a carrier counts as broken: of packets at 10 % loss each way five do so once in four thousand. */
const tries = { packets: 5, streams: 3 } as const
/** Checks under way at most, and the least time between two of one member, in probe intervals: so that loss does not cost much. */
const maxChecks = 4
const restIntervals = 60

const bit = { packets: 1, streams: 2 } as const
const other = { packets: 'streams', streams: 'packets' } as const

/**
 * Finds members that are reachable by one way and not by another: by streams and not by packets, where a firewall lets only those through
 * or datagrams of that size get lost, or the other way round. Such a member is alive, and what the group knows of it is slow or
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
    this.#try(check, carrier, now)
  }

  /** The outcome of any ping: it may be one of a check, and if it was answered, that carrier works. */
  onPing({ arg, outcome, owner, path, ref }: PingReport, now: Millis): void {
    if (outcome === 'ack' && this.#count > 0 && ref !== undefined && path !== 'indirect') {
      this.#works(ref, path === 'direct' ? 'packets' : 'streams', now)
    }
    const check = owner === 'path' ? this.#checks.find(({ id }) => id === arg) : undefined
    if (check === undefined || outcome === 'nack') return
    const { carrier, ref: member } = check
    const tried: Carrier = path === 'stream' ? 'streams' : 'packets'
    if (outcome === 'ack' && tried !== carrier) this.#isBroken(check, now)
    // Answered; or nothing reaches it, which is for whose turn it is to probe; or this node stood still.
    if (outcome === 'ack' || outcome === 'void' || tried !== carrier || !this.#isAlive(member)) {
      this.#end(check)
      return
    }
    check.failed++
    this.#try(check, check.failed < tries[carrier] ? carrier : other[carrier], now)
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

  #try(check: Check, carrier: Carrier, now: Millis): void {
    const { settings } = this.#state
    const path = carrier === 'packets' ? 'direct' : 'stream'
    const limit = carrier === 'packets' ? settings.probeTimeout : 2 * settings.probeTimeout
    if (this.#pings.member(check.ref, path, undefined, limit, 'path', check.id, now) < 0) {
      this.#end(check)
    }
  }

  #isBroken({ carrier, ref }: Check, now: Millis): void {
    const { counters, table, trace } = this.#state
    const known = this.#known?.get(ref)
    if (known === undefined) return
    if (known.broken === 0) this.#count++
    known.broken |= bit[carrier]
    counters.pathsDegraded++
    trace.record(ref, table.self, pathOf[carrier], 'degraded', table.incarnation(ref), now)
    this.#news.tell('degraded', ref, now, false, degradedText[carrier])
  }

  #works(ref: Ref, carrier: Carrier, now: Millis): void {
    const known = this.#known?.get(ref)
    if (known === undefined || (known.broken & bit[carrier]) === 0) return
    const { table, trace } = this.#state
    known.broken &= ~bit[carrier]
    if (known.broken === 0) this.#count--
    trace.record(ref, table.self, pathOf[carrier], 'restored', table.incarnation(ref), now)
    this.#news.tell('restored', ref, now, false, `${carrier} reach it again`)
  }

  #end(check: Check): void {
    this.#checks.splice(this.#checks.indexOf(check), 1)
  }
}

const pathOf = { packets: 'direct', streams: 'stream' } as const
const degradedText = {
  packets: 'streams reach it, and packets do not: a firewall, or a network that loses datagrams',
  streams: 'packets reach it, and streams do not: a firewall, or it takes no more connections',
} as const
