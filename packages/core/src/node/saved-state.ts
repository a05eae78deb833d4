import type { Memory } from '../engine/memory.ts'
import { decodeSnapshot, encodeSnapshot } from '../engine/snapshot.ts'
import type { Millis } from '../engine/time.ts'
import { type Address, formatAddress } from '../model/address.ts'
import { Status } from '../model/status.ts'
import type { Logger } from './api.ts'
import type { Driver } from './driver.ts'
import type { Host } from './host.ts'
import type { SnapshotStore } from './snapshot-store.ts'

/** A change is saved after so long, together with what follows at once. */
const settling: Millis = 500
/** Between two saves, at least: a store that flushes to a disk is not asked for more. */
const spacing: Millis = 5_000
/** Addresses that are told of a snapshot at most. */
const mostRemembered = 1_024

/** Keeps what a node knows in a store: reads it at the start, and writes it when something has changed. */
export class SavedState {
  readonly #store: SnapshotStore
  readonly #host: Host
  readonly #cluster: string
  readonly #logger: Logger | undefined
  #driver: Driver | undefined
  #lastSave = Number.NEGATIVE_INFINITY
  #cancel: (() => void) | undefined
  #saving: Promise<void> | undefined
  #changed = false
  #failing = false
  #ended = false
  /** Saves that went wrong. */
  failures = 0

  constructor(store: SnapshotStore, host: Host, cluster: string, logger: Logger | undefined) {
    this.#store = store
    this.#host = host
    this.#cluster = cluster
    this.#logger = logger
  }

  /** What an earlier process knew; undefined where there is nothing, or nothing of use, which is then set aside. */
  async load(): Promise<Memory | undefined> {
    const bytes = await this.#store.load()
    if (bytes === undefined) return undefined
    const memory = decodeSnapshot(bytes, this.#cluster)
    if (!('reason' in memory)) return memory
    const place = await this.#store.setAside()
    this.#logger?.log('warn', `the snapshot cannot be used: ${memory.reason}`, { movedTo: place })
    return undefined
  }

  /** From now on what this driver's engine knows is saved. */
  begin(driver: Driver): void {
    this.#driver = driver
    this.changed()
  }

  /** Something that is to be kept is not what it was. */
  changed(): void {
    this.#changed = true
    if (this.#ended || this.#cancel !== undefined || this.#saving !== undefined) return
    const { now } = this.#host
    const at = Math.max(now() + settling, this.#lastSave + spacing)
    this.#cancel = this.#host.wake(at, () => {
      this.#cancel = undefined
      this.#saving = this.#save().finally(() => {
        this.#saving = undefined
        if (this.#changed) this.changed()
      })
    })
  }

  /** Saves for the last time what there is to be saved. Before the engine is closed. */
  async end(): Promise<void> {
    if (this.#ended) return
    this.#ended = true
    this.#cancel?.()
    // What is to be said now, before anything else happens to the engine.
    const bytes = this.#driver === undefined ? undefined : this.#bytes(this.#driver)
    await this.#saving
    if (bytes !== undefined) await this.#write(bytes)
  }

  async #save(): Promise<void> {
    if (this.#driver === undefined) return
    this.#changed = false
    this.#lastSave = this.#host.now()
    await this.#write(this.#bytes(this.#driver))
  }

  #bytes({ engine }: Driver): Uint8Array {
    return encodeSnapshot(engine.memory(this.#host.now()), this.#cluster)
  }

  /** A store that fails is told of once, until it works again; the node goes on without it. */
  async #write(bytes: Uint8Array): Promise<void> {
    try {
      await this.#store.save(bytes)
      if (this.#failing) this.#logger?.log('info', 'snapshots are saved again')
      this.#failing = false
    } catch (error) {
      this.failures++
      // Tried again with the next change, or when it is time.
      this.#changed = true
      if (!this.#failing) {
        this.#logger?.log('error', 'the snapshot could not be saved', { reason: String(error) })
      }
      this.#failing = true
    }
  }
}

/** Where the members were: those that were alive first, then those that had failed, that are forgotten, and that had left. */
export function addressesOf({ addresses, members, sender }: Memory): string[] {
  const by: Address[][] = [[], [], [], []]
  for (const { record, status } of members) {
    if (record.name !== sender.name) by[status]!.push(record.address)
  }
  const ordered = [
    ...by[Status.Alive]!,
    ...by[Status.Suspect]!,
    ...by[Status.Failed]!,
    ...addresses,
    ...by[Status.Left]!,
  ]
  return [...new Set(ordered.map(formatAddress))].slice(0, mostRemembered)
}
