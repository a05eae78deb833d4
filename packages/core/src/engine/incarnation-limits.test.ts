import { expect, test } from 'vitest'
import { firstIncarnation, highestAccusation, highestAlive, waitFor } from './incarnation-limits.ts'

const wall = 1_767_225_600

test.each([
  ['nothing of an earlier life', undefined, wall],
  ['an earlier life long ago', wall - 86_400, wall],
  ['one in the same second', wall, wall + 1],
  ['one whose clock was ahead by a day', wall + 86_400, wall + 86_401],
  ['one that was as high as is believed', highestAlive(wall) - 1, highestAlive(wall)],
  ['one whose clock was years ahead', highestAlive(wall), wall],
  ['one that had the last there is', 0xffff_ffff, wall],
])('a process that knows %s begins with what is believed, and above that if it can', (_, last, first) => {
  expect(firstIncarnation(wall, last)).toBe(first)
})

test('whoever is accused as high as is believed can refute it, and is believed at once', () => {
  expect(waitFor(highestAccusation(wall, 0) + 1, wall)).toBe(0)
  expect(waitFor(highestAlive(wall) + 2, wall)).toBe(2_000)
})
