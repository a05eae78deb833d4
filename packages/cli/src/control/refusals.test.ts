import { expect, it } from 'vitest'
import { Refusals } from './refusals.ts'

it('of 1,024 sources it is remembered that they were told of: of more, the one that was seen longest ago is forgotten', () => {
  let lines = 0
  const refusals = new Refusals({ enabled: () => true, log: () => void lines++ })
  const told = (source: string): boolean => {
    const before = lines
    refusals.note('host', source)
    return lines > before
  }
  for (let i = 0; i < 1_024; i++) expect(told(`s${i}`)).toBe(true)
  expect(['s0', 's1'].map(told)).toEqual([false, false])
  expect(told('one more')).toBe(true)
  expect(['s3', 's2'].map(told)).toEqual([false, true])
  expect(refusals.counts()['refused:host']).toBe(1_029)
})
