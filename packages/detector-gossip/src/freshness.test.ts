import { expect, test } from 'vitest'
import { Freshness } from './freshness.ts'

const order = (freshness: Freshness): [untold: number[], told: number[]] => {
  const from = (first: number): number[] => {
    const rows: number[] = []
    for (let row = first; row >= 0; row = freshness.after(row)) rows.push(row)
    return rows
  }
  return [from(freshness.untold), from(freshness.longestTold)]
}

test('what nobody was told comes first, the freshest in front; then who has waited longest', () => {
  const freshness = new Freshness()
  for (let row = 1; row <= 5; row++) freshness.add(row)
  expect(order(freshness)).toEqual([[], []])
  for (const row of [1, 2, 3, 4, 5]) freshness.heard(row)
  expect(order(freshness)).toEqual([[5, 4, 3, 2, 1], []])
  for (const row of [5, 3, 1]) freshness.told(row)
  expect(order(freshness)).toEqual([
    [4, 2],
    [5, 3, 1],
  ])
  freshness.told(5)
  freshness.heard(3)
  expect(order(freshness)).toEqual([
    [3, 4, 2],
    [1, 5],
  ])
  freshness.remove(4)
  freshness.remove(1)
  expect(order(freshness)).toEqual([[3, 2], [5]])
})
