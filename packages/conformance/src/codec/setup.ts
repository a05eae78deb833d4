import type { Codec, CodecContext, CodecPlugin, Message, Sender, SyncEntry } from '@swimkit/core'
import fc from 'fast-check'
import { messagesByType } from './arbitraries.ts'
import { FakeSealer } from './fake-sealer.ts'

/** What a format can say. One that says everything needs no options. */
export interface CodecCaseOptions {
  /**
   * What arrives of a message that is sent in a packet or over a stream: the message itself (the default), one with less in it
   * where the format has no words for a part, or undefined where it cannot say it at all: that is then not tried.
   */
  readonly arrives?: (message: Message, over: 'packet' | 'stream') => Message | undefined
  /** What arrives of a sender; undefined where the format does not say who sent something. Default: the sender. */
  readonly sender?: (sender: Sender) => Sender | undefined
  /** Whether any changed byte is noticed without a sealer, as by a checksum. Default true. */
  readonly checksum?: boolean
  /** Whether packets and streams carry the cluster's label. Default true. */
  readonly labels?: boolean
  /** Whether it seals, where it is given a sealer. Default true. */
  readonly sealing?: boolean
}

export type Mode = 'plain' | 'sealed'

/** What the cases know of the codec that they try. */
export interface Setup extends Required<CodecCaseOptions> {
  readonly plugin: CodecPlugin
  readonly mode: Mode
  /** Opened as told, and as the cases mean it by default. */
  open(changes?: Partial<CodecContext>): Codec
  /** Opened by default. */
  readonly codec: Codec
  /** By type, the messages that the format can say over packets, or over streams. */
  said(over: 'packet' | 'stream'): readonly (readonly [type: string, messages: fc.Arbitrary<Message>])[]
  /** Of any type. */
  any(over: 'packet' | 'stream'): fc.Arbitrary<Message>
  /** A short one, that packets and streams can say. */
  readonly small: Message
}

/** For every codec that the cases open, unless they say otherwise. */
export const context: CodecContext = {
  cluster: 'test',
  sealer: undefined,
  maxPacketBytes: 1 << 20,
  maxStreamBytes: 1 << 22,
}

export const someone: Sender = { name: 'someone', boot: 7n, incarnation: 3 }

/** Among these is one that any format can say. */
const smallOnes: readonly Message[] = [
  { type: 'nack', seq: 1 },
  { type: 'ack', seq: 1, payload: undefined },
  { type: 'ping', seq: 1, target: 'someone', boot: undefined },
  { type: 'user', body: Uint8Array.of(1) },
]

export function setUp(plugin: CodecPlugin, mode: Mode, options: CodecCaseOptions): Setup {
  const arrives = options.arrives ?? ((message: Message) => message)
  const open = (changes: Partial<CodecContext> = {}): Codec =>
    plugin.open({ ...context, sealer: mode === 'sealed' ? new FakeSealer() : undefined, ...changes })
  const codec = open()
  const said: Setup['said'] = (over) =>
    Object.entries(messagesByType)
      .map(([type, all]) => [type, codec.digests ? all : all.map(withoutDigest)] as const)
      .filter(([, all]) =>
        fc.sample(all, { seed: 1, numRuns: 20 }).some((one) => arrives(one, over) !== undefined),
      )
      .map(([type, all]) => [type, all.filter((one) => arrives(one, over) !== undefined)] as const)
  const small = smallOnes.find(
    (one) => arrives(one, 'packet') !== undefined && arrives(one, 'stream') !== undefined,
  )
  if (small === undefined)
    throw new TypeError('a codec that says no nack, ack, ping or user message cannot be tried')
  return {
    sender: (sender) => sender,
    checksum: true,
    labels: true,
    sealing: true,
    ...options,
    arrives,
    plugin,
    mode,
    open,
    codec,
    said,
    any: (over) => fc.oneof(...said(over).map(([, all]) => all)),
    small,
  }
}

const withoutDigest = (message: Message): Message =>
  message.type === 'sync' ? { ...message, digest: undefined } : message

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
