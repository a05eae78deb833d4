import { syncScale } from '../dissemination/anti-entropy.ts'
import { type Address, sameAddress } from '../model/address.ts'
import type { Sender } from '../model/peer.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { Sync, SyncEntry } from '../wire/message.ts'
import type { Configuration } from './configuration.ts'
import { type CoreState, othersActive, TimerKind } from './core-state.ts'
import type { RequestOutcome } from './effects.ts'
import type { Introductions } from './introductions.ts'
import type { Arrival, Rumours } from './messaging/rumours.ts'
import type { OwnClaims } from './own-claims.ts'
import type { PathChecks } from './path-checks.ts'
import type { Requests } from './requests.ts'
import type { Synchronizer } from './synchronizer.ts'
import type { Millis } from './time.ts'

/** Syncs that this node has under way of its own accord, at most. */
const maxSyncs = 4
/** Gossip intervals after which one that speaks should be known: news has got around by then. */
const strangerPeriods = 5
/** Gossip intervals after a join, and up to twice as many, until tables are compared once more. */
const settlingIntervals = 10
/** So many that came back are many: and this share of the members, so that a large group does not compare tables for a few that come and go. */
const manyReturned = 2
const returnedShare = 0.1
/** Strangers that are looked into at a time: of a hundred that join together one is enough to compare tables for. */
const strangersKept = 16
/** Least time between two syncs for their sake, in times of that: where there is a way to speak without ever becoming a member, it costs little. */
const strangerRest = 5

/** A process that speaks, and that is no member here as it is. */
interface Stranger {
  readonly sender: Sender
  /** Where it spoke from. */
  readonly address: Address
}

interface BeginOptions {
  /** Called when it has come to its end. */
  readonly ended?: () => void
  /** Whoever is there has brought it about by speaking: what it tells counts as told without having been asked. */
  readonly unasked?: boolean
}

/** Comparing tables with others, of this node's own accord: when, with whom, and what is done with the answer. */
export class Syncs {
  readonly #state: CoreState
  readonly #own: OwnClaims
  readonly #introductions: Introductions
  readonly #synchronizer: Synchronizer
  readonly #configuration: Configuration
  readonly #paths: PathChecks
  readonly #requests: Requests
  readonly #rumours: Rumours
  #open = 0
  /** Who spoke of those that are not known, since there was a first. */
  readonly #strangers: Stranger[] = []
  /** The sync that follows a join, or many returns, is still to come. */
  #settling = false
  /** Members that had failed and came back, since there last was one. */
  #returned = 0
  /** Until then strangers are nothing to go by. */
  #restsUntil = Number.NEGATIVE_INFINITY
  /** How long the first sync waits at scale 1; once that is over and the group is known to be larger, it waits in proportion. Milliseconds. */
  #firstSync = 0

  constructor(
    state: CoreState,
    own: OwnClaims,
    introductions: Introductions,
    synchronizer: Synchronizer,
    configuration: Configuration,
    paths: PathChecks,
    requests: Requests,
    rumours: Rumours,
  ) {
    this.#state = state
    this.#own = own
    this.#introductions = introductions
    this.#synchronizer = synchronizer
    this.#configuration = configuration
    this.#paths = paths
    this.#requests = requests
    this.#rumours = rumours
  }

  start(now: Millis): void {
    const { random, settings, streams, timers } = this.#state
    if (!streams || settings.syncInterval === 0) return
    // A random first delay keeps nodes that start together from syncing together.
    this.#firstSync = random.fraction() * settings.syncInterval
    timers.arm(now + this.#firstSync, TimerKind.Sync)
  }

  /**
   * This node has just joined. Others join at the same time, as a rule, and of what is told while a group grows each misses something now and then: so
   * tables are compared once more when that is over, which costs two small messages where all is well.
   */
  onJoined(now: Millis): void {
    const { random, settings, timers } = this.#state
    if (this.#settling || settings.syncInterval === 0) return
    this.#settling = true
    const intervals = settlingIntervals * (1 + random.fraction())
    timers.arm(now + intervals * settings.gossipInterval, TimerKind.Settle)
  }

  /** One that had failed is back. Many that come back together, as when a partition is over, are so much news at once that somebody misses some of it: as after a join. */
  onReturn(now: Millis): void {
    this.#returned++
    if (this.#returned >= Math.max(manyReturned, returnedShare * this.#state.table.active)) this.onJoined(now)
  }

  onSettleTimer(now: Millis): void {
    this.#settling = false
    this.#returned = 0
    this.#withSomebody(now)
  }

  onTimer(now: Millis): void {
    const { settings, table, timers } = this.#state
    const scale = syncScale(table.active)
    if (this.#firstSync > 0 && scale > 1) {
      timers.arm(now + this.#firstSync * (scale - 1), TimerKind.Sync)
      this.#firstSync = 0
      return
    }
    timers.arm(now + settings.syncInterval * scale, TimerKind.Sync)
    this.#withSomebody(now)
  }

  /**
   * Somebody speaks who is no member here: unknown, or another process than the one that is gone, or that is held in the same place. Where that is so after the time that news takes to
   * get around, this node has missed some, as one in some hundreds does at each join, or there was nobody to tell it: it compares tables, rather than
   * wait its turn. `ref`: the member of that name.
   */
  onSpeaker(sender: Sender, ref: Ref | undefined, address: Address, now: Millis): void {
    if (!this.#isStrange(ref, sender, address)) return
    const { settings, timers } = this.#state
    const strangers = this.#strangers
    if (settings.syncInterval === 0 || strangers.length === strangersKept) return
    if (now < this.#restsUntil || strangers.some(({ sender: { boot } }) => boot === sender.boot)) return
    strangers.push({ sender, address })
    if (strangers.length === 1) timers.arm(now + this.#patience, TimerKind.Stranger)
  }

  /** Whoever was a stranger and is a member by now was news on its way. */
  onStrangerTimer(now: Millis): void {
    const { counters, random, streams, table } = this.#state
    const strange = this.#strangers
      .splice(0)
      .filter(({ address, sender }) => this.#isStrange(table.find(sender.name), sender, address))
    if (strange.length === 0) return
    this.#restsUntil = now + strangerRest * this.#patience
    counters.strangersHeard++
    this.#withSomebody(now)
    // Itself as well: of one that has come back, and knows nobody, no member needs to have heard; and this node may be such a one, or all that it knows be.
    if (!streams || this.#own.hasLeft) return
    const { address } = strange[strange.length === 1 ? 0 : random.below(strange.length)]!
    this.begin(address, undefined, now, { unasked: true })
  }

  #isStrange(ref: Ref | undefined, { boot }: Sender, address: Address): boolean {
    // What has no boot cannot be told from what was there before.
    if (boot === 0n) return false
    if (ref === undefined) return true
    const { table } = this.#state
    const held = table.record(ref)
    if (ref === table.self || held.boot === boot || held.boot === 0n) return false
    return table.status(ref) > Status.Suspect || sameAddress(held.address, address)
  }

  get #patience(): Millis {
    return strangerPeriods * this.#state.settings.gossipInterval
  }

  /** Compares tables with whoever is at an address; `partner` is the member that should be, if one should. `false`: too many are under way. */
  begin(
    address: Address,
    partner: Ref | undefined,
    now: Millis,
    { ended, unasked = false }: BeginOptions = {},
  ): boolean {
    if (this.#open >= maxSyncs) return false
    this.#open++
    this.#state.counters.syncsStarted++
    const arrival = { alone: othersActive(this.#state.table) === 0, replay: false }
    this.#requests.ask(address, this.#synchronizer.request(false, now), (outcome, at) => {
      this.#open--
      ended?.()
      if (partner !== undefined) {
        // It may be that streams do not reach it, although it is alive.
        if (outcome.kind === 'reply' || outcome.kind === 'fault') this.#paths.works(partner, 'streams', at)
        else this.#paths.suspect(partner, 'streams', at)
      }
      this.#onReply(address, unasked ? address.host : undefined, outcome, arrival, at)
    })
    return true
  }

  /**
   * Takes what the answer to a sync says. Whoever answered may be another process than the one that has its name here and lives, or one that says it is elsewhere than
   * at the address that was dialled (`dialled`, where that matters): that is looked into, as for any newcomer, before it is believed. `from`: the
   * host that tells it without having been asked.
   */
  take(message: Sync, sender: Sender | undefined, now: Millis, dialled?: Address, from?: string): void {
    const own = ownEntry(message, sender)
    if (sender === undefined || !this.#isDoubtful(sender, own?.record.address, dialled)) {
      return this.#synchronizer.merge(message, sender?.name, now, undefined, from)
    }
    if (own !== undefined) {
      const { incarnation, record } = own
      this.#introductions.admit({ type: 'alive', incarnation, record }, now)
    }
    this.#synchronizer.merge(message, sender.name, now, sender.name, from)
  }

  #isDoubtful({ boot, name }: Sender, says: Address | undefined, dialled: Address | undefined): boolean {
    const { table } = this.#state
    const ref = table.find(name)
    if (ref === table.self) return false
    const active = ref !== undefined && table.status(ref) <= Status.Suspect
    if (active) return table.record(ref).boot !== boot
    return dialled !== undefined && says !== undefined && !sameAddress(says, dialled)
  }

  /** Sends whoever answered what it lacks, if anything. */
  push(address: Address, answer: Sync, now: Millis): void {
    const push = this.#synchronizer.push(answer, now)
    if (push === undefined) return
    this.#open++
    this.#requests.ask(address, push, () => {
      this.#open--
    })
  }

  #withSomebody(now: Millis): void {
    const { sampler, streams, table } = this.#state
    if (this.#own.hasLeft || !streams) return
    const partner: Ref[] = []
    sampler.sample(1, 1 << Status.Alive, partner)
    if (partner[0] !== undefined) this.begin(table.record(partner[0]).address, partner[0], now)
  }

  #onReply(
    dialled: Address,
    from: string | undefined,
    outcome: RequestOutcome,
    arrival: Arrival,
    now: Millis,
  ): void {
    const { counters, table } = this.#state
    if (outcome.kind !== 'reply' || outcome.reply.message.type !== 'sync') {
      counters.syncsFailed++
      return
    }
    const { message, sender } = outcome.reply
    if (!this.#synchronizer.admits(message)) {
      counters.syncsRefused++
      return
    }
    this.#configuration.meet(message, false, now)
    this.take(message, sender, now, dialled, from)
    const ref = sender === undefined ? undefined : table.find(sender.name)
    if (ref === undefined) return
    const { address } = table.record(ref)
    this.push(address, message, now)
    this.#rumours.compare(address, message.events, arrival, now)
  }
}

/** What whoever answers says of itself. */
function ownEntry({ entries }: Sync, sender: Sender | undefined): SyncEntry | undefined {
  for (const entry of entries) {
    const { record, status } = entry
    if (record.name === sender?.name && record.boot === sender.boot && status === Status.Alive) return entry
  }
  return undefined
}
