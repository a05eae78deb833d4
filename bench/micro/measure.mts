import { Bench } from 'tinybench'
import { collectGarbage } from '../peer/cost.mts'
import { median } from '../peer/quantiles.mts'

/** Something small to be timed. */
export interface Case {
  readonly name: string
  /** Done that often between two looks at the clock, which would else take longer than what is timed. */
  readonly batch: number
  /** Called with 0..batch−1; what it returns is kept, so that no optimiser can leave it out. */
  readonly run: (i: number) => unknown
}

export interface MeasureOptions {
  readonly rounds: number
  /** Milliseconds for each case in each round. */
  readonly time: number
}

/** Nanoseconds per call of each case: of each round the median batch. */
export class Times {
  readonly #rounds: ReadonlyMap<string, readonly number[]>

  constructor(rounds: ReadonlyMap<string, readonly number[]>) {
    this.#rounds = rounds
  }

  /** The median of the rounds. */
  of(name: string): number {
    return median(this.#all(name))
  }

  /** How much longer one takes than another: the median of the ratios within each round, where what drifts has fallen on both. */
  ratio(name: string, rival: string): number {
    const others = this.#all(rival)
    return median(this.#all(name).map((ns, round) => ns / others[round]!))
  }

  *[Symbol.iterator](): Iterator<readonly [name: string, ns: number]> {
    for (const name of this.#rounds.keys()) yield [name, this.of(name)]
  }

  #all(name: string): readonly number[] {
    const found = this.#rounds.get(name)
    if (found === undefined) throw new Error(`${name} was not measured`)
    return found
  }
}

/** In several rounds each case has its turn, in the order in which they are given. */
export async function measureCases(cases: readonly Case[], { rounds, time }: MeasureOptions): Promise<Times> {
  const figures = new Map<string, number[]>(cases.map(({ name }) => [name, []]))
  for (let round = 0; round < rounds; round++) {
    const warmupTime = round === 0 ? time : time / 10
    // What the one before left behind is not to be collected at the next one's cost.
    const bench = new Bench({ time, iterations: 16, warmupTime, setup: collectGarbage })
    for (const { batch, name, run } of cases) {
      bench.add(name, () => {
        for (let i = 0; i < batch; i++) kept = run(i)
      })
    }
    await bench.run()
    for (const { batch, name } of cases) {
      const result = bench.getTask(name)?.result
      if (result?.state !== 'completed') throw new Error(`${name} could not be measured: ${describe(result)}`)
      figures.get(name)!.push((result.latency.p50 / batch) * 1e6)
    }
  }
  return new Times(figures)
}

function describe(result: { state: string; error?: unknown } | undefined): string {
  return result?.error === undefined ? (result?.state ?? 'it did not run') : String(result.error)
}

export let kept: unknown
