import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { activeStatuses, Status, statusBit, statusNames, supersedes } from './status.ts'

// The same cases in every run.
fc.configureGlobal({ seed: 20_260_101 })

/** What is known, what is heard, and whether the claim wins when its incarnation is lower, equal, higher. */
const table = [
  ['alive', 'alive', { lower: false, equal: false, higher: true }],
  ['alive', 'suspect', { lower: false, equal: true, higher: true }],
  ['alive', 'failed', { lower: false, equal: true, higher: true }],
  ['alive', 'left', { lower: false, equal: true, higher: true }],
  ['suspect', 'alive', { lower: false, equal: false, higher: true }],
  ['suspect', 'suspect', { lower: false, equal: false, higher: true }],
  ['suspect', 'failed', { lower: false, equal: true, higher: true }],
  ['suspect', 'left', { lower: false, equal: true, higher: true }],
  ['failed', 'alive', { lower: false, equal: false, higher: true }],
  ['failed', 'suspect', { lower: false, equal: false, higher: true }],
  ['failed', 'failed', { lower: false, equal: false, higher: true }],
  ['failed', 'left', { lower: false, equal: true, higher: true }],
  ['left', 'alive', { lower: false, equal: false, higher: true }],
  ['left', 'suspect', { lower: false, equal: false, higher: true }],
  ['left', 'failed', { lower: false, equal: false, higher: true }],
  ['left', 'left', { lower: false, equal: false, higher: true }],
] as const

const byName = {
  alive: Status.Alive,
  suspect: Status.Suspect,
  failed: Status.Failed,
  left: Status.Left,
} as const
const status = fc.constantFrom(...Object.values(byName))
const incarnation = fc.oneof(
  fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff),
  fc.nat(0xffff_ffff),
)

describe('supersedes', () => {
  test.each(table)('%s is known, %s is heard', (known, heard, wins) => {
    expect({
      lower: supersedes(byName[known], 10, byName[heard], 9),
      equal: supersedes(byName[known], 10, byName[heard], 10),
      higher: supersedes(byName[known], 10, byName[heard], 11),
    }).toEqual(wins)
  })

  test('the table has every pair once', () => {
    expect(new Set(table.map(([known, heard]) => `${known} ${heard}`)).size).toBe(16)
  })

  test('incarnations are compared as unsigned numbers', () => {
    expect(supersedes(Status.Left, 0x7fff_ffff, Status.Alive, 0x8000_0000)).toBe(true)
    expect(supersedes(Status.Alive, 0xffff_ffff, Status.Left, 0)).toBe(false)
  })

  test('of two different claims exactly one replaces the other, so that all nodes end with the same', () => {
    fc.assert(
      fc.property(status, incarnation, status, incarnation, (s, i, t, j) => {
        expect(supersedes(s, i, t, j) !== supersedes(t, j, s, i)).toBe(s !== t || i !== j)
      }),
    )
  })
})

describe('statuses', () => {
  test('have the numbers of their order on the wire, and the names of the public API', () => {
    expect([Status.Alive, Status.Suspect, Status.Failed, Status.Left]).toEqual([0, 1, 2, 3])
    expect(statusNames).toEqual(['alive', 'suspect', 'failed', 'left'])
  })

  test('alive and suspect members are active, the others are not', () => {
    const isActive = Object.values(byName).map((each) => (activeStatuses & statusBit(each)) !== 0)
    expect(isActive).toEqual([true, true, false, false])
  })
})
