import {
  createRandom,
  type DetectorContext,
  type DetectorHooks,
  type MemberView,
  type PeerRecord,
  type PingOptions,
  type PingResult,
  type Ref,
  resolveSettings,
  roundRobin,
  type Settings,
  Status,
  statusBit,
  uniform,
} from '@swimkit/core'
import { describe, expect, test } from 'vitest'
import { type PingAckOptions, pingAck } from './ping-ack.ts'

interface Sent extends PingOptions {
  readonly ref: Ref
  readonly at: number
}

interface Member {
  status: Status
  incarnation: number
  boot: bigint
  streams: boolean
}

const member = (n: number) => n as Ref
const [b, c, d, e] = [1, 2, 3, 4].map(member) as [Ref, Ref, Ref, Ref]

/** A node as a detector sees it, with a clock. Whom to look at is what a test puts in `turns`. */
class Stub {
  now = 0
  readonly settings: Settings
  readonly members = new Map<Ref, Member>()
  turns: Ref[] = []
  /** Who would help. */
  helpers: Ref[] = []
  readonly asked: { readonly k: number; readonly statuses: number; readonly except: Ref | undefined }[] = []
  readonly pings: Sent[] = []
  readonly reachable: unknown[][] = []
  readonly verdicts: unknown[][] = []
  readonly deltas: number[] = []
  score = 0
  /** Pings that are let through. */
  accepts: (ping: PingOptions) => boolean = () => true
  readonly hooks: DetectorHooks
  strategy: unknown
  #timers: { id: number; at: number; tag: number; arg: number }[] = []
  #id = 0

  constructor(
    settings: Partial<Settings> = {},
    carries: { packets?: boolean; streams?: boolean } = {},
    options?: PingAckOptions,
  ) {
    this.settings = resolveSettings('lan', settings)
    for (const ref of [b, c, d, e]) {
      this.members.set(ref, { status: Status.Alive, incarnation: 5, boot: BigInt(ref), streams: true })
    }
    const members: Partial<MemberView> = {
      has: (ref) => this.members.has(ref),
      status: (ref) => this.#member(ref).status,
      incarnation: (ref) => this.#member(ref).incarnation,
      record: (ref) => {
        const { boot, streams } = this.#member(ref)
        return { boot, streams } as PeerRecord
      },
    }
    const stub = this
    const context: DetectorContext = {
      members: members as MemberView,
      settings: this.settings,
      random: { ...createRandom([1]), fraction: () => 0.25 },
      health: {
        get score() {
          return stub.score
        },
        scale: (time) => time * (stub.score + 1),
      },
      sampler: {
        sample: (k, statuses, out, except) => {
          this.asked.push({ k, statuses, except })
          out.push(...this.helpers.slice(0, k))
        },
      },
      packets: carries.packets ?? true,
      streams: carries.streams ?? true,
      schedule: (strategy) => {
        this.strategy = strategy
        return { next: () => this.turns.shift() }
      },
      column: () => ({ get: () => 0, set: () => undefined }),
      arm: (at, tag, arg = 0) => {
        const timer = { id: ++this.#id, at, tag, arg }
        this.#timers.push(timer)
        return timer
      },
      disarm: (disarmed) => {
        this.#timers = this.#timers.filter((timer) => timer !== disarmed)
      },
      ping: (ref, ping, now) => {
        // As the core does it for a member that is gone.
        if (!this.members.has(ref) || !this.accepts(ping)) return false
        this.pings.push({ ref, at: now, ...ping })
        return true
      },
      send: () => undefined,
      reachable: (seen, now, rtt) => void this.reachable.push([seen.ref, now, rtt]),
      unreachable: (seen, evidence, now) =>
        void this.verdicts.push([seen.ref, seen.incarnation, seen.boot, evidence, now]),
      adjustHealth: (delta) => void this.deltas.push(delta),
    }
    this.hooks = pingAck(options).attach(context)
  }

  run(until: number): void {
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((x, y) => x.at - y.at || x.id - y.id)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.now = Math.max(this.now, next.at)
      this.hooks.onTimer(next.tag, next.arg, this.now)
    }
    this.now = until
  }

  /** The outcome of a ping that was sent. */
  answer(ping: Sent, outcome: PingResult['outcome']): void {
    const { arg = 0, at, path, ref, via } = ping
    const rtt = this.now - at
    this.hooks.onPing!({ arg, ref, path, via, outcome, rtt, incarnation: 5, boot: 0n }, this.now)
  }

  sent(path: PingOptions['path']): Sent[] {
    return this.pings.filter((ping) => ping.path === path)
  }

  get armed(): number {
    return this.#timers.length
  }

  #member(ref: Ref): Member {
    const held = this.members.get(ref)
    // As the core's table, which has no record of one that is gone.
    if (held === undefined) throw new TypeError(`${ref} is no member`)
    return held
  }
}

/** Started, and at the instant of the first look. */
function looking(at: readonly Ref[], ...rest: ConstructorParameters<typeof Stub>): Stub {
  const stub = new Stub(...rest)
  stub.turns = [...at]
  stub.helpers = [c, d, e]
  stub.hooks.start(0)
  stub.run(250)
  return stub
}

describe('a look', () => {
  test('is first taken within one interval of the start, at random', () => {
    const stub = new Stub()
    stub.turns = [b]
    stub.hooks.start(1_000)
    stub.run(1_249)
    expect(stub.pings).toEqual([])
    stub.run(1_250)
    expect(stub.pings).toMatchObject([{ ref: b, path: 'direct', at: 1_250 }])
  })

  test('is a direct ping, after the timeout helpers and a stream, and a verdict at the end of the period', () => {
    const stub = looking([b, c])
    expect(stub.pings).toMatchObject([{ ref: b, path: 'direct', timeout: 1_000, at: 250 }])
    stub.run(749)
    expect(stub.pings.length).toBe(1)
    stub.run(750)
    expect(stub.sent('indirect')).toMatchObject(
      [c, d, e].map((via) => ({ ref: b, via, timeout: 500, at: 750 })),
    )
    expect(stub.sent('stream')).toMatchObject([{ ref: b, timeout: 500, at: 750 }])
    stub.run(1_249)
    expect(stub.verdicts).toEqual([])
    stub.run(1_250)
    expect(stub.verdicts).toEqual([[b, 5, 1n, 'timeout', 1_250]])
    expect(stub.pings.at(-1)).toMatchObject({ ref: c, path: 'direct', at: 1_250 })
  })

  test('that is answered in time asks nobody else, and the next one is a period after it', () => {
    const stub = looking([b, c])
    stub.run(260)
    stub.answer(stub.pings[0]!, 'ack')
    stub.run(1_249)
    expect(stub.pings.length).toBe(1)
    stub.run(1_250)
    expect(stub.pings.length).toBe(2)
    expect([stub.reachable, stub.verdicts, stub.deltas]).toEqual([[[b, 260, 10]], [], [-1]])
  })

  test.each(['indirect', 'stream'] as const)(
    'may be answered by %s until the period is over; that tells no round trip',
    (path) => {
      const stub = looking([b])
      stub.run(1_249)
      stub.answer(stub.sent(path)[0]!, 'ack')
      stub.run(5_000)
      expect([stub.reachable, stub.verdicts, stub.deltas]).toEqual([[[b, 1_249, undefined]], [], [-1]])
    },
  )

  test('may be answered directly while helpers are asked', () => {
    const stub = looking([b])
    stub.run(900)
    stub.answer(stub.sent('direct')[0]!, 'ack')
    stub.run(5_000)
    expect([stub.reachable, stub.verdicts]).toEqual([[[b, 900, 650]], []])
  })

  test('is about the incarnation and boot from when it began', () => {
    const stub = looking([b])
    Object.assign(stub.members.get(b)!, { incarnation: 9, boot: 99n })
    stub.run(1_250)
    expect(stub.verdicts).toEqual([[b, 5, 1n, 'timeout', 1_250]])
  })

  test('takes longer the worse this node’s health is, in all its parts', () => {
    const stub = new Stub()
    stub.score = 3
    stub.turns = [b]
    stub.helpers = [c]
    stub.hooks.start(0)
    stub.run(10_000)
    expect(stub.pings.map(({ at, path, timeout }) => [path, at, timeout])).toEqual([
      ['direct', 250, 4_000],
      ['indirect', 2_250, 2_000],
      ['stream', 2_250, 2_000],
    ])
    expect(stub.verdicts.map((verdict) => verdict.at(-1))).toEqual([4_250])
  })

  test('at nobody is followed by another all the same', () => {
    const stub = looking([])
    stub.run(3_000)
    expect(stub.pings).toEqual([])
    stub.turns = [b]
    stub.run(3_300)
    expect(stub.pings.length).toBe(1)
    expect(stub.armed).toBe(2)
  })

  test('that is void is dropped: no helpers, no verdict, and health is left alone', () => {
    const stub = looking([b])
    stub.answer(stub.pings[0]!, 'void')
    stub.run(5_000)
    expect([stub.pings.length, stub.verdicts, stub.deltas, stub.reachable]).toEqual([1, [], [], []])
  })

  test.each(['timeout', 'reset', 'unreachable'] as const)(
    'of which one ping ends with %s goes on',
    (outcome) => {
      const stub = looking([b])
      stub.run(800)
      stub.answer(stub.sent('stream')[0]!, outcome)
      stub.answer(stub.sent('indirect')[0]!, outcome)
      expect(stub.verdicts).toEqual([])
      stub.answer(stub.sent('indirect')[1]!, 'ack')
      stub.run(5_000)
      expect(stub.verdicts).toEqual([])
    },
  )
})

describe('a late answer', () => {
  test('to an earlier look says nothing of this one, not even of the same member', () => {
    const stub = looking([b, b])
    const [first] = stub.pings
    stub.run(1_250)
    stub.answer(first!, 'ack')
    stub.answer(first!, 'nack')
    stub.answer(first!, 'refused')
    stub.answer(first!, 'void')
    expect(stub.reachable).toEqual([])
    stub.run(2_250)
    // Three helpers, none heard of, both times.
    expect(stub.verdicts.map((verdict) => verdict[3])).toEqual(['timeout', 'timeout'])
    expect(stub.deltas).toEqual([3, 3])
  })

  test('after an answer does nothing', () => {
    const stub = looking([b])
    stub.answer(stub.pings[0]!, 'ack')
    stub.answer(stub.pings[0]!, 'ack')
    expect([stub.reachable.length, stub.deltas]).toEqual([1, [-1]])
  })
})

describe('health, after a look that failed,', () => {
  test.each([
    // helpers asked, nacks heard, change
    [3, 0, 3],
    [3, 1, 2],
    [3, 2, 1],
    [3, 3, 0],
    [2, 1, 1],
    [1, 0, 1],
    [1, 1, 0],
    [0, 0, 1],
  ])('with %i helpers and %i nacks changes by %i', (helpers, nacks, delta) => {
    const stub = looking([b])
    stub.helpers = [c, d, e].slice(0, helpers)
    stub.run(1_200)
    for (const ping of stub.sent('indirect').slice(0, nacks)) stub.answer(ping, 'nack')
    stub.run(1_250)
    expect([stub.deltas, stub.verdicts.length]).toEqual([[delta], 1])
  })

  test('counts no helper that could not be asked', () => {
    const stub = looking([b])
    stub.accepts = ({ path, via }) => path !== 'indirect' || via === c
    stub.run(1_200)
    stub.answer(stub.sent('indirect')[0]!, 'nack')
    stub.run(1_250)
    expect(stub.deltas).toEqual([0])
  })

  test('is not better than before for more nacks than helpers', () => {
    const stub = looking([b])
    stub.helpers = [c]
    stub.run(1_200)
    for (let i = 0; i < 3; i++) stub.answer(stub.sent('indirect')[0]!, 'nack')
    stub.run(1_250)
    expect(stub.deltas).toEqual([0])
  })
})

describe('helpers', () => {
  test('are as many as the settings say, alive, and not the one that is looked at', () => {
    const stub = looking([b], { indirectProbes: 2 })
    stub.run(750)
    expect(stub.asked).toEqual([{ k: 2, statuses: statusBit(Status.Alive), except: b }])
    expect(stub.sent('indirect').map(({ via }) => via)).toEqual([c, d])
  })

  test('of one look are forgotten for the next', () => {
    const stub = looking([b, c])
    stub.run(1_250)
    stub.helpers = [d]
    stub.run(1_750)
    expect(
      stub
        .sent('indirect')
        .filter(({ ref }) => ref === c)
        .map(({ via }) => via),
    ).toEqual([d])
  })

  test('may be none: the stream is tried all the same', () => {
    const stub = looking([b], { indirectProbes: 0 })
    stub.run(750)
    expect(stub.pings.map(({ path }) => path)).toEqual(['direct', 'stream'])
  })
})

describe('a refused stream', () => {
  test.each([
    [true, 'refused'],
    [false, 'timeout'],
  ])('is evidence only of one whose streams are known to work (%s): %s', (streams, evidence) => {
    const stub = looking([b])
    stub.members.get(b)!.streams = streams
    stub.run(760)
    stub.answer(stub.sent('stream')[0]!, 'refused')
    expect(stub.verdicts).toEqual([])
    stub.run(1_250)
    expect(stub.verdicts.map((verdict) => verdict[3])).toEqual([evidence])
  })

  test('does not outweigh an ack', () => {
    const stub = looking([b])
    stub.run(760)
    stub.answer(stub.sent('stream')[0]!, 'refused')
    stub.answer(stub.sent('indirect')[0]!, 'ack')
    stub.run(5_000)
    expect(stub.verdicts).toEqual([])
  })
})

describe('a member that', () => {
  test.each([
    ['failed', Status.Failed],
    ['left', Status.Left],
  ] as const)('%s meanwhile gets no verdict, and health is left alone', (_, status) => {
    const stub = looking([b])
    stub.run(800)
    stub.members.get(b)!.status = status
    stub.run(1_250)
    expect([stub.verdicts, stub.deltas]).toEqual([[], []])
  })

  test('is suspect already does get one: it is another report', () => {
    const stub = looking([b])
    stub.members.get(b)!.status = Status.Suspect
    stub.run(1_250)
    expect(stub.verdicts.length).toBe(1)
  })

  test('is gone before helpers would be asked is not asked for', () => {
    const stub = looking([b, c])
    stub.members.delete(b)
    stub.run(1_250)
    expect([stub.sent('indirect'), stub.sent('stream'), stub.verdicts, stub.deltas]).toEqual([[], [], [], []])
    expect(stub.pings.at(-1)).toMatchObject({ ref: c, path: 'direct' })
  })

  test('is gone after they were asked gets no verdict', () => {
    const stub = looking([b])
    stub.run(800)
    stub.members.delete(b)
    stub.run(1_250)
    expect([stub.verdicts, stub.deltas]).toEqual([[], []])
  })
})

describe('on a transport', () => {
  test('without packets a look is a stream for the whole period, and there are no helpers', () => {
    const stub = looking([b], {}, { packets: false })
    stub.run(1_250)
    expect(stub.pings.map(({ path, timeout }) => [path, timeout])).toEqual([['stream', 1_000]])
    expect([stub.asked, stub.deltas, stub.verdicts.length]).toEqual([[], [1], 1])
  })

  test('without packets a refused stream is evidence as well', () => {
    const stub = looking([b], {}, { packets: false })
    stub.answer(stub.pings[0]!, 'refused')
    stub.run(1_250)
    expect(stub.verdicts.map((verdict) => verdict[3])).toEqual(['refused'])
  })

  test('without streams there are helpers only', () => {
    const stub = looking([b], {}, { streams: false })
    stub.run(1_250)
    expect(stub.pings.map(({ path }) => path)).toEqual(['direct', 'indirect', 'indirect', 'indirect'])
  })
})

describe('the detector', () => {
  test('is named pingack, and looks at everyone in turn unless told otherwise', () => {
    expect(pingAck()).toMatchObject({ kind: 'detector', name: 'pingack', api: 1 })
    expect(new Stub().strategy).toBe(roundRobin)
    expect(new Stub({}, {}, { strategy: uniform }).strategy).toBe(uniform)
  })

  test('serves several nodes, which know nothing of one another', () => {
    const [one, other] = [looking([b]), looking([b])]
    one.answer(one.pings[0]!, 'ack')
    other.run(1_250)
    expect([one.verdicts.length, other.verdicts.length]).toEqual([0, 1])
  })

  test('that is stopped in the midst of a look gives no verdict on it, also after it starts again', () => {
    const stub = looking([b])
    const [ping] = stub.pings
    stub.hooks.stop(300)
    stub.answer(ping!, 'ack')
    stub.run(5_000)
    expect([stub.reachable, stub.verdicts, stub.deltas]).toEqual([[], [], []])
  })
})
