import {
  type Accusation,
  type Address,
  answerKinds,
  type Boot,
  type ClusterConfig,
  type EvidenceKind,
  errorCodes,
  evidenceKinds,
  type Message,
  type PeerRecord,
  type RumourId,
  type Status,
  type SyncEntry,
} from '@swimkit/core'
import type { Program } from './program.ts'

/** What messages are made of: what an engine knows, and what nobody should say. */
export interface Vocabulary {
  readonly names: readonly string[]
  readonly boots: readonly Boot[]
  readonly addresses: readonly Address[]
  /** Of pings under way among others. */
  readonly numbers: readonly number[]
  readonly incarnations: readonly number[]
  readonly times: readonly number[]
  readonly hashes: readonly Uint8Array[]
}

/** A message of any type that the program's next bytes choose: well-formed, and as wicked as that allows. */
export function messageFrom(p: Program, words: Vocabulary): Message {
  const name = (): string => p.pick(words.names)
  const boot = (): Boot => p.pick(words.boots)
  const incarnation = (): number => p.pick(words.incarnations)
  const seq = (): number => p.pick(words.numbers) >>> 0
  const evidence = (): EvidenceKind => p.pick(evidenceKinds)
  const accusation = (): Accusation => ({ accuser: name(), evidence: evidence() })
  const body = (): Uint8Array => (p.below(16) === 0 ? new Uint8Array(1_200).fill(p.byte()) : p.bytes(24))
  const id = (): RumourId => ({ time: p.pick(words.times), boot: boot() })
  const rumour = () => ({ ...id(), origin: name(), name: name(), body: body() })
  const config = (): ClusterConfig => ({
    epoch: p.pick(epochs),
    detector: p.pick(detectors),
    suspicion: p.below(2) === 0,
  })
  const record = (): PeerRecord => ({
    name: name(),
    boot: boot(),
    startedAt: p.pick(words.times),
    address: p.pick(words.addresses),
    streams: p.below(2) === 0,
    leaving: p.below(4) === 3,
    protocolMin: 1,
    protocolMax: p.pick([1, 1, 1, 255]),
    capabilities: p.pick([[], ['detector:pingack', 'detector:gossip'], ['detector:nobody']]),
    data: p.below(8) === 7 ? new Uint8Array(1_000) : p.bytes(8),
    opaque: p.below(8) === 7 ? p.bytes(8) : undefined,
    payload: p.below(4) === 3 ? { size: p.pick(sizes), hash: p.pick(words.hashes) } : undefined,
  })
  const entry = (): SyncEntry => {
    const [one, other] = [incarnation(), incarnation()]
    return {
      record: record(),
      recordIncarnation: Math.min(one, other),
      incarnation: Math.max(one, other),
      status: p.below(4) as Status, // 0..3 are all there are
      age: p.pick([0, 1, 3_599, 3_600, 0xffff_ffff]),
      accusations: p.several(4, accusation),
    }
  }
  switch (p.below(20)) {
    case 0:
      return { type: 'ping', seq: seq(), target: name(), boot: p.below(2) === 0 ? undefined : boot() }
    case 1:
      return {
        type: 'pingReq',
        nackAfter: p.pick([0, 1, 400, 0xffff_ffff]),
        targets: Array.from({ length: 1 + p.below(16) }, () => ({
          seq: seq(),
          name: name(),
          boot: p.below(2) === 0 ? undefined : boot(),
          address: p.pick(words.addresses),
        })),
      }
    case 2:
      return {
        type: 'ack',
        seq: seq(),
        payload: p.below(4) === 3 ? body() : undefined,
        coordinate: p.below(2) === 0 ? undefined : p.bytes(30),
      }
    case 3:
      return { type: 'nack', seq: seq() }
    case 4:
      return { type: 'alive', incarnation: incarnation(), record: record() }
    case 5:
      return {
        type: 'suspect',
        name: name(),
        incarnation: incarnation(),
        accusations: Array.from({ length: 1 + p.below(16) }, accusation),
      }
    case 6:
      return {
        type: 'failed',
        name: name(),
        incarnation: incarnation(),
        accuser: name(),
        evidence: evidence(),
      }
    case 7: {
      const claim = { type: 'left', name: name(), incarnation: incarnation(), by: name() } as const
      return p.below(2) === 0 ? claim : { ...claim, prune: true }
    }
    case 8:
      return {
        type: 'sync',
        join: p.below(2) === 0,
        alone: p.below(2) === 0,
        digest:
          p.below(2) === 0
            ? undefined
            : { buckets: new Uint32Array(p.pick([0, 1, 127, 128, 129])), terminal: [p.byte(), 0] },
        config: config(),
        entries: p.several(8, entry),
        events:
          p.below(2) === 0
            ? undefined
            : {
                clock: p.pick(words.times),
                mark: [p.byte(), 1],
                count: p.byte(),
                settled: p.pick(words.times),
              },
        state: p.below(4) === 3 ? body() : undefined,
      }
    case 9:
      return { type: 'config', ...config() }
    case 10:
      return { type: 'user', body: body() }
    case 11:
      return { type: 'custom', channel: p.pick(['gossip', 'pingack', 'nobody']), body: body() }
    case 12:
      return { type: 'event', ...rumour() }
    case 13:
      return {
        type: 'query',
        ...rumour(),
        timeout: p.pick([0, 1, 5_000, 0xffff_ffff]),
        names: p.several(3, name),
        tags: p.several(3, () => ['zone', 'a'] as const),
      }
    case 14:
      return { type: 'answer', ...id(), kind: p.pick(answerKinds), body: body() }
    case 15:
      return { type: 'direct', target: name(), boot: boot(), number: p.pick(words.times), body: body() }
    case 16:
      return {
        type: 'events',
        clock: p.pick(words.times),
        known: p.several(4, id),
        events: p.several(8, () => ({
          event: { type: 'event' as const, ...rumour() },
          age: p.pick([0, 300, 0xffff_ffff]),
          order: p.pick(words.times),
        })),
      }
    case 17:
      return { type: 'fetch', name: name(), hash: p.pick(words.hashes) }
    case 18:
      return { type: 'payload', body: body() }
    default:
      return { type: 'error', code: p.pick(errorCodes), message: 'so there' }
  }
}

const epochs = [0, 1, 2, 1_000, 1_001, 2 ** 32, Number.MAX_SAFE_INTEGER]
const detectors = ['pingack', 'gossip', 'nobody', 'data:text/javascript,1']
const sizes = [0, 1, 4_096, 65_536, 65_537, 16_777_216]
