import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Ids } from './ids.ts'

fc.configureGlobal({ seed: 20_260_203 })

test('finds each row by its id and no other, while rows come and go, and ids meet', () => {
  const act = fc.record({
    row: fc.nat(79),
    id: fc.constantFrom(...Array.from({ length: 60 }, (_, i) => i * 0x2000_0001 + 1)),
  })
  fc.assert(
    fc.property(fc.array(act, { maxLength: 200 }), fc.integer(), (acts, salt) => {
      const memory = { ids: new Uint32Array(80) }
      const ids = new Ids(memory, salt)
      const held = new Map<number, number>()
      for (const { id, row } of acts) {
        if (held.delete(row)) ids.remove(row)
        else {
          memory.ids[row] = id
          ids.add(row)
          held.set(row, id >>> 0)
        }
      }
      for (const { id } of acts) {
        const having = [...held].filter(([, each]) => each === id >>> 0).map(([row]) => row)
        if (having.length === 0) expect(ids.find(id >>> 0)).toBe(-1)
        else expect(having).toContain(ids.find(id >>> 0))
        expect(ids.only(id >>> 0)).toBe(having.length === 1 ? having[0] : -1)
      }
      // What is not there is taken out without harm.
      for (let row = 0; row < 80; row++) if (!held.has(row)) ids.remove(row)
      for (const [row, id] of held) expect(held.get(ids.find(id))).toBe(held.get(row))
    }),
    { numRuns: 300 },
  )
})

test('finds rows of any number, from before the first high one and after it', () => {
  const memory = { ids: new Uint32Array(200_000) }
  const ids = new Ids(memory, 7)
  const rows = [0, 1, 0xfffe, 0xffff, 0x1_0000, 2, 199_999, 3]
  for (const row of rows) {
    memory.ids[row] = 1_000_000 + row
    ids.add(row)
  }
  for (const row of rows) expect(ids.find(1_000_000 + row)).toBe(row)
  for (let row = 10; row < 300; row++) {
    memory.ids[row] = 1_000_000 + row
    ids.add(row)
  }
  for (const row of [...rows, 10, 299]) expect(ids.find(1_000_000 + row)).toBe(row)
  ids.remove(0x1_0000)
  expect([ids.find(1_000_000 + 0x1_0000), ids.find(1_000_000 + 0xffff)]).toEqual([-1, 0xffff])
})
