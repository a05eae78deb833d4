import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Clause } from '@swimkit/conformance'
import { describe, expect, test } from 'vitest'
import { contract as codec } from '../../packages/conformance/src/codec/contract.ts'
import { contract as detector } from '../../packages/conformance/src/detector/contract.ts'
import { contract as disseminator } from '../../packages/conformance/src/disseminator/contract.ts'
import { contract as transport } from '../../packages/conformance/src/transport/contract.ts'

const root = new URL('../../', import.meta.url).pathname
const core = join(root, 'packages/core/src')

/** Text as one line, without what makes it a comment, a link or a table. */
const plain = (text: string): string =>
  text
    .replace(/^\s*(\/\*\*|\*\/|\*|\/\/)\s?/gm, ' ')
    .replace(/\{@link (\w+)\}/g, '$1')
    .replace(/\*\*|\|/g, ' ')
    .replace(/\s+/g, ' ')

const documented = plain(
  readdirSync(core, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !/\.test\.ts$|testing/.test(file))
    .map((file) => readFileSync(join(core, file), 'utf8'))
    .join('\n'),
)
const design = plain(readFileSync(join(root, 'docs/design.md'), 'utf8'))

describe.each(Object.entries({ transport, codec, disseminator, detector }))(
  'the sentences of the contract of a %s',
  (_, sentences: Readonly<Record<string, Clause>>) => {
    test.each(Object.entries(sentences))('%s: stands in the documentation, word for word', (_key, clause) => {
      expect(clause.of.startsWith('docs/design.md') ? design : documented).toContain(plain(clause.says))
    })
  },
)
