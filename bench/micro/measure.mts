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

/**
 * Nanoseconds per call, by name: in several rounds each case has its turn, so that what drifts falls on all alike; of each round the
 * median batch, and of the rounds the median.
 */
export async function measureCases(
  cases: readonly Case[],
  { rounds, time }: MeasureOptions,
): Promise<Map<string, number>> {
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
  return new Map([...figures].map(([name, values]) => [name, median(values)]))
}

function describe(result: { state: string; error?: unknown } | undefined): string {
  return result?.error === undefined ? (result?.state ?? 'it did not run') : String(result.error)
}

export let kept: unknown
