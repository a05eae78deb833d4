import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RareSet } from './rare-set.ts'

test('a rare set holds what a set would hold, in the same order', () => {
  const step = fc.record({ what: fc.constantFrom('add', 'add', 'delete', 'clear'), value: fc.nat(4) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const [rare, set] = [new RareSet<number>(), new Set<number>()]
      for (const { value, what } of steps) {
        if (what === 'add') {
          rare.add(value)
          set.add(value)
        } else if (what === 'delete') expect(rare.delete(value)).toBe(set.delete(value))
        else {
          rare.clear()
          set.clear()
        }
        expect([...rare]).toEqual([...set])
        expect(rare.size).toBe(set.size)
        for (let k = 0; k < 5; k++) expect(rare.has(k)).toBe(set.has(k))
      }
    }),
  )
})

test('a rare set may lose all of it while somebody goes through it', () => {
  const rare = new RareSet<string>()
  for (const value of ['a', 'b', 'c']) rare.add(value)
  const seen: string[] = []
  for (const value of rare) {
    seen.push(value)
    for (const each of ['a', 'b', 'c']) rare.delete(each)
  }
  expect([seen, rare.size]).toEqual([['a'], 0])
})
