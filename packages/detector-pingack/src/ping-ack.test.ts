import {
  createRandom,
  type DetectorContext,
  type DetectorHooks,
  type HelperStrategy,
  type LookOptions,
  type LookResult,
  type MemberView,
  type ProbeStrategy,
  type Ref,
  resolveSettings,
  ringSuccessor,
  type Settings,
  Status,
  uniform,
} from '@swimkit/core'
import { describe, expect, test } from 'vitest'
import { type PingAckOptions, pingAck } from './ping-ack.ts'

const [b, c, d] = [1, 2, 3] as Ref[] as [Ref, Ref, Ref]
const seen = { ref: b, incarnation: 5, boot: 1n }

/** A node as a detector sees it, with a clock. Whom to look at is what a test puts in `turns`. */
class Stub {
  now = 0
  readonly settings: Settings
  turns: Ref[] = []
  readonly looks: (LookOptions & { readonly ref: Ref; readonly at: number })[] = []
  readonly told: unknown[][] = []
  score = 0
  backlog = 0
  readonly hooks: DetectorHooks
  readonly strategies: ProbeStrategy[] = []
  #timers: { at: number; tag: number; arg: number }[] = []

  constructor(settings: Partial<Settings> = {}, options?: PingAckOptions) {
    this.settings = resolveSettings('lan', settings)
    const stub = this
    const context: DetectorContext = {
      members: {} as MemberView,
      settings: this.settings,
      random: Object.assign(createRandom([1]), { fraction: () => 0.25 }),
      health: {
        get score() {
          return stub.score
        },
        scale: (time) => time * (stub.score + 1),
      },
      sampler: { sample: () => undefined },
      packets: true,
      streams: true,
      bodyBytes: 1_000,
      backlog: () => this.backlog,
      schedule: (strategy) => {
        this.strategies.push(strategy)
        return { next: () => this.turns.shift() }
      },
      column: () => ({ get: () => 0, set: () => undefined }),
      arm: (at, tag, arg = 0) => {
        const timer = { at, tag, arg }
        this.#timers.push(timer)
        return timer
      },
      disarm: (disarmed) => {
        this.#timers = this.#timers.filter((timer) => timer !== disarmed)
      },
      ping: () => false,
      look: (ref, options, now) => {
        this.looks.push({ ref, at: now, ...options })
        return true
      },
      patience: () => 100,
      equipped: () => true,
      send: () => undefined,
      reachable: (...args) => void this.told.push(['reachable', ...args]),
      unreachable: (...args) => void this.told.push(['unreachable', ...args]),
      adjustHealth: (delta) => void this.told.push(['adjustHealth', delta]),
    }
    this.hooks = pingAck(options).attach(context)
  }

  run(until: number): void {
    for (;;) {
      const next = this.#timers.filter(({ at }) => at <= until).sort((x, y) => x.at - y.at)[0]
      if (next === undefined) break
      this.#timers = this.#timers.filter((timer) => timer !== next)
      this.now = Math.max(this.now, next.at)
      this.hooks.onTimer(next.tag, next.arg, this.now)
    }
    this.now = until
  }

  result(change: Partial<LookResult>): void {
    const result = { arg: 0, seen, outcome: 'reached', path: 'direct', rtt: 10, evidence: 'timeout' } as const
    this.hooks.onLook!({ ...result, ...change }, this.now)
  }

  get armed(): number {
    return this.#timers.length
  }
}

describe('a period', () => {
  test('begins at random within one interval of the start, and each is a look at the next member', () => {
    const stub = new Stub()
    stub.turns = [b, c]
    stub.hooks.start(1_000)
    stub.run(1_249)
    expect(stub.looks).toEqual([])
    stub.run(3_000)
    expect(stub.looks).toMatchObject([
      { ref: b, at: 1_250, timeout: 1_000 },
      { ref: c, at: 2_250, timeout: 1_000 },
    ])
  })

  test('takes longer the worse this node’s health is, and so does its look', () => {
    const stub = new Stub({ probeInterval: 500, probeTimeout: 200 })
    stub.score = 3
    stub.turns = [b, c]
    stub.hooks.start(0)
    stub.run(3_000)
    expect(stub.looks.map(({ at, timeout }) => [at, timeout])).toEqual([
      [125, 2_000],
      [2_125, 2_000],
    ])
  })

  test('in which there is nobody to look at is followed by another all the same', () => {
    const stub = new Stub()
    stub.hooks.start(0)
    stub.run(3_000)
    expect(stub.looks).toEqual([])
    stub.turns = [b]
    stub.run(3_300)
    expect([stub.looks.length, stub.armed]).toEqual([1, 1])
  })
})

describe('of several probes per period', () => {
  const looksOf = (stub: Stub) => stub.looks.map(({ at, ref }) => [at, ref])

  test('each is a look at the next member, all at the beginning of the period', () => {
    const stub = new Stub({}, { probes: 2 })
    stub.turns = [b, c, d, b]
    stub.hooks.start(0)
    stub.run(2_000)
    expect(looksOf(stub)).toEqual([
      [250, b],
      [250, c],
      [1_250, d],
      [1_250, b],
    ])
  })

  test('none is at a member that has been looked at in the same period', () => {
    const stub = new Stub({}, { probes: 3 })
    stub.turns = [b, b, c, b, b, b]
    stub.hooks.start(0)
    stub.run(1_000)
    expect(looksOf(stub)).toEqual([
      [250, b],
      [250, c],
    ])
    stub.turns = [b]
    stub.run(2_000)
    expect(looksOf(stub).slice(2)).toEqual([[1_250, b]])
  })

  test('no more than 2p turns are taken, however few members come', () => {
    const stub = new Stub({}, { probes: 2 })
    stub.turns = [b, b, b, b, c]
    stub.hooks.start(0)
    stub.run(1_000)
    expect([looksOf(stub), stub.turns]).toEqual([[[250, b]], [c]])
  })

  test.each([0, 9, 1.5, Number.NaN])('%s are refused', (probes) => {
    expect(() => pingAck({ probes })).toThrow(
      new RangeError(`probes is ${probes}: must be a whole number 1..8`),
    )
  })
})

describe('helpers', () => {
  test('are the core’s, at random, unless told otherwise', () => {
    const stub = new Stub()
    stub.turns = [b]
    stub.hooks.start(0)
    stub.run(1_000)
    expect(stub.looks[0]).toEqual({ ref: b, at: 250, timeout: 1_000 })
  })

  test('are chosen for each member that is looked at, by who is told of all members', () => {
    const told: unknown[] = []
    const helpers: HelperStrategy = (members, random, sampler) => {
      told.push(typeof members, typeof random.u32, typeof sampler.sample)
      return {
        choose: (target, k, out) => void out.push(target, k as Ref),
        added: (ref) => void told.push(['added', ref]),
        removed: (ref) => void told.push(['removed', ref]),
      }
    }
    const stub = new Stub({}, { helpers, probes: 2 })
    const [, watching] = stub.strategies
    const scheduler = watching!({} as MemberView, createRandom([1]), { rtt: () => undefined })
    scheduler.added(b)
    scheduler.changed?.(b)
    scheduler.removed(b)
    expect(told).toEqual(['object', 'function', 'function', ['added', b], ['removed', b]])
    expect(scheduler.next()).toBeUndefined()
    stub.turns = [b, c]
    stub.hooks.start(0)
    stub.run(1_000)
    const chosen = stub.looks.map((look) => {
      const out: Ref[] = []
      look.helpers!(3, out)
      return out
    })
    expect(chosen).toEqual([
      [b, 3],
      [c, 3],
    ])
  })
})

describe('a look that', () => {
  test('was answered by packet is told with its round trip', () => {
    const stub = new Stub()
    stub.result({})
    expect(stub.told).toEqual([['reachable', seen, 0, 10]])
  })

  test.each(['indirect', 'stream'] as const)('was answered by %s tells no round trip', (path) => {
    const stub = new Stub()
    stub.result({ path })
    expect(stub.told).toEqual([['reachable', seen, 0, undefined]])
  })

  test.each(['timeout', 'refused'] as const)('was not answered is reported as it ended: %s', (evidence) => {
    const stub = new Stub()
    stub.result({ outcome: 'unreached', path: undefined, evidence })
    expect(stub.told).toEqual([['unreachable', seen, evidence, 0]])
  })

  test('is void is no evidence of anything', () => {
    const stub = new Stub()
    stub.result({ outcome: 'void', path: undefined })
    expect(stub.told).toEqual([])
  })
})

describe('the detector', () => {
  test('is named pingack, and alternates between its successor and everyone in turn unless told otherwise', () => {
    expect(pingAck()).toMatchObject({ kind: 'detector', name: 'pingack', api: 1 })
    expect(new Stub().strategies).toEqual([ringSuccessor])
    expect(new Stub({}, { strategy: uniform }).strategies).toEqual([uniform])
  })

  test('serves several nodes, which know nothing of one another', () => {
    const [one, other] = [new Stub(), new Stub()]
    one.turns = [b]
    one.hooks.start(0)
    one.run(1_000)
    expect([one.looks.length, other.looks.length, other.armed]).toEqual([1, 0, 0])
  })
})

describe('an adaptive period', () => {
  const adaptive = { probeIntervalMin: 500, probeIntervalMax: 2_000 }
  const spacing = (stub: Stub): number[] =>
    stub.looks.slice(1).map(({ at }, i) => Math.round(at - stub.looks[i]!.at))
  const steady = (): Stub => {
    const stub = new Stub(adaptive)
    stub.turns = Array.from({ length: 100 }, () => b)
    stub.hooks.start(0)
    return stub
  }

  test('grows by a tenth with each quiet one, up to the longest', () => {
    const stub = steady()
    stub.run(30_000)
    expect(spacing(stub).slice(0, 3)).toEqual([1_100, 1_210, 1_331])
    expect(spacing(stub).at(-1)).toBe(2_000)
  })

  test.each([
    ['a look that failed', (stub: Stub) => stub.result({ outcome: 'unreached', path: undefined })],
    ['a suspect', (stub: Stub) => stub.hooks.onStatus!(b, Status.Alive, Status.Suspect, stub.now)],
    ['a failure', (stub: Stub) => stub.hooks.onStatus!(b, Status.Suspect, Status.Failed, stub.now)],
  ])('is the shortest after %s, and grows again', (_, doubt) => {
    const stub = steady()
    stub.run(10_000)
    doubt(stub)
    const before = stub.looks.length
    stub.run(15_000)
    expect(spacing(stub).slice(before, before + 3)).toEqual([500, 550, 605])
  })

  test.each([
    ['a newcomer', undefined, Status.Alive],
    ['a refutation', Status.Suspect, Status.Alive],
    ['one that left', Status.Alive, Status.Left],
  ] as const)('goes on growing after %s', (_, from, to) => {
    const stub = steady()
    stub.hooks.onStatus!(b, from, to, 0)
    stub.run(3_000)
    expect(spacing(stub)[0]).toBe(1_100)
  })

  test('stays as it is where the settings have no room for it', () => {
    const stub = new Stub()
    stub.turns = [b, b, b]
    stub.hooks.start(0)
    stub.hooks.onStatus!(b, Status.Alive, Status.Suspect, 0)
    stub.run(3_000)
    expect(spacing(stub)).toEqual([1_000, 1_000])
  })
})

describe('while updates wait', () => {
  test.each([
    // waiting, most per period, looks
    [0, 4, 1],
    [15, 4, 1],
    [16, 4, 2],
    [40, 4, 3],
    [1_000, 4, 4],
    [1_000, 1, 1],
  ])('%i of them, with at most %i looks per period: %i', (backlog, probesMax, looks) => {
    const stub = new Stub({ probesMax })
    stub.backlog = backlog
    stub.turns = [1, 2, 3, 4, 5] as Ref[]
    stub.hooks.start(0)
    stub.run(300)
    expect(stub.looks.length).toBe(looks)
  })
})
