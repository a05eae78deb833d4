import type { AliveClaim, Message, PeerRecord, Sender, SuspectClaim, Sync } from '@swimkit/core'

/** How many of each message there are: the same bytes again and again would flatter every cache and branch predictor. */
const variants = 64

/**
 * How many claims it takes that each has been forgotten by the time it comes again: more than twice what the codec keeps
 * of claims that it has taken apart. In a cluster a claim is new once and then heard again about as often as it is sent on.
 */
const forgotten = 20_000

/** Members that claims are about. Their names have been heard; what is new is an incarnation, or the data as well. */
const members = 1_000

export const cluster = 'production'

export const sender: Sender = { name: nameOf(1), boot: 0x1234_5678_9abc_def0n, incarnation: 1_790_000_000 }

export const pings = make(
  (i): Message => ({ type: 'ping', seq: seqOf(i), target: nameOf(i), boot: undefined }),
)

export const acks = make(
  (i): Message => ({ type: 'ack', seq: seqOf(i), payload: undefined, coordinate: undefined }),
)

export const alives = make(aliveOf)
export const newAlives = make(aliveOf, forgotten)

export const changedAlives = make((i): AliveClaim => {
  const claim = aliveOf(i)
  return { ...claim, record: { ...claim.record, data: new TextEncoder().encode(`role=web,load=${i + 1e6}`) } }
}, forgotten)

export const suspects = make(suspectOf)
export const newSuspects = make(suspectOf, forgotten)

/** Each ten other claims. */
export const tens = make(tenOf)
export const newTens = make(tenOf, forgotten / 10)

/** Two of them: each is some kilobytes. The digest is that of the answer to a request: none. */
export const syncs = [0, 1].map(
  (i): Sync => ({
    type: 'sync',
    join: false,
    alone: false,
    digest: undefined,
    config: { epoch: 1, detector: 'pingack', suspicion: true },
    entries: Array.from({ length: 200 }, (_, j) => ({
      record: recordOf(200 * i + j),
      recordIncarnation: 1_790_000_000 + j,
      status: 0,
      incarnation: 1_790_000_000 + j,
      age: 0,
      accusations: [],
    })),
    events: undefined,
    state: undefined,
  }),
)

function make<T>(one: (i: number) => T, length = variants): readonly T[] {
  return Array.from({ length }, (_, i) => one(i))
}

/** Nodes start counting at a random 32-bit number. */
function seqOf(i: number): number {
  return (0x9e37_79b9 * (i + 1)) >>> 0
}

function nameOf(i: number): string {
  return `node-${String(i % members).padStart(4, '0')}.eu-west`
}

function aliveOf(i: number): AliveClaim {
  return { type: 'alive', incarnation: 1_790_000_000 + i, record: recordOf(i % members) }
}

function tenOf(i: number): AliveClaim[] {
  return Array.from({ length: 10 }, (_, j) => aliveOf(10 * i + j))
}

function suspectOf(i: number): SuspectClaim {
  return {
    type: 'suspect',
    name: nameOf(i),
    incarnation: 1_790_000_000 + i,
    accusations: [
      { accuser: nameOf(i + 7), evidence: 'timeout' },
      { accuser: nameOf(i + 9), evidence: 'refused' },
    ],
  }
}

function recordOf(i: number): PeerRecord {
  return {
    name: nameOf(i),
    boot: 0xfeed_0000_0000_0000n + BigInt(seqOf(i)),
    startedAt: 1_790_000_000_000 + 977 * i,
    address: { host: `10.0.${i >> 8}.${i & 255}`, port: 7_946 },
    streams: true,
    leaving: false,
    protocolMin: 1,
    protocolMax: 1,
    capabilities: ['detector:pingack', 'detector:gossip'],
    data: new TextEncoder().encode(`role=web,zone=${'abc'[i % 3]}`),
    opaque: undefined,
    payload: undefined,
  }
}
