import { expect, it } from 'vitest'
import { type TokenPair, Tokens } from './tokens.ts'

const token = 'the-token-for-changes'
const readToken = 'the-token-for-reading'

const scopesOf = (tokens: Tokens, ...given: string[]) => given.map((each) => tokens.find(each)?.scope)

it('each lets do what it is for', () => {
  expect(scopesOf(new Tokens({ token, readToken }), token, readToken, 'another')).toEqual([
    'admin',
    'read',
    undefined,
  ])
  expect([new Tokens({}).needed, new Tokens({ token }).needed]).toEqual([false, true])
})

it.each<[string, TokenPair, TokenPair]>([
  ['both', { token, readToken }, { token: 'a-new-one', readToken: 'another-new-one' }],
  ['one of two', { token, readToken }, { token, readToken: 'another-new-one' }],
  ['where there was none', {}, { token, readToken }],
  ['where one comes', { token }, { token, readToken }],
  ['where one goes', { token, readToken }, { token }],
  ['exchanged', { token, readToken }, { token: readToken, readToken: token }],
])('are replaced: %s', (_, before, after) => {
  const tokens = new Tokens(before)
  let told = 0
  tokens.onReplaced(() => told++)
  expect([tokens.replace(before), told]).toEqual([false, 0])
  expect([tokens.replace(after), told]).toEqual([true, 1])
  for (const each of [token, readToken]) {
    const scope = each === after.token ? 'admin' : each === after.readToken ? 'read' : undefined
    expect([each, ...scopesOf(tokens, each)]).toEqual([each, scope])
  }
  expect(scopesOf(tokens, after.token!)).toEqual(['admin'])
})

it.each<[TokenPair, string]>([
  [{}, 'the token for changes cannot be taken away while the node runs'],
  [{ readToken }, 'a token that only reads would leave changes open to all'],
  [{ token, readToken: token }, 'must differ from the one for changes'],
])('are not replaced by %j', (pair, message) => {
  const tokens = new Tokens({ token })
  tokens.onReplaced(() => expect.unreachable())
  expect(() => tokens.replace(pair)).toThrow(message)
  expect(scopesOf(tokens, token, readToken)).toEqual(['admin', undefined])
})
