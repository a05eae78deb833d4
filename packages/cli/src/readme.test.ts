import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { fields } from './config/fields.ts'
import { parseConfig } from './config/file.ts'

const read = (name: string) => readFile(new URL(`../${name}`, import.meta.url), 'utf8')
const block = (text: string, language: string) =>
  new RegExp(`\`\`\`${language}\n([\\s\\S]+?)\`\`\``).exec(text)?.[1]

it('the program in the README is the one that is compiled', async () => {
  expect(block(await read('README.md'), 'ts')).toBe(await read('example.ts'))
})

it('the file in the README has keys that exist', async () => {
  const { entries } = await parseConfig('readme.yaml', block(await read('README.md'), 'yaml') ?? '')
  const keys: readonly string[] = fields.map(({ key }) => key)
  expect([...entries.keys()].filter((key) => !keys.includes(key))).toEqual([])
  expect(entries.size).toBe(6)
})
