import { describe, expect, test } from 'vitest'
import { NewNames } from './new-names.ts'

/** How many of so many are let in. */
const letIn = (names: NewNames, source: string, count: number, now: number): number =>
  Array.from({ length: count }, () => names.allows(source, now)).filter(Boolean).length

describe('new names from one source', () => {
  test('are four seconds’ worth at once, and then as many a second as is set', () => {
    const names = new NewNames(10)
    expect(letIn(names, 'a', 100, 0)).toBe(40)
    expect(letIn(names, 'a', 100, 50)).toBe(0)
    expect(letIn(names, 'a', 100, 1_000)).toBe(10)
    expect(letIn(names, 'a', 100, 2_500)).toBe(15)
    expect(letIn(names, 'a', 100, 1_000_000)).toBe(40)
  })

  test('do not lessen what another may bring', () => {
    const names = new NewNames(10)
    expect([letIn(names, 'a', 50, 0), letIn(names, 'b', 50, 0)]).toEqual([40, 40])
  })

  test('are counted together of all addresses in one IPv6 network of 64 bits', () => {
    const names = new NewNames(10)
    const from = (network: string) =>
      Array.from({ length: 100 }, (_, i) => names.allows(`${network}::${i.toString(16)}`, 0)).filter(Boolean)
    expect([from('2001:db8:1:2').length, from('2001:db8:1:3').length]).toEqual([40, 40])
  })

  test('are not limited with 0', () => {
    expect(letIn(new NewNames(0), 'a', 10_000, 0)).toBe(10_000)
  })

  test('are counted of 1,024 sources: the one heard of longest ago is forgotten for one more', () => {
    const names = new NewNames(1)
    for (let i = 0; i < 1_024; i++) expect(letIn(names, `s${i}`, 5, 0)).toBe(4)
    expect([letIn(names, 's0', 1, 0), letIn(names, 's1023', 1, 0)]).toEqual([0, 0])
    expect(letIn(names, 'one more', 5, 0)).toBe(4)
    // s1 was heard of longest ago by then.
    expect([letIn(names, 's1', 5, 0), letIn(names, 's0', 1, 0)]).toEqual([4, 0])
  })
})
