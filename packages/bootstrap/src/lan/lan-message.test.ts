import type { Sealer } from '@swimkit/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { xorSealer } from '../testing/xor-sealer.ts'
import { type LanMessage, lanFormat } from './lan-message.ts'

const hex = fc.bigInt(0n, 2n ** 64n - 1n).map((boot) => boot.toString(16).padStart(16, '0'))
const host = fc.oneof(
  fc.ipV4().filter((ip) => ip !== '0.0.0.0'),
  fc.constantFrom('[2001:db8::1]', '[::1]'),
)
const messages: fc.Arbitrary<LanMessage> = fc.record({
  kind: fc.constantFrom('question', 'answer'),
  nonce: fc.bigInt(0n, 2n ** 64n - 1n),
  from: fc.record({
    name: fc.constantFrom('a', 'überall', 'x'.repeat(128)),
    address: fc.tuple(host, fc.integer({ min: 1, max: 65_535 })).map(([ip, port]) => `${ip}:${port}`),
    boot: hex,
    active: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  }),
})

const one: LanMessage = {
  kind: 'question',
  nonce: 7n,
  from: { name: 'ada', address: '10.0.0.1:7946', boot: '00000000000000ff', active: 1 },
}
const plain = lanFormat('default', undefined)
const sealed = lanFormat('default', xorSealer(5))

describe.each([
  ['plain', plain],
  ['sealed', sealed],
] as const)('%s messages', (_, format) => {
  it('are read as they were written', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const bytes = format.encode(message)
        expect(bytes.length).toBeLessThanOrEqual(1_000)
        expect(format.decode(bytes)).toEqual(message)
      }),
    )
  })

  it('of any bytes are a fault or a message, and never thrown', () => {
    const start = format.encode(one).slice(0, 18)
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 1_100 }),
      fc.uint8Array({ maxLength: 60 }).map((rest) => Uint8Array.from([...start, ...rest])),
    )
    fc.assert(
      fc.property(bytes, (hostile) => {
        const read = format.decode(hostile)
        if (typeof read !== 'string') {
          expect(read.from.address).toMatch(/:\d+$/)
          return
        }
        expect(['malformed', 'version', 'cluster', 'forged']).toContain(read)
      }),
    )
  })

  it('that are cut short are a fault', () => {
    const bytes = format.encode(one)
    for (let length = 0; length < bytes.length; length++) {
      expect(['malformed', 'forged']).toContain(format.decode(bytes.slice(0, length)))
    }
  })

  it('of 1,000 bytes are read, and of more not looked at', () => {
    const long = (size: number): Uint8Array => {
      const sealer = format === sealed ? xorSealer(5) : undefined
      const start = plain.encode(one)
      const head = 11 + 'default'.length
      const body = new Uint8Array(size - head - (sealer?.overhead ?? 0))
      body.set(start.subarray(head))
      const bytes = new Uint8Array(size)
      bytes.set(start.subarray(0, head))
      bytes[0] = format.encode(one)[0]!
      bytes.set(sealer?.seal(body, bytes.slice(0, head)) ?? body, head)
      return bytes
    }
    expect(format.decode(long(1_000))).toEqual(one)
    expect(format.decode(long(1_001))).toBe('malformed')
  })
})

/** As a sealer on a cluster's way from plain to sealed. */
const withModes = (verifyOutgoing?: boolean, verifyIncoming?: boolean): Sealer => ({
  ...xorSealer(5),
  ...(verifyOutgoing === undefined ? {} : { verifyOutgoing }),
  ...(verifyIncoming === undefined ? {} : { verifyIncoming }),
})

describe('a cluster on its way from plain to sealed', () => {
  it('says what is plain while nothing is to be sealed, and what is sealed from then on', () => {
    const sealer = { ...xorSealer(5), verifyOutgoing: false, verifyIncoming: false }
    const format = lanFormat('default', sealer)
    expect(format.encode(one)).toEqual(plain.encode(one))
    sealer.verifyOutgoing = true
    expect(format.encode(one)).toEqual(sealed.encode(one))
  })

  it('is understood at every step by who is one step ahead or behind', () => {
    const steps = [
      plain,
      lanFormat('default', withModes(false, false)),
      lanFormat('default', withModes(true, false)),
      lanFormat('default', withModes(true, true)),
    ]
    for (const [i, from] of steps.entries()) {
      for (const to of steps.slice(Math.max(0, i - 1), i + 2))
        expect(to.decode(from.encode(one))).toEqual(one)
    }
    expect(steps[0]!.decode(steps[3]!.encode(one))).toBe('forged')
    expect(steps[3]!.decode(steps[0]!.encode(one))).toBe('forged')
  })
})

describe('a message is refused', () => {
  it('of another cluster', () => {
    expect(lanFormat('other', undefined).decode(plain.encode(one))).toBe('cluster')
    expect(lanFormat('default2', undefined).decode(plain.encode(one))).toBe('cluster')
    expect(lanFormat('other', xorSealer(5)).decode(sealed.encode(one))).toBe('cluster')
  })

  it('that is sealed by another key, or not where all are, or sealed where none is', () => {
    expect(sealed.decode(lanFormat('default', xorSealer(6)).encode(one))).toBe('forged')
    expect(sealed.decode(plain.encode(one))).toBe('forged')
    expect(plain.decode(sealed.encode(one))).toBe('forged')
  })

  it.each([
    // verifyOutgoing, verifyIncoming of who reads, and what becomes of: sealed by our key, by another, plain.
    [true, true, 'read', 'forged', 'forged'],
    [true, false, 'read', 'forged', 'read'],
    [false, false, 'read', 'forged', 'read'],
    [undefined, undefined, 'read', 'forged', 'forged'],
  ] as const)(
    'by who has keys, verifying outgoing %s and incoming %s: sealed %s, by another key %s, plain %s',
    (outgoing, incoming, ...expected) => {
      const format = lanFormat('default', withModes(outgoing, incoming))
      const other = lanFormat('default', xorSealer(6))
      const said = [sealed, other, plain].map((from) => {
        const message = format.decode(from.encode(one))
        return typeof message === 'string' ? message : 'read'
      })
      expect(said).toEqual(expected)
    },
  )

  it('whose head is not the one that was sealed', () => {
    const bytes = sealed.encode(one)
    bytes[9]! ^= 1 // the last byte of the boot
    expect(sealed.decode(bytes)).toBe('forged')
  })

  it('of another version', () => {
    const bytes = plain.encode(one)
    bytes[1] = 2
    expect(plain.decode(bytes)).toBe('version')
  })

  it.each(['0.0.0.0:1', '[::]:1', '10.0.0.1:0'])('that names %s', (address) => {
    const written = plain.encode({ ...one, from: { ...one.from, address: '9.9.9.9:9' } })
    const wanted = address.endsWith(':0')
      ? written.fill(0, -2)
      : plain.encode({ ...one, from: { ...one.from, address } })
    expect(plain.decode(wanted)).toBe('malformed')
  })
})

it('what a later build adds at the end is passed over', () => {
  expect(plain.decode(Uint8Array.from([...plain.encode(one), 1, 2, 3]))).toEqual(one)
})

it('a label that no cluster can have is a RangeError', () => {
  expect(() => lanFormat('x'.repeat(256), undefined)).toThrow(RangeError)
})
