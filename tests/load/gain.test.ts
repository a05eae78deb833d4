import { expect, test } from 'vitest'
import { gainOfPeaks, mostGain } from './gain.ts'

test.each([
  ['nothing', [], 0],
  ['a level', [5, 5, 5, 5, 5, 5], 0],
  ['a gain of two a step', [1, 3, 5, 7, 9, 11], 2],
  ['what rises and falls again', [1, 5, 9, 2, 6, 9, 3, 7, 9], 0],
  ['what rises and falls, each time to more', [1, 5, 9, 2, 6, 12, 3, 7, 15], 1],
  ['what rises at first', [1, 2, 3, 9, 9, 9, 9, 9, 9], 0],
] as const)('of %s the gain is told', (_, values, gain) => {
  expect(gainOfPeaks(values.map((value, at) => [at, value] as const))).toBe(gain)
})

test.each([
  [4, 135],
  [22.5, 24],
  [60, 24],
  [10_000, 24],
])('in %d minutes a gain of %d MiB an hour is let pass', (minutes, mebibytes) => {
  expect(mostGain(minutes) / 2 ** 20).toBeCloseTo(mebibytes)
})
