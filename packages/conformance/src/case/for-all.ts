import fc from 'fast-check'
import { type Clause, ConformanceError } from './check.ts'
import { show } from './show.ts'

/** The same examples in every run, on every runtime. */
const seed = 20_260_101
/** A case looks for examples no longer than this, in ms: it ends before the usual runners give up. */
const limit = 3_000

/** Checks a claim on examples; the failure says which one it does not hold for, made as small as possible. */
export function forAll<T extends [unknown, ...unknown[]]>(
  clause: Clause,
  runs: number,
  examples: { [K in keyof T]: fc.Arbitrary<T[K]> },
  claim: (...example: T) => void,
): void {
  const { counterexample, errorInstance, failed, numRuns } = fc.check(fc.property(...examples, claim), {
    seed,
    numRuns: runs,
    interruptAfterTimeLimit: limit,
  })
  if (!failed || (counterexample === null && numRuns > 0)) return
  const example = `\n  of example ${show(counterexample)}`
  if (errorInstance instanceof ConformanceError) {
    throw new ConformanceError(`${errorInstance.seen}${example}`, errorInstance.clause, {
      cause: errorInstance,
    })
  }
  throw new ConformanceError(`it threw ${show(errorInstance)}${example}`, clause, { cause: errorInstance })
}
