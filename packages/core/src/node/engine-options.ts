import type { EngineOptions } from '../engine/engine.ts'
import { firstIncarnation } from '../engine/incarnation-limits.ts'
import type { Memory } from '../engine/memory.ts'
import type { Millis } from '../engine/time.ts'
import type { Address } from '../model/address.ts'
import { Directory } from '../model/directory.ts'
import type { Codec } from '../wire/codec.ts'
import type { NodeOptions } from './api.ts'
import { admitting, guardHooks } from './guarded-hooks.ts'
import { ownRecord, randomOf } from './identity.ts'
import type { FittedData } from './member-data.ts'
import type { CheckedOptions } from './options.ts'

/** Members are the same for all nodes of a process: what is known of them is kept once. */
const processDirectory = new Directory()

/** What a node is by the time it has an address. */
export interface Birth {
  readonly name: string
  readonly address: Address
  readonly data: FittedData
  readonly codec: Codec
  /** What an earlier process knew. */
  readonly memory: Memory | undefined
  readonly now: Millis
}

/** What the engine of a node is given, but for its effects. */
export function engineOptions(
  { directory = processDirectory, hooks = {}, host, logger, transport }: NodeOptions,
  { allow, coordinates, detectors, settings }: CheckedOptions,
  { address, codec, data, memory, name, now }: Birth,
): Omit<EngineOptions, 'effects'> {
  const { maxPacketBytes, streams } = transport
  const record = ownRecord(host, name, address, detectors, data.data)
  const wallSeconds = Math.floor(record.startedAt / 1_000)
  // Another name has another history.
  const last = memory?.sender.name === name ? memory.sender.incarnation : undefined
  return {
    record,
    incarnation: firstIncarnation(wallSeconds, last),
    ...(memory === undefined ? {} : { memory }),
    payload: data.large,
    hash: (bytes) => host.sha256(bytes),
    settings,
    codec,
    detectors,
    random: randomOf(host),
    maxPacketBytes: Math.min(settings.packetBytes, maxPacketBytes),
    packets: maxPacketBytes > 0,
    streams,
    wallSeconds,
    now,
    hooks: admitting(allow, guardHooks(hooks, logger)),
    coordinates,
    directory,
  }
}
