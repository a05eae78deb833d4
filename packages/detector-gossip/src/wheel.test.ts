import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Wheel } from './wheel.ts'

fc.configureGlobal({ seed: 20_260_204 })

const step = 250

function wheelOf(rows: number): Wheel {
  const wheel = new Wheel(step)
  for (let row = 0; row < rows; row++) wheel.add(row)
  return wheel
}

function turned(wheel: Wheel): number[] {
  wheel.turn()
  const due: number[] = []
  for (let row = wheel.next(); row >= 0; row = wheel.next()) due.push(row)
  return due
}

describe('a row on the wheel', () => {
  test('has its turn with the first step that is not before its time, or where the wheel ends', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1_000, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 30 }),
        (aheads) => {
          const wheel = wheelOf(aheads.length)
          aheads.forEach((ahead, row) => {
            wheel.put(row, ahead)
          })
          const turns = new Map<number, number>()
          for (let steps = 1; steps <= 130; steps++) for (const row of turned(wheel)) turns.set(row, steps)
          aheads.forEach((ahead, row) => {
            expect(turns.get(row)).toBe(Math.min(127, Math.max(1, Math.ceil(ahead / step))))
          })
        },
      ),
    )
  })

  test('that is put elsewhere, or taken out, has none where it was', () => {
    const wheel = wheelOf(3)
    for (const row of [0, 1, 2]) wheel.put(row, step)
    wheel.put(1, 3 * step)
    wheel.remove(2)
    expect([turned(wheel), turned(wheel), turned(wheel)]).toEqual([[0], [], [1]])
  })

  test('whose turn was not taken comes before those of the next step', () => {
    const wheel = wheelOf(3)
    wheel.put(0, step)
    wheel.put(1, step)
    wheel.put(2, 2 * step)
    wheel.turn()
    expect(wheel.next()).toBe(0)
    expect(turned(wheel)).toEqual([1, 2])
  })
})
