import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { startSettings } from './start-settings.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swim-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

it('a file that others may read is warned of, each one', async () => {
  const [all, reading] = [join(folder, 'all'), join(folder, 'reading')]
  await writeFile(all, 'correct-horse-battery\n')
  await writeFile(reading, 'staple-correct-horse\n')
  const flags = { 'control-token-file': all, 'control-read-token-file': reading }
  const warnings = async () => (await startSettings(flags, {})).warnings
  const warning = (label: string, path: string) =>
    `${label}: others may read ${path}, which holds a token of the control API: chmod 600 it`

  await Promise.all([chmod(all, 0o640), chmod(reading, 0o604)])
  expect(await warnings()).toEqual([
    warning('--control-token-file', all),
    warning('--control-read-token-file', reading),
  ])
  await Promise.all([chmod(all, 0o600), chmod(reading, 0o400)])
  expect(await warnings()).toEqual([])
})
