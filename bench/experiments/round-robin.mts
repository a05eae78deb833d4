import { type ProbeStrategy, type Ref, roundRobin, uniform } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Done, Experiment, Report, Scale } from './kit/experiment.mts'

const period = 1_000

interface Job {
  /** Members on the list of each node: all but itself. */
  readonly list: number
  readonly strategy: 'round-robin' | 'uniform'
  /** Whether a quarter of the members comes and goes. */
  readonly churn: boolean
  /** Looks of each node, as a multiple of `list`. */
  readonly rounds: number
  readonly seed: number
}

interface Outcome {
  /** Pairs of looks of one node at one member, with nothing between them. */
  readonly gaps: number
  /** Longest gap, in looks, which are periods. */
  readonly longest: number
  /** Largest share of its bound that a gap took: 2n − 1 for the largest n since the look before. */
  readonly share: number
  readonly exceeded: number
  /** Members that were added and removed at all nodes, while they looked. */
  readonly arrivals: number
  readonly departures: number
}

/** SWIM §4.3: with a list that is gone through round by round, and shuffled anew for each, at most 2n − 1 periods are between two looks. */
export const roundRobinGap: Experiment<Job, Outcome> = {
  name: 'round-robin',
  title: 'SWIM: longest time between two looks',
  jobs,
  describe: ({ churn, list, strategy }) => `${strategy}, ${list} on the list${churn ? ', churn' : ''}`,
  run,
  report,
}

function jobs({ runs = 1, seed, size }: Scale): Job[] {
  const lists = size === 'quick' ? [5, 20] : [5, 10, 20, 50, 100, 200]
  const rounds = { quick: 10, default: 20, full: 100 }[size]
  return lists.flatMap((list) =>
    (['round-robin', 'uniform'] as const).flatMap((strategy) =>
      (strategy === 'uniform' ? [false] : [false, true]).flatMap((churn) =>
        Array.from({ length: runs }, (_, i) => ({
          list,
          strategy,
          churn,
          // Of small groups there are few pairs of looks in a round.
          rounds: Math.max(rounds, Math.ceil(1_000 / list)),
          seed: seed + i,
        })),
      ),
    ),
  )
}

/** What one node's looks at the members that stay were. */
interface Watched {
  look: number
  /** Most members on the list since that look. */
  most: number
}

class Gaps {
  gaps = 0
  longest = 0
  share = 0
  exceeded = 0
  arrivals = 0
  departures = 0

  /** The strategy as it is, and beside it a record of what it does. `stays`: who is there throughout. */
  watching(inner: ProbeStrategy, stays: (name: string) => boolean): ProbeStrategy {
    return (members, random, paths) => {
      const scheduler = inner(members, random, paths)
      const watched = new Map<Ref, Watched>()
      let looks = 0
      let size = 0
      return {
        next: () => {
          const ref = scheduler.next()
          if (ref === undefined) return undefined
          looks++
          if (!stays(members.name(ref))) return ref
          const last = watched.get(ref)
          if (last === undefined) watched.set(ref, { look: looks, most: size })
          else {
            this.#count(looks - last.look, 2 * last.most - 1)
            last.look = looks
            last.most = size
          }
          return ref
        },
        added: (ref) => {
          scheduler.added(ref)
          size++
          if (looks === 0) return
          this.arrivals++
          for (const each of watched.values()) each.most = Math.max(each.most, size)
        },
        removed: (ref) => {
          scheduler.removed(ref)
          size--
          this.departures++
          watched.delete(ref)
        },
      }
    }
  }

  #count(gap: number, bound: number): void {
    this.gaps++
    this.longest = Math.max(this.longest, gap)
    this.share = Math.max(this.share, gap / bound)
    if (gap > bound) this.exceeded++
  }
}

function run({ churn, list, rounds, seed, strategy }: Job): Outcome {
  const members = list + 1
  const passing = new Set<string>()
  const gaps = new Gaps()
  const watching = gaps.watching(strategy === 'uniform' ? uniform : roundRobin, (name) => !passing.has(name))
  const simulation = new Simulation({
    detectors: () => [pingAck({ strategy: watching })],
    seed,
    keepEvents: false,
    evidence: 16,
    settings: { probeInterval: period, healthMax: 0 },
  })
  const nodes = simulation.populate(members)
  if (churn) for (const { name } of nodes.slice(-Math.ceil(members / 4))) passing.add(name)
  const names = [...passing]
  const random = simulation.random.fork('churn')
  const steady = nodes[0]!
  const end = simulation.now + rounds * list * period
  while (simulation.now < end) {
    if (names.length === 0) {
      simulation.run(end - simulation.now)
      break
    }
    // About one comes or goes in a tenth of a round, without a word or with.
    simulation.run(random.fraction() * 0.2 * list * period)
    const node = simulation.node(names[random.below(names.length)]!)
    if (node.state === 'gone') simulation.join(simulation.restart(node), steady)
    else if (random.below(2) === 0) simulation.crash(node, true)
    else {
      simulation.leave(node)
      simulation.run(period)
      simulation.crash(node)
    }
  }
  const { arrivals, departures, exceeded, longest, share } = gaps
  return { gaps: gaps.gaps, longest, share, exceeded, arrivals, departures }
}

function report(done: readonly Done<Job, Outcome>[]): Report {
  const lists = [...new Set(done.map(({ job }) => job.list))]
  const of = (list: number, strategy: Job['strategy'], churn: boolean): Outcome =>
    done
      .filter(({ job }) => job.list === list && job.strategy === strategy && job.churn === churn)
      .map(({ outcome }) => outcome)
      .reduce((a, b) => ({
        gaps: a.gaps + b.gaps,
        longest: Math.max(a.longest, b.longest),
        share: Math.max(a.share, b.share),
        exceeded: a.exceeded + b.exceeded,
        arrivals: a.arrivals + b.arrivals,
        departures: a.departures + b.departures,
      }))
  const rows = lists.map((list) => ({
    list,
    bound: 2 * list - 1,
    still: of(list, 'round-robin', false),
    churn: of(list, 'round-robin', true),
    uniform: of(list, 'uniform', false),
  }))
  const exceeded = rows.reduce((total, { churn, still }) => total + still.exceeded + churn.exceeded, 0)
  const gaps = rows.reduce((total, { churn, still }) => total + still.gaps + churn.gaps, 0)
  const least = Math.min(...rows.map(({ bound, still }) => still.longest / bound))
  const whole = (value: number): string => value.toLocaleString('en-US')
  const percent = (share: number): string => `${(100 * share).toFixed(0)} %`
  const text = [
    table(
      [
        'members on the list, n',
        'SWIM: 2n − 1',
        'longest found',
        'with churn',
        'of its bound',
        'arrivals and departures',
        'random selection',
      ],
      rows.map(({ bound, churn, list, still, uniform: random }) => [
        whole(list),
        whole(bound),
        whole(still.longest),
        whole(churn.longest),
        percent(churn.share),
        whole(churn.arrivals + churn.departures),
        whole(random.longest),
      ]),
    ),
    [
      `Periods between two looks of one node at one member that was there throughout; ${whole(gaps)} pairs of looks. With churn a quarter of the`,
      'members comes and goes, half of them without a word; each gap is held against 2n − 1 for the largest n since the look before, counted at each node',
      'as its list grew and shrank. _Random selection_ (`uniform`) has no bound: the longest found in as many looks.',
    ].join('\n'),
  ].join('\n\n')
  return {
    text,
    data: { rows },
    goals: [
      {
        what: 'gaps longer than 2n − 1',
        wanted: '0',
        found: `${exceeded} of ${whole(gaps)}`,
        met: exceeded === 0,
      },
      {
        what: 'the bound is reached: longest gap without churn',
        wanted: '95 % of 2n − 1 or more at every n',
        found: `${percent(least)} or more`,
        met: least >= 0.95,
      },
    ],
    figure: {
      title: 'Longest time between two looks at one member',
      panels: [
        {
          title: 'By the length of the list',
          x: { name: 'members on the list', scale: 'log', min: 5, max: 200 },
          y: { name: 'periods', scale: 'log', min: 5, max: 5_000 },
          series: [
            {
              name: 'SWIM: 2n − 1',
              kind: 'line',
              colour: 'published',
              points: rows.map(({ bound, list }) => [list, bound]),
            },
            {
              name: 'round-robin',
              kind: 'points',
              colour: 'ours',
              points: rows.map(({ list, still }) => [list, still.longest]),
            },
            {
              name: 'round-robin, churn',
              kind: 'points',
              colour: 'second',
              points: rows.map(({ churn, list }) => [list, churn.longest]),
            },
            {
              name: 'random selection',
              kind: 'points',
              colour: 'theory',
              points: rows.map(({ list, uniform: random }) => [list, random.longest]),
            },
          ],
        },
      ],
    },
  }
}
