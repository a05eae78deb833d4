import { describe, expect, it } from 'vitest'
import { brokenError, dialError } from './dial-error.ts'

const PEER = { host: '127.0.0.1', port: 7946 }
const coded = (code: string) => Object.assign(new Error(`connect ${code}`), { code })

describe('what a failed connect is called', () => {
  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'reset'],
    ['ECONNABORTED', 'reset'],
    ['EPIPE', 'reset'],
    ['ETIMEDOUT', 'timeout'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['EADDRNOTAVAIL', 'unreachable'],
    ['EPERM', 'unreachable'],
    ['EACCES', 'unreachable'],
    ['EMFILE', 'unreachable'],
    ['EINVAL', 'unreachable'],
    ['whatever', 'unreachable'],
  ])('%s: %s', (code, kind) => {
    const cause = coded(code)
    expect(dialError(PEER, cause)).toMatchObject({
      name: 'DialError',
      kind,
      message: `cannot connect to 127.0.0.1:7946: connect ${code}`,
      cause,
    })
  })
})

describe('what a connection that broke is called', () => {
  it.each([
    ['ECONNRESET', 'reset'],
    ['EPIPE', 'reset'],
    ['ETIMEDOUT', 'timeout'],
    ['EHOSTUNREACH', 'reset'],
  ])('%s: %s', (code, kind) => {
    expect(brokenError(PEER, coded(code))).toMatchObject({ name: 'DialError', kind })
  })
})
