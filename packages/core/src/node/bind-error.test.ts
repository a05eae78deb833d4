import { expect, it } from 'vitest'
import { bindError } from './bind-error.ts'

it.each([
  ['EADDRINUSE', 'in-use', 'cannot bind 127.0.0.1:7946 (UDP): the port is in use'],
  [
    'EADDRNOTAVAIL',
    'not-available',
    'cannot bind 127.0.0.1:7946 (UDP): the address is not one of this machine',
  ],
  ['EINVAL', 'not-available', 'cannot bind 127.0.0.1:7946 (UDP): the address is not one of this machine'],
  ['EACCES', 'permission', 'cannot bind 127.0.0.1:7946 (UDP): this process may not use the port'],
  ['EPERM', 'permission', 'cannot bind 127.0.0.1:7946 (UDP): this process may not use the port'],
  ['EMFILE', 'other', 'cannot bind 127.0.0.1:7946 (UDP): too many files'],
])('%s is %s, in one line', (code, kind, message) => {
  const cause = Object.assign(new Error('too many files'), { code })
  const error = bindError({ host: '127.0.0.1', port: 7946 }, 'UDP', cause)
  expect(error).toMatchObject({ name: 'BindError', code: kind, message, cause })
})

it('a permission that Deno was not given is one', () => {
  const cause = Object.assign(new Error('Requires net access'), { name: 'NotCapable' })
  expect(bindError({ host: '::1', port: 1 }, 'TCP', cause).code).toBe('permission')
})
