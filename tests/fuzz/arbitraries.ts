import type { Settings } from '@swimkit/core'
import type { Conditions, Latency, Operation, Step } from '@swimkit/simulator'
import fc from 'fast-check'
import type { Schedule } from './schedule.ts'

/** Who something is done to: turned into a name once it is known how many there are. */
type Place = number

/** Operations that are drawn as one, each `wait` milliseconds after the one before it, or at once. */
type Act = (nameOf: (place: Place) => string, i: number) => Operation | readonly Part[]
type Part = Operation & { readonly wait?: number }

const place = fc.nat(14)
/** Short, for what happens at once; or long enough for verdicts. */
const time = fc.oneof(
  { weight: 2, arbitrary: fc.integer({ min: 1, max: 100 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 3_000 }) },
  { weight: 3, arbitrary: fc.integer({ min: 1, max: 30_000 }) },
)
const pause = fc.oneof({ weight: 1, arbitrary: fc.constant(0) }, { weight: 4, arbitrary: time })
/** Within a few round trips. */
const moment = fc.oneof(fc.nat(5), fc.nat(100))
const maybeTime = fc.option(time, { nil: undefined, freq: 4 })
const share = (most: number) => fc.integer({ min: 0, max: 20 }).map((n) => (n * most) / 20)
const optional = <T>(key: string, value: T | undefined) => (value === undefined ? {} : { [key]: value })

const latency: fc.Arbitrary<Latency> = fc.oneof(
  fc.constant<Latency>({ kind: 'uniform', min: 0.2, max: 0.8 }),
  fc.constant<Latency>({ kind: 'constant', ms: 0 }),
  fc.constant<Latency>({ kind: 'uniform', min: 1, max: 40 }),
  fc.constant<Latency>({ kind: 'exponential', min: 1, mean: 5 }),
)

const change: fc.Arbitrary<Partial<Conditions>> = fc.oneof(
  share(1).map((loss) => ({ loss })),
  share(1).map((duplicate) => ({ duplicate })),
  fc
    .record({ reorder: share(1), reorderBy: fc.integer({ min: 1, max: 2_000 }) })
    .map((conditions) => ({ ...conditions })),
  fc.constantFrom(200, 400, 900).map((mtu) => ({ mtu })),
  fc.constantFrom('packets', 'streams', 'everything').map((cut) => ({ cut })),
  fc.constantFrom('refused', 'stalled').map((streams) => ({ streams })),
  fc.integer({ min: 0, max: 1_500 }).map((ms) => ({ latency: { kind: 'constant' as const, ms } })),
)

const clock = fc.constantFrom(undefined, 0, -3_600, 3_600, -1)

/** What leaves every node where it is, so that all who ever knew each other can find each other again. */
const settledActs: fc.Arbitrary<Act>[] = [
  fc.record({ node: place, silent: fc.boolean() }).map(({ node, silent }) => (nameOf) => ({
    do: 'crash',
    node: nameOf(node),
    silent,
  })),
  place.map((node) => (nameOf) => ({ do: 'leave', node: nameOf(node) })),
  fc.record({ node: place, via: place }).map(({ node, via }) => (nameOf) => ({
    do: 'join',
    node: nameOf(node),
    via: nameOf(via),
  })),
  fc.record({ node: place, for_: maybeTime }).map(({ for_, node }) => (nameOf) => ({
    do: 'pause',
    node: nameOf(node),
    ...optional('for', for_),
  })),
  fc.record({ node: place, for_: time }).map(({ for_, node }) => (nameOf) => ({
    do: 'blockIo',
    node: nameOf(node),
    for: for_,
  })),
  fc
    .record({ node: place, by: fc.integer({ min: 1, max: 300 }), for_: maybeTime })
    .map(({ by, for_, node }) => (nameOf) => ({
      do: 'slow',
      node: nameOf(node),
      by,
      ...optional('for', for_),
    })),
  fc
    .record({ node: place, rate: fc.constantFrom(0.5, 0.9, 1.1, 2, 0.1, 10), for_: maybeTime })
    .map(({ for_, node, rate }) => (nameOf) => ({
      do: 'drift',
      node: nameOf(node),
      rate,
      ...optional('for', for_),
    })),
  fc
    .record({
      sides: fc.array(fc.nat(3), { minLength: 15, maxLength: 15 }),
      oneWay: fc.boolean(),
      for_: maybeTime,
    })
    .map(({ for_, oneWay, sides }) => (nameOf) => {
      const groups: string[][] = [[], [], []]
      // The last side is nobody's: they reach all.
      for (const [node, side] of sides.entries()) {
        const name = nameOf(node)
        if (side < 3 && !groups.flat().includes(name)) groups[side]!.push(name)
      }
      return { do: 'partition', groups, oneWay, ...optional('for', for_) }
    }),
  fc
    .record({ from: fc.option(place), to: fc.option(place), change, for_: maybeTime })
    .map(({ change, for_, from, to }) => (nameOf) => ({
      do: 'links',
      ...(from === null ? {} : { from: nameOf(from) }),
      ...(to === null ? {} : { to: nameOf(to) }),
      change,
      ...optional('for', for_),
    })),
  fc
    .record({
      node: place,
      length: fc.constantFrom(0, 5, 60, 300),
      payload: fc.option(fc.constantFrom(0, 1, 5_000, 60_000), { nil: undefined, freq: 2 }),
    })
    .map(({ length, node, payload }) => (nameOf, i) => ({
      do: 'update',
      node: nameOf(node),
      text: `${i}${'x'.repeat(length)}`,
      ...optional('payload', payload),
    })),
  fc
    .record({
      node: place,
      detector: fc.constantFrom('pingack', 'gossip', 'roulette', 'nowhere'),
      suspicion: fc.constantFrom(undefined, true, false),
    })
    .map(({ detector, node, suspicion }) => (nameOf) => ({
      do: 'switch',
      node: nameOf(node),
      detector,
      ...optional('suspicion', suspicion),
    })),
  // Two operators at once, each of whom hears of the other's switch after its own.
  fc.record({ one: place, other: place }).map(({ one, other }) => (nameOf) => [
    { do: 'switch', node: nameOf(one), detector: 'pingack', suspicion: false },
    { do: 'switch', node: nameOf(other), detector: 'gossip', suspicion: true },
  ]),
  fc
    .record({ node: place, member: place, prune: fc.boolean() })
    .map(({ member, node, prune }) => (nameOf) => ({
      do: 'forceLeave',
      node: nameOf(node),
      member: nameOf(member),
      prune,
    })),
  fc
    .record({ node: place, length: fc.constantFrom(0, 5, 60, 300) })
    .map(({ length, node }) => (nameOf, i) => ({
      do: 'broadcast',
      node: nameOf(node),
      name: `e${i}`,
      text: 'x'.repeat(length),
    })),
  fc
    .record({ node: place, timeout: fc.constantFrom(200, 5_000, 60_000) })
    .map(({ node, timeout }) => (nameOf, i) => ({
      do: 'query',
      node: nameOf(node),
      name: `q${i}`,
      timeout,
    })),
  fc
    .record({ node: place, to: place, length: fc.constantFrom(5, 3_000), reliable: fc.boolean() })
    .map(({ length, node, reliable, to }) => (nameOf) => ({
      do: 'send',
      node: nameOf(node),
      to: nameOf(to),
      text: 'x'.repeat(length),
      reliable,
    })),
  fc.constant(() => ({ do: 'heal' })),
  // A node that gets no answers stands still, with pings under way.
  fc
    .record({
      node: place,
      cut: fc.constantFrom('packets', 'everything'),
      wait: fc.nat(3_000),
      for_: fc.integer({ min: 500, max: 5_000 }),
    })
    .map(({ cut, for_, node, wait }) => (nameOf) => [
      { do: 'links', from: nameOf(node), change: { cut }, for: wait + for_ },
      { do: 'pause', node: nameOf(node), for: for_, wait },
    ]),
]

/** What brings new processes, whom only seeds may help to find the others. */
const movingActs: fc.Arbitrary<Act>[] = [
  ...settledActs,
  fc
    .record({
      node: place,
      via: place,
      address: fc.constantFrom('same', 'other'),
      clock,
      rejoin: fc.boolean(),
    })
    .map(({ address, clock, node, rejoin, via }) => (nameOf) => ({
      do: 'restart',
      node: nameOf(node),
      via: nameOf(via),
      address,
      ...(rejoin ? { rejoin } : {}),
      ...optional('clock', clock),
    })),
  fc.record({ node: place, via: place, clock }).map(({ clock, node, via }) => (nameOf) => ({
    do: 'rival',
    node: nameOf(node),
    via: nameOf(via),
    ...optional('clock', clock),
  })),
  fc
    .record({
      via: place,
      insteadOf: fc.option(place, { nil: undefined }),
      unreachable: fc.boolean(),
    })
    .map(({ insteadOf, unreachable, via }) => (nameOf, i) => ({
      do: 'add',
      node: `new${i}`,
      via: nameOf(via),
      ...(insteadOf === undefined ? { unreachable } : { insteadOf: nameOf(insteadOf) }),
    })),
  // Another name takes over an address, perhaps while that of the one who had it is still pinged there.
  fc
    .record({ node: place, via: place, silent: fc.boolean(), wait: pause })
    .map(({ node, silent, via, wait }) => (nameOf, i) => [
      { do: 'crash', node: nameOf(node), silent },
      { do: 'add', node: `new${i}`, via: nameOf(via), insteadOf: nameOf(node), wait },
    ]),
  // Half of them are lost at once, and come back on their own.
  fc
    .record({ odd: fc.boolean(), silent: fc.boolean(), wait: time })
    .map(({ odd, silent, wait }) => (nameOf) => {
      const half = [...new Set(Array.from({ length: 15 }, (_, i) => nameOf(i)))].filter(
        (_, i) => (i % 2 === 1) === odd,
      )
      return half.length === 0
        ? []
        : [
            { do: 'crash', node: half, silent },
            { do: 'restart', node: half, rejoin: true, wait },
          ]
    }),
  // A process leaves while it is being introduced.
  fc.record({ via: place, wait: moment }).map(({ via, wait }) => (nameOf, i) => [
    { do: 'add', node: `new${i}`, via: nameOf(via) },
    { do: 'leave', node: `new${i}`, wait },
  ]),
  fc
    .record({
      how: fc.constantFrom('restart', 'rival'),
      node: place,
      via: place,
      clock,
      wait: moment,
    })
    .map(({ clock, how, node, via, wait }) => (nameOf) => [
      { do: how, node: nameOf(node), via: nameOf(via), ...optional('clock', clock) },
      { do: 'leave', node: nameOf(node), wait },
    ]),
]

const settings: fc.Arbitrary<Partial<Settings>> = fc
  .record(
    {
      probeInterval: fc.constantFrom(1_000, 500),
      probeTimeout: fc.constantFrom(500, 300, 200),
      indirectProbes: fc.integer({ min: 0, max: 3 }),
      suspicionMult: fc.integer({ min: 2, max: 6 }),
      suspicionMaxMult: fc.constantFrom(6, 1, 3),
      suspicionConfirmations: fc.integer({ min: 0, max: 3 }),
      suspicionQuorum: fc.constantFrom(0, 2, 3, 1),
      refusalQuorum: fc.constantFrom(3, 0, 2, 1),
      probeTimeoutMin: fc.constantFrom(100, 20, 200),
      gossipInterval: fc.constantFrom(200, 100),
      gossipFanout: fc.integer({ min: 1, max: 3 }),
      gossipToFailed: fc.constantFrom(30_000, 0),
      retransmitMult: fc.integer({ min: 2, max: 4 }),
      syncInterval: fc.constantFrom(30_000, 5_000),
      failedRetention: fc.constantFrom(3_600_000, 20_000, 3_000, 0),
      leftRetention: fc.constantFrom(600_000, 10_000, 1_000, 0),
      streamTimeout: fc.constantFrom(10_000, 2_000),
      leaveTimeout: fc.constantFrom(5_000, 500),
      healthMax: fc.constantFrom(8, 0, 2),
      packetBytes: fc.constantFrom(1_400, 576),
    },
    { requiredKeys: [] },
  )
  // Partitions of a few nodes need many attempts in the worst case, which is what a schedule that fails waits for.
  .map((some) => ({ rejoinInterval: 2_000, ...some }))

const network: fc.Arbitrary<Partial<Conditions>> = fc.record(
  { latency, duplicate: fc.constantFrom(0, 0.1, 1), reorder: fc.constantFrom(0, 0.2) },
  { requiredKeys: [] },
)

/** Random faults over 3 to 12 nodes. */
export const schedules: fc.Arbitrary<Schedule> = fc
  .record({
    nodes: fc.integer({ min: 3, max: 12 }),
    seed: fc.integer({ min: 1, max: 0x7fffffff }),
    form: fc.boolean(),
    codec: fc.constantFrom<Schedule['codec'][]>('swim', 'json'),
    look: fc.constantFrom<Schedule['look'][]>('ring-successor', 'round-robin', 'random', 'heartbeats'),
    settings,
    network,
    snapshots: fc.constantFrom(5_000, 500),
    course: fc.boolean().chain((moving) =>
      fc.record({
        moving: fc.constant(moving),
        acts: fc.array(fc.tuple(pause, fc.oneof(...(moving ? movingActs : settledActs))), { maxLength: 14 }),
      }),
    ),
  })
  .map(({ codec, course, form, look, network, nodes, seed, settings, snapshots }) => {
    const names = Array.from({ length: nodes }, (_, i) => `n${i}`)
    const known = [...names]
    const steps: Step[] = []
    let at = 0
    for (const [i, [delay, act]] of course.acts.entries()) {
      at += delay
      const drawn = act((at) => known[at % known.length]!, i)
      const parts: readonly Part[] = 'do' in drawn ? [drawn] : drawn
      for (const { wait = 0, ...operation } of parts) {
        at += wait
        if (operation.do === 'add') known.push(operation.node)
        steps.push({ at, ...operation })
      }
    }
    return {
      codec,
      look,
      scenario: {
        nodes,
        seed,
        ...(form ? { start: 'form' as const } : {}),
        // With seeds everybody finds back; without, all must have known each other from the start.
        seeds: course.moving || form ? names : [],
        ...(course.moving ? { snapshots } : {}),
        settings,
        network,
        steps,
      },
    }
  })
