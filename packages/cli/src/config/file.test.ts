import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@swimkit/security'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSettings } from './start-settings.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swim-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function warningsOf(content: string, mode: number): Promise<readonly string[]> {
  const path = join(folder, 'swim.yaml')
  await writeFile(path, content)
  await chmod(path, mode)
  return (await startSettings({ config: path }, {})).warnings.map((each) => each.replace(path, 'PATH'))
}
const warning = (what: string) => [
  `--config: others may read PATH, which holds secrets (${what}): chmod 600 it`,
]

it('a file with secrets that others may read is warned of, by the names of its secrets', async () => {
  const key = generateKey()
  expect(await warningsOf(`keys: ${key}`, 0o644)).toEqual(warning('key'))
  const tokens = 'controlToken: correct-horse\ncontrol-read-token: battery-staple\nname: a\n'
  expect(await warningsOf(tokens, 0o640)).toEqual(warning('control-token, control-read-token'))
})

it('nothing is said of one that its owner alone may read, or that holds no secret', async () => {
  expect(await warningsOf(`key: ${generateKey()}`, 0o600)).toEqual([])
  expect(await warningsOf('name: a\ncontrol-rate-limit: 5', 0o644)).toEqual([])
})
