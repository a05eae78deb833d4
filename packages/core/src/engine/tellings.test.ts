import { expect, test } from 'vitest'
import { resolveSettings } from './settings.ts'
import { tellingTime, transmitLimit } from './tellings.ts'

test.each([
  [1, 6],
  [2, 6],
  [4, 7],
  [8, 8],
  // ceil(4 × (1 + log10(9 + 1))), of which the logarithm is whole.
  [9, 8],
  [10, 9],
  [30, 10],
  [99, 12],
  [100, 13],
  [999, 16],
  [1_000, 17],
  [9_999, 20],
  [99_999, 24],
  [999_999, 28],
])('in a group of %i each tells an update %i times', (n, times) => {
  expect(transmitLimit({ retransmitMult: 4 }, n)).toBe(times)
})

test('an update misses less than one member in two hundred times, in a group of any size', () => {
  for (let n = 1; n <= 100_000; n = Math.ceil(n * 1.1)) {
    expect(n * Math.exp(-transmitLimit({ retransmitMult: 4 }, n))).toBeLessThan(0.005)
  }
})

test('it is told once in each gossip interval', () => {
  const settings = resolveSettings('lan', { retransmitMult: 3, gossipInterval: 500 })
  expect(tellingTime(settings, 9)).toBe(6 * 500)
})
