import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { originCoordinate, Part } from './coordinate.ts'
import { coordinateBytes, packCoordinate } from './coordinate-bytes.ts'
import { CoordinateRows } from './coordinate-rows.ts'
import { makeRef } from './ref.ts'

const packed = (x: number): Uint8Array => {
  const coordinate = originCoordinate()
  coordinate[0] = x
  coordinate[Part.Height] = 3
  coordinate[Part.Adjustment] = 4
  const bytes = new Uint8Array(coordinateBytes)
  packCoordinate(coordinate, bytes)
  return bytes
}

const placeOf = (rows: CoordinateRows, slot: number): number | undefined => {
  const read = originCoordinate()
  if (!rows.read(makeRef(slot, 1), read)) return undefined
  expect([read[Part.Height], read[Part.Adjustment]]).toEqual([3, 4])
  return read[0]
}

describe('rows of coordinates', () => {
  test('hold what was put last of each member, as a map would', () => {
    const step = fc.tuple(fc.constantFrom('put', 'delete'), fc.nat(40), fc.nat(1_000))
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const rows = new CoordinateRows()
        const model = new Map<number, number>()
        for (const [what, slot, x] of steps) {
          if (what === 'put') {
            rows.put(makeRef(slot, 1), packed(x), 1)
            model.set(slot, x)
          } else {
            rows.delete(makeRef(slot, 1))
            model.delete(slot)
          }
        }
        expect(rows.size).toBe(model.size)
        for (let slot = 0; slot <= 40; slot++) expect(placeOf(rows, slot)).toBe(model.get(slot))
      }),
    )
  })

  test('tell a member from an earlier one of the same slot', () => {
    const rows = new CoordinateRows()
    rows.put(makeRef(5, 1), packed(1), 1)
    expect([rows.has(makeRef(5, 1)), rows.has(makeRef(5, 2))]).toEqual([true, false])
  })

  test('give the middle one of the last three round trips, of two the lesser, and forget with the member', () => {
    const rows = new CoordinateRows()
    const ref = makeRef(1, 0)
    expect([8, 16, 4, 1, 64, 32].map((rtt) => rows.put(ref, packed(0), rtt))).toEqual([8, 8, 8, 4, 4, 32])
    rows.delete(ref)
    expect(rows.put(ref, packed(0), 100)).toBe(100)
  })
})
