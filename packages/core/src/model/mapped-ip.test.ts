import { expect, it } from 'vitest'
import { unmapIpv4 } from './mapped-ip.ts'

it.each([
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['10.0.0.1', '10.0.0.1'],
  ['::1', '::1'],
  ['::ffff:0:1', '::ffff:0:1'],
  ['fd00::ffff:1', 'fd00::ffff:1'],
])('the source %s is told as %s', (host, told) => {
  expect(unmapIpv4(host)).toBe(told)
})
