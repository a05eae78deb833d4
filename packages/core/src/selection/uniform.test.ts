import { describe, expect, test } from 'vitest'
import { createRandom } from '../engine/random.ts'
import type { MemberView } from '../model/member-table.ts'
import type { Ref } from '../model/ref.ts'
import { unknownPaths } from './strategy.ts'
import { uniform } from './uniform.ts'

const member = (n: number) => n as Ref
const scheduler = (members: readonly number[]) => {
  const made = uniform({} as MemberView, createRandom([11]), unknownPaths)
  for (const each of members) made.added(member(each))
  return made
}

describe('uniform selection', () => {
  test('without members looks at nobody', () => {
    const each = scheduler([0])
    each.removed(member(0))
    expect(each.next()).toBeUndefined()
  })

  test('looks at all equally often in the long run, whoever was looked at last', () => {
    const each = scheduler([0, 1, 2, 3])
    const pairs = new Map<string, number>()
    let last = each.next()!
    for (let look = 0; look < 16_000; look++) {
      const now = each.next()!
      pairs.set(`${last} ${now}`, (pairs.get(`${last} ${now}`) ?? 0) + 1)
      last = now
    }
    // Chi-square with 15 degrees of freedom: beyond 37.7 with probability 0.001.
    const chi = [...pairs.values()].reduce((sum, count) => sum + (count - 1_000) ** 2 / 1_000, 0)
    expect(pairs.size).toBe(16)
    expect(chi).toBeLessThan(37.7)
  })

  test('looks at who is there, and at nobody who has gone', () => {
    const each = scheduler([0, 1, 2])
    each.removed(member(1))
    each.removed(member(1))
    each.added(member(3))
    const seen = new Set(Array.from({ length: 200 }, () => each.next()!))
    expect(seen).toEqual(new Set([0, 2, 3]))
  })
})
