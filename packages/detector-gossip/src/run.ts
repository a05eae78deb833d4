import {
  activeStatuses,
  type ByteReader,
  type Column,
  type DetectorContext,
  type LookResult,
  type Millis,
  type PeerRecord,
  type Ref,
  Status,
  statusBit,
} from '@swimkit/core'
import { Exchange } from './exchange.ts'
import { Freshness } from './freshness.ts'
import { Looking } from './looking.ts'
import type { Resolved } from './options.ts'
import { Flag, Peers, self } from './peers.ts'
import type { Penalties } from './penalties.ts'
import { Silence } from './silence.ts'
import { Stages } from './stages.ts'
import { Wheel } from './wheel.ts'

/** Rows whose turn a step takes up at most; the others wait for the next one. */
const visitsPerStep = 256
/** Members that are drawn until there is one that gossips: some may lack this detector. */
const draws = 4
/** The core has as many pings under way as it allows: so many steps later. */
const busySteps = 1

/** Number of the looks that are taken only to have something to compare others with. */
const comparison = -1

/** What outlives a run of the detector. */
export interface Kept {
  /** This node's heartbeat. */
  heartbeat: number
  /** Row of each member. */
  readonly rows: Column
  readonly penalties: Penalties
  /** When this node last looked at a member that it doubts. */
  readonly lookedAt: Column
}

/** The detector from a start to the stop: nothing that was heard before tells anything now. */
export class Run {
  readonly #context: DetectorContext
  readonly #options: Resolved
  readonly #kept: Kept
  readonly #peers: Peers
  readonly #freshness: Freshness
  readonly #wheel: Wheel
  readonly #silence: Silence
  readonly #exchange: Exchange
  readonly #stages: Stages
  readonly #looking: Looking
  /** Empty between two draws. */
  readonly #drawn: Ref[] = []
  /** From one push to the next, and from one turn of the wheel to the next: each is a timer of the host. */
  readonly #step: Millis
  #n = 0
  #stepped = 0
  #nextStep: Millis
  #now: Millis

  constructor(context: DetectorContext, options: Resolved, kept: Kept, now: Millis) {
    const { members, random, settings } = context
    this.#context = context
    this.#options = options
    this.#kept = kept
    this.#now = now
    this.#peers = new Peers(kept.rows, random.u32())
    this.#step = options.interval / options.fanout
    this.#freshness = new Freshness()
    this.#wheel = new Wheel(this.#step)
    this.#silence = new Silence(this.#peers, options)
    this.#exchange = new Exchange(this.#peers, this.#freshness, members, options.digestBytes, this.#heard)
    this.#looking = new Looking(options.looksAtOnce)
    this.#peers.add(members.self, members.record(members.self), now)
    this.#stages = new Stages(this.#peers.ids[self]!, options.watchers, settings.probeInterval)
    this.#exchange.heartbeat = kept.heartbeat
    this.#resize()
    this.#silence.begin(now)
    for (let i = 0; i < this.#n; i++) {
      const ref = members.activeAt(i)
      if (ref !== members.self) this.track(ref, now)
    }
    // Nodes that start together should not gossip together.
    this.#nextStep = now + random.fraction() * options.interval
    context.arm(this.#nextStep, 0)
  }

  end(): void {
    this.#peers.clear()
  }

  onTimer(now: Millis): void {
    this.#now = now
    const late = this.#late(now)
    if (late > 0) this.#silence.pause(late, now)
    this.#resize()
    if (this.#stepped++ % this.#options.fanout === 0) this.#kept.heartbeat = this.#exchange.beat()
    this.#push(now)
    this.#wheel.turn()
    for (let visits = visitsPerStep; visits > 0; visits--) {
      const row = this.#wheel.next()
      if (row < 0) break
      this.#visit(row, now)
    }
    // Steps that are a little late are caught up with, so that an interval is one.
    this.#nextStep = late > 0 ? now + this.#step : Math.max(now, this.#nextStep + this.#step)
    this.#context.arm(this.#nextStep, 0)
  }

  onMessage(from: Ref | undefined, body: ByteReader, now: Millis): void {
    const { members } = this.#context
    // Of whom nothing is known there is nothing to believe, and it could not be answered.
    if (from === undefined || from === members.self) return
    this.#now = now
    // What has arrived while this node stood still is read before its timers run.
    const late = this.#late(now)
    if (late > 0) this.#silence.pause(late, now)
    const answer = this.#exchange.receive(this.#peers.rowOf(from), body)
    if (answer !== undefined) this.#context.send(from, answer, now)
  }

  onLook({ arg, evidence, outcome, path, rtt, seen }: LookResult, now: Millis): void {
    if (arg === comparison) {
      if (outcome === 'unreached') this.#context.unreachable(seen, evidence, now)
      return
    }
    const row = this.#looking.end(arg)
    if (row < 0) return
    switch (outcome) {
      case 'reached':
        this.#silence.reached(row, now)
        this.#wait(row, now)
        this.#context.reachable(seen, now, path === 'direct' ? rtt : undefined)
        return
      case 'unreached':
        this.#silence.unreached(row)
        this.#kept.lookedAt.set(seen.ref, now)
        this.#wait(row, now)
        this.#lookForComparison(seen.ref, now)
        // What follows from it may be that the row is gone.
        this.#context.unreachable(seen, evidence, now)
        return
      case 'void':
        this.#wheel.put(row, this.#options.interval)
        return
    }
  }

  /** It became active, or what it says of itself has changed. */
  track(ref: Ref, now: Millis): void {
    const { members } = this.#context
    const peers = this.#peers
    const record = members.record(ref)
    let row = peers.rowOf(ref)
    const gossips = this.#context.equipped(ref)
    // Another process under the same name: nothing that was heard is about this one.
    if (row !== self && !(gossips && peers.isOf(row, record))) {
      this.drop(ref)
      row = self
    }
    if (!gossips) return
    if (row === self) row = this.#add(ref, record, now)
    if (members.status(ref) === Status.Suspect) peers.mark(row, Flag.Suspect)
    else if (peers.is(row, Flag.Suspect)) {
      peers.unmark(row, Flag.Suspect)
      this.#silence.refuted(row, now)
    }
  }

  /** It came back lately. */
  pardon(ref: Ref): void {
    const row = this.#peers.rowOf(ref)
    if (row !== self) this.#peers.mark(row, Flag.Returned)
  }

  /** It is no longer active. */
  drop(ref: Ref): void {
    const row = this.#peers.rowOf(ref)
    if (row === self) return
    this.#looking.drop(row)
    this.#freshness.remove(row)
    this.#wheel.remove(row)
    this.#peers.remove(row)
  }

  #add(ref: Ref, record: PeerRecord, now: Millis): number {
    const peers = this.#peers
    const row = peers.add(ref, record, now)
    this.#freshness.add(row)
    this.#wheel.add(row)
    if (this.#kept.penalties.of(ref, now) > 0) peers.mark(row, Flag.Returned)
    this.#silence.expect(row)
    this.#wait(row, now)
    return row
  }

  /** Higher heartbeats come through here. */
  readonly #heard = (row: number, heartbeat: number): void => {
    if (this.#silence.heard(row, heartbeat, this.#now)) this.#freshness.heard(row)
  }

  #push(now: Millis): void {
    const to = this.#draw(activeStatuses)
    if (to !== undefined) this.#context.send(to, this.#exchange.push(this.#peers.rowOf(to)), now)
  }

  /** A member at random that gossips, in one of these statuses; `undefined`: none was drawn. */
  #draw(statuses: number, except?: Ref): Ref | undefined {
    const drawn = this.#drawn
    for (let draw = 0; draw < draws; draw++) {
      this.#context.sampler.sample(1, statuses, drawn, except)
      const ref = drawn.pop()
      if (ref === undefined || this.#peers.rowOf(ref) !== self) return ref
    }
    return undefined
  }

  /** A row whose turn it is: it may have been heard since it was put there. */
  #visit(row: number, now: Millis): void {
    const due = this.#due(row, now)
    if (due > now) return this.#wheel.put(row, due - now)
    if (this.#peers.is(row, Flag.Suspect) && !this.#confirms(row)) {
      return this.#wheel.put(row, this.#silence.patience(row, 0))
    }
    if (this.#looking.full) return this.#wheel.put(row, this.#step)
    const arg = this.#looking.begin(row)
    if (this.#context.look(this.#peers.refOf(row), { timeout: this.#lookTime, arg }, now)) return
    this.#looking.end(arg)
    this.#wheel.put(row, busySteps * this.#step)
  }

  /**
   * Looks at somebody who is heard, after a look that failed. One that only ever looks where it hears nothing sees mostly failures, and
   * the core, which weighs a node's latest looks to tell a dead member from a node that is cut off, would have nothing to hold against them.
   */
  #lookForComparison(failed: Ref, now: Millis): void {
    const ref = this.#draw(statusBit(Status.Alive), failed)
    if (ref === undefined) return
    const row = this.#peers.rowOf(ref)
    if (this.#looking.has(row) || this.#due(row, now) <= now) return
    this.#context.look(ref, { timeout: this.#lookTime, arg: comparison }, now)
  }

  /** As long as a look of ping/ack takes at most. */
  get #lookTime(): Millis {
    const { health, settings } = this.#context
    return health.scale(settings.probeInterval)
  }

  /** Whether it is for this node to look at one that is suspect already. */
  #confirms(row: number): boolean {
    return !this.#doubts(row) && this.#stages.confirms(this.#stageOf(row))
  }

  /** When its silence is a reason to look. */
  #due(row: number, now: Millis): Millis {
    const ref = this.#peers.refOf(row)
    let penalty = 0
    if (this.#peers.is(row, Flag.Returned)) {
      penalty = this.#kept.penalties.of(ref, now)
      if (penalty === 0) this.#peers.unmark(row, Flag.Returned)
    }
    // Heard now and then, one that did not answer is doubted all the same, and looked at again; but no more often than one that is trusted.
    const due = this.#doubts(row)
      ? this.#kept.lookedAt.get(ref) + this.#silence.spacing(row, penalty)
      : this.#silence.due(row, penalty)
    return due + this.#stages.delay(this.#stageOf(row))
  }

  #doubts(row: number): boolean {
    return this.#peers.doubts[row]! > 0
  }

  #stageOf(row: number): number {
    return this.#stages.of(this.#peers.ids[row]!, this.#n)
  }

  #wait(row: number, now: Millis): void {
    this.#wheel.put(row, this.#due(row, now) - now)
  }

  /** By how much this node's timers are late, if that is so much that it must have stood still; else 0. */
  #late(now: Millis): Millis {
    const late = now - this.#nextStep
    return late > this.#options.interval ? late : 0
  }

  #resize(): void {
    this.#n = this.#context.members.active
    this.#silence.resize(this.#n)
  }
}
