import { Status } from '../model/status.ts'
import type { ErrorCode, ErrorReply, Message, Sync, SyncEntry } from '../wire/message.ts'
import type { Configuration } from './configuration.ts'
import type { CoreState } from './core-state.ts'
import type { Introductions } from './introductions.ts'
import { carriedBy, mostCarried } from './membership.ts'
import type { OwnClaims } from './own-claims.ts'
import { maxProtocol, minProtocol } from './protocol-version.ts'
import type { Synchronizer } from './synchronizer.ts'
import type { Millis } from './time.ts'

/** Answers those who come with their table: members that compare it, and newcomers that want to be introduced. */
export class Reception {
  readonly #state: CoreState
  readonly #own: OwnClaims
  readonly #introductions: Introductions
  readonly #synchronizer: Synchronizer
  readonly #configuration: Configuration

  constructor(
    state: CoreState,
    own: OwnClaims,
    introductions: Introductions,
    synchronizer: Synchronizer,
    configuration: Configuration,
  ) {
    this.#state = state
    this.#own = own
    this.#introductions = introductions
    this.#synchronizer = synchronizer
    this.#configuration = configuration
  }

  /** Answers a sync that came over a stream; `by` is the name of who sent it, `from` the host that dialled. */
  answer(sync: Sync, by: string | undefined, from: string | undefined, now: Millis): Message {
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
      // Each is dialled back: who asks for that again and again has this node knock at doors.
      if (from !== undefined && !this.#state.newNames.allows(from, now)) {
        counters.newNamesLimited++
        return refusal('busy', `too many newcomers from ${from} at once: try again`)
      }
      const admitted = this.#introductions.admit({ type: 'alive', incarnation, record }, now)
      if (admitted === 'busy') return refusal('busy', `${sender.name} introduces too many at once: try again`)
      if (admitted === 'taken') {
        return refusal(
          'busy',
          `${sender.name} is introducing another process called ${record.name}: try again`,
        )
      }
      dialBack = admitted === 'held'
    }
    this.#configuration.meet(sync, false, now)
    this.#synchronizer.merge(sync, by, now, newcomer?.record.name, from)
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
    const most = mostCarried(settings)
    if (carriedBy(record) > most) {
      counters.recordsTooLarge++
      return refusal(
        'too-big',
        `${sender.name} takes ${most} bytes of tags, services and payload in a record at most; this one has ${carriedBy(record)}`,
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
}

function refusal(code: ErrorCode, message: string): ErrorReply {
  return { type: 'error', code, message }
}

function firstEntry(sync: Sync): SyncEntry | undefined {
  for (const entry of sync.entries) return entry
  return undefined
}
