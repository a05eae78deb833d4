import { expect, test } from 'vitest'
import { sourceOf } from './source.ts'

test.each([
  ['10.0.0.5', '10.0.0.5'],
  ['::ffff:10.0.0.5', '10.0.0.5'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::9', '2001:db8:1:3::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['node-1.example', 'node-1.example'],
  ['no:address', 'no:address'],
])('%s counts as %s', (host, source) => {
  expect(sourceOf(host)).toBe(source)
})
