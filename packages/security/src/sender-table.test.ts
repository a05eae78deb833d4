import fc from 'fast-check'
import { expect, test } from 'vitest'
import { SenderTable } from './sender-table.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const words = (fill: number, length = 8): Uint32Array => new Uint32Array(length).fill(fill)

test('holds what a map of boots would, through growth and forgetting', () => {
  const half = fc.oneof(fc.nat(3), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
  const step = fc.oneof(
    { weight: 9, arbitrary: fc.record({ high: half, low: half, tag: fc.integer({ min: 1, max: 3 }) }) },
    {
      weight: 3,
      arbitrary: fc.record({
        taken: fc.record({ high: half, low: half, tag: fc.integer({ min: 1, max: 3 }) }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kept: fc.integer({ min: 1, max: 3 }) }) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200, size: 'max' }), (steps) => {
      const table = new SenderTable()
      const model = new Map<string, { high: number; low: number; tag: number; fill: number }>()
      for (const [fill, each] of steps.entries()) {
        if ('kept' in each) {
          table.keepOnly((tag) => tag <= each.kept)
          for (const [boot, { tag }] of model) if (tag > each.kept) model.delete(boot)
        } else if ('taken' in each) {
          const { high, low, tag } = each.taken
          const known = model.get(`${high} ${low}`)
          const found = words(0)
          expect(table.take(high, low, tag, found)).toBe(known?.tag === tag)
          if (known?.tag !== tag) continue
          expect(found).toEqual(words(known.fill))
          model.delete(`${high} ${low}`)
        } else {
          table.put(each.high, each.low, each.tag, words(fill))
          model.set(`${each.high} ${each.low}`, { ...each, fill })
        }
      }
      expect(table.size).toBe(model.size)
      for (const { fill, high, low, tag } of model.values()) {
        const found = words(0)
        expect(table.copy(high, low, tag, found)).toBe(true)
        expect(found).toEqual(words(fill))
        expect(table.copy(high, low, tag + 1, found)).toBe(false)
      }
    }),
  )
})

test('holds thousands, whether boots are random, counted or differ in one half alone', () => {
  for (const halvesOf of [
    (i: number) => [0, i] as const,
    (i: number) => [i, 0] as const,
    (i: number) => [i, i] as const,
    (i: number) => [Math.imul(i, 0x9e3779b1) >>> 0, Math.imul(i, 0x85ebca6b) >>> 0] as const,
  ]) {
    const table = new SenderTable()
    for (let i = 0; i < 10_000; i++) table.put(...halvesOf(i), 1, words(i, 4))
    expect(table.size).toBe(10_000)
    const found = words(0, 4)
    for (let i = 0; i < 10_000; i++) {
      expect(table.copy(...halvesOf(i), 1, found) && found[3]).toBe(i)
    }
    expect(table.copy(...halvesOf(10_000), 1, found)).toBe(false)
  }
})

test('ends a look for what is not there, however many have been put and taken', () => {
  const table = new SenderTable()
  const found = words(0)
  for (let i = 0; i < 10_000; i++) {
    table.put(i, i, 1, words(i))
    expect(table.take(i, i, 1, found)).toBe(true)
  }
  expect([table.size, table.copy(3, 3, 1, found)]).toEqual([0, false])
})
