import { type Address, formatAddress } from '../model/address.ts'
import { AddressRing } from '../model/address-ring.ts'
import type { PeerRecord } from '../model/peer.ts'
import { Status } from '../model/status.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import type { OwnClaims } from './own-claims.ts'
import type { Syncs } from './syncs.ts'
import type { Millis } from './time.ts'

/** Finding back after a partition: the addresses of those that ought to be members are tried again and again. */
export class Rejoin {
  readonly #state: CoreState
  readonly #own: OwnClaims
  readonly #syncs: Syncs
  /** Where members were that are forgotten by now. */
  readonly #ring = new AddressRing()
  #seeds: readonly Address[] = []

  constructor(state: CoreState, own: OwnClaims, syncs: Syncs) {
    this.#state = state
    this.#own = own
    this.#syncs = syncs
  }

  start(now: Millis): void {
    const { random, settings, streams, timers } = this.#state
    if (streams) timers.arm(now + random.fraction() * settings.rejoinInterval, TimerKind.Rejoin)
  }

  setSeeds(seeds: readonly Address[]): void {
    this.#seeds = seeds
  }

  /** About one node of the cluster tries one address per period, whatever the cluster's size. */
  onTimer(now: Millis): void {
    const { counters, random, settings, table, timers } = this.#state
    timers.arm(now + settings.rejoinInterval, TimerKind.Rejoin)
    if (this.#own.hasLeft) return
    if (table.active > 1 && random.below(table.active) !== 0) return
    const candidates: Address[] = []
    for (let i = 0; i < table.size - table.active; i++) {
      const ref = table.terminalAt(i)
      if (table.status(ref) === Status.Failed) candidates.push(table.record(ref).address)
    }
    candidates.push(...this.#missing([...this.#ring.values(), ...this.#seeds]))
    if (candidates.length === 0) return
    counters.rejoinsTried++
    this.#syncs.begin(candidates[random.below(candidates.length)]!, undefined, now)
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

  /** Those of the addresses where no active member is. */
  #missing(addresses: readonly Address[]): Address[] {
    if (addresses.length === 0) return []
    const { table } = this.#state
    const taken = new Set<string>()
    for (let i = 0; i < table.active; i++) taken.add(formatAddress(table.record(table.activeAt(i)).address))
    return addresses.filter((address) => !taken.has(formatAddress(address)))
  }
}
