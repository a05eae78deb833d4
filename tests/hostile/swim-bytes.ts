import type { Draw } from './mutations.ts'
import { damageBytes, spliced } from './mutations.ts'

/** Where a part of the swim format is: its type at `start`, its body from `body` to `end`. */
interface Part {
  readonly start: number
  readonly body: number
  readonly end: number
}

/**
 * Damages the body of one part and puts its length right again, or doubles, moves or leaves out a whole part: so that the damage arrives at the
 * fields, and does not end at the first length that does not fit.
 */
export function damageParts(input: Uint8Array, draw: Draw, other: Uint8Array): Uint8Array {
  const parts = partsOf(input)
  if (parts.length === 0 || draw(4) === 0) return damageBytes(input, draw, other)
  const part = parts[draw(parts.length)]!
  const whole = input.slice(part.start, part.end)
  switch (draw(6)) {
    case 0:
      return spliced(input, parts[draw(parts.length)]!.start, 0, whole)
    case 1:
      return spliced(input, part.start, whole.length, new Uint8Array(0))
    case 2: {
      const strangers = partsOf(other)
      if (strangers.length === 0) return input
      const stranger = strangers[draw(strangers.length)]!
      return spliced(input, part.start, 0, other.slice(stranger.start, stranger.end))
    }
    default: {
      const body = damageBytes(input.slice(part.body, part.end), draw, other)
      const framed = [input[part.start]!, ...varint(body.length), ...body]
      return spliced(input, part.start, whole.length, Uint8Array.from(framed))
    }
  }
}

/** The parts after the sender's name and incarnation, as far as their lengths are right. */
function partsOf(input: Uint8Array): Part[] {
  const parts: Part[] = []
  let at = 1 + (input[0] ?? 0) + 4
  while (at < input.length) {
    const start = at++
    let length = 0
    let unit = 1
    for (; at < input.length && input[at]! >= 0x80 && unit < 2 ** 28; unit *= 128) {
      length += (input[at++]! & 0x7f) * unit
    }
    length += (input[at++] ?? 0) * unit
    if (at + length > input.length) break
    parts.push({ start, body: at, end: at + length })
    at += length
  }
  return parts
}

function varint(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80)
  bytes.push(rest)
  return bytes
}
