import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Service } from './api.ts'
import { TooLargeError } from './errors.ts'
import {
  decodeMemberData,
  encodeMemberData,
  fitMemberData,
  type MemberData,
  MemberDataError,
  noData,
} from './member-data.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

const utf8 = (text: string) => new TextEncoder().encode(text).length
/** Any text that UTF-8 has; a lone surrogate has no bytes of its own. */
const text = (least: number, most: number): fc.Arbitrary<string> =>
  fc
    .oneof(
      fc.string({ unit: 'binary', maxLength: most }),
      fc.string({ unit: 'grapheme', maxLength: most }),
      fc.constantFrom('\uFEFF', '\uFEFFx', '\0', '__proto__', 'constructor', '名'),
    )
    .filter((value) => !/\p{Cs}/u.test(value) && utf8(value) >= least && utf8(value) <= most)

const service: fc.Arbitrary<Service> = fc
  .record({ name: text(1, 64), port: fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined }) })
  .map(({ name, port }) => (port === undefined ? { name } : { name, port }))

const tags = fc
  .uniqueArray(fc.tuple(text(1, 64), text(0, 255)), { selector: ([key]) => key, maxLength: 20 })
  // As JSON gives them: `__proto__` is a key like any other.
  .map((pairs) => {
    const made: Record<string, string> = {}
    for (const [key, value] of pairs) {
      Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true })
    }
    return made
  })

const data: fc.Arbitrary<MemberData> = fc.record(
  { tags, services: fc.array(service, { maxLength: 10 }), payload: fc.uint8Array({ maxLength: 100 }) },
  { noNullPrototype: true },
)

const plain = ({ payload, services, tags }: MemberData) => ({
  tags: Object.entries(tags).sort(),
  services,
  payload: [...payload],
})

describe('what a member carries', () => {
  test('comes back as it was', () => {
    fc.assert(
      fc.property(data, (given) => {
        expect(plain(decodeMemberData(encodeMemberData(given, 65_536)))).toEqual(plain(given))
      }),
      { numRuns: 500 },
    )
  })

  test.each(['\uFEFF', '\uFEFFkey'])('keeps a byte order mark in front of a key or value: %j', (key) => {
    const given = { tags: { [key]: key }, services: [{ name: key }], payload: new Uint8Array(0) }
    expect(plain(decodeMemberData(encodeMemberData(given, 512)))).toEqual(plain(given))
  })

  test('takes no byte if it is nothing', () => {
    expect(encodeMemberData(noData, 0).length).toBe(0)
    expect(decodeMemberData(new Uint8Array(0))).toBe(noData)
  })

  test('may be as large as the limit, and no larger', () => {
    const given: MemberData = { tags: { a: 'b' }, services: [], payload: new Uint8Array(20) }
    const size = encodeMemberData(given, 512).length
    expect(encodeMemberData(given, size).length).toBe(size)
    const error = thrown(() => encodeMemberData(given, size - 1))
    expect(error).toBeInstanceOf(TooLargeError)
    expect(error).toMatchObject({ bytes: size, limit: size - 1 })
  })

  const many = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))
  test.each<[string, Partial<MemberData>, string]>([
    ['an empty key', { tags: { '': 'x' } }, 'tag "" takes 0 bytes: must be 1..64'],
    ['a key of 65 bytes', { tags: { [`${'é'.repeat(32)}x`]: '' } }, 'takes 65 bytes: must be 1..64'],
    ['a value of 256 bytes', { tags: { key: 'v'.repeat(256) } }, 'value of tag "key"'],
    ['65 tags', { tags: Object.fromEntries(many(65, (i) => [`k${i}`, ''])) }, '65 tags: at most 64'],
    ['65 services', { services: many(65, (i) => ({ name: `s${i}` })) }, '65 services: at most 64'],
    ['a service without a name', { services: [{ name: '' }] }, 'service "" takes 0 bytes'],
    ['port 0', { services: [{ name: 'web', port: 0 }] }, 'service "web" has port 0: must be 1..65535'],
    ['port 65536', { services: [{ name: 'web', port: 65_536 }] }, 'must be 1..65535'],
    ['half a port', { services: [{ name: 'web', port: 1.5 }] }, 'must be 1..65535'],
  ])('may not have %s', (_, change, message) => {
    const error = thrown(() => encodeMemberData({ ...noData, ...change }, 65_536))
    expect(error).toBeInstanceOf(MemberDataError)
    expect(error.message).toContain(message)
  })

  test('may have the longest key, value and lists', () => {
    const given: MemberData = {
      tags: Object.fromEntries(many(64, (i) => [`${i}`.padEnd(64, 'k'), 'v'.repeat(255)])),
      services: many(64, (i) => ({ name: `${i}`.padEnd(64, 's'), port: 65_535 })),
      payload: new Uint8Array(0),
    }
    expect(plain(decodeMemberData(encodeMemberData(given, 65_536)))).toEqual(plain(given))
  })
})

describe('a payload', () => {
  const limits = { maxDataBytes: 100, maxPayloadBytes: 1_000 }
  const sizes = (payload: number) => {
    const { data, large } = fitMemberData(
      { tags: { a: 'b' }, services: [], payload: new Uint8Array(payload) },
      limits,
    )
    return [data.length, large.length]
  }

  test.each([
    [0, [7, 0]],
    [1, [8, 0]],
    [93, [100, 0]],
    [94, [7, 94]],
    [99, [7, 99]],
    [100, [7, 100]],
    [1_000, [7, 1_000]],
  ])('of %i bytes rides with the rest if it fits, and else by itself', (bytes, expected) => {
    expect(sizes(bytes)).toEqual(expected)
  })

  test('may be as large as the limit, and no larger, whatever the rest is', () => {
    expect(thrown(() => sizes(1_001))).toMatchObject({ name: 'TooLargeError', bytes: 1_001, limit: 1_000 })
    const rest = { tags: { a: 'x'.repeat(100) }, services: [], payload: new Uint8Array(1) }
    expect(thrown(() => fitMemberData(rest, limits))).toMatchObject({ bytes: 106, limit: 100 })
  })
})

describe('what came from the network', () => {
  test('never throws, and bytes that are not ours are all payload', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), (bytes, ours) => {
        if (ours && bytes.length > 0) bytes[0] = 1
        const decoded = decodeMemberData(bytes)
        if (bytes.length > 0 && bytes[0] !== 1)
          expect(plain(decoded)).toEqual(plain({ ...noData, payload: bytes }))
        expect(Object.getPrototypeOf(decoded.tags)).toBe(Object.prototype)
      }),
      { numRuns: 2_000 },
    )
  })

  test('cut short anywhere is never half of it', () => {
    const given: MemberData = {
      tags: { a: 'bc', d: 'e' },
      services: [{ name: 'web', port: 80 }],
      payload: new Uint8Array(0),
    }
    const whole = encodeMemberData(given, 512)
    for (let end = 1; end < whole.length; end++) {
      const cut = whole.subarray(0, end)
      expect(plain(decodeMemberData(cut))).toEqual(plain({ ...noData, payload: cut }))
    }
  })

  test('a tag of the name __proto__ is a tag: it sets no prototype', () => {
    const given: unknown = JSON.parse('{ "__proto__": "evil", "toString": "x" }')
    const { tags } = decodeMemberData(encodeMemberData({ ...noData, tags: given as MemberData['tags'] }, 512))
    expect(Object.keys(tags)).toEqual(['__proto__', 'toString'])
    expect(Object.getPrototypeOf(tags)).toBe(Object.prototype)
    expect('evil' in {}).toBe(false)
  })
})

function thrown(run: () => unknown): Error {
  try {
    run()
  } catch (error) {
    if (error instanceof Error) return error
  }
  throw new Error('nothing was thrown')
}
