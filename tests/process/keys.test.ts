import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agree, eventually, runtimes, type SwimProcess, start, succeeded, swim } from './swim-process.ts'

interface KeysJson {
  readonly keys: readonly { id: string; members: number; primary: number; lacking: string[] }[]
  readonly members: number
  readonly missing: readonly string[]
}

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-keys-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const newKey = async (...flags: string[]) => (await swim(['keygen', ...flags])).stdout.trim()
async function keyFile(name: string, ...keys: readonly string[]): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `${keys.join('\n')}\n`)
  await chmod(path, 0o600)
  return path
}
const keysInFile = async (path: string) => (await readFile(path, 'utf8')).trim().split('\n')
const fault = async ({ get }: SwimProcess, kind: string): Promise<number> =>
  (await get<{ engine: Record<string, number> }>('/v1/stats')).engine[`fault:${kind}`]!
const alive = (nodes: readonly SwimProcess[]) =>
  Object.fromEntries(nodes.map(({ ready }) => [ready.name, 'alive'] as const))
/** Each of them has failed nobody and was failed by nobody, ever. */
async function nobodyFailed(nodes: readonly SwimProcess[]): Promise<void> {
  for (const { get } of nodes) {
    const { engine } = await get<{ engine: Record<string, number> }>('/v1/stats')
    expect(engine).toMatchObject({ failedOthers: 0 })
  }
}

describe('the keys of a cluster on Node, Bun and Deno', () => {
  test('are exchanged without an outage; one that was away is told so, and is let in with its key file mended', async () => {
    const [old, next] = await Promise.all([newKey(), newKey('--bytes', '16')])
    const files = new Map<string, string>()
    for (const runtime of runtimes) files.set(runtime, await keyFile(`ring-${runtime}`, old))
    const first = await start(['--name', 'node', '--port', '0', '--key-file', files.get('node')!], 'node')
    const joining = ['--port', '0', '--seed', first.ready.address]
    const [bun, deno] = await Promise.all(
      (['bun', 'deno'] as const).map((runtime) =>
        start(['--name', runtime, '--key-file', files.get(runtime)!, ...joining], runtime),
      ),
    )
    const all = [first, bun!, deno!]
    const away = await start(['--name', 'away', '--key-file', await keyFile('away', old), ...joining])
    await agree([...all, away], alive([...all, away]), 20_000)
    succeeded(await swim(['leave', '--control', away.ready.control]))
    await away.exited

    const keys = (node: SwimProcess, ...step: string[]) =>
      swim(['keys', ...step, '--json', '--control', node.ready.control])
    const report = ({ stdout }: { stdout: string }) => JSON.parse(stdout) as KeysJson
    const before = report(await keys(first))
    expect(before).toMatchObject({ keys: [{ members: 3, primary: 3 }], members: 3, missing: [] })
    const oldId = before.keys[0]!.id

    const installed = succeeded(await keys(bun!, 'install', await keyFile('next', next)))
    const nextId = report(installed).keys.find(({ id }) => id !== oldId)!.id
    const early = await keys(first, 'remove', oldId)
    expect([early.code, early.stderr]).toEqual([
      1,
      expect.stringContaining(`3 of 3 members still seal with ${oldId}: let all use another key first`),
    ])
    succeeded(await keys(deno!, 'use', nextId))
    succeeded(await keys(first, 'remove', oldId))
    // Done again, it is done already.
    succeeded(await keys(first, 'remove', oldId))
    expect(report(await keys(bun!))).toMatchObject({
      keys: [{ id: nextId, members: 3, primary: 3 }],
      members: 3,
    })
    for (const path of files.values()) {
      expect(await keysInFile(path)).toEqual([next])
      expect((await stat(path)).mode & 0o777).toBe(0o600)
    }
    await nobodyFailed(all)

    const back = await start(['--name', 'away', '--key-file', join(folder, 'away'), ...joining])
    await eventually('it is told which key it lacks', 20_000, async () => {
      const seen = back.stderr()
      return { ok: seen.includes(`sealed with the key ${nextId}, which this node lacks`), seen }
    })
    await eventually('so are the others', 20_000, async () => {
      const seen = first.stderr()
      return { ok: seen.includes(`sealed with the key ${oldId}, which this node lacks`), seen }
    })
    expect(await fault(first, 'unknown-key')).toBeGreaterThan(0)
    await keyFile('away', next)
    back.signal('SIGHUP')
    await agree([...all, back], { ...alive(all), away: 'alive' }, 20_000)
    for (const node of [...all, back]) {
      expect(node.stderr()).not.toContain(old)
      expect(node.stderr()).not.toContain(next)
    }
  })

  test('are exchanged where all share one key file; that changed by hand is not written over, and read at SIGHUP', async () => {
    const [old, next, fresh, evil] = await Promise.all([newKey(), newKey(), newKey(), newKey()])
    const shared = await keyFile('shared', old)
    const first = await start(['--name', 'node', '--port', '0', '--key-file', shared], 'node')
    const others = (['bun', 'deno'] as const).map((runtime) =>
      start(['--name', runtime, '--port', '0', '--key-file', shared, '--seed', first.ready.address], runtime),
    )
    const all = [first, ...(await Promise.all(others))]
    await agree(all, alive(all), 20_000)
    const keys = (...step: string[]) => swim(['keys', ...step, '--json', '--control', first.ready.control])
    const report = ({ stdout }: { stdout: string }) =>
      JSON.parse(stdout) as KeysJson & { errors: Record<string, string> }
    const oldId = report(await keys()).keys[0]!.id

    const installed = succeeded(await keys('install', await keyFile('shared-next', next)))
    const nextId = report(installed).keys.find(({ id }) => id !== oldId)!.id
    for (const step of [
      ['use', nextId],
      ['remove', oldId],
    ]) {
      succeeded(await keys(...step))
    }
    expect(await keysInFile(shared)).toEqual([next])
    expect((await stat(shared)).mode & 0o777).toBe(0o600)
    expect((await readdir(folder)).filter((name) => name.startsWith('shared.'))).toEqual([])

    await keyFile('shared', fresh)
    const refused = await keys('install', await keyFile('shared-evil', evil))
    expect(refused.code).toBe(1)
    const byHand =
      'the key file was not written: it was changed by hand and not read since: send SIGHUP, then ask again'
    expect(report(refused).errors).toEqual({ node: byHand, bun: byHand, deno: byHand })
    expect(await keysInFile(shared)).toEqual([fresh])
    for (const node of all) node.signal('SIGHUP')
    await eventually('all seal with the new key', 20_000, async () => {
      const seen = report(await keys())
      return { ok: seen.keys.length === 1 && seen.keys[0]!.primary === 3, seen }
    })
    expect(report(await keys()).keys[0]!.id).not.toBe(nextId)
    await agree(all, alive(all), 20_000)
  })

  test('come to a cluster that runs in plain, with nobody failed on the way, and then let in nothing plain', async () => {
    const key = await newKey()
    const config = async (name: string, seeds: readonly string[], modes: string) => {
      const path = join(folder, `${name}.yaml`)
      const text = `name: ${name}\nport: 0\nseeds: ${JSON.stringify(seeds)}\nkey-file: ${join(folder, 'late')}\n${modes}`
      await writeFile(path, text)
      return path
    }
    await keyFile('late', key)
    const open = 'verify-outgoing: false\nverify-incoming: false\n'
    const plain = await start(['--name', 'plain', '--port', '0'])
    const seeds = [plain.ready.address]
    const late = await Promise.all(
      runtimes.map(async (runtime) => start(['--config', await config(runtime, seeds, open)], runtime)),
    )
    await agree([plain, ...late], alive([plain, ...late]), 20_000)
    succeeded(await swim(['leave', '--control', plain.ready.control]))
    await plain.exited

    const turn = async (modes: string, ready: (node: SwimProcess) => Promise<unknown>) => {
      for (const node of late) {
        await config(node.ready.name, seeds, modes)
        node.signal('SIGHUP')
        await eventually(`${node.ready.name} has taken that over`, 20_000, async () => {
          const seen = await ready(node)
          return { ok: Boolean(seen), seen }
        })
      }
    }
    const said = (text: string) => async (node: SwimProcess) => node.stderr().includes(text)
    await turn('verify-incoming: false\n', said('what is sent is sealed, and what is plain is still let in'))
    const sealed = async () => Promise.all(late.map(async (node) => fault(node, 'plain')))
    expect(await sealed()).toEqual([0, 0, 0])
    await turn('', said('the keys were read anew'))
    await nobodyFailed(late)
    const members = Object.fromEntries((await late[0]!.members()).map(({ name, status }) => [name, status]))
    expect(members).toMatchObject(alive(late))

    const stranger = await start(['--name', 'stranger', '--port', '0', '--seed', late[0]!.ready.address])
    await eventually('the stranger is told that they are sealed', 20_000, async () => {
      const seen = stranger.stderr()
      return { ok: seen.includes('sealed, and this node has no key'), seen }
    })
    expect((await sealed())[0]).toBeGreaterThan(0)
    expect((await stranger.members()).map(({ name }) => name)).toEqual(['stranger'])
    expect(late[0]!.stderr()).toContain('not sealed, and this node accepts nothing plain')
  })
})
