import type { Draw } from './mutations.ts'
import { damageBytes } from './mutations.ts'

/** Damages one value of one line of JSON, or doubles, moves or leaves out lines. */
export function damageLines(input: Uint8Array, draw: Draw, other: Uint8Array): Uint8Array {
  if (draw(3) === 0) return damageBytes(input, draw, other)
  const lines = decoder.decode(input).split('\n')
  lines.pop()
  if (lines.length === 0) return damageBytes(input, draw, other)
  const at = draw(lines.length)
  const kind = draw(6)
  if (kind === 0) lines.splice(draw(lines.length + 1), 0, lines[at]!)
  else if (kind === 1) lines.splice(at, 1)
  else {
    const value = parsed(lines[at]!)
    if (value === undefined) return damageBytes(input, draw, other)
    lines[at] = JSON.stringify(damageValue(value, draw))
  }
  return encoder.encode(`${lines.join('\n')}\n`)
}

/** A value with one of those in it replaced, or a key taken away. */
export function damageValue(value: unknown, draw: Draw): unknown {
  if (Array.isArray(value) && value.length > 0 && draw(4) > 0) {
    const at = draw(value.length)
    if (draw(4) === 0) return [...value, ...value]
    return value.map((item, i) => (i === at ? damageValue(item, draw) : item))
  }
  if (typeof value === 'object' && value !== null && draw(6) > 0) {
    const keys = Object.keys(value)
    const chosen = keys[draw(Math.max(1, keys.length))]
    if (chosen === undefined) return strange[draw(strange.length)]
    const entries = Object.entries(value).flatMap(([key, item]) =>
      key !== chosen ? [[key, item]] : draw(5) === 0 ? [] : [[key, damageValue(item, draw)]],
    )
    return Object.fromEntries(entries)
  }
  if (typeof value === 'number' && draw(2) === 0) return value + draw(5) - 2
  if (typeof value === 'string' && draw(2) === 0) return `${value}${value}`.slice(draw(3))
  return strange[draw(strange.length)]
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

const strange: readonly unknown[] = [
  null,
  true,
  0,
  -1,
  0.5,
  255,
  256,
  2 ** 32 - 1,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e308,
  '',
  'x',
  'a b',
  '\u0000',
  '\ud800',
  'hex:0g',
  'hex:0',
  'text:é',
  'ffffffffffffffff',
  'FFFFFFFFFFFFFFFF',
  'x'.repeat(300),
  [],
  [[[[]]]],
  {},
  { type: 'ping' },
]
const encoder = new TextEncoder()
const decoder = new TextDecoder()
