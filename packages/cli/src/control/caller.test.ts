import { expect, it } from 'vitest'
import { callerAt } from './caller.ts'

it.each([
  ['10.0.0.5', '10.0.0.5'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  [undefined, 'unknown'],
])('%s counts as %s', (address, source) => {
  expect(callerAt(address)).toEqual({ source })
})
