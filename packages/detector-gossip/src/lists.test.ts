import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Lists } from './lists.ts'

fc.configureGlobal({ seed: 20_260_202 })

const rows = 12
const lists = 3

const contents = (all: Lists, list: number): number[] => {
  const found: number[] = []
  for (let row = all.first(list); row >= 0; row = all.after(row)) found.push(row)
  return found
}

test('lists are what arrays would be, whatever is done to them, and as rows are added', () => {
  const act = fc.oneof(
    fc.record({
      what: fc.constantFrom('putFirst', 'putLast'),
      list: fc.nat(lists - 1),
      row: fc.nat(rows - 1),
    }),
    fc.record({ what: fc.constant('remove'), list: fc.constant(0), row: fc.nat(rows - 1) }),
    fc.record({ what: fc.constant('moveAll'), list: fc.nat(lists - 1), row: fc.nat(lists - 1) }),
    fc.record({ what: fc.constant('add'), list: fc.constant(0), row: fc.constant(0) }),
  )
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
      const tried = new Lists(lists)
      let more = rows
      for (let row = 0; row < rows; row++) tried.add(row)
      const model: number[][] = Array.from({ length: lists }, () => [])
      const without = (row: number): void => {
        for (const [i, list] of model.entries()) model[i] = list.filter((each) => each !== row)
      }
      for (const { list, row, what } of acts) {
        if (what === 'add') for (let i = 0; i < 8; i++) tried.add(more++)
        else if (what === 'moveAll') {
          if (list === row) continue
          tried.moveAll(list, row)
          model[row]!.push(...model[list]!.splice(0))
        } else {
          without(row)
          if (what === 'remove') tried.remove(row)
          else if (what === 'putFirst') {
            tried.putFirst(list, row)
            model[list]!.unshift(row)
          } else {
            tried.putLast(list, row)
            model[list]!.push(row)
          }
        }
        expect(model.map((_, i) => contents(tried, i))).toEqual(model)
      }
    }),
    { numRuns: 300 },
  )
})
