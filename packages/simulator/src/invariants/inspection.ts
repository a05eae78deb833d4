import {
  type Address,
  type Claim,
  type Decoded,
  type Delivery,
  type EngineEvent,
  isFault,
  type MemberView,
  type Message,
  type Millis,
  type Ref,
  Status,
  type StreamMessage,
  type SuspicionView,
  type SyncEntry,
} from '@swimkit/core'
import type { SimNode } from '../nodes/sim-node.ts'
import type { Observer } from '../observer.ts'
import type { Simulation } from '../simulation.ts'
import { GroundTruth } from './ground-truth.ts'
import type { Invariant, Watch } from './invariant.ts'
import { claimKey, type Entry, type Input, type Process, stallEndedBy } from './process.ts'

/** Of all watches, those that have a hook. */
type Hooked<K extends keyof Watch> = (Watch & Required<Pick<Watch, K>>)[]

const nothing: readonly never[] = []

/**
 * Watches a simulation by invariants: tells apart what every input changed, and hands it to them. To be made before any node is
 * started. A breach comes out of whatever made the simulation go on, as an `InvariantViolation`.
 */
export class Inspection implements Observer {
  readonly truth: GroundTruth
  readonly #sent: Hooked<'sent'>
  readonly #received: Hooked<'received'>
  readonly #changed: Hooked<'changed'>
  readonly #settled: Hooked<'settled'>
  readonly #delivered: Hooked<'delivered'>
  readonly #ended: Hooked<'ended'>
  readonly #atRest: Hooked<'atRest'>
  /** A packet is decoded once, although it is looked at when it is sent and when it arrives. */
  readonly #decoded = new WeakMap<Uint8Array, Decoded>()

  constructor(simulation: Simulation, invariants: readonly Invariant[]) {
    this.truth = new GroundTruth(simulation)
    const watches = invariants.map((invariant) => invariant.watch(this.truth))
    const having = <K extends keyof Watch>(hook: K): Hooked<K> =>
      // The filter is what makes the hook be there.
      watches.filter((watch) => watch[hook] !== undefined) as Hooked<K>
    this.#sent = having('sent')
    this.#received = having('received')
    this.#changed = having('changed')
    this.#settled = having('settled')
    this.#delivered = having('delivered')
    this.#ended = having('ended')
    this.#atRest = having('atRest')
    simulation.observe(watches.length > 0 ? this : lifeOf(this.truth))
  }

  delivered(node: SimNode, delivery: Delivery): void {
    if (this.#delivered.length === 0) return
    const process = this.truth.of(node)
    for (const watch of this.#delivered) watch.delivered(process, delivery)
  }

  /** To be called when everything should have come to rest. */
  atRest(): void {
    for (const watch of this.#atRest) watch.atRest(this.truth.now)
  }

  started(node: SimNode): void {
    const process = this.truth.start(node)
    const { entries } = process
    if (!this.truth.watches(process)) {
      process.entries = undefined
      return
    }
    const { members } = node.engine
    // Those that it has known for long, or that an earlier process of it knew.
    for (const ref of refsOf(members)) entries?.set(ref, entryOf(node, ref))
  }

  ended(node: SimNode): void {
    const process = this.truth.end(node)
    for (const watch of this.#ended) watch.ended(process, this.truth.now)
  }

  disturbed(node: SimNode, now: Millis): void {
    this.truth.of(node).disturbedAt = now
  }

  relinked(): void {
    this.truth.relinked()
  }

  received(node: SimNode, packet: Uint8Array, from: SimNode, now: Millis): void {
    const process = this.truth.of(node)
    // What comes from another cluster is refused unread.
    const content = from.codec === node.codec ? this.#decode(node, packet) : undefined
    const claims = content === undefined ? nothing : content.messages.filter(isClaim)
    this.#open(process, 'packet', claims, nothing, 0, now)
    if (content !== undefined) for (const watch of this.#received) watch.received(process, content, from)
  }

  heard(node: SimNode, { message }: StreamMessage, now: Millis): void {
    const claims = isClaim(message) ? [message] : nothing
    // An array on the way in: the type is of both ways.
    const entries = message.type === 'sync' ? [...message.entries] : nothing
    this.#open(this.truth.of(node), 'stream', claims, entries, 0, now)
  }

  ticking(node: SimNode, due: Millis, now: Millis): void {
    const process = this.truth.of(node)
    const late = Math.max(0, node.clock.local(now) - due)
    this.#open(process, 'tick', nothing, nothing, late, now)
    if (stallEndedBy(process, this.truth.settings) > 0) process.voidLooks()
  }

  packet(node: SimNode, to: Address, packet: Uint8Array, now: Millis): void {
    const process = this.truth.of(node)
    process.noteOwn(now)
    const content = this.#decode(node, packet)
    if (content === undefined) throw new Error(`${node.name} sent a packet that cannot be read`)
    for (const message of content.messages) {
      if (message.type === 'ping' && message.boot === undefined) process.noteLook(message.target, now)
    }
    for (const watch of this.#sent) watch.sent(process, to, packet, content)
  }

  event(node: SimNode, event: EngineEvent, now: Millis): void {
    const process = this.truth.of(node)
    if (!process.inputOpen) this.#open(process, 'call', nothing, nothing, 0, now)
    process.input.events.push(event)
  }

  settled(node: SimNode, now: Millis): void {
    const process = this.truth.of(node)
    if (!process.inputOpen) this.#open(process, 'call', nothing, nothing, 0, now)
    process.noteOwn(now)
    const changes = this.#changesAt(process)
    for (const { after, before } of changes) {
      if (after !== undefined && after.status !== Status.Alive) {
        process.heldAgainst.add(claimKey(after.name, after.incarnation))
      }
      for (const watch of this.#changed) watch.changed(process, before, after)
    }
    for (const watch of this.#settled) watch.settled(process, now)
    this.#keep(process, changes)
    process.inputOpen = false
    if (node.engine.nextWake() > process.input.at) process.onTimeAt = process.input.at
  }

  #open(
    process: Process,
    kind: Input['kind'],
    claims: readonly Claim[],
    entries: readonly SyncEntry[],
    late: Millis,
    now: Millis,
  ): void {
    process.input = { kind, at: process.node.clock.local(now), late, claims, entries, events: [] }
    process.inputOpen = true
  }

  #decode(node: SimNode, packet: Uint8Array): Decoded | undefined {
    const known = this.#decoded.get(packet)
    if (known !== undefined) return known
    const decoded = node.codec.decode(packet)
    if (isFault(decoded)) return undefined
    this.#decoded.set(packet, decoded)
    return decoded
  }

  /** What the input changed in the node's table. */
  #changesAt({ entries, node }: Process): readonly Change[] {
    if (entries === undefined) return nothing
    const { members } = node.engine
    const changes: Change[] = []
    let known = 0
    const { active, size } = members
    // Not by `refsOf`: this is done for each input.
    for (let i = 0; i < size; i++) {
      const ref = i < active ? members.activeAt(i) : members.terminalAt(i - active)
      const before = entries.get(ref)
      if (before !== undefined) known++
      if (before === undefined || !isAsBefore(members, before))
        changes.push({ before, after: entryOf(node, ref) })
    }
    if (known < entries.size) {
      for (const before of entries.values()) {
        if (!members.has(before.ref)) changes.push({ before, after: undefined })
      }
    }
    return changes
  }

  /** What it holds now is what it held before the next input. */
  #keep(process: Process, changes: readonly Change[]): void {
    const { entries } = process
    if (entries === undefined) return
    if (!this.truth.watches(process)) {
      process.entries = undefined
      process.suspicions = noSuspicions
      return
    }
    for (const { after, before } of changes) {
      if (after === undefined) entries.delete(before!.ref)
      else entries.set(after.ref, after)
    }
    process.suspicions = suspicionsOf(process.node)
  }
}

/** `before` is undefined for a newcomer, `after` for one that was removed; one of them is there. */
interface Change {
  readonly before: Entry | undefined
  readonly after: Entry | undefined
}

const noSuspicions: ReadonlyMap<Ref, SuspicionView> = new Map()

/** The suspicions that a node has now, by member. */
export function suspicionsOf({ engine }: SimNode): ReadonlyMap<Ref, SuspicionView> {
  const { members } = engine
  if (members.count(Status.Suspect) === 0) return noSuspicions
  const suspicions = new Map<Ref, SuspicionView>()
  for (let i = 0; i < members.active; i++) {
    const ref = members.activeAt(i)
    if (members.status(ref) !== Status.Suspect) continue
    const suspicion = engine.suspicion(ref)
    // The engine goes on writing in its own list of accusations.
    if (suspicion !== undefined) {
      suspicions.set(ref, { ...suspicion, accusations: [...suspicion.accusations] })
    }
  }
  return suspicions
}

function* refsOf(members: MemberView): Generator<Ref> {
  for (let i = 0; i < members.active; i++) yield members.activeAt(i)
  for (let i = 0; i < members.size - members.active; i++) yield members.terminalAt(i)
}

function entryOf({ engine: { members } }: SimNode, ref: Ref): Entry {
  return {
    ref,
    name: members.name(ref),
    status: members.status(ref),
    incarnation: members.incarnation(ref),
    recordIncarnation: members.recordIncarnation(ref),
    record: members.record(ref),
    since: members.since(ref),
  }
}

const isAsBefore = (members: MemberView, before: Entry): boolean =>
  before.incarnation === members.incarnation(before.ref) &&
  before.status === members.status(before.ref) &&
  before.recordIncarnation === members.recordIncarnation(before.ref) &&
  before.since === members.since(before.ref) &&
  before.record === members.record(before.ref)

export const isClaim = (message: Message): message is Claim =>
  message.type === 'alive' ||
  message.type === 'suspect' ||
  message.type === 'failed' ||
  message.type === 'left'

/** Where nothing is checked it is enough to know who runs: to tell apart what each input changed costs more than the run itself. */
const lifeOf = (truth: GroundTruth): Observer => ({
  started: (node) => {
    truth.start(node).entries = undefined
  },
  ended: (node) => void truth.end(node),
  disturbed: (node, now) => {
    truth.of(node).disturbedAt = now
  },
  relinked: () => truth.relinked(),
})
