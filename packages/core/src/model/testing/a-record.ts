import { noBytes } from '../../wire/byte-reader.ts'
import type { PeerRecord } from '../peer.ts'

/** A record of that name, in all else the same each time but for what is given. */
export function aRecord(name: string, given: Partial<PeerRecord> = {}): PeerRecord {
  return {
    name,
    boot: 1n,
    startedAt: 0,
    address: { host: '10.0.0.1', port: 1 },
    streams: false,
    leaving: false,
    protocolMin: 1,
    protocolMax: 1,
    capabilities: [],
    data: noBytes,
    opaque: undefined,
    ...given,
  }
}
