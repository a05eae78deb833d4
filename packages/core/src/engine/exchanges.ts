import { syncScale } from '../dissemination/anti-entropy.ts'
import { type Address, formatAddress, sameAddress } from '../model/address.ts'
import { AddressRing } from '../model/address-ring.ts'
import type { Boot, PeerRecord, Sender } from '../model/peer.ts'
import { RareMap } from '../model/rare-map.ts'
import type { Ref } from '../model/ref.ts'
import { activeStatuses, Status } from '../model/status.ts'
import type { Claim, ErrorCode, ErrorReply, Message, Sync, SyncEntry } from '../wire/message.ts'
import type { Configuration } from './configuration.ts'
import { type CoreState, Due, TimerKind } from './core-state.ts'
import type { RequestOutcome } from './effects.ts'
import { dialBackLimit, type Introductions } from './introductions.ts'
import type { Membership } from './membership.ts'
import type { Outbox } from './outbox.ts'
import type { OwnClaims } from './own-claims.ts'
import type { PathChecks } from './path-checks.ts'
import { maxProtocol, minProtocol } from './protocol-version.ts'
import type { Synchronizer } from './synchronizer.ts'
import type { Millis } from './time.ts'
import type { Timer } from './timers.ts'

/** What a request over a stream was for. */
type Purpose =
  | { readonly kind: 'join'; readonly operation: number; readonly address: Address }
  | { readonly kind: 'sync'; readonly partner: Ref | undefined }
  | { readonly kind: 'push' }
  | { readonly kind: 'leave'; readonly name: string }

/** A join that waits to be dialled back. */
interface Waiting {
  readonly operation: number
  readonly introducer: string
  readonly timer: Timer
}

interface Departure {
  readonly operation: number
  readonly acknowledgedBy: string[]
  readonly asked: Ref[]
  open: number
  readonly timer: Timer
}

/** Syncs that this node has under way of its own accord, at most. */
const maxSyncs = 4
/** Gossip intervals after which one that speaks should be known: news has got around by then. */
const strangerPeriods = 5
/** Members that a leaving node tells over a stream. */
const leaveWitnesses = 3
/** Members it turns to in all, should some not answer. */
const leaveAttempts = 8

/** Whole messages over streams: joining, comparing tables, leaving, finding back after a partition. */
export class Exchanges {
  readonly #state: CoreState
  readonly #membership: Membership
  readonly #own: OwnClaims
  readonly #introductions: Introductions
  readonly #synchronizer: Synchronizer
  readonly #outbox: Outbox
  readonly #configuration: Configuration
  readonly #paths: PathChecks
  readonly #requests = new RareMap<number, Purpose>()
  readonly #waiting = new RareMap<number, Waiting>()
  readonly ring = new AddressRing()
  #seeds: readonly Address[] = []
  #departure: Departure | undefined
  #syncing = 0
  /** Who spoke first of those that are not known, and when. */
  #stranger: { readonly boot: Boot; readonly since: Millis } | undefined
  /** How long the first sync waits at scale 1; once that is over and the group is known to be larger, it waits in proportion. Milliseconds. */
  #firstSync = 0
  #nextToken = -1
  /** Whether somebody who was told the advertised address has reached this node there, in this boot. */
  #reachedByPacket = false
  #reachedByStream = false

  constructor(
    state: CoreState,
    membership: Membership,
    own: OwnClaims,
    introductions: Introductions,
    synchronizer: Synchronizer,
    outbox: Outbox,
    configuration: Configuration,
    paths: PathChecks,
  ) {
    this.#state = state
    this.#membership = membership
    this.#own = own
    this.#introductions = introductions
    this.#synchronizer = synchronizer
    this.#outbox = outbox
    this.#configuration = configuration
    this.#paths = paths
  }

  start(now: Millis): void {
    const { random, settings, streams, timers } = this.#state
    if (!streams) return
    // A random first delay keeps nodes that start together from syncing together.
    if (settings.syncInterval > 0) {
      this.#firstSync = random.fraction() * settings.syncInterval
      timers.arm(now + this.#firstSync, TimerKind.Sync)
    }
    timers.arm(now + random.fraction() * settings.rejoinInterval, TimerKind.Rejoin)
  }

  setSeeds(seeds: readonly Address[]): void {
    this.#seeds = seeds
  }

  join(operation: number, address: Address, now: Millis): void {
    const { sender, streams, table } = this.#state
    if (!streams) return this.#joinFailed(operation, 'unreachable', 'this transport carries no streams')
    if (sameAddress(address, table.record(table.self).address)) {
      return this.#joinFailed(operation, 'self', `this is the own address of ${sender.name}`)
    }
    this.#request({ kind: 'join', operation, address }, address, this.#synchronizer.request(true, now))
  }

  /** Tells a few members over a stream; the operation ends when they have answered, or at the limit. */
  leave(operation: number, claim: Claim, now: Millis): void {
    const { settings, timers } = this.#state
    const timer = timers.arm(now + settings.leaveTimeout, TimerKind.Leave)
    this.#departure = { operation, acknowledgedBy: [], asked: [], open: 0, timer }
    for (let i = 0; i < leaveWitnesses; i++) this.#askWitness(claim)
    this.#checkDeparture()
  }

  onLeaveTimer(): void {
    this.#endDeparture()
  }

  onJoinTimer(operation: number): void {
    const waiting = this.#waiting.get(operation)
    if (waiting === undefined) return
    this.#waiting.delete(operation)
    const { table } = this.#state
    const address = formatAddress(table.record(table.self).address)
    if (this.#reachedByPacket || this.#reachedByStream) {
      this.#outbox.result(operation, { kind: 'joined' })
      return
    }
    this.#joinFailed(
      operation,
      'unreachable-address',
      `${waiting.introducer} could not reach this node at ${address}, neither by packet nor by stream: advertise an address that other members can reach`,
    )
  }

  /** A ping for this very boot arrived: whoever sent it used the advertised address. */
  onReached(path: 'packet' | 'stream', now: Millis): void {
    if (path === 'packet') this.#reachedByPacket = true
    else if (!this.#reachedByStream) {
      this.#reachedByStream = true
      const { table } = this.#state
      // One that starts among those who know it may have said so before.
      if (!this.#own.hasLeft && !table.record(table.self).streams) this.#own.announce(now, { streams: true })
    }
    const both =
      (this.#reachedByPacket || !this.#state.packets) && (this.#reachedByStream || !this.#state.streams)
    if (!both) return
    for (const { operation, timer } of this.#waiting.values()) {
      this.#state.timers.cancel(timer)
      this.#outbox.result(operation, { kind: 'joined' })
    }
    this.#waiting.clear()
  }

  onSyncTimer(now: Millis): void {
    const { settings, table, timers } = this.#state
    const scale = syncScale(table.active)
    if (this.#firstSync > 0 && scale > 1) {
      timers.arm(now + this.#firstSync * (scale - 1), TimerKind.Sync)
      this.#firstSync = 0
      return
    }
    timers.arm(now + settings.syncInterval * scale, TimerKind.Sync)
    this.#syncWithSomebody(now)
  }

  /**
   * Somebody who is no member here speaks as if it were. Where it does so for longer than news takes to get around, this node has missed
   * some, as one in some hundreds does at each join in a small group: it compares its table with somebody's, rather than wait its turn.
   */
  onStranger(boot: Boot, now: Millis): void {
    const { counters, settings } = this.#state
    if (boot === 0n || settings.syncInterval === 0) return
    const known = this.#stranger
    const patience = strangerPeriods * settings.gossipInterval
    if (known?.boot !== boot) {
      // One at a time: many may join, and all of them are strangers for a moment.
      if (known === undefined || now - known.since > 10 * patience) this.#stranger = { boot, since: now }
      return
    }
    if (now - known.since < patience) return
    this.#stranger = undefined
    counters.strangersHeard++
    this.#syncWithSomebody(now)
  }

  #syncWithSomebody(now: Millis): void {
    const { sampler, streams, table } = this.#state
    if (this.#own.hasLeft || !streams) return
    const partner: Ref[] = []
    sampler.sample(1, 1 << Status.Alive, partner)
    if (partner[0] !== undefined) this.#sync(table.record(partner[0]).address, partner[0], now)
  }

  /** About one node of the cluster tries one address per period, whatever the cluster's size. */
  onRejoinTimer(now: Millis): void {
    const { counters, random, settings, table, timers } = this.#state
    timers.arm(now + settings.rejoinInterval, TimerKind.Rejoin)
    if (this.#own.hasLeft) return
    if (table.active > 1 && random.below(table.active) !== 0) return
    const candidates: Address[] = []
    for (let i = 0; i < table.size - table.active; i++) {
      const ref = table.terminalAt(i)
      if (table.status(ref) === Status.Failed) candidates.push(table.record(ref).address)
    }
    const missing = this.#missing([...this.ring.values(), ...this.#seeds])
    candidates.push(...missing)
    if (candidates.length === 0) return
    counters.rejoinsTried++
    this.#sync(candidates[random.below(candidates.length)]!, undefined, now)
  }

  /** Answers a sync that came over a stream; `by` is the name of who sent it. */
  answer(sync: Sync, by: string | undefined, now: Millis): Message {
    const { counters, sender } = this.#state
    const newcomer = this.#newcomer(sync, by)
    if (newcomer !== undefined) {
      const refused = this.#refuses(newcomer) ?? this.#configuration.refuses(sync, newcomer.record)
      if (refused !== undefined) {
        counters.syncsRefused++
        return refused
      }
    }
    if (this.#own.hasLeft) return refusal('leaving', `${sender.name} has left`)
    if (!this.#synchronizer.admits(sync)) {
      counters.syncsRefused++
      return refusal('rejected', `${sender.name} does not merge with this cluster`)
    }
    let dialBack = false
    if (newcomer !== undefined) {
      const { incarnation, record } = newcomer
      const admitted = this.#introductions.admit({ type: 'alive', incarnation, record }, now)
      if (admitted === 'busy') return refusal('busy', `${sender.name} introduces too many at once: try again`)
      dialBack = admitted === 'held'
    }
    this.#configuration.meet(sync, false, now)
    this.#synchronizer.merge(sync, by, now, newcomer?.record.name)
    return this.#synchronizer.answer(sync, dialBack, now)
  }

  /**
   * The sender's own entry, where it asks to be introduced, or where it is a stranger here: nobody becomes a member by its
   * own word before it has been reached at the address it claims.
   */
  #newcomer(sync: Sync, by: string | undefined): SyncEntry | undefined {
    const own = firstEntry(sync)
    if (own === undefined || own.status !== Status.Alive) return undefined
    if (sync.join) return own
    if (own.record.name !== by) return undefined
    const { table } = this.#state
    const ref = table.find(by)
    const known =
      ref !== undefined && table.status(ref) <= Status.Suspect && table.record(ref).boot === own.record.boot
    return known ? undefined : own
  }

  #refuses({ record }: SyncEntry): ErrorReply | undefined {
    const { counters, hooks, sender, settings, table } = this.#state
    if (record.boot !== 0n && record.boot === sender.boot) {
      return refusal('self', `this is ${sender.name} itself`)
    }
    if (record.protocolMin > maxProtocol || record.protocolMax < minProtocol) {
      return refusal(
        'version',
        `${sender.name} speaks protocol ${minProtocol} to ${maxProtocol}, the newcomer ${record.protocolMin} to ${record.protocolMax}`,
      )
    }
    if (table.find(record.name) === undefined && table.size >= settings.maxMembers) {
      return refusal('busy', `${sender.name} holds ${settings.maxMembers} members, which is its limit`)
    }
    if (hooks.admit !== undefined && !hooks.admit(record)) {
      counters.claimsRejected++
      return refusal('rejected', `${sender.name} does not admit ${record.name}`)
    }
    return undefined
  }

  /** A request of this node ended. */
  settled(token: number, outcome: RequestOutcome, now: Millis): void {
    const purpose = this.#requests.get(token)
    if (purpose === undefined) return
    this.#requests.delete(token)
    switch (purpose.kind) {
      case 'join':
        return this.#onJoinReply(purpose.operation, purpose.address, outcome, now)
      case 'sync':
        this.#syncing--
        // It may be that streams do not reach it, although it is alive.
        if (outcome.kind !== 'reply' && outcome.kind !== 'fault' && purpose.partner !== undefined) {
          this.#paths.suspect(purpose.partner, 'streams', now)
        }
        return this.#onSyncReply(outcome, now)
      case 'push':
        this.#syncing--
        return
      case 'leave':
        return this.#onLeaveReply(purpose.name, outcome)
    }
  }

  #onJoinReply(operation: number, address: Address, outcome: RequestOutcome, now: Millis): void {
    if (outcome.kind === 'fault') {
      const code = outcome.fault.fault === 'cluster' ? 'cluster-mismatch' : outcome.fault.fault
      return this.#joinFailed(operation, code, outcome.fault.detail)
    }
    if (outcome.kind !== 'reply') return this.#joinFailed(operation, outcome.kind, failureText[outcome.kind])
    const { message, sender } = outcome.reply
    if (message.type === 'error') return this.#joinFailed(operation, message.code, message.message)
    if (message.type !== 'sync') {
      return this.#joinFailed(operation, 'malformed', `answered a join with a ${message.type}`)
    }
    if (!this.#configuration.follows(message)) {
      return this.#joinFailed(
        operation,
        'detector-missing',
        `the cluster runs detector ${JSON.stringify(message.config.detector)}, which this node does not have`,
      )
    }
    if (this.#own.hasLeft) return this.#joinFailed(operation, 'leaving', 'this node has left meanwhile')
    if (!this.#synchronizer.admits(message)) {
      return this.#joinFailed(operation, 'rejected', 'this node does not merge with that cluster')
    }
    this.#configuration.meet(message, true, now)
    this.#mergeReply(message, sender, now)
    this.#pushTo(address, message, now)
    const introducer = sender === undefined ? undefined : this.#state.table.find(sender.name)
    if (introducer !== undefined) this.#introductions.returnCall(this.#state.table.record(introducer), now)
    const reached = this.#reachedByPacket || this.#reachedByStream
    if (!message.join || reached) {
      this.#outbox.result(operation, { kind: 'joined' })
      return
    }
    const { settings, timers } = this.#state
    this.#waiting.set(operation, {
      operation,
      introducer: sender?.name ?? 'the introducer',
      timer: timers.arm(now + dialBackLimit(settings.probeTimeout), TimerKind.Join, operation),
    })
  }

  #onSyncReply(outcome: RequestOutcome, now: Millis): void {
    if (outcome.kind !== 'reply' || outcome.reply.message.type !== 'sync') {
      this.#state.counters.syncsFailed++
      return
    }
    const { message, sender } = outcome.reply
    if (!this.#synchronizer.admits(message)) {
      this.#state.counters.syncsRefused++
      return
    }
    this.#configuration.meet(message, false, now)
    this.#mergeReply(message, sender, now)
    const ref = sender === undefined ? undefined : this.#state.table.find(sender.name)
    if (ref !== undefined) this.#pushTo(this.#state.table.record(ref).address, message, now)
  }

  /**
   * Takes what the answer to a sync says. Whoever answered may be another process than the one that has its name here and lives: that is looked
   * into, as for any newcomer, before it is believed.
   */
  #mergeReply(message: Sync, sender: Sender | undefined, now: Millis): void {
    const { table } = this.#state
    const ref = sender === undefined ? undefined : table.find(sender.name)
    const taken =
      ref !== undefined &&
      ref !== table.self &&
      table.status(ref) <= Status.Suspect &&
      table.record(ref).boot !== sender?.boot
    if (!taken) return this.#synchronizer.merge(message, sender?.name, now)
    for (const { incarnation, record, status } of message.entries) {
      if (record.boot !== sender?.boot || record.name !== sender.name || status !== Status.Alive) continue
      this.#introductions.admit({ type: 'alive', incarnation, record }, now)
    }
    this.#synchronizer.merge(message, sender?.name, now, sender?.name)
  }

  #pushTo(address: Address, answer: Sync, now: Millis): void {
    const push = this.#synchronizer.push(answer, now)
    if (push === undefined) return
    this.#syncing++
    this.#request({ kind: 'push' }, address, push)
  }

  #sync(address: Address, partner: Ref | undefined, now: Millis): void {
    if (this.#syncing >= maxSyncs) return
    this.#syncing++
    this.#state.counters.syncsStarted++
    this.#request({ kind: 'sync', partner }, address, this.#synchronizer.request(false, now))
  }

  #request(purpose: Purpose, to: Address, message: Message): void {
    const token = this.#nextToken--
    this.#requests.set(token, purpose)
    this.#outbox.request(to, message, token, this.#state.settings.streamTimeout)
  }

  #joinFailed(operation: number, code: string, message: string): void {
    this.#outbox.result(operation, { kind: 'join-failed', code, message })
  }

  #askWitness(claim: Claim): void {
    const departure = this.#departure
    if (departure === undefined || departure.asked.length >= leaveAttempts) return
    const { sampler, streams, table } = this.#state
    if (!streams) return
    const drawn: Ref[] = []
    sampler.sample(leaveAttempts, activeStatuses, drawn)
    const witness = drawn.find((ref) => !departure.asked.includes(ref))
    if (witness === undefined) return
    departure.asked.push(witness)
    departure.open++
    this.#request({ kind: 'leave', name: table.name(witness) }, table.record(witness).address, claim)
  }

  #onLeaveReply(name: string, outcome: RequestOutcome): void {
    const departure = this.#departure
    if (departure === undefined) return
    departure.open--
    if (outcome.kind === 'reply' && outcome.reply.message.type === 'ack') departure.acknowledgedBy.push(name)
    else this.#askWitness(this.#membership.claimAbout(this.#state.table.self))
    this.#checkDeparture()
  }

  #checkDeparture(): void {
    if (this.#departure !== undefined && this.#departure.open === 0) this.#endDeparture()
  }

  #endDeparture(): void {
    const departure = this.#departure
    if (departure === undefined) return
    this.#departure = undefined
    this.#state.timers.cancel(departure.timer)
    this.#outbox.result(departure.operation, { kind: 'left', acknowledgedBy: departure.acknowledgedBy })
  }

  /** Moves the addresses of reaped members into the ring. */
  keepReaped(reaped: PeerRecord[]): void {
    this.#state.due &= ~Due.Reaped
    for (const { address } of reaped) this.ring.add(address)
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

const failureText = {
  refused: 'nobody listens there',
  reset: 'the connection was closed before an answer came',
  timeout: 'no answer came in time',
  unreachable: 'there is no way to that address',
} as const

function refusal(code: ErrorCode, message: string): ErrorReply {
  return { type: 'error', code, message }
}

function firstEntry(sync: Sync): SyncEntry | undefined {
  for (const entry of sync.entries) return entry
  return undefined
}
