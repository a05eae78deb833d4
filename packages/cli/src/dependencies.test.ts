import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import manifest from '../package.json' with { type: 'json' }

it('every library in the command has its reason in docs/security.md, and nothing else is installed with it', async () => {
  const page = await readFile(new URL('../../../docs/security.md', import.meta.url), 'utf8')
  const section = /## What it is made of\n(.*?)\n## /s.exec(page)?.[1] ?? ''
  const named = [...section.matchAll(/^\| `([^`]+)` +\| \S/gm)].map((row) => row[1])
  expect(named.toSorted()).toEqual(Object.keys(manifest.devDependencies).toSorted())
  const installed = Object.keys(manifest.dependencies)
  expect(installed.filter((name) => !name.startsWith('@swimkit/'))).toEqual([])
  expect(section).toContain(`installs ${installed.length + 1} packages`)
  expect(section).toContain(`That is ${named.length}, `)
})
