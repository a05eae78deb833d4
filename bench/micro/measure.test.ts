import { expect, test } from 'vitest'
import { Times } from './measure.mts'

test('a ratio is of figures of the same round, where one of them slowed both', () => {
  const times = new Times(
    new Map([
      ['ours', [2, 40, 3, 4, 20]],
      ['theirs', [1, 20, 6, 2, 10]],
    ]),
  )
  expect(times.of('ours')).toBe(4)
  expect(times.of('theirs')).toBe(6)
  expect(times.ratio('ours', 'theirs')).toBe(2)
  expect([...times]).toEqual([
    ['ours', 4],
    ['theirs', 6],
  ])
  expect(() => times.of('nobody')).toThrow('nobody was not measured')
})
