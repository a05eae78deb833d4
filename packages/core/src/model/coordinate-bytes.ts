import { type Coordinate, Part, parts } from './coordinate.ts'

/**
 * A coordinate in 22 bytes: vector, height, error and adjustment as half-precision floats (IEEE 754 binary16), big-endian. A half has 11
 * significant bits: it places what is 100 ms out to 0.03 ms, less than one more sample moves a settled node by, and on a
 * simulated network the estimates are the same, to a tenth of a percent, as those of doubles. Singles would take 44.
 */
export const coordinateBytes: number = 2 * parts

/** Halves of a coordinate that is kept for estimates: an error is of use in the moment it arrives alone. */
export const keptHalves: number = parts - 1

/** Writes a valid coordinate into {@link coordinateBytes} bytes. */
export function packCoordinate(coordinate: Coordinate, into: Uint8Array): void {
  for (let i = 0; i < parts; i++) {
    const half = toHalf(coordinate[i]!)
    into[2 * i] = half >>> 8
    into[2 * i + 1] = half
  }
}

/** Reads what {@link packCoordinate} wrote, which is not said to be valid; false where it is too short. What follows is a later build's. */
export function unpackCoordinate(bytes: Uint8Array, into: Coordinate): boolean {
  if (bytes.length < coordinateBytes) return false
  for (let i = 0; i < parts; i++) into[i] = fromHalf(halfAt(bytes, i))
  return true
}

/** Keeps a coordinate without its error: {@link keptHalves} halves from `at` on. */
export function keepCoordinate(packed: Uint8Array, into: Uint16Array, at: number): void {
  for (let i = 0; i < Part.Error; i++) into[at + i] = halfAt(packed, i)
  into[at + Part.Error] = halfAt(packed, Part.Adjustment)
}

/** Reads a coordinate that was kept. The error stays as it is. */
export function readKept(from: Uint16Array, at: number, into: Coordinate): void {
  for (let i = 0; i < Part.Error; i++) into[i] = fromHalf(from[at + i]!)
  into[Part.Adjustment] = fromHalf(from[at + Part.Error]!)
}

/** The bits of the nearest half, at a tie of the even one; infinite from 65,520 on. */
export function toHalf(value: number): number {
  single[0] = value
  const bits = singleBits[0]!
  const sign = (bits >>> 16) & 0x8000
  const size = bits & 0x7fff_ffff
  if (size > 0x7f80_0000) return sign | 0x7e00
  if (size >= 0x477f_f000) return sign | 0x7c00
  // From 2⁻¹⁴ on: the exponent is another one's, and 13 bits go.
  if (size >= 0x3880_0000) return sign | rounded(size - 0x3800_0000, 13)
  const shift = 126 - (size >>> 23)
  return shift > 24 ? sign : sign | rounded((size & 0x7f_ffff) | 0x80_0000, shift)
}

/** The value of a half: exact, whatever the bits. */
export function fromHalf(bits: number): number {
  const exponent = (bits >>> 10) & 0x1f
  const fraction = bits & 0x3ff
  const size =
    exponent === 0
      ? fraction * leastHalf
      : exponent === 0x1f
        ? fraction === 0
          ? Number.POSITIVE_INFINITY
          : Number.NaN
        : (fraction + 1_024) * powers[exponent]!
  return (bits & 0x8000) === 0 ? size : -size
}

/** Without its last `shift` bits, rounded to the nearest, at a tie to the even one. */
function rounded(bits: number, shift: number): number {
  const kept = bits >>> shift
  const rest = bits - (kept << shift)
  const half = 1 << (shift - 1)
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept
}

/** 2⁻²⁴ */
const leastHalf = 1 / 16_777_216
/** What the last bit of a half is worth, by its exponent. Doubled one by one: that is exact on every engine. */
const powers = new Float64Array(31).fill(leastHalf)
for (let exponent = 2; exponent < 31; exponent++) powers[exponent] = 2 * powers[exponent - 1]!

const single = new Float32Array(1)
const singleBits = new Uint32Array(single.buffer)

const halfAt = (bytes: Uint8Array, index: number): number => (bytes[2 * index]! << 8) | bytes[2 * index + 1]!
