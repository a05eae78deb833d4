import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { bucketOf, digestBuckets } from '../model/digest.ts'
import { Directory } from '../model/directory.ts'
import { MemberTable } from '../model/member-table.ts'
import { type Ref, slotOf } from '../model/ref.ts'
import { Status } from '../model/status.ts'
import { aRecord } from '../model/testing/a-record.ts'
import type { SyncEntry } from '../wire/message.ts'
import { difference, differingMembers, entriesOf, knowsMore, syncScale, takeDigest } from './anti-entropy.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

type Held = readonly [name: string, status: Status, incarnation: number]

function tableOf(...held: readonly Held[]): MemberTable {
  const table = new MemberTable(new Directory())
  for (const [name, status, incarnation] of held) {
    const { ref } = table.add(aRecord(name), incarnation, 0)!
    if (status !== Status.Alive) table.set(ref, status, incarnation, 0)
  }
  return table
}

const names = (table: MemberTable, refs: readonly Ref[]) => refs.map((ref) => table.name(ref)).sort()
const entry = (ref: Ref, table: MemberTable): SyncEntry => ({
  record: table.record(ref),
  recordIncarnation: table.recordIncarnation(ref),
  status: table.status(ref),
  incarnation: table.incarnation(ref),
  age: 0,
  accusations: [],
})

const members = fc.uniqueArray(
  fc.tuple(
    fc.constantFrom(...Array.from({ length: 60 }, (_, i) => `n${i}`)),
    fc.constantFrom<Status>(0, 1, 2, 3),
    fc.nat(3),
  ),
  { selector: ([name]) => name, maxLength: 60 },
)

describe('the difference of two tables', () => {
  test('is nothing between equal ones, and a digest that was taken does not move with its table', () => {
    fc.assert(
      fc.property(members, (held) => {
        const [a, b] = [tableOf(...held), tableOf(...[...held].reverse())]
        const taken = takeDigest(b.digest)
        b.add(aRecord('later'), 1, 0)
        const where = difference(a.digest, taken)
        expect([where.equal, where.terminal, [...where.buckets].some((bit) => bit !== 0)]).toEqual([
          true,
          false,
          false,
        ])
        expect(differingMembers(a, where)).toEqual([])
      }),
    )
  })

  test('takes in every member that only one of them holds, or holds otherwise', () => {
    fc.assert(
      fc.property(members, members, (first, second) => {
        const [a, b] = [tableOf(...first), tableOf(...second)]
        const offered = new Set(names(a, differingMembers(a, difference(a.digest, takeDigest(b.digest)))))
        for (const [name, status, incarnation] of first) {
          const other = second.find(([theirs]) => theirs === name)
          if (other?.[1] !== status || other[2] !== incarnation) expect(offered).toContain(name)
        }
      }),
    )
  })

  test('leaves out the active members of buckets that agree', () => {
    const held = Array.from({ length: 500 }, (_, i): Held => [`n${i}`, Status.Alive, 1])
    const [a, b] = [tableOf(...held), tableOf(...held)]
    const ref = a.find('n7')!
    a.set(ref, Status.Suspect, 1, 0)
    const where = difference(a.digest, takeDigest(b.digest))
    const bucket = bucketOf(a.directory.hashA(slotOf(ref)))
    expect([...where.buckets].flatMap((bit, i) => (bit === 1 ? [i] : []))).toEqual([bucket])
    expect([where.equal, where.terminal]).toEqual([false, false])
    const offered = differingMembers(a, where)
    expect(names(a, offered)).toContain('n7')
    for (const each of offered) expect(bucketOf(a.directory.hashA(slotOf(each)))).toBe(bucket)
    expect(offered.length).toBeLessThan(30)
  })

  test('tells apart a failure from the active ones: then all failed and left members are offered', () => {
    const a = tableOf(['x', Status.Alive, 1], ['y', Status.Failed, 1], ['z', Status.Left, 1])
    const b = tableOf(['x', Status.Alive, 1], ['y', Status.Failed, 1])
    const where = difference(a.digest, takeDigest(b.digest))
    expect([where.terminal, where.equal]).toEqual([true, false])
    expect(names(a, differingMembers(a, where))).toEqual(['y', 'z'])
  })

  test.each([
    ['none', undefined],
    ['one with another number of buckets', { buckets: new Uint32Array(2), terminal: [0, 0] as const }],
  ])('from %s is everything', (_, other) => {
    const table = tableOf(['x', Status.Alive, 1], ['y', Status.Failed, 1])
    const where = difference(table.digest, other)
    expect([where.equal, where.terminal, [...where.buckets]]).toEqual([
      false,
      true,
      new Array(digestBuckets).fill(1),
    ])
    expect(names(table, differingMembers(table, where))).toEqual(['x', 'y'])
  })
})

describe('entries', () => {
  test('are made as they are taken, without members that are gone meanwhile', () => {
    const table = tableOf(['x', Status.Alive, 1], ['y', Status.Alive, 1], ['z', Status.Alive, 1])
    const refs = ['x', 'y', 'z'].map((name) => table.find(name)!)
    const taken: [string, Status][] = []
    for (const each of entriesOf(table, refs, (ref) => entry(ref, table))) {
      taken.push([each.record.name, each.status])
      if (each.record.name === 'x') {
        table.remove(refs[1]!)
        table.set(refs[2]!, Status.Suspect, 1, 0)
      }
    }
    expect(taken).toEqual([
      ['x', Status.Alive],
      ['z', Status.Suspect],
    ])
  })
})

describe('this table knows more than an entry', () => {
  const S = Status
  test.each([
    // own: status, incarnation, record’s incarnation; theirs: the same; whether there is something to tell
    [[S.Alive, 5, 5], undefined, true],
    [[S.Alive, 5, 5], [S.Alive, 5, 5], false],
    [[S.Alive, 6, 6], [S.Alive, 5, 5], true],
    [[S.Alive, 5, 5], [S.Alive, 6, 6], false],
    [[S.Alive, 6, 6], [S.Left, 5, 5], true],
    [[S.Suspect, 5, 5], [S.Alive, 5, 5], true],
    [[S.Alive, 5, 5], [S.Suspect, 5, 5], false],
    [[S.Suspect, 5, 5], [S.Suspect, 5, 5], false],
    [[S.Suspect, 5, 5], [S.Suspect, 5, 4], true],
    [[S.Suspect, 5, 4], [S.Suspect, 5, 5], false],
    [[S.Failed, 5, 5], [S.Suspect, 5, 5], true],
    [[S.Failed, 5, 5], [S.Alive, 6, 6], false],
    [[S.Left, 5, 5], [S.Failed, 5, 5], true],
    [[S.Failed, 5, 5], [S.Left, 5, 5], false],
    // Both hold it failed, or left: each may know the longer age.
    [[S.Failed, 5, 5], [S.Failed, 5, 5], true],
    [[S.Left, 5, 5], [S.Left, 5, 5], true],
  ] as const)('own %j, theirs %j: %s', (own, theirs, expected) => {
    const [status, incarnation, recordIncarnation] = own
    const table = tableOf()
    const { ref } = table.add(aRecord('x'), recordIncarnation, 0)!
    table.set(ref, status, incarnation, 0)
    const other: SyncEntry | undefined = theirs && {
      record: aRecord('x'),
      status: theirs[0],
      incarnation: theirs[1],
      recordIncarnation: theirs[2],
      age: 0,
      accusations: [],
    }
    expect(knowsMore(table, ref, other)).toBe(expected)
  })
})

describe('the factor on the period of syncs', () => {
  test.each([
    [1, 1],
    [2, 1],
    [32, 1],
    [33, 2],
    [64, 2],
    [65, 3],
    [128, 3],
    [129, 4],
    [1_000, 6],
    [1_024, 6],
    [1_025, 7],
    [10_000, 10],
    [65_536, 12],
  ])('of %i members is %i', (n, factor) => {
    expect(syncScale(n)).toBe(factor)
  })

  test('is that of memberlist: ceil(log2 n − log2 32) + 1 above 32', () => {
    for (let n = 33; n <= 20_000; n++) expect(syncScale(n)).toBe(Math.ceil(Math.log2(n) - 5) + 1)
  })
})
