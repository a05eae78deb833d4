import { type Address, formatAddress } from '../model/address.ts'
import { AddressRing } from '../model/address-ring.ts'
import type { PeerRecord } from '../model/peer.ts'
import { Status } from '../model/status.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import type { OwnClaims } from './own-claims.ts'
import type { Syncs } from './syncs.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/** The shortest period between tries, as a share of `rejoinInterval`. */
const soonest = 0.1
/** Until a failure is as old as so many periods, tries come sooner: every thirtieth of its age, with `rejoinInterval` for the longest. */
const freshPeriods = 30

/**
 * Finding back: the addresses of those that ought to be members are tried again and again, by about one node of the cluster per period. Who failed just now
 * is likelier to be back than who failed long ago, be it that its process was started again or that a partition is over, so that both
 * the pace and the choice go by the age of the failure.
 */
export class Rejoin {
  readonly #state: CoreState
  readonly #own: OwnClaims
  readonly #syncs: Syncs
  /** Where members were that are forgotten by now. */
  readonly #ring = new AddressRing()
  #seeds: readonly Address[] = []
  #timer: Timer | undefined
  /** When a member last failed. */
  #lastFailure = Number.NEGATIVE_INFINITY
  /** A try is under way: one at a machine that is gone takes as long as a stream may, and none is to be begun beside it. */
  #trying = false

  constructor(state: CoreState, own: OwnClaims, syncs: Syncs) {
    this.#state = state
    this.#own = own
    this.#syncs = syncs
  }

  start(now: Millis): void {
    const { random, settings, streams } = this.#state
    if (streams) this.#arm(now + random.fraction() * settings.rejoinInterval)
  }

  setSeeds(seeds: readonly Address[]): void {
    this.#seeds = seeds
  }

  /** A member failed: it is not to wait until the end of a long period. */
  onFailed(now: Millis): void {
    this.#lastFailure = now
    const timer = this.#timer
    const { random, settings, timers } = this.#state
    const period = soonest * settings.rejoinInterval
    // At a random instant of the first: nodes that hear of a failure together are not to try together.
    if (timer !== undefined && timer.at > now + period) timers.move(timer, now + random.fraction() * period)
  }

  /** About one node of the cluster tries one address per period, whatever the cluster's size. */
  onTimer(now: Millis): void {
    const { counters, random, table } = this.#state
    this.#arm(now + this.#period(now))
    if (this.#own.hasLeft || this.#trying) return
    if (table.active > 1 && random.below(table.active) !== 0) return
    const address = this.#choose(now)
    if (address === undefined) return
    counters.rejoinsTried++
    const ended = (): void => {
      this.#trying = false
    }
    this.#trying = this.#syncs.begin(address, undefined, now, { ended })
  }

  /** Where members were that are forgotten by now, the latest last. */
  get kept(): readonly Address[] {
    return this.#ring.values()
  }

  /** Goes on looking for somebody there. */
  keep(address: Address): void {
    this.#ring.add(address)
  }

  /** Keeps where members were that have just been removed. */
  keepReaped(reaped: PeerRecord[]): void {
    this.#state.due &= ~Due.Reaped
    for (const { address } of reaped) this.keep(address)
    reaped.length = 0
  }

  #arm(at: Millis): void {
    this.#timer = this.#state.timers.arm(at, TimerKind.Rejoin)
  }

  #period(now: Millis): Millis {
    const { rejoinInterval } = this.#state.settings
    const age = (now - this.#lastFailure) / freshPeriods
    return Math.min(rejoinInterval, Math.max(soonest * rejoinInterval, age))
  }

  /** One of those that ought to be members, each with a weight of one by the time that it is gone; seeds and the forgotten count as gone for the longest. */
  #choose(now: Millis): Address | undefined {
    const { random, settings, table } = this.#state
    const shortest = soonest * settings.rejoinInterval
    const longest = Math.max(shortest, settings.failedRetention)
    const addresses: Address[] = []
    /** Of each address and all before it. */
    const sums: number[] = []
    let sum = 0
    const add = (address: Address, age: Millis): void => {
      addresses.push(address)
      sum += 1 / Math.min(longest, Math.max(shortest, age))
      sums.push(sum)
    }
    for (let i = 0; i < table.size - table.active; i++) {
      const ref = table.terminalAt(i)
      if (table.status(ref) === Status.Failed) add(table.record(ref).address, now - table.since(ref))
    }
    for (const address of this.#missing([...this.#ring.values(), ...this.#seeds])) add(address, longest)
    if (addresses.length === 0) return undefined
    const drawn = random.fraction() * sum
    return addresses[sums.findIndex((upTo) => drawn < upTo)] ?? addresses.at(-1)
  }

  /** Those of the addresses where no active member is. */
  #missing(addresses: readonly Address[]): Address[] {
    if (addresses.length === 0) return []
    const { table } = this.#state
    const taken = new Set<string>()
    for (let i = 0; i < table.active; i++) taken.add(formatAddress(table.record(table.activeAt(i)).address))
    return addresses.filter((address) => !taken.has(formatAddress(address)))
  }
}
