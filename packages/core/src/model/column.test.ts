import { describe, expect, test } from 'vitest'
import { type ColumnKind, GrowingColumn } from './column.ts'
import { Directory } from './directory.ts'
import { MemberTable } from './member-table.ts'
import type { Ref } from './ref.ts'
import { aRecord } from './testing/a-record.ts'

const tableOf = (...names: readonly string[]): [MemberTable, Ref[]] => {
  const table = new MemberTable(new Directory())
  return [table, names.map((name) => table.add(aRecord(name), 1, 0)!.ref)]
}

describe('a column', () => {
  test.each<[ColumnKind, number]>([
    ['u8', 255],
    ['u16', 65_535],
    ['u32', 4_294_967_295],
    ['i32', -2_147_483_648],
    ['f64', 0.1],
  ])('of kind %s holds %d', (kind, value) => {
    const [table, [ref]] = tableOf('a')
    const column = table.column(kind, 0)
    column.set(ref!, value)
    expect(column.get(ref!)).toBe(value)
  })

  test('gives the initial value for whoever was never written, also after it grew', () => {
    const names = Array.from({ length: 200 }, (_, i) => `n${i}`)
    const [table, refs] = tableOf(...names)
    const column = table.column('i32', -7)
    expect(column.get(refs[150]!)).toBe(-7)
    column.set(refs[0]!, 1)
    column.set(refs[199]!, 2)
    expect([column.get(refs[0]!), column.get(refs[150]!), column.get(refs[199]!)]).toEqual([1, -7, 2])
  })

  test('a member that was removed leaves nothing to the next in its slot, nor to itself when it comes back', () => {
    const [table, [, b]] = tableOf('a', 'b')
    const column = table.column('f64', Number.NaN)
    column.set(b!, 5)
    table.remove(b!)
    const next = table.add(aRecord('c'), 1, 0)!.ref
    expect(column.get(next)).toBeNaN()
    column.set(next, 6)
    table.remove(next)
    expect(column.get(table.add(aRecord('b'), 1, 0)!.ref)).toBeNaN()
  })

  test('comes back clean also where a shared directory keeps the name and its handle', () => {
    const directory = new Directory()
    const [mine, other] = [new MemberTable(directory), new MemberTable(directory)]
    mine.add(aRecord('self'), 1, 0)
    const column = mine.column('u8', 9)
    const ref = mine.add(aRecord('x'), 1, 0)!.ref
    other.add(aRecord('x'), 1, 0)
    column.set(ref, 1)
    mine.remove(ref)
    expect(column.get(ref)).toBe(9)
    expect(mine.add(aRecord('x'), 1, 0)!.ref).toBe(ref)
    expect(column.get(ref)).toBe(9)
  })

  test('a stale handle reads the initial value and writes nothing', () => {
    const [table, [, b]] = tableOf('a', 'b')
    const column = table.column('u16', 3)
    table.remove(b!)
    const next = table.add(aRecord('c'), 1, 0)!.ref
    column.set(next, 10)
    column.set(b!, 99)
    expect([column.get(b!), column.get(next)]).toEqual([3, 10])
  })

  test('asks whether a handle is current each time', () => {
    let current = true
    const column = new GrowingColumn('u8', 0, { has: () => current })
    column.set(4 as Ref, 1)
    current = false
    expect(column.get(4 as Ref)).toBe(0)
  })
})
