import { disseminatorCases } from '@swimkit/conformance'
import { PiggybackQueue } from '@swimkit/core'
import { describe, test } from 'vitest'

describe('the piggyback queue', () => {
  for (const { name, run } of disseminatorCases(() => new PiggybackQueue())) test(name, run)
})

describe('a piggyback queue of 100', () => {
  for (const { name, run } of disseminatorCases(() => new PiggybackQueue(100), { capacity: 100 }))
    test(name, run)
})
