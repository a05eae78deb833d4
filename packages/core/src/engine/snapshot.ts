import type { Address } from '../model/address.ts'
import { ByteReader, noBytes } from '../wire/byte-reader.ts'
import { ByteWriter } from '../wire/byte-writer.ts'
import { type Codec, isFault } from '../wire/codec.ts'
import { joined } from '../wire/joined.ts'
import { maxEvents } from '../wire/limits.ts'
import type { RumourId, Sync } from '../wire/message.ts'
import { swimCodec } from '../wire/swim-codec.ts'
import { FieldTables, putAddress, takeAddress } from '../wire/swim-fields.ts'
import type { Memory } from './memory.ts'

/** First byte of what a snapshot adds to a sync. */
const layout = 1
/** Bytes of a snapshot at most: some 300,000 members. */
const maxSnapshotBytes = 64 * 1_024 * 1_024
/** Addresses of forgotten members at most. */
const maxAddresses = 256

/** Why a snapshot cannot be used, for a person. */
export interface SnapshotFault {
  readonly reason: string
}

/**
 * What a node knows as bytes, whatever codec it speaks: a stream of codec `swim` with a sync of its members. So it bears the cluster's label, each part of it is
 * summed up (see `RecordReader`), and what a later build adds is passed over.
 */
export function encodeSnapshot(memory: Memory, cluster: string): Uint8Array {
  const w = new ByteWriter().u8(layout).varint(memory.savedAt)
  const addresses = memory.addresses.slice(-maxAddresses)
  w.varint(addresses.length)
  for (const address of addresses) putAddress(w, address)
  const heard = memory.heard.slice(-maxEvents)
  w.varint(heard.length)
  for (const { boot, time } of heard) w.varint(time).u64(boot)
  const sync: Sync = {
    type: 'sync',
    join: false,
    alone: false,
    digest: undefined,
    // Of no use to who starts again: the cluster that it finds says what runs.
    config: { epoch: 0, detector: 'none', suspicion: true },
    entries: memory.members,
    events: { clock: memory.clock, mark: [0, 0], count: 0, settled: 0 },
    state: w.finish(),
  }
  return joined([...codecOf(cluster).encodeStream(memory.sender, sync)])
}

/** The other way; total. */
export function decodeSnapshot(bytes: Uint8Array, cluster: string): Memory | SnapshotFault {
  if (bytes.length === 0) return { reason: 'it is empty' }
  const result = codecOf(cluster).streamReader().push(bytes)
  if (result === undefined) return { reason: `it is cut off after ${bytes.length} bytes` }
  if (isFault(result)) return { reason: result.detail }
  const { message, sender } = result
  if (message.type !== 'sync' || sender === undefined) return { reason: `it holds a ${message.type}` }
  const r = new ByteReader(message.state ?? noBytes)
  if (r.u8() !== layout) return { reason: 'it is of a layout that this build does not know' }
  const savedAt = r.varint()
  const tables = new FieldTables()
  const addresses: Address[] = []
  for (let left = r.varint(maxAddresses); left > 0 && r.ok; left--) addresses.push(takeAddress(r, tables))
  const heard: RumourId[] = []
  for (let left = r.varint(maxEvents); left > 0 && r.ok; left--) {
    heard.push({ time: r.varint(), boot: r.u64() })
  }
  if (!r.ok) return { reason: 'it cannot be read to its end' }
  return { sender, savedAt, clock: message.events?.clock ?? 0, heard, members: message.entries, addresses }
}

const codecOf = (cluster: string): Codec =>
  swimCodec().open({
    cluster,
    sealer: undefined,
    maxPacketBytes: 65_535,
    maxStreamBytes: maxSnapshotBytes,
  })
