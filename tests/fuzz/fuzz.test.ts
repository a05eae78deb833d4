import { expect, test } from 'vitest'
import { checkSchedules, describeFailure } from './check.ts'

const seeds = [11, 1_009, 65_537, 1_234_567, 99_999_989, 2_147_483_647]

/** `npm run fuzz -- --runs N` for more of them, from other seeds. */
test.each(seeds)(
  '50 random schedules of faults break no invariant (seed %i)',
  (seed) => {
    const { failure } = checkSchedules({ runs: 50, seed })
    expect(failure === undefined ? undefined : describeFailure(seed, failure)).toBeUndefined()
  },
  120_000,
)
