import type { UpdateSubject } from '../dissemination/disseminator.ts'
import { sameRecord } from '../model/directory.ts'
import type { Change } from '../model/member-table.ts'
import { RareSet } from '../model/rare-set.ts'
import type { Ref } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import type { Claim, Config } from '../wire/message.ts'
import { type CoreState, Due, othersActive } from './core-state.ts'
import type { EngineEventType } from './effects.ts'
import type { Outbox } from './outbox.ts'
import type { Millis } from './time.ts'

/** Whom the configuration is about, as a key of the queue: no member has this handle. */
const nobody = -1 as Ref
/** How many times over it is told as often as any update. */
const configRounds = 3

/** What a change is told as: to other members by updates, and to the driver by events. */
export class News {
  readonly #state: CoreState
  readonly #outbox: Outbox
  readonly #awaiting = new RareSet<() => void>()
  /** The configuration that is being told, and how many rounds are left. */
  #config: { readonly config: Config; rounds: number } | undefined

  constructor(state: CoreState, outbox: Outbox) {
    this.#state = state
    this.#outbox = outbox
  }

  /**
   * Queues a claim to ride on packets. One that fits none, a large record of a cluster with larger packets, spreads by
   * syncs alone. `done` is called when it has been told as often as it will be.
   */
  queue(ref: Ref, subject: UpdateSubject, claim: Claim, done?: () => void): void {
    const { codec, counters, maxPacketBytes, queue, sender } = this.#state
    const bytes = codec.encode(claim)
    if (bytes.length + codec.partOverhead + codec.bundleOverhead(sender) <= maxPacketBytes) {
      queue.push({ ref, subject, bytes, done })
      this.#state.due |= Due.Gossip
      return
    }
    counters.oversize++
    queue.drop(ref, subject)
    done?.()
  }

  /** Calls `done` once: when the one that is returned is called, or before, when nobody is left to tell. */
  awaitTold(done: () => void): () => void {
    const told = (): void => {
      if (this.#awaiting.delete(told)) done()
    }
    this.#awaiting.add(told)
    return told
  }

  /** Another went: whoever waits until the others have been told waits no longer if there is nobody left. */
  onOtherGone(): void {
    if (othersActive(this.#state.table) > 0) return
    for (const told of [...this.#awaiting]) told()
  }

  /**
   * Queues the cluster's configuration, in place of an earlier one. It is told three times as often as other news: in a group of six, one
   * update in sixty misses somebody, who would run another detector until the next sync.
   */
  queueConfig(config: Config): void {
    this.#config = { config, rounds: configRounds }
    this.retellConfig()
  }

  /** What was being told of an earlier configuration is told no further. */
  dropConfig(): void {
    this.#config = undefined
    this.#state.queue.drop(nobody, 'status')
  }

  /** Another round of it. Not where the last one ends: the queue is at work there. */
  retellConfig(): void {
    const { codec, queue } = this.#state
    this.#state.due &= ~Due.Config
    const told = this.#config
    if (told === undefined || told.rounds === 0) return
    told.rounds--
    const done = (): void => {
      if (this.#config === told) this.#state.due |= Due.Config
    }
    queue.push({ ref: nobody, subject: 'status', bytes: codec.encode(told.config), done })
    this.#state.due |= Due.Gossip
  }

  /** The event of a change, if it is one that anybody would notice. */
  tellChange(change: Change, now: Millis): void {
    const { after, before, recordBefore, ref } = change
    const record = this.#state.table.record(ref)
    const restarted = recordBefore !== undefined && recordBefore.boot !== record.boot
    const type = eventType(before, after)
    if (type !== undefined) this.tell(type, ref, now, restarted)
    else if (after < Status.Failed && recordBefore !== undefined) {
      // That streams have reached it is between nodes: nothing of it changed for anybody else.
      const apart = { ...recordBefore, streams: record.streams }
      if (!sameRecord(apart, record)) this.tell('update', ref, now, restarted)
    }
  }

  tell(type: EngineEventType, ref: Ref, now: Millis, restarted = false, detail?: string): void {
    const { table } = this.#state
    this.#outbox.event({
      type,
      record: table.record(ref),
      status: table.status(ref),
      incarnation: table.incarnation(ref),
      since: table.since(ref),
      at: now,
      restarted,
      detail,
    })
  }
}

/** What a change of status is called; undefined where the status stayed. */
function eventType(before: Status | undefined, after: Status): EngineEventType | undefined {
  if (before === after) return undefined
  switch (after) {
    case Status.Alive:
      return before === Status.Suspect ? 'alive' : 'join'
    case Status.Suspect:
      return 'suspect'
    case Status.Failed:
      return 'failed'
    case Status.Left:
      return 'leave'
  }
}
