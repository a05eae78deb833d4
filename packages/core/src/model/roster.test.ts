import { describe, expect, test } from 'vitest'
import { Directory } from './directory.ts'
import { MemberTable } from './member-table.ts'
import { Roster } from './roster.ts'
import { Status } from './status.ts'
import { aRecord } from './testing/a-record.ts'

const members = (count: number) =>
  Array.from({ length: count }, (_, i) => ({ record: aRecord(`n${i}`), incarnation: 10 + i }))

describe('a roster', () => {
  test('gives each of its members a table as if it had heard of all the others', () => {
    const roster = new Roster(members(300), 5)
    const heard = new MemberTable(roster.directory)
    for (const { record, incarnation } of members(300)) heard.add(record, incarnation, 5)
    const table = roster.tableOf('n7')
    expect(table.name(table.self)).toBe('n7')
    expect(table.size).toBe(300)
    expect(table.count(Status.Alive)).toBe(300)
    expect(table.digest.toString()).toBe(heard.digest.toString())
    for (let i = 0; i < 300; i++) {
      const ref = table.find(`n${i}`)!
      expect([
        table.status(ref),
        table.incarnation(ref),
        table.recordIncarnation(ref),
        table.since(ref),
      ]).toEqual([Status.Alive, 10 + i, 10 + i, 5])
    }
  })

  test('what one of them learns stays its own', () => {
    const roster = new Roster(members(300), 0)
    const [a, b] = [roster.tableOf('n0'), roster.tableOf('n1')]
    const victim = a.find('n200')!
    a.set(victim, Status.Failed, 210, 50)
    a.remove(a.find('n299')!)
    expect([a.status(victim), a.active, a.size]).toEqual([Status.Failed, 298, 299])
    expect([b.status(victim), b.active, b.size]).toEqual([Status.Alive, 300, 300])
    expect(b.find('n299')).toBeDefined()
    expect(roster.tableOf('n2').active).toBe(300)
  })

  test('names are freed once every table has let go of them, and not before', () => {
    const directory = new Directory()
    const roster = new Roster(members(3), 0, directory)
    const tables = ['n0', 'n1', 'n2'].map((name) => roster.tableOf(name))
    for (const table of tables) table.remove(table.find('n1')!)
    // The roster itself may be asked again.
    expect(directory.find('n1')).toBeDefined()
    expect(roster.tableOf('n0').find('n1')).toBeDefined()
  })

  test('a name that is not on it gets no table', () => {
    expect(() => new Roster(members(2), 0).tableOf('x')).toThrow(
      new RangeError('"x" is not among these members'),
    )
  })
})
