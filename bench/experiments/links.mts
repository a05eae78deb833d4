import { roundRobin, Status } from '@swimkit/core'
import { pingAck } from '@swimkit/detector-pingack'
import { type SimNode, Simulation } from '@swimkit/simulator'
import { table } from '../run/table.mts'
import type { Done, Experiment, Report, Scale } from './kit/experiment.mts'
import { mean, rounded } from './kit/statistics.mts'

type Trouble = 'one-way' | 'loss'
type Mode = 'swimkit' | 'swim'

interface Job {
  readonly trouble: Trouble
  readonly mode: Mode
  readonly members: number
  readonly seed: number
}

interface Outcome {
  /** By second: how many members one that is not in trouble holds active, on average. */
  readonly active: readonly number[]
  /** `failed` events at those that are not in trouble, about those that are not, and about those that are; and of the latter how often each came back. */
  readonly wrong: number
  readonly troubled: number
  readonly returns: number
}

/** Seconds: until the trouble begins, of it, and after it. */
const [before, during, after] = [30, 240, 60] as const
/** A link flips so often. */
const flip = 20
/** One in a hundred. */
const share = 0.01

const troubles: Readonly<Record<Trouble, string>> = {
  'one-way': `nothing reaches ${share * 100} % of the members, ${flip} s on and ${flip} s off`,
  loss: `${share * 100} % of the members lose 80 % of packets, and streams stall`,
}
const modes: Readonly<Record<Mode, string>> = { swimkit: 'swimkit', swim: 'plain SWIM' }

/** What a cluster says of its members where the links of a few are bad (Suresh and others, "Stable and Consistent Membership at Scale with Rapid", ATC 2018, §7). */
export const links: Experiment<Job, Outcome> = {
  name: 'links',
  title: 'Bad links at one member in a hundred: what the others say',
  jobs,
  describe: ({ mode, seed, trouble }) => `${modes[mode]}, ${trouble}, seed ${seed}`,
  run,
  report,
}

function jobs({ runs, seed, size }: Scale): Job[] {
  const members = { quick: 100, default: 200, full: 1_000 }[size]
  const each = runs ?? (size === 'quick' ? 1 : 3)
  return (Object.keys(troubles) as Trouble[]).flatMap((trouble) =>
    (Object.keys(modes) as Mode[]).flatMap((mode) =>
      Array.from({ length: each }, (_, i) => ({ trouble, mode, members, seed: seed + i })),
    ),
  )
}

/** SWIM as published: its own suspicion and piggyback, and nothing of Lifeguard, of memberlist's streams and pushes, or of this project's. */
const plain = {
  healthMax: 0,
  suspicionMaxMult: 1,
  suspicionConfirmations: 0,
  refusalQuorum: 0,
  probeTimeoutMin: 500,
  syncInterval: 0,
} as const

function simulationOf({ members, mode, seed }: Job): [Simulation, SimNode[]] {
  const simulation =
    mode === 'swimkit'
      ? new Simulation({ detectors: () => [pingAck()], seed, evidence: 16 })
      : new Simulation({
          detectors: () => [pingAck({ strategy: roundRobin })],
          seed,
          evidence: 16,
          buddy: false,
          doubt: false,
          settings: plain,
        })
  const nodes = simulation.populate(members, mode === 'swim' ? { engine: { streams: false } } : {})
  return [simulation, nodes]
}

function run(job: Job): Outcome {
  const [simulation, nodes] = simulationOf(job)
  const bad = nodes.slice(0, Math.max(1, Math.round(share * job.members)))
  const names = new Set(bad.map(({ name }) => name))
  const good = nodes.slice(bad.length)
  const active: number[] = []
  let [wrong, troubled, returns] = [0, 0, 0]
  let undo: (() => void)[] = []
  const begin = (): void => {
    undo =
      job.trouble === 'one-way'
        ? [simulation.links(undefined, [...names], { cut: 'everything' })]
        : [
            simulation.links(undefined, [...names], { loss: 0.8, streams: 'stalled' }),
            simulation.links([...names], undefined, { loss: 0.8, streams: 'stalled' }),
          ]
  }
  const end = (): void => {
    for (const each of undo) each()
    undo = []
  }
  for (let second = 0; second < before + during + after; second++) {
    const since = second - before
    if (job.trouble === 'one-way' && since >= 0 && since < during && since % flip === 0) {
      if ((since / flip) % 2 === 0) begin()
      else end()
    } else if (job.trouble === 'loss' && since === 0) begin()
    if (since === during) end()
    simulation.run(1_000)
    for (const node of good) {
      for (const { record, type } of node.events.splice(0)) {
        const about = names.has(record.name)
        if (type === 'failed' && about) troubled++
        else if (type === 'failed') wrong++
        else if (type === 'join' && about) returns++
      }
    }
    for (const node of bad) node.events.length = 0
    const held = good.map(
      ({ engine }) => engine.members.count(Status.Alive) + engine.members.count(Status.Suspect),
    )
    active.push(rounded(mean(held), 3))
  }
  return { active, wrong, troubled, returns }
}

function report(done: readonly Done<Job, Outcome>[]): Report {
  const of = (trouble: Trouble, mode: Mode) =>
    done.filter(({ job }) => job.trouble === trouble && job.mode === mode)
  const members = done[0]!.job.members
  const bad = Math.max(1, Math.round(share * members))
  const observers = members - bad
  const rows = (Object.keys(troubles) as Trouble[]).flatMap((trouble) =>
    (Object.keys(modes) as Mode[]).map((mode) => {
      const outcomes = of(trouble, mode).map(({ outcome }) => outcome)
      const average = (pick: (outcome: Outcome) => number, digits = 2): number =>
        rounded(mean(outcomes.map(pick)), digits)
      return {
        trouble,
        mode,
        runs: outcomes.length,
        wrong: average(({ wrong }) => wrong / observers),
        troubled: average(({ troubled }) => troubled / observers / bad),
        returns: average(({ returns }) => returns / observers / bad),
        lowest: average(({ active }) => Math.min(...active)),
        atEnd: average(({ active }) => active.at(-1)!),
        active: outcomes[0]!.active.map((_, second) =>
          rounded(mean(outcomes.map(({ active }) => active[second]!)), 3),
        ),
      }
    }),
  )
  const lines = rows.map(({ atEnd, lowest, mode, returns, trouble, troubled, wrong }) => [
    troubles[trouble],
    modes[mode],
    wrong.toFixed(2),
    troubled.toFixed(2),
    returns.toFixed(2),
    lowest.toFixed(1),
    atEnd.toFixed(1),
  ])
  const text = [
    table(
      [
        'trouble',
        '',
        'verdicts on healthy members, per observer',
        'verdicts on each in trouble',
        'returns of each',
        'fewest held active',
        'at the end',
      ],
      lines,
    ),
    '',
    `${members} members, ${bad} of them in trouble for ${during} s; ${rows[0]!.runs} runs each. What the ${observers} others say, on average. _Plain SWIM_ is as published: no`,
    'Lifeguard, no streams, no push of urgent news, no comparing of tables, suspicion of a fixed length. Rapid calls it stable where the size that is seen steps down once, or stays.',
  ].join('\n')
  const wrong = rows.filter(({ mode }) => mode === 'swimkit').reduce((sum, row) => sum + row.wrong, 0)
  return {
    text,
    data: { members, bad, before, during, after, rows },
    figure: {
      title: 'Members held active, by those that are not in trouble',
      panels: (Object.keys(troubles) as Trouble[]).flatMap((trouble) =>
        [0, members - bad - 2].map((least) => ({
          title: least === 0 ? troubles[trouble] : 'the same, close by',
          x: { name: 'seconds', min: 0, max: before + during + after },
          y: { name: 'members', min: least, max: least === 0 ? members : members + 1 },
          series: (Object.keys(modes) as Mode[]).map((mode) => ({
            name: modes[mode],
            kind: mode === 'swim' ? ('line' as const) : ('points' as const),
            colour: mode === 'swim' ? ('published' as const) : ('ours' as const),
            points: rows
              .find((row) => row.trouble === trouble && row.mode === mode)!
              .active.map((held, second) => [second + 1, held] as const),
          })),
        })),
      ),
    },
    goals: [
      {
        what: 'verdicts on members whose links are good',
        wanted: 'none',
        found: wrong.toFixed(2),
        met: wrong === 0,
      },
    ],
  }
}
