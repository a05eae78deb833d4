import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@swimkit/security'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { runCli } from '../cli.ts'
import { fakeIo } from '../testing/fake-io.ts'

/** For a machine that is busy. */
const patience = { timeout: 30_000 }

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
})
afterEach(() => rm(folder, { recursive: true }))

it('a node that began without keys says at SIGHUP that it seals nothing with those it is given, and who may read them', async () => {
  const [config, keys] = [join(folder, 'swim.yaml'), join(folder, 'keys')]
  await writeFile(config, 'seeds: []\n')
  await writeFile(keys, `${generateKey()}\n`)
  await chmod(keys, 0o644)
  const io = fakeIo()
  const flags = ['--name', 'a', '--bind', '127.0.0.1', '--port', '0', '--config', config]
  const running = runCli(['start', ...flags], io)
  await expect.poll(() => io.stdout(), patience).toContain('ready ')
  await writeFile(config, `key-file: ${keys}\n`)
  io.hangUp()
  await expect.poll(() => io.stderr(), patience).toContain('this node began without any: it seals nothing')
  expect(io.stderr()).toContain(`others may read ${keys}, which holds keys of the cluster`)
  io.interrupt()
  expect(await running).toBe(0)
})
