import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Member, Service } from '../api.ts'
import { ServiceIndex, sameInstances } from './service-index.ts'

fc.configureGlobal({ seed: 20_261_121 })

const member = (name: string, services: readonly Service[], change: Partial<Member> = {}): Member => ({
  name,
  address: '10.0.0.2:7946',
  status: 'alive',
  leaving: false,
  incarnation: 1,
  boot: '0000000000000001',
  since: new Date(0),
  tags: {},
  services,
  payload: new Uint8Array(0),
  streams: false,
  capabilities: [],
  ...change,
})

const web = (port?: number): Service => (port === undefined ? { name: 'web' } : { name: 'web', port })

function index(...members: Member[]): ServiceIndex {
  const made = new ServiceIndex(() => 0)
  for (const each of members) made.put(each)
  return made
}

const namesOf = (made: ServiceIndex, service: string, suspects = false): string[] =>
  made.list(service, suspects).map(({ member: name }) => name)

describe('who offers a service', () => {
  test('is told by name, with where it is', () => {
    const made = index(
      member('b', [web(81)], { address: '[2001:db8::1]:7946', tags: { v: '2' } }),
      member('a', [web(), { name: 'db', port: 5432 }]),
    )
    expect(made.list('web', false)).toEqual([
      {
        service: 'web',
        member: 'a',
        address: '10.0.0.2:7946',
        port: undefined,
        endpoint: undefined,
        status: 'alive',
        tags: {},
      },
      {
        service: 'web',
        member: 'b',
        address: '[2001:db8::1]:7946',
        port: 81,
        endpoint: '[2001:db8::1]:81',
        status: 'alive',
        tags: { v: '2' },
      },
    ])
    expect([made.names(), made.list('cache', false)]).toEqual([['db', 'web'], []])
  })

  test('is the same list until it changes', () => {
    const made = index(member('a', [web(80)]))
    const before = made.list('web', false)
    expect(made.list('web', false)).toBe(before)
    made.put(member('x', [{ name: 'db' }]))
    expect(made.list('web', false)).toBe(before)
    made.put(member('b', [web(80)]))
    expect(made.list('web', false)).not.toBe(before)
  })

  test.each([
    ['failed', { status: 'failed' }],
    ['left', { status: 'left' }],
    ['about to leave', { leaving: true }],
  ] as const)('is nobody who is %s', (_, change) => {
    const made = index(member('a', [web(80)]))
    expect(made.put(member('a', [web(80)], change))).toEqual(['web'])
    expect([namesOf(made, 'web', true), made.names(), made.pick('web', 'k', true)]).toEqual([
      [],
      [],
      undefined,
    ])
  })

  test('is a suspect only for those who ask for suspects', () => {
    const made = index(member('a', [web(80)], { status: 'suspect' }), member('b', [web(80)]))
    expect([namesOf(made, 'web'), namesOf(made, 'web', true)]).toEqual([['b'], ['a', 'b']])
    expect([made.pick('web', undefined, false)?.member, made.names()]).toEqual(['b', ['web']])
  })

  test('follows whatever the members become', () => {
    const state = fc.record({
      name: fc.constantFrom('a', 'b', 'c', 'd'),
      services: fc.uniqueArray(fc.constantFrom('web', 'db', 'cache')),
      status: fc.constantFrom('alive', 'suspect', 'failed', 'left'),
      leaving: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(state, { maxLength: 30 }), (states) => {
        const made = new ServiceIndex(() => 0)
        const now = new Map<string, Member>()
        for (const { leaving, name, services, status } of states) {
          const next = member(
            name,
            services.map((service) => ({ name: service })),
            { status, leaving },
          )
          now.set(name, next)
          made.put(next)
          // Reading in between must not leave anything behind.
          made.list('web', false)
          made.list('db', true)
        }
        const active = [...now.values()]
          .filter((each) => !each.leaving && (each.status === 'alive' || each.status === 'suspect'))
          .sort((a, b) => (a.name < b.name ? -1 : 1))
        for (const service of ['web', 'db', 'cache']) {
          const offering = active.filter(({ services }) => services.some(({ name }) => name === service))
          expect(namesOf(made, service, true)).toEqual(offering.map(({ name }) => name))
          expect(namesOf(made, service)).toEqual(
            offering.filter(({ status }) => status === 'alive').map(({ name }) => name),
          )
        }
        expect(made.names()).toEqual(
          [...new Set(active.flatMap(({ services }) => services.map(({ name }) => name)))].sort(),
        )
      }),
    )
  })
})

describe('a pick', () => {
  const three = () => index(member('a', [web(1)]), member('b', [web(2)]), member('c', [web(3)]))
  const picks = (made: ServiceIndex, count: number): (string | undefined)[] =>
    Array.from({ length: count }, () => made.pick('web', undefined, false)?.member)

  test('without a key takes each in turn', () => {
    expect(picks(three(), 7)).toEqual(['b', 'c', 'a', 'b', 'c', 'a', 'b'])
  })

  test('goes on with those that are left', () => {
    const made = three()
    picks(made, 2)
    made.put(member('b', [web(2)], { status: 'failed' }))
    expect(new Set(picks(made, 2))).toEqual(new Set(['a', 'c']))
  })

  test('with a key takes the same one, in whatever order they came', () => {
    const other = index(member('c', [web(3)]), member('a', [web(1)]), member('b', [web(2)]))
    const made = three()
    const seen = new Set<string | undefined>()
    for (let i = 0; i < 50; i++) {
      const picked = made.pick('web', `key ${i}`, false)
      expect(other.pick('web', `key ${i}`, false)).toEqual(picked)
      seen.add(picked?.member)
    }
    expect(seen.size).toBe(3)
  })

  test('with a key stays with the member when its port is another', () => {
    const made = three()
    const keys = Array.from({ length: 200 }, (_, i) => `key ${i}`)
    const before = keys.map((key) => made.pick('web', key, false)?.member)
    made.put(member('b', [web(7_000)]))
    expect(keys.map((key) => made.pick('web', key, false)?.member)).toEqual(before)
  })

  test('spreads keys over all that one member offers', () => {
    const made = index(member('a', [web(1), web(2)]))
    const ports = Array.from({ length: 50 }, (_, i) => made.pick('web', `key ${i}`, false)?.port)
    expect(new Set(ports)).toEqual(new Set([1, 2]))
  })

  test('of what nobody offers is nobody', () => {
    expect([three().pick('db', undefined, true), three().pick('db', 'k', true)]).toEqual([
      undefined,
      undefined,
    ])
  })
})

describe('lists', () => {
  const of = (...members: Member[]) => index(...members).list('web', true)

  test.each<[what: string, same: boolean, other: Partial<Member>, port: number]>([
    ['a new incarnation', true, { incarnation: 9, since: new Date(5) }, 80],
    ['another port', false, {}, 81],
    ['another status', false, { status: 'suspect' }, 80],
    ['another address', false, { address: '10.0.0.3:1' }, 80],
    ['another tag', false, { tags: { v: '2' } }, 80],
    ['one tag more', false, { tags: { v: '1', w: '1' } }, 80],
  ])('with %s: the same is %s', (_, same, other, port) => {
    const before = of(member('a', [web(80)], { tags: { v: '1' } }))
    expect(sameInstances(before, of(member('a', [web(port)], { tags: { v: '1' }, ...other })))).toBe(same)
  })

  test('of different lengths are not the same', () => {
    const [one, two] = [of(member('a', [web()])), of(member('a', [web()]), member('b', [web()]))]
    expect([sameInstances(one, two), sameInstances(two, one), sameInstances(one, one)]).toEqual([
      false,
      false,
      true,
    ])
  })
})
