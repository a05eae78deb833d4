import { expect, test } from 'vitest'
import { Looking } from './looking.ts'

test('so many looks are under way at once, and each ends once', () => {
  const looking = new Looking(2)
  const [first, second] = [looking.begin(7), looking.begin(8)]
  expect([looking.full, looking.has(7), looking.has(9)]).toEqual([true, true, false])
  expect([looking.end(first), looking.end(first), looking.full]).toEqual([7, -1, false])
  expect(looking.end(second)).toBe(8)
})

test('one that was dropped does not come back for whoever has its row or its place now', () => {
  const looking = new Looking(1)
  const first = looking.begin(7)
  looking.drop(7)
  looking.drop(7)
  const second = looking.begin(7)
  expect([looking.end(first), looking.full, looking.end(second), looking.full]).toEqual([-1, true, 7, false])
})
