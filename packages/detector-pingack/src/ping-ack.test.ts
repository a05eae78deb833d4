import {
  createRandom,
  type DetectorContext,
  type DetectorHooks,
  type LookOptions,
  type LookResult,
  type MemberView,
  type Ref,
  resolveSettings,
  roundRobin,
  type Settings,
  uniform,
} from '@swimkit/core'
import { describe, expect, test } from 'vitest'
import { type PingAckOptions, pingAck } from './ping-ack.ts'

const [b, c] = [1, 2] as Ref[] as [Ref, Ref]
const seen = { ref: b, incarnation: 5, boot: 1n }

/** A node as a detector sees it, with a clock. Whom to look at is what a test puts in `turns`. */
class Stub {
  now = 0
  readonly settings: Settings
  turns: Ref[] = []
  readonly looks: (LookOptions & { readonly ref: Ref; readonly at: number })[] = []
  readonly told: unknown[][] = []
  score = 0
  readonly hooks: DetectorHooks
  strategy: unknown
  #timers: { at: number; tag: number; arg: number }[] = []

  constructor(settings: Partial<Settings> = {}, options?: PingAckOptions) {
    this.settings = resolveSettings('lan', settings)
    const stub = this
    const context: DetectorContext = {
      members: {} as MemberView,
      settings: this.settings,
      random: { ...createRandom([1]), fraction: () => 0.25 },
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
      schedule: (strategy) => {
        this.strategy = strategy
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
  test('is named pingack, and looks at everyone in turn unless told otherwise', () => {
    expect(pingAck()).toMatchObject({ kind: 'detector', name: 'pingack', api: 1 })
    expect(new Stub().strategy).toBe(roundRobin)
    expect(new Stub({}, { strategy: uniform }).strategy).toBe(uniform)
  })

  test('serves several nodes, which know nothing of one another', () => {
    const [one, other] = [new Stub(), new Stub()]
    one.turns = [b]
    one.hooks.start(0)
    one.run(1_000)
    expect([one.looks.length, other.looks.length, other.armed]).toEqual([1, 0, 0])
  })
})
