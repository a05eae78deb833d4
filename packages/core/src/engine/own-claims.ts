import { sameAddress } from '../model/address.ts'
import { sameRecord } from '../model/directory.ts'
import { healthDelta } from '../model/local-health.ts'
import type { PeerRecord } from '../model/peer.ts'
import { Status } from '../model/status.ts'
import type { AliveClaim, LeftClaim } from '../wire/message.ts'
import { type CoreState, Due, othersActive, TimerKind } from './core-state.ts'
import { waitFor } from './incarnation-limits.ts'
import type { News } from './news.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/**
 * What this node says of itself, and what it makes of what others say of it. Only here is the own incarnation raised: to
 * announce a change, to refute, to come back after leaving.
 */
export class OwnClaims {
  readonly #state: CoreState
  readonly #news: News
  #lastRefutation = Number.NEGATIVE_INFINITY
  /** Highest incarnation heard of this node that is still to be refuted. */
  #toRefute = -1
  #refuteTimer: Timer | undefined
  /** Number of the latest claim, and who waits until it has been told. */
  #announcement = 0
  readonly #announcing: (() => void)[] = []
  /** What has been changed since this node left. */
  #whenBack: Partial<PeerRecord> = {}
  /** Claims of another boot under this node's name, at another address: to be looked into, and taken out. */
  readonly contested: AliveClaim[] = []

  constructor(state: CoreState, news: News) {
    this.#state = state
    this.#news = news
  }

  get hasLeft(): boolean {
    const { table } = this.#state
    return table.status(table.self) === Status.Left
  }

  /**
   * Raises the own incarnation, to `atLeast` if that is more, and says so, with a change of the record if one is given.
   * `done` is called when it, or an announcement that replaced it, has been handed on as often as any update. A node that has left says nothing: a change
   * is kept for when it comes back.
   */
  announce(now: Millis, change: Partial<PeerRecord>, atLeast = 0, done?: () => void): void {
    if (this.hasLeft) {
      // To say anything would be to come back.
      this.#whenBack = { ...this.#whenBack, ...change }
      return done?.()
    }
    const claim = this.#rise(now, change, atLeast)
    const { table } = this.#state
    const number = this.#announcement
    if (done !== undefined) this.#announcing.push(done)
    this.#news.queue(table.self, 'status', claim, () => {
      if (number === this.#announcement) this.#allTold()
    })
    // Alone there is nobody to wait for, but whoever comes next is told.
    if (othersActive(table) === 0) this.#allTold()
    this.#state.due |= Due.Urgent
  }

  /**
   * Is back after leaving, above the incarnation at which it left. It tells nobody: whom it joins introduces it, like any newcomer, and finds
   * out before whether the name is another's by now.
   */
  comeBack(now: Millis): void {
    this.#rise(now, { ...this.#whenBack, leaving: false }, 0)
    this.#whenBack = {}
  }

  /** Says that this node leaves, at its current incarnation, or at that of an earlier boot which is still held alive. */
  depart(now: Millis, atLeast = 0): LeftClaim {
    const { queue, table } = this.#state
    const { self } = table
    const incarnation = Math.max(atLeast, table.incarnation(self))
    const sender = { ...this.#state.sender, incarnation }
    this.#state.sender = sender
    const claim: LeftClaim = { type: 'left', name: sender.name, incarnation, by: sender.name }
    this.#news.tellChange(table.set(self, Status.Left, incarnation, now), now)
    this.#announcement++
    queue.drop(self)
    this.#news.queue(self, 'status', claim, () => this.#allTold())
    this.#state.due |= Due.Urgent
    return claim
  }

  /**
   * Announces itself above what was heard, as soon as the limit of once per probe interval allows, and as others believe it: where a liar
   * has gone as far as the wall clock lets anybody go, that is within a second.
   */
  refute(heard: number, now: Millis): void {
    const { settings, timers, wallSeconds } = this.#state
    // A node that has left stands by that.
    if (this.hasLeft) return
    this.#toRefute = Math.max(this.#toRefute, heard)
    const believed = now + waitFor(this.#toRefute + 1, wallSeconds(now))
    const earliest = Math.max(believed, this.#lastRefutation + settings.probeInterval)
    if (now >= earliest) this.#refute(now)
    else this.#refuteTimer ??= timers.arm(earliest, TimerKind.Refute)
  }

  onRefuteTimer(now: Millis): void {
    this.#refuteTimer = undefined
    // What was heard meanwhile may be higher.
    if (this.#toRefute >= 0) this.refute(this.#toRefute, now)
  }

  /** An alive claim under this node's own name. */
  hearAlive(claim: AliveClaim, now: Millis): void {
    const { table } = this.#state
    const own = table.record(table.self)
    const ownIncarnation = table.incarnation(table.self)
    const { incarnation, record } = claim
    if (this.hasLeft) {
      // A name that was given up is another's to take. But at this very address it can only be an earlier boot, which is gone.
      const earlier = record.boot !== own.boot && sameAddress(record.address, own.address)
      if (earlier && incarnation > ownIncarnation) this.depart(now, incarnation)
      return
    }
    if (record.boot !== own.boot && record.boot !== 0n && own.boot !== 0n) {
      // At this very address it can only be an earlier boot of this process: nobody to ask.
      if (!sameAddress(record.address, own.address)) {
        this.contested.push(claim)
        this.#state.due |= Due.Contest
      } else if (incarnation >= ownIncarnation) this.refute(incarnation, now)
    } else if (incarnation > ownIncarnation || (incarnation === ownIncarnation && !sameRecord(record, own))) {
      this.refute(incarnation, now)
    }
  }

  /** Another went: whoever waits until the others have been told waits no longer if there is nobody left. */
  onOtherGone(): void {
    if (othersActive(this.#state.table) === 0) this.#allTold()
  }

  /** Raises the own incarnation; what was being told of this node before is not told any further. */
  #rise(now: Millis, change: Partial<PeerRecord>, atLeast: number): AliveClaim {
    const { queue, table } = this.#state
    const { self } = table
    const incarnation = Math.min(0xffffffff, Math.max(atLeast, table.incarnation(self) + 1))
    const record: PeerRecord = { ...table.record(self), ...change }
    const outcome = table.set(self, Status.Alive, incarnation, now, record)
    this.#state.sender = { ...this.#state.sender, incarnation }
    this.#news.tellChange(outcome, now)
    this.#announcement++
    queue.drop(self)
    return { type: 'alive', incarnation, record }
  }

  #refute(now: Millis): void {
    const { counters, health, table, timers, trace } = this.#state
    timers.cancel(this.#refuteTimer)
    this.#refuteTimer = undefined
    const heard = this.#toRefute
    this.#toRefute = -1
    if (this.hasLeft || heard < table.incarnation(table.self)) return
    this.#lastRefutation = now
    counters.refutations++
    health.apply(healthDelta.refuted)
    this.announce(now, {}, heard + 1)
    trace.record(table.self, table.self, 'judgement', 'refuted', table.incarnation(table.self), now)
  }

  #allTold(): void {
    for (const done of this.#announcing.splice(0)) done()
  }
}
