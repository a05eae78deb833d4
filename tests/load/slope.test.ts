import { expect, test } from 'vitest'
import { slopePerHour } from './slope.ts'

test.each([
  ['nothing', [], 0],
  ['a level', [5, 5, 5, 5], 0],
  ['a gain of two an hour', [1, 3, 5, 7], 2],
  ['a level with one odd sample', [5, 5, 50, 5, 5, 5, 5], 0],
] as const)('of %s the slope is told', (_, values, slope) => {
  expect(slopePerHour(values.map((value, hour) => [hour, value] as const))).toBe(slope)
})
