import { describe, expect, test } from 'vitest'
import { ByteTable } from './byte-table.ts'
import {
  cutUtf8,
  decodeName,
  escapeForPrint,
  hostProblem,
  NameTable,
  nameProblem,
  utf8Length,
} from './names.ts'

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)

describe('names', () => {
  test.each(['a', 'node-1.eu_west:7946/x', 'é', '名前', '😀', 'x'.repeat(128), 'é'.repeat(64), '"\\\'<>'])(
    '%j is one',
    (name) => {
      expect(nameProblem(name)).toBeUndefined()
      expect(decodeName(bytes(name), 0, bytes(name).length)).toBe(name)
    },
  )

  test.each([
    ['nothing', ''],
    ['a space', 'a b'],
    ['a no-break space', 'a\u00a0b'],
    ['a line separator', 'a\u2028b'],
    ['a newline', 'a\nb'],
    ['a zero byte', '\0'],
    ['an escape', '\u001b[2J'],
    ['a C1 control', '\u0085'],
    ['delete', '\u007f'],
    ['a turn of the line', 'a\u202eb'],
    ['a joiner', 'a\u200db'],
    ['a byte order mark', '\ufeffa'],
    ['private use', '\ue000'],
    ['half a pair', 'a\ud800'],
    ['129 bytes', 'x'.repeat(129)],
    ['130 bytes in 65 characters', 'é'.repeat(65)],
    ['132 bytes in 33 characters', '😀'.repeat(33)],
  ])('%s is none', (_, name) => {
    expect(nameProblem(name)).toMatch(/^a name must/)
    // An encoder would make a lone surrogate whole.
    const encoded = name.includes('\ud800') ? Uint8Array.of(0x61, 0xed, 0xa0, 0x80) : bytes(name)
    expect(decodeName(encoded, 0, encoded.length)).toBeUndefined()
  })

  test('a code point that some runtime may not know yet is let through', () => {
    expect(nameProblem('\u{1fae9}\u{10ffd}')).toBeUndefined()
  })

  test('a bound of its own', () => {
    expect(nameProblem('x'.repeat(33), 32)).toBe('a name must be 1..32 bytes, and this one is 33')
    expect(nameProblem('x'.repeat(32), 32)).toBeUndefined()
  })
})

test('hosts that are not IP may have spaces, and no control characters', () => {
  expect(hostProblem('/run/my sockets/a')).toBeUndefined()
  for (const host of ['', 'a\n', '\u202e', '\ud800', 'x'.repeat(256), 'é'.repeat(128)])
    expect(hostProblem(host)).toMatch(/^a host must/)
})

test.each([
  ['plain text, with spaces', 'plain text, with spaces'],
  ['"quoted\\"', '\\"quoted\\\\\\"'],
  ['a\nb\rc\td', 'a\\nb\\rc\\td'],
  ['\u001b[31mred', '\\u{1b}[31mred'],
  ['\0\u007f\u0085', '\\u{0}\\u{7f}\\u{85}'],
  ['\u202eturned\u2066', '\\u{202e}turned\\u{2066}'],
  ['a\u00a0b\u3000c\u2029', 'a\\u{a0}b\\u{3000}c\\u{2029}'],
  ['half \ud83d', 'half \\u{d83d}'],
  ['\u{f0000}', '\\u{f0000}'],
  ['é名😀', 'é名😀'],
])('%j prints as %s', (text, shown) => {
  expect(escapeForPrint(text)).toBe(shown)
})

test('what is printed is cut between characters', () => {
  expect(escapeForPrint('😀😀😀', 2)).toBe('😀😀…')
  expect(escapeForPrint('😀😀', 2)).toBe('😀😀')
  expect(escapeForPrint('x'.repeat(1_000))).toBe(`${'x'.repeat(256)}…`)
})

test('text is cut at the end of a character', () => {
  for (const text of ['aé名😀', 'plain', ''])
    for (let max = 0; max < 12; max++) {
      const cut = cutUtf8(text, max)
      expect(cut.length).toBeLessThanOrEqual(max)
      expect(text.startsWith(new TextDecoder('utf-8', { fatal: true }).decode(cut))).toBe(true)
      if (bytes(text).length <= max) expect(cut).toEqual(bytes(text))
    }
})

test('lengths in UTF-8 are as the encoder makes them', () => {
  for (const text of ['', 'a', 'é', '名', '😀', 'aé名😀b', '\ud800', '\ud800a', '\udc00\ud800'])
    expect(utf8Length(text)).toBe(bytes(text).length)
})

describe('a table of names', () => {
  test('gives the same name for the same bytes, without building it', () => {
    let built = 0
    const table = new ByteTable((from, start, length) => {
      built++
      return decodeName(from, start, length)
    })
    const packet = bytes('..node-1node-2')
    for (let round = 0; round < 3; round++) {
      expect(table.get(packet, 2, 6)).toBe('node-1')
      expect(table.get(packet, 8, 6)).toBe('node-2')
    }
    expect([built, table.size]).toEqual([2, 2])
  })

  test('keeps nothing that it refused', () => {
    const table = new NameTable()
    for (const wrong of ['a b', '']) expect(table.get(bytes(wrong), 0, wrong.length)).toBeUndefined()
    expect(table.size).toBe(0)
  })

  // Short names that differ in a digit once shared their places, and a table held a tenth of a thousand of them.
  test.each([
    ['node-9999.example', (i: number) => `node-${i}.example`],
    ['n9999', (i: number) => `n${i}`],
    ['n99990000', (i: number) => `n${i * 10_000}`],
    [
      'aaaadppb',
      (i: number) =>
        i
          .toString(16)
          .replace(/./g, (digit) => 'abcdefghijklmnop'.at(Number.parseInt(digit, 16))!)
          .padStart(8, 'a'),
    ],
  ])('is right about ten thousand names as %s, and remembers nearly all', (_example, nameOf) => {
    const names = Array.from({ length: 10_000 }, (_, i) => nameOf(i))
    const table = new NameTable()
    for (let round = 0; round < 2; round++)
      for (const name of names) expect(table.get(bytes(name), 0, name.length)).toBe(name)
    expect(table.size).toBeGreaterThan(9_990)
    expect(table.size).toBeLessThanOrEqual(10_000)
  })

  test('keeps names apart whose hashes are the same', () => {
    // Of so many, ten or so pairs share a hash of 32 bits.
    const table = new NameTable(1 << 20)
    const wrong: string[] = []
    for (let i = 0; i < 300_000; i++) {
      const name = `${Math.imul(i + 1, 0x85ebca6b).toString(16)}x`
      if (table.get(bytes(name), 0, name.length) !== name) wrong.push(name)
    }
    expect(wrong).toEqual([])
  })

  test('starts over at its bound', () => {
    const table = new NameTable(100)
    for (let i = 0; i < 1_000; i++) {
      const name = `node-${i}`
      expect(table.get(bytes(name), 0, name.length)).toBe(name)
      expect(table.size).toBeLessThanOrEqual(100)
    }
  })

  test('does not hold on to the packet', () => {
    const table = new NameTable()
    const packet = bytes('node-1')
    table.get(packet, 0, 6)
    packet.set(bytes('node-2'))
    expect(table.get(packet, 0, 6)).toBe('node-2')
    expect(table.get(bytes('node-1'), 0, 6)).toBe('node-1')
  })
})
