import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { agree, eventually, runtimes, type SwimProcess, start, succeeded, swim } from './swim-process.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-keys-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const fault = async ({ get }: SwimProcess, name: string): Promise<number> =>
  (await get<{ engine: Record<string, number> }>('/v1/stats')).engine[`fault:${name}`]!

test('a sealed cluster on Node, Bun and Deno is one, and whoever has another key or none stays out', async () => {
  const keyFile = async (name: string, ...keys: readonly string[]): Promise<string> => {
    const path = join(folder, name)
    await writeFile(path, `${keys.join('\n')}\n`, { mode: 0o600 })
    return path
  }
  const made = await Promise.all([swim(['keygen']), swim(['keygen', '--bytes', '16'])])
  const [key, other] = made.map(({ stdout }) => stdout.trim()) as [string, string]
  const shared = await keyFile('shared', key)

  const first = await start(['--name', 'node', '--port', '0', '--key-file', shared], 'node')
  const joining = ['--port', '0', '--seed', first.ready.address]
  const rest = await Promise.all(
    runtimes
      .filter((runtime) => runtime !== 'node')
      .map((runtime) => start(['--name', runtime, '--key-file', shared, ...joining], runtime)),
  )
  const all = [first, ...rest]
  await agree(all, Object.fromEntries(all.map(({ ready }) => [ready.name, 'alive'])))
  for (const node of all) {
    expect(node.stderr()).toContain('what is sent is sealed')
    expect(node.stderr()).not.toContain(key)
  }

  // What crosses streams, and is too large for a packet.
  succeeded(await swim(['payload', 'x'.repeat(5_000), '--control', rest[0]!.ready.control]))
  await eventually('all have the payload', 20_000, async () => {
    const seen = await Promise.all(
      all.map(async (node) => (await node.get<{ payload?: string }>('/v1/members/bun')).payload?.length),
    )
    return { ok: seen.every((length) => length === 5_000), seen }
  })
  succeeded(await swim(['ping', 'deno', '--control', first.ready.control]))

  const strangers = [
    await start(['--name', 'other', '--key-file', await keyFile('other', other), ...joining], 'node'),
    await start(['--name', 'plain', ...joining], 'bun'),
  ]
  await eventually('they are told that they have no key', 20_000, async () => {
    const seen = strangers.map((node) => node.stderr())
    return { ok: seen.every((log) => /sealed/.test(log.replace('what is sent is sealed', ''))), seen }
  })
  for (const kind of ['unknown-key', 'plain']) expect(await fault(first, kind)).toBeGreaterThan(0)
  for (const node of all) {
    expect((await node.members()).map(({ name }) => name).toSorted()).toEqual(['bun', 'deno', 'node'])
  }
  for (const node of strangers) expect((await node.members()).length).toBe(1)

  // One with both keys is understood, as it seals with the first.
  const both = await start(
    ['--name', 'both', '--key-file', await keyFile('both', key, other), ...joining],
    'node',
  )
  await agree([...all, both], { node: 'alive', bun: 'alive', deno: 'alive', both: 'alive' })
})
