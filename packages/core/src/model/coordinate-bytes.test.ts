import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorMax, errorMin, isValid, originCoordinate, Part } from './coordinate.ts'
import { coordinateBytes, fromHalf, packCoordinate, toHalf, unpackCoordinate } from './coordinate-bytes.ts'

describe('a half', () => {
  test('of every bit pattern is read and written back as it was', () => {
    const all = Array.from({ length: 0x1_0000 }, (_, bits) => bits)
    const numbers = all.filter((bits) => !Number.isNaN(fromHalf(bits)))
    expect(numbers.length).toBe(0x1_0000 - 2 * 1_023)
    expect(numbers.filter((bits) => toHalf(fromHalf(bits)) !== bits)).toEqual([])
  })

  test.each([
    [0, 0],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [0.1, 0x2e66],
    [65_504, 0x7bff],
    [65_519, 0x7bff],
    [65_520, 0x7c00],
    [1e9, 0x7c00],
    [Number.NEGATIVE_INFINITY, 0xfc00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [3 * 2 ** -26, 0x0001],
    [1e-30, 0x0000],
    // Ties go to the even one.
    [1 + 2 ** -11, 0x3c00],
    [1 + 3 * 2 ** -11, 0x3c02],
  ])('of %d', (value, bits) => {
    expect(toHalf(value)).toBe(bits)
  })

  test('is within a 2,048th of any number that it holds', () => {
    fc.assert(
      fc.property(fc.double({ min: 2 ** -14, max: 60_000, noNaN: true }), (value) => {
        expect(Math.abs(fromHalf(toHalf(value)) - value)).toBeLessThanOrEqual(value / 2_047)
      }),
    )
    expect(fromHalf(toHalf(Number.NaN))).toBeNaN()
  })
})

describe('a packed coordinate', () => {
  test('is 22 bytes, big-endian: vector, height, error, adjustment', () => {
    const bytes = new Uint8Array(coordinateBytes)
    const coordinate = Float64Array.of(1, -2, 0.5, 0, 0, 0, 0, 0, 2, 1.5, -1)
    packCoordinate(coordinate, bytes)
    const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
    expect(hex).toBe('3c00c00038000000000000000000000040003e00bc00')
    const read = originCoordinate()
    expect(unpackCoordinate(bytes, read)).toBe(true)
    expect(read).toEqual(coordinate)
  })

  test('that is longer is a later build’s, whose first fields are these; one that is shorter is none', () => {
    const bytes = new Uint8Array(coordinateBytes + 5).fill(7)
    packCoordinate(originCoordinate(), bytes)
    expect(unpackCoordinate(bytes, originCoordinate())).toBe(true)
    expect(unpackCoordinate(bytes.subarray(0, coordinateBytes - 1), originCoordinate())).toBe(false)
  })

  test('of a valid one is valid, at the ends of every range as well', () => {
    for (const error of [errorMin, errorMax]) {
      for (const size of [-10_000, 0, 10_000]) {
        const coordinate = originCoordinate().fill(size)
        coordinate[Part.Height] = Math.abs(size)
        coordinate[Part.Error] = error
        const bytes = new Uint8Array(coordinateBytes)
        packCoordinate(coordinate, bytes)
        const read = originCoordinate()
        unpackCoordinate(bytes, read)
        expect(isValid(read)).toBe(true)
      }
    }
  })
})
