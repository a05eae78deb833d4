import type { PayloadRef } from '../model/peer.ts'
import type { ByteReader } from './byte-reader.ts'
import type { ByteWriter } from './byte-writer.ts'
import { maxLargePayloadBytes, payloadHashBytes } from './limits.ts'
import type { Fetch } from './message.ts'

/** `[size varint][hash 32 bytes]` */
export function putPayloadRef(w: ByteWriter, { hash, size }: PayloadRef): void {
  w.varint(size, maxLargePayloadBytes)
  putHash(w, hash)
}

export function takePayloadRef(r: ByteReader): PayloadRef {
  return { size: r.varint(maxLargePayloadBytes), hash: r.copy(payloadHashBytes) }
}

/** `[name][hash 32 bytes]` */
export function putFetch(w: ByteWriter, { hash, name }: Fetch): void {
  putHash(w.name(name), hash)
}

export function takeFetch(r: ByteReader): Fetch {
  return { type: 'fetch', name: r.name(), hash: r.copy(payloadHashBytes) }
}

function putHash(w: ByteWriter, hash: Uint8Array): void {
  if (hash.length !== payloadHashBytes)
    throw new RangeError(`a hash is ${hash.length} bytes: must be ${payloadHashBytes}`)
  w.bytes(hash)
}
