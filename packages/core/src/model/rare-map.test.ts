import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { RareMap } from './rare-map.ts'

const key = fc.nat(4)
const step = fc.oneof(
  fc.record({ do: fc.constant('set'), key, value: fc.nat() }),
  fc.record({ do: fc.constant('delete'), key, value: fc.constant(0) }),
  fc.record({ do: fc.constant('clear'), key, value: fc.constant(0) }),
)

describe('RareMap', () => {
  it('holds what a map would hold, in the same order', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const [rare, map] = [new RareMap<number, number>(), new Map<number, number>()]
        for (const { do: what, key, value } of steps) {
          if (what === 'set') {
            rare.set(key, value)
            map.set(key, value)
          } else if (what === 'delete') expect(rare.delete(key)).toBe(map.delete(key))
          else {
            rare.clear()
            map.clear()
          }
          expect([...rare]).toEqual([...map])
          expect([...rare.values()]).toEqual([...map.values()])
          expect(rare.size).toBe(map.size)
          for (let k = 0; k < 5; k++) expect([rare.has(k), rare.get(k)]).toEqual([map.has(k), map.get(k)])
        }
      }),
    )
  })

  it('may lose all of it while somebody goes through it', () => {
    const rare = new RareMap<string, number>()
    rare.set('a', 1)
    rare.set('b', 2)
    const seen: number[] = []
    for (const [key, value] of rare) {
      seen.push(value)
      rare.delete(key)
      rare.delete('b')
    }
    expect(seen).toEqual([1])
    expect(rare.size).toBe(0)
  })
})
