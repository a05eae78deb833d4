import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { folderSnapshots } from '@swimkit/bootstrap'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { runtimes } from '../transports/runtimes.ts'

const script = fileURLToPath(new URL('saver.mjs', import.meta.url))
const started: ChildProcess[] = []
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-saver-'))
})
afterEach(async () => {
  await Promise.all(started.splice(0).map(killed))
  await rm(folder, { recursive: true, force: true })
})

async function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

/** Starts it, and resolves with the first line that fits. */
async function saying(pattern: RegExp, command: string, args: readonly string[]) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  started.push(child)
  for await (const line of createInterface(child.stdout!)) if (pattern.test(line)) return { child, line }
  throw new Error(`it ended without a line like ${pattern}`)
}

describe.each(runtimes)('a process on $name that saves and is killed', ({ args, command }) => {
  it('leaves a whole snapshot and a folder that others can have, whenever it is killed', async () => {
    for (const line of [/saved 0/, /saved 7/, /saved 20/, /saved 33/, /saved 61/]) {
      const { child } = await saying(line, command, [...args, script, folder])
      await killed(child)
      const store = await folderSnapshots(folder)
      const bytes = (await store.load())!
      const number = bytes[0]!
      expect(bytes.every((byte) => byte === number)).toBe(true)
      expect([0, 1, 2, 3].map((turn) => 1 + (((number + 251 * turn) * 7_919) % 300_000))).toContain(
        bytes.length,
      )
      await store.close()
      expect(await readdir(folder)).toEqual(['members.snapshot'])
    }
  })

  it('keeps others out while it lives, who are told its process id', async () => {
    const { child } = await saying(/saved/, command, [...args, script, folder])
    await expect(folderSnapshots(folder)).rejects.toMatchObject({
      name: 'SnapshotFolderError',
      holder: child.pid,
    })
  })

  it('that cannot write the whole of one says so, and the one before is there', async () => {
    // A limit on files of 64 blocks of 512 or 1,024 bytes, by the shell, stands for a disk that fills up in the middle of a file.
    const limited = ['-c', 'trap "" XFSZ; ulimit -f 64; exec "$0" "$@"', command, ...args, script, folder]
    const { child, line } = await saying(/refused/, 'sh', limited)
    expect(line).toMatch(/^refused \d+: SnapshotFolderError: cannot keep snapshots in .*EFBIG/)
    await killed(child)
    const store = await folderSnapshots(folder)
    const bytes = (await store.load())!
    expect(bytes.every((byte) => byte === bytes[0])).toBe(true)
    expect(bytes.length).toBeLessThanOrEqual(64 * 1_024)
    await store.close()
    expect(await readdir(folder)).toEqual(['members.snapshot'])
  })
})
