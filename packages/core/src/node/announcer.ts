import type { EngineEvent } from '../engine/effects.ts'
import { formatAddress } from '../model/address.ts'
import type { Logger, MemberEventType } from './api.ts'
import type { EventBus } from './event-bus.ts'
import type { Discovery } from './services/discovery.ts'
import type { Snapshots } from './snapshots.ts'

/** Events that an operator should see among all the others. */
const loud: ReadonlySet<MemberEventType> = new Set(['failed', 'conflict', 'degraded', 'detector-missing'])

/** Numbers committed changes, logs them, and hands them on with what was true of the member then. */
export class Announcer {
  readonly #bus: EventBus
  readonly #discovery: Discovery
  readonly #logger: Logger | undefined
  #id = 0

  constructor(bus: EventBus, discovery: Discovery, logger: Logger | undefined) {
    this.#bus = bus
    this.#discovery = discovery
    this.#logger = logger
  }

  announce(event: EngineEvent, snapshots: Snapshots): void {
    this.#log(event)
    const id = ++this.#id
    const [listened, watched] = [this.#bus.needed, this.#discovery.needed]
    if (!listened && !watched) return
    const { at, detail, incarnation, record, restarted, since, status, type } = event
    const member = snapshots.describe(record, status, incarnation, since)
    if (watched) this.#discovery.changed(member)
    if (!listened) return
    this.#bus.push({
      id,
      type,
      member,
      at: snapshots.date(at),
      ...(restarted ? { restarted: true } : {}),
      ...(detail === undefined ? {} : { detail }),
    })
  }

  #log({ detail, incarnation, record, type }: EngineEvent): void {
    const level = loud.has(type) ? 'warn' : 'info'
    if (!this.#logger?.enabled(level)) return
    this.#logger.log(level, type, {
      member: record.name,
      address: formatAddress(record.address),
      incarnation,
      ...(detail === undefined ? {} : { detail }),
    })
  }
}
