import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { doublePages, intPages } from './pages.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

/** Writes to any of the copies, and new copies of any of them. */
const step = fc.oneof(
  { arbitrary: fc.record({ copy: fc.constant(true), of: fc.nat() }), weight: 1 },
  {
    arbitrary: fc.record({
      copy: fc.constant(false),
      of: fc.nat(),
      index: fc.nat({ max: 1_999 }),
      value: fc.integer(),
    }),
    weight: 8,
  },
)

describe('pages', () => {
  test.each([
    ['whole numbers', intPages],
    ['doubles', doublePages],
  ])('of %s: whatever is written to one copy, no other shows it', (_kind, make) => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const pages = [make()]
        const models = [new Map<number, number>()]
        for (const each of steps) {
          const of = each.of % pages.length
          if ('index' in each) {
            pages[of]!.reserve(each.index + 1)
            pages[of]!.set(each.index, each.value)
            models[of]!.set(each.index, each.value)
          } else {
            pages.push(pages[of]!.copy() as ReturnType<typeof make>)
            models.push(new Map(models[of]))
          }
        }
        for (const [i, model] of models.entries()) {
          const { capacity } = pages[i]!
          const held = Array.from({ length: capacity }, (_, index) => pages[i]!.get(index))
          expect(held).toEqual(Array.from({ length: capacity }, (_, index) => model.get(index) ?? 0))
        }
      }),
      { numRuns: 50 },
    )
  })

  test('room for one is room for a page, and for none is none', () => {
    const pages = intPages()
    expect(pages.capacity).toBe(0)
    pages.reserve(1)
    expect(pages.capacity).toBe(256)
    pages.reserve(257)
    expect(pages.capacity).toBe(512)
  })
})
