import type { Sender } from '../../model/peer.ts'
import type { Codec, CodecContext, StreamReader } from '../codec.ts'
import { joined } from '../joined.ts'
import type { Message, SyncEntry } from '../message.ts'

/** A sync with that many entries, of the size that real ones have. */
export function tableOf(count: number): Message & { readonly type: 'sync'; readonly entries: SyncEntry[] } {
  const entries = Array.from(
    { length: count },
    (_, i): SyncEntry => ({
      record: {
        name: `node-${i}`,
        boot: BigInt(i),
        startedAt: 1_790_000_000_000,
        address: { host: `10.0.${i >>> 8}.${i & 255}`, port: 7946 },
        streams: true,
        leaving: false,
        protocolMin: 1,
        protocolMax: 1,
        capabilities: ['detector:pingack'],
        data: new Uint8Array(100).fill(i),
        opaque: undefined,
      },
      recordIncarnation: i,
      status: 1,
      incarnation: i + 1,
      age: 0,
      accusations: [{ accuser: 'node-1', evidence: 'timeout' }],
    }),
  )
  const config = { epoch: 1, detector: 'pingack', suspicion: true }
  return {
    type: 'sync',
    join: false,
    alone: false,
    digest: undefined,
    config,
    entries,
    events: undefined,
    state: undefined,
  }
}

export const context: CodecContext = {
  cluster: 'test',
  sealer: undefined,
  maxPacketBytes: 1 << 20,
  maxStreamBytes: 1 << 22,
}

export const someone: Sender = { name: 'someone', boot: 7n, incarnation: 3 }

/** Bytes before the first record of a stream. */
export const headerBytes = 11 + context.cluster.length

export const streamOf = (codec: Codec, from: Sender, sent: Message): Uint8Array =>
  joined([...codec.encodeStream(from, sent)])

export function pushAll(
  reader: StreamReader,
  ...chunks: readonly Uint8Array[]
): ReturnType<StreamReader['push']> {
  let outcome: ReturnType<StreamReader['push']>
  for (const chunk of chunks) outcome = reader.push(chunk)
  return outcome
}
