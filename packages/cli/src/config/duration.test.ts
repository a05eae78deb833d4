import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from './duration.ts'

describe('a duration', () => {
  it.each([
    [2, 2_000],
    [0.5, 500],
    ['2', 2_000],
    ['.5', 500],
    ['0', 0],
    ['500ms', 500],
    ['1.5s', 1_500],
    ['2m', 120_000],
    ['1h', 3_600_000],
    ['1d', 86_400_000],
    [' 3 s ', 3_000],
    ['0.1s', 100],
  ])('%j is %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', 'soon', '-1', '1e3', '5 parsecs', 's', '1..2', '1s2', 'NaN', 'Infinity', -1, Number.NaN])(
    '%j is none',
    (text) => {
      expect(parseDuration(text)).toBeNaN()
    },
  )

  it.each([
    [0, '0'],
    [0.5, '0.5ms'],
    [500, '500ms'],
    [1_500, '1.5s'],
    [120_000, '2m'],
    [90_000, '90s'],
    [3_600_000, '1h'],
    [86_400_000, '1d'],
  ])('%d ms is written %j', (ms, text) => {
    expect(formatDuration(ms)).toBe(text)
  })
})
