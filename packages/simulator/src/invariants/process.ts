import {
  type Boot,
  type Claim,
  type EngineEvent,
  type MemberView,
  type Millis,
  type PeerRecord,
  type Ref,
  type Settings,
  Status,
  type SuspicionView,
  type SyncEntry,
  sameAddress,
} from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'

/** What a node holds of a member, as it was after an input. */
export interface Entry {
  readonly ref: Ref
  readonly name: string
  readonly status: Status
  readonly incarnation: number
  readonly recordIncarnation: number
  readonly record: PeerRecord
  readonly since: Millis
}

/** What a node was given to handle, and what came of it. `call`: neither packet, stream nor timer, but its user. */
export interface Input {
  readonly kind: 'packet' | 'stream' | 'tick' | 'call'
  /** On the node's own clock. */
  readonly at: Millis
  /** By how much a tick was late. */
  readonly late: Millis
  /** What was claimed in it of members, and the entries of another's table. */
  readonly claims: readonly Claim[]
  readonly entries: readonly SyncEntry[]
  /** What the node reported while it handled it, in order. */
  readonly events: EngineEvent[]
}

/** A claim about a member at an incarnation, as a key. */
export const claimKey = (name: string, incarnation: number): string => `${incarnation} ${name}`

/**
 * A process, and what is true of it whatever anybody says: when it ran, and what it has ever said of itself and of others. A name
 * may have had several.
 */
export class Process {
  readonly node: SimNode
  readonly name: string
  readonly boot: Boot
  /** Whether it listens where it says. */
  readonly reachable: boolean
  /** Wall-clock milliseconds, as it says. */
  readonly claimsStart: number
  /** In the order of starting. */
  readonly number: number
  /** Instants of the simulation. */
  readonly startedAt: Millis
  endedAt: Millis = Number.POSITIVE_INFINITY
  /** When it was last paused, resumed, blocked, let go, slowed down or sped up. */
  disturbedAt: Millis = Number.NEGATIVE_INFINITY
  /** What it said of itself, by incarnation. */
  readonly announced = new Map<number, PeerRecord>()
  /** Incarnations that it left at, and when. */
  readonly departures = new Map<number, Millis>()
  /** Of whom it has said that it got no answer, and whom it has held suspect or worse: see {@link claimKey}. */
  readonly accused = new Set<string>()
  /** Whose ports it has said that it found closed. */
  readonly foundClosed = new Set<string>()
  readonly heldAgainst = new Set<string>()
  /** What it held after the last input; undefined if its table is not watched. */
  entries: Map<Ref, Entry> | undefined = new Map()
  suspicions: ReadonlyMap<Ref, SuspicionView> = new Map()
  /** What it handles now, or handled last. */
  input: Input
  inputOpen = false
  /** When it last had an input, on its own clock, and after it nothing to do that was overdue. */
  onTimeAt: Millis
  /** When it first pinged which process at which incarnation since it last stood still, on its own clock: see {@link Process.hasLookedAt}. */
  readonly #looks = new Map<string, Millis>()

  constructor(node: SimNode, number: number, now: Millis) {
    const { members } = node.engine
    const record = members.record(members.self)
    this.node = node
    this.name = node.name
    this.boot = record.boot
    this.reachable = sameAddress(record.address, node.address)
    this.claimsStart = record.startedAt
    this.number = number
    this.startedAt = now
    this.input = {
      kind: 'call',
      at: node.clock.local(now),
      late: 0,
      claims: [],
      entries: [],
      events: [],
    }
    this.onTimeAt = this.input.at
    this.announced.set(members.incarnation(members.self), record)
  }

  get running(): boolean {
    return this.endedAt === Number.POSITIVE_INFINITY
  }

  /** Has left, and not come back. */
  get hasLeft(): boolean {
    const { members } = this.node.engine
    return this.running ? members.status(members.self) === Status.Left : this.#leftAtEnd
  }

  /** Runs where it says, has not left, and not lost its name: others should hold it alive. */
  get standing(): boolean {
    return this.running && this.reachable && !this.hasLeft && this.node.engine.lostTo === undefined
  }

  #leftAtEnd = false

  /** Whether the process stands still, is cut off from its sockets, or its clock or speed is another. */
  get disturbed(): boolean {
    const { blocked, clock, slowness, state } = this.node
    return state === 'paused' || blocked || slowness > 0 || clock.rate !== 1
  }

  /** What it says of itself now. */
  noteOwn(now: Millis): void {
    const { members } = this.node.engine
    const { self } = members
    const incarnation = members.incarnation(self)
    if (members.status(self) === Status.Left) {
      if (!this.departures.has(incarnation)) this.departures.set(incarnation, now)
    } else if (!this.announced.has(incarnation)) this.announced.set(incarnation, members.record(self))
  }

  /** It pings somebody by name. */
  noteLook(name: string, now: Millis): void {
    const { clock, engine } = this.node
    const ref = engine.members.find(name)
    if (ref === undefined) return
    const key = lookKey(engine.members, ref)
    if (!this.#looks.has(key)) this.#looks.set(key, clock.local(now))
  }

  /** It has stood still: of the pings that were under way it may have missed the answers. */
  voidLooks(): void {
    this.#looks.clear()
  }

  /**
   * Whether it has pinged a member, as the process and at the incarnation that it holds now, long enough ago for what it says of it, and has
   * not stood still since: a look that nothing answers takes a probe interval, and one that finds a port closed no less than the packets
   * are given. Another detector than ping/ack may look in other ways.
   */
  hasLookedAt(
    ref: Ref,
    { probeIntervalMin, probeTimeoutMin }: Settings,
    evidence: 'timeout' | 'refused' = 'timeout',
  ): boolean {
    const { engine } = this.node
    if (evidence === 'refused' && !engine.members.record(ref).streams) return false
    if (engine.config.detector !== 'pingack') return true
    const first = this.#looks.get(lookKey(engine.members, ref))
    const least = evidence === 'refused' ? probeTimeoutMin : probeIntervalMin
    return first !== undefined && this.input.at - first >= least - 1e-6
  }

  /** How many active members there may have been while the input was handled, ascending: some may have come, and others gone. */
  get sizesDuring(): number[] {
    let before = 0
    for (const { status } of this.entries?.values() ?? []) if (status <= Status.Suspect) before++
    let low = before
    let high = before
    for (const { type } of this.input.events) {
      if (type === 'failed' || type === 'leave') low--
      // One that had failed or left, and is suspect at a newer incarnation, counts again.
      else if (type === 'join' || type === 'suspect') high++
    }
    return Array.from({ length: high - low + 1 }, (_, i) => low + i)
  }

  end(now: Millis): void {
    this.#leftAtEnd = this.departures.size > 0 && Math.max(...this.departures.keys()) >= this.latest
    this.endedAt = now
  }

  /** Its highest incarnation so far. */
  get latest(): number {
    return Math.max(...this.announced.keys())
  }

  /** What it holds of a name, as it was after the last input. */
  entryOf(name: string): Entry | undefined {
    const ref = this.node.engine.members.find(name)
    return ref === undefined ? undefined : this.entries?.get(ref)
  }
}

const lookKey = (members: MemberView, ref: Ref): string =>
  `${members.incarnation(ref)} ${members.record(ref).boot} ${members.name(ref)}`

/** When a suspicion begins for its node that began at `start`, once a stall that it has seen is counted out. */
export function startAfter(process: Process, start: Millis, settings: Settings): Millis {
  const { input, onTimeAt } = process
  return stallEndedBy(process, settings) === 0 ? start : start + input.at - Math.max(onTimeAt, start)
}

/**
 * How long a process had stood still that comes to a tick late by more than one probe interval: since it last had an input and nothing
 * overdue. 0 for every other input.
 */
export const stallEndedBy = ({ input, onTimeAt }: Process, { probeInterval }: Settings): Millis =>
  input.kind === 'tick' && input.late > probeInterval ? input.at - onTimeAt : 0
