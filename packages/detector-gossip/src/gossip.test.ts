import {
  ByteReader,
  createRandom,
  type DetectorContext,
  type DetectorHooks,
  type LookOptions,
  type LookResult,
  type MemberView,
  type PeerRecord,
  type Ref,
  resolveSettings,
  Status,
} from '@swimkit/core'
import { describe, expect, test } from 'vitest'
import { DigestReader, DigestWriter } from './digest.ts'
import { gossip } from './gossip.ts'
import type { GossipOptions } from './options.ts'
import { aColumn, aRecord, aRef } from './testing/rows.ts'

interface StubOptions {
  readonly members?: number
  readonly options?: GossipOptions
  readonly packets?: boolean
  /** Who lacks the detector. */
  readonly lacking?: readonly number[]
}

const boot = (n: number): bigint => (9n << 32n) | BigInt(100 + n)

/** A node as its detector sees it, with a clock. This node is 0; the others are 1, 2, … */
class Stub {
  now = 0
  readonly looks: (LookOptions & { readonly ref: Ref; readonly at: number })[] = []
  readonly sent: { readonly to: Ref; readonly bytes: Uint8Array; readonly at: number }[] = []
  readonly reported: unknown[] = []
  readonly hooks: DetectorHooks
  readonly statuses: Status[]
  readonly records: PeerRecord[]
  score = 0
  looksFor = true
  #timers: { at: number; tag: number; arg: number }[] = []
  #heartbeat = 0

  constructor({ lacking = [], members: count = 3, options = {}, packets = true }: StubOptions = {}) {
    this.statuses = Array.from({ length: count + 1 }, () => Status.Alive)
    this.records = this.statuses.map((_, n) => aRecord(`m${n}`, boot(n)))
    const active = (): Ref[] =>
      this.statuses.flatMap((status, n) => (status <= Status.Suspect ? [aRef(n)] : []))
    const members: Partial<MemberView> = {
      self: aRef(0),
      activeAt: (i) => active()[i]!,
      status: (ref) => this.statuses[ref]!,
      record: (ref) => this.records[ref]!,
      name: (ref) => `m${ref}`,
      find: (name) => aRef(this.records.findIndex((record) => record.name === name)),
    }
    Object.defineProperty(members, 'active', { get: () => active().length })
    const stub = this
    const context: DetectorContext = {
      // What else there is in the view is not asked for.
      members: members as MemberView,
      settings: resolveSettings('lan'),
      random: Object.assign(createRandom([1]), { fraction: () => 0 }),
      health: {
        get score() {
          return stub.score
        },
        scale: (time) => time * (stub.score + 1),
      },
      sampler: {
        sample: (_k, mask, out, except) => {
          const fit = active().filter(
            (ref) => ref !== 0 && ref !== except && (mask & (1 << this.statuses[ref]!)) !== 0,
          )
          if (fit.length > 0) out.push(fit[Math.floor(this.now / 1_000) % fit.length]!)
        },
      },
      packets,
      streams: true,
      bodyBytes: packets ? 1_300 : 0,
      backlog: () => 0,
      schedule: () => ({ next: () => active().find((ref) => ref !== 0) }),
      column: (_, initial) => aColumn(initial),
      arm: (at, tag, arg = 0) => {
        const timer = { at, tag, arg }
        this.#timers.push(timer)
        return timer
      },
      disarm: () => undefined,
      ping: () => false,
      look: (ref, how, now) => {
        if (this.looksFor) this.looks.push({ ref, at: now, ...how })
        return this.looksFor
      },
      patience: () => 100,
      equipped: (ref) => !lacking.includes(ref),
      send: (to, bytes, at) => void this.sent.push({ to, bytes: bytes.slice(), at }),
      reachable: () => undefined,
      unreachable: (seen, evidence) => void this.reported.push([seen.ref, evidence]),
      adjustHealth: () => undefined,
    }
    this.hooks = gossip(options).attach(context)
  }

  /** Goes on to an instant; every second these are heard. */
  run(until: number, heard: readonly number[] = []): void {
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((x, y) => x.at - y.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      if (heard.length > 0 && Math.floor(next.at / 1_000) > Math.floor(this.now / 1_000)) {
        this.now = next.at
        this.hear(heard)
      }
      this.now = Math.max(this.now, next.at)
      this.hooks.onTimer(next.tag, next.arg, this.now)
    }
    this.now = until
  }

  /** An answer of the first other one, with the next heartbeats of these. */
  hear(rows: readonly number[], known = true): void {
    const writer = new DigestWriter()
    writer.begin(false, 1_000)
    this.#heartbeat++
    for (const n of rows) writer.short(100 + n, this.#heartbeat)
    this.hooks.onMessage!(known ? aRef(1) : undefined, new ByteReader(writer.finish()), this.now)
  }

  set(n: number, after: Status): void {
    const before = this.statuses[n]!
    this.statuses[n] = after
    this.hooks.onStatus!(aRef(n), before, after, this.now)
  }

  result(look: { readonly ref: Ref; readonly arg?: number }, outcome: LookResult['outcome']): void {
    const seen = { ref: look.ref, incarnation: 5, boot: boot(look.ref) }
    const path = outcome === 'reached' ? 'direct' : undefined
    this.hooks.onLook!({ arg: look.arg ?? 0, seen, outcome, path, rtt: 1, evidence: 'timeout' }, this.now)
  }

  looksAt(n: number): number[] {
    return this.looks.filter(({ ref }) => ref === n).map(({ at }) => at)
  }

  get armed(): number {
    return this.#timers.length
  }
}

/** Started, and all of them heard for two minutes. */
function running(options: StubOptions = {}): Stub {
  const stub = new Stub(options)
  stub.hooks.start(0)
  stub.run(120_100, [1, 2, 3])
  return stub
}

const idsIn = (bytes: Uint8Array): number[] => {
  const reader = new DigestReader()
  expect(reader.read(new ByteReader(bytes))).toBe(true)
  return [...reader.ids.subarray(0, reader.count)]
}

describe('a node', () => {
  test('tells one member per interval of its own heartbeat and of the others’', () => {
    const stub = running()
    expect(stub.sent.length).toBeGreaterThanOrEqual(120)
    expect(stub.sent.length).toBeLessThanOrEqual(122)
    const last = stub.sent.at(-1)!
    expect(idsIn(last.bytes).sort()).toEqual([100, 101, 102, 103].filter((id) => id !== 100 + last.to))
    expect(stub.looks).toEqual([])
  })

  test('tells three per interval if that is its fanout, one after the other', () => {
    const stub = new Stub({ options: { fanout: 3, interval: 900 } })
    stub.hooks.start(0)
    stub.run(9_000)
    expect(stub.sent.map(({ at }) => at).slice(0, 4)).toEqual([0, 300, 600, 900])
  })

  test('goes on counting its heartbeats when it is stopped and started again', () => {
    const stub = running()
    stub.hooks.stop(stub.now)
    stub.sent.length = 0
    stub.hooks.start(stub.now)
    const reader = new DigestReader()
    stub.run(stub.now + 1)
    reader.read(new ByteReader(stub.sent[0]!.bytes))
    expect(reader.heartbeats[0]).toBeGreaterThan(120)
  })

  test('has one timer, and none to tell is none to look at', () => {
    const stub = new Stub({ members: 0 })
    stub.hooks.start(0)
    stub.run(60_000)
    expect([stub.armed, stub.sent, stub.looks]).toEqual([1, [], []])
  })

  test('neither tells members that lack the detector nor expects to hear them', () => {
    const stub = new Stub({ lacking: [2] })
    stub.hooks.start(0)
    stub.run(120_100, [1, 3])
    expect(new Set(stub.sent.map(({ to }) => to))).toEqual(new Set([1, 3]))
    expect(stub.looksAt(2)).toEqual([])
  })

  test('believes nothing of somebody it does not know', () => {
    const stub = running()
    for (let second = 0; second < 6; second++) {
      stub.run(stub.now + 1_000)
      stub.hear([1, 2, 3], false)
    }
    expect(new Set(stub.looks.map(({ ref }) => ref))).toEqual(new Set([1, 2, 3]))
  })
})

describe('a silent member', () => {
  test('is looked at once, and reported when it does not answer; then somebody who is heard, for comparison', () => {
    const stub = running()
    stub.run(126_000, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(1)
    expect(stub.looksAt(3)[0]).toBeLessThan(124_000)
    stub.score = 1
    stub.result(stub.looks[0]!, 'unreached')
    expect(stub.reported).toEqual([[3, 'timeout']])
    expect(stub.looks).toHaveLength(2)
    expect(stub.looks[1]).toMatchObject({ timeout: 2_000 })
    expect([1, 2]).toContain(stub.looks[1]!.ref)
    stub.result(stub.looks[1]!, 'reached')
    expect(stub.reported).toHaveLength(1)
  })

  test('that answers is left alone for longer than before', () => {
    const stub = running()
    stub.run(126_000, [1, 2])
    stub.result(stub.looks[0]!, 'reached')
    stub.run(128_500, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(1)
    stub.run(140_000, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(2)
    expect(stub.reported).toEqual([])
  })

  test('is looked at again soon when a look came to nothing', () => {
    const stub = running()
    stub.run(126_000, [1, 2])
    stub.result(stub.looks[0]!, 'void')
    stub.run(127_100, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(2)
    expect(stub.reported).toEqual([])
  })

  test('is looked at later where the core cannot now', () => {
    const stub = running()
    stub.looksFor = false
    stub.run(126_000, [1, 2])
    stub.looksFor = true
    stub.run(127_100, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(1)
  })

  test('waits for its turn where as many as may be are looked at already', () => {
    const stub = running({ options: { looksAtOnce: 1 } })
    stub.run(130_000)
    expect(stub.looks).toHaveLength(1)
    stub.result(stub.looks[0]!, 'reached')
    stub.run(131_000)
    expect(stub.looks).toHaveLength(2)
    expect(new Set(stub.looks.map(({ ref }) => ref)).size).toBe(2)
  })

  test('that fails while it is looked at leaves its place to another, and its result is nobody’s', () => {
    const stub = running({ options: { looksAtOnce: 1 } })
    stub.run(130_000)
    const [first] = stub.looks
    stub.set(first!.ref, Status.Failed)
    stub.run(131_000)
    expect(stub.looks).toHaveLength(2)
    stub.result(first!, 'unreached')
    expect(stub.reported).toEqual([])
  })

  test('that did not answer and is still suspect is looked at no more', () => {
    const stub = running()
    stub.run(126_000, [1, 2])
    stub.set(3, Status.Suspect)
    stub.result(stub.looks[0]!, 'unreached')
    stub.run(180_000, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(1)
  })

  test('that did not answer, and that the core has not made suspect, is looked at again although it was heard once', () => {
    const stub = running()
    stub.run(126_000, [1, 2])
    stub.result(stub.looks[0]!, 'unreached')
    stub.hear([3])
    stub.run(140_000, [1, 2])
    expect(stub.looksAt(3).length).toBeGreaterThan(1)
  })

  test('is looked at as well where another has made it suspect, by those that look first', () => {
    const stub = running()
    stub.set(3, Status.Suspect)
    stub.run(126_000, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(1)
  })
})

describe('a member', () => {
  test('that starts again is another: its heartbeats begin anew, and it is given time', () => {
    const stub = running()
    const before = stub.records[3]!
    stub.records[3] = { ...before, boot: boot(50) }
    stub.hooks.onRecord!(aRef(3), before, stub.now)
    stub.run(127_000, [1, 2])
    expect(stub.looksAt(3)).toEqual([])
    stub.hear([50])
    stub.run(129_000, [1, 2, 50])
    expect(stub.looksAt(3)).toEqual([])
    stub.run(140_000, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(1)
  })

  test('whose record changes is the same', () => {
    const stub = running()
    stub.hooks.onRecord!(aRef(3), stub.records[3]!, stub.now)
    stub.run(126_000, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(1)
  })

  test('that came back is borne with for longer', () => {
    const patience = (returns: number): number => {
      const stub = running()
      for (let i = 0; i < returns; i++) {
        stub.set(3, Status.Suspect)
        stub.set(3, Status.Alive)
      }
      stub.run(122_500, [1, 2, 3])
      stub.run(140_000, [1, 2])
      return stub.looksAt(3)[0]! - 122_000
    }
    const [none, one, two] = [patience(0), patience(1), patience(2)]
    expect(one).toBeGreaterThan(none)
    expect(two).toBeGreaterThan(one)
  })

  test('that is not active is forgotten', () => {
    const stub = running()
    stub.set(3, Status.Left)
    stub.sent.length = 0
    stub.run(180_000, [1, 2])
    expect(stub.looks).toEqual([])
    for (const { bytes, to } of stub.sent) {
      expect(to).not.toBe(3)
      expect(idsIn(bytes)).not.toContain(103)
    }
  })
})

describe('a node that stood still', () => {
  test('looks at nobody until the others had time to be heard', () => {
    const stub = running()
    // Timers are late, and what was sent meanwhile is read first.
    stub.now += 20_000
    stub.hear([1, 2])
    const { now } = stub
    stub.run(now + 5_000, [1, 2])
    expect(stub.looks).toEqual([])
    stub.run(now + 40_000, [1, 2])
    expect(stub.looksAt(3)).toHaveLength(1)
  })
})

describe('where packets are not carried', () => {
  test('members are looked at in turn, one per probe interval, and nothing is sent', () => {
    const stub = new Stub({ packets: false })
    stub.hooks.start(0)
    stub.run(2_500)
    expect(stub.looks).toMatchObject([
      { ref: 1, at: 0, timeout: 1_000 },
      { ref: 1, at: 1_000, timeout: 1_000 },
      { ref: 1, at: 2_000, timeout: 1_000 },
    ])
    stub.result(stub.looks[0]!, 'unreached')
    stub.result(stub.looks[1]!, 'reached')
    stub.result(stub.looks[2]!, 'void')
    expect(stub.reported).toEqual([[1, 'timeout']])
    expect([stub.sent, stub.armed]).toEqual([[], 1])
  })

  test('those that lack the detector are left to the core', () => {
    const stub = new Stub({ packets: false, lacking: [1] })
    stub.hooks.start(0)
    stub.run(2_500)
    expect(stub.looks).toEqual([])
  })
})

describe('the detector', () => {
  test('is named gossip, and serves several nodes, which know nothing of one another', () => {
    expect(gossip()).toMatchObject({ kind: 'detector', name: 'gossip', api: 1 })
    const [one, other] = [new Stub(), new Stub()]
    one.hooks.start(0)
    one.run(5_000)
    expect(one.sent.length).toBeGreaterThan(0)
    expect([other.sent, other.armed]).toEqual([[], 0])
  })

  test('that is stopped, or was never started, does nothing', () => {
    const stub = new Stub()
    stub.hear([1, 2])
    stub.set(2, Status.Failed)
    stub.hooks.onTimer(0, 0, 0)
    stub.hooks.start(0)
    stub.hooks.stop(1)
    stub.hear([1, 3])
    expect([stub.sent, stub.looks]).toEqual([[], []])
  })
})
