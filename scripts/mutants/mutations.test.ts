import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
// A script without types of its own.
// @ts-expect-error
import { mutations as untyped } from './mutations.mjs'

interface Mutation {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly put: string
}
const mutations: readonly Mutation[] = untyped
const read = (file: string): string => readFileSync(new URL(`../../${file}`, import.meta.url), 'utf8')

test('there is more than one for each part of the protocol, and no name twice', () => {
  expect(mutations.length).toBeGreaterThanOrEqual(12)
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length)
})

test.each(mutations)('$name: what it replaces stands in $file once', ({ file, find, put }) => {
  expect(read(file).split(find)).toHaveLength(2)
  expect(put).not.toBe(find)
})
