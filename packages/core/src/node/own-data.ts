import type { Settings } from '../engine/settings.ts'
import type { Service } from './api.ts'
import type { Driver } from './driver.ts'
import { TooLargeError } from './errors.ts'
import { type FittedData, fitMemberData, type MemberData, noData } from './member-data.ts'

/** What a node says of itself and may change while it runs: tags, services and payload. */
export class OwnData {
  readonly #settings: Settings
  #data: MemberData

  /** Throws a `TooLargeError` or a `MemberDataError` for what is wrong in it. */
  constructor(
    { payload = noData.payload, services = noData.services, tags = noData.tags }: Partial<MemberData>,
    settings: Settings,
  ) {
    this.#settings = settings
    this.#data = { payload, services, tags }
    fitMemberData(this.#data, settings)
  }

  get services(): readonly Service[] {
    return this.#data.services
  }

  /** As it goes into the record, and what does not fit there. */
  get fitted(): FittedData {
    return fitMemberData(this.#data, this.#settings)
  }

  /** Says that from now on; resolves once it has been told as often as any update. Where it is refused it stays as it was. */
  async set(change: Partial<MemberData>, driver: Driver, signal: AbortSignal | undefined): Promise<void> {
    const data = { ...this.#data, ...change }
    const { data: bytes, large } = fitMemberData(data, this.#settings)
    const record = { data: bytes, payload: large }
    const size = driver.engine.recordSize(record)
    if (size.bytes > size.limit) throw tooLarge(size)
    this.#data = data
    await driver.run((engine, now) => engine.setRecord(record, now), signal)
  }
}

/** One packet has to hold what a node says of itself. */
export const tooLarge = ({
  bytes,
  limit,
}: {
  readonly bytes: number
  readonly limit: number
}): TooLargeError => new TooLargeError('a packet with what this node says of itself', bytes, limit)
