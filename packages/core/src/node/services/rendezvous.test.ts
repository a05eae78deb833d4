import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { rendezvous } from './rendezvous.ts'

const names = Array.from({ length: 20 }, (_, i) => `node-${i}`)
const keys = Array.from({ length: 20_000 }, (_, i) => `user:${i}`)
const chosen = (key: string, among: readonly string[]): string => among[rendezvous(key, among)]!

describe('rendezvous hashing', () => {
  test('of no names chooses none, of one that one', () => {
    expect([rendezvous('a', []), rendezvous('a', ['x']), rendezvous('', ['x'])]).toEqual([-1, 0, 0])
  })

  test('chooses the same whatever the order', () => {
    fc.assert(
      fc.property(fc.string(), fc.uniqueArray(fc.string(), { minLength: 1, maxLength: 12 }), (key, some) => {
        const reversed = [...some].reverse()
        expect(chosen(key, reversed)).toBe(chosen(key, some))
      }),
    )
  })

  test('gives each an even share', () => {
    const shares = new Map<string, number>()
    for (const key of keys) shares.set(chosen(key, names), (shares.get(chosen(key, names)) ?? 0) + 1)
    // 1,000 each, give or take 31: five of these off would be one in a million.
    for (const name of names) expect(Math.abs(shares.get(name)! - 1_000)).toBeLessThan(5 * 31)
  })

  test('moves the keys of the one that goes, to all the others, and no other key', () => {
    const left = names.filter((name) => name !== 'node-7')
    const moved = new Map<string, number>()
    for (const key of keys) {
      const [before, after] = [chosen(key, names), chosen(key, left)]
      if (before === 'node-7') moved.set(after, (moved.get(after) ?? 0) + 1)
      else expect(after).toBe(before)
    }
    expect(moved.size).toBe(19)
    // A thousand in 19 parts: 53 each, give or take 7.
    for (const count of moved.values()) expect(Math.abs(count - 53)).toBeLessThan(5 * 7)
  })

  test('is the same in every build: keys must not move with an update', () => {
    expect(['', 'a', 'user:1', 'ключ'].map((key) => chosen(key, names))).toMatchInlineSnapshot(`
      [
        "node-6",
        "node-11",
        "node-0",
        "node-17",
      ]
    `)
  })
})
