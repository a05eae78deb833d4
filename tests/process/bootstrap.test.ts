import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { freePort } from '../free-port.ts'
import {
  agree,
  eventually,
  type Member,
  type Runtime,
  runtimes,
  type SwimProcess,
  start,
  swim,
} from './swim-process.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-bootstrap-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const alive = (...names: string[]): Record<string, string> =>
  Object.fromEntries(names.map((name) => [name, 'alive']))

/** Lines of its log that have this in them. */
const said = (node: SwimProcess, text: string): string[] =>
  node
    .stderr()
    .split('\n')
    .filter((line) => line.includes(text))

async function kill(...nodes: readonly SwimProcess[]): Promise<void> {
  for (const node of nodes) node.signal('SIGKILL')
  await Promise.all(nodes.map(({ exited }) => exited))
}

describe('on the local network, which here is loopback', () => {
  test('nodes on each runtime that start at once, without seeds, are one cluster; one of another stays alone', async () => {
    const lan = ['--port', '0', '--lan-port', String(await freePort())]
    const [stranger, ...nodes] = await Promise.all([
      start(['--name', 'stranger', '--cluster', 'other', ...lan]),
      ...runtimes.map((runtime) => start(['--name', runtime, ...lan], runtime)),
    ])
    await agree(nodes, alive(...runtimes), 30_000)
    expect(nodes.flatMap((node) => said(node, 'by=')).join('\n')).toContain('the local network')
    expect(await stranger.statuses()).toEqual(alive('stranger'))
    await eventually('the other says that it is alone', 20_000, async () => {
      const seen = said(stranger, 'nobody answers on the local network')
      return { ok: seen.length === 1, seen }
    })
    // Nothing is left that keeps a process.
    for (const node of nodes) node.signal('SIGTERM')
    expect(await Promise.all(nodes.map(({ exited }) => exited))).toEqual([0, 0, 0])
  })

  test.each(runtimes)(
    '%s says once that the port is another program’s, and goes on without',
    async (runtime) => {
      const other = createSocket('udp4')
      other.bind(0, '0.0.0.0')
      await once(other, 'listening')
      try {
        const first = await start(['--name', 'first', '--port', '0'])
        const flags = ['--lan-port', String(other.address().port), '--seed', first.ready.address]
        const node = await start(['--name', 'node', '--port', '0', ...flags], runtime)
        await agree([first, node], alive('first', 'node'))
        expect(said(node, 'the local network is neither asked nor answered')).toHaveLength(1)
      } finally {
        other.close()
      }
    },
  )
})

/** Five nodes on three runtimes with a port and a folder each. */
interface Setup {
  readonly name: string
  readonly runtime: Runtime
  readonly flags: readonly string[]
  readonly data: string
}

async function five(): Promise<readonly Setup[]> {
  return Promise.all(
    ([...runtimes, 'bun', 'deno'] as const).map(async (runtime, i) => {
      const name = `n${i}`
      const data = join(folder, name)
      const port = ['--port', String(await freePort()), '--control-port', '0']
      const carried = ['--tag', `rack=${i}`, '--service', `web:${8_000 + i}`]
      return { name, runtime, data, flags: ['--name', name, '--data-dir', data, ...port, ...carried] }
    }),
  )
}

/** Starts all at once, those after the first with it as their seed where `seeded`, and waits until they agree. */
async function startAll(setups: readonly Setup[], seeded: boolean): Promise<SwimProcess[]> {
  const seed = seeded ? ['--seed', `127.0.0.1:${portOf(setups[0]!)}`] : []
  const nodes = await Promise.all(
    setups.map(({ flags, runtime }, i) => start([...flags, ...(i === 0 ? [] : seed)], runtime)),
  )
  await agree(nodes, alive(...setups.map(({ name }) => name)), 40_000)
  return nodes
}

const portOf = ({ flags }: Setup): string => flags[flags.indexOf('--port') + 1]!

/** Until each has a snapshot that names all. */
async function saved(setups: readonly Setup[]): Promise<void> {
  await eventually('the snapshots name all', 30_000, async () => {
    const contents = await Promise.all(
      setups.map(({ data }) => readFile(join(data, 'members.snapshot'), 'latin1')),
    )
    const ok = contents.every((content) => setups.every(({ name }) => content.includes(name)))
    return { ok, seen: contents.map(({ length }) => length) }
  })
}

describe('with a folder for what they know', () => {
  test('nodes that were all killed at once are one cluster again without a seed, with all that they carry', async () => {
    const setups = await five()
    const before = await startAll(setups, true)
    await saved(setups)
    const [incarnations] = await Promise.all([before[0]!.members(), saved(setups)])
    await kill(...before)

    const after = await startAll(setups, false)
    const { services } = await after[4]!.get<{
      services: Record<string, { member: string; port: number }[]>
    }>('/v1/services')
    expect(services.web!.map(({ member, port }) => [member, port]).sort()).toEqual(
      setups.map(({ name }, i) => [name, 8_000 + i]),
    )
    const members = await after[0]!.members()
    expect((members as (Member & { tags: object })[]).map(({ name, tags }) => [name, tags]).sort()).toEqual(
      setups.map(({ name }, i) => [name, { rack: String(i) }]),
    )
    for (const { incarnation, name } of members) {
      expect(incarnation).toBeGreaterThan(incarnations.find((old) => old.name === name)!.incarnation)
    }
    expect(after.flatMap((node) => said(node, 'the last snapshot')).join('\n')).toContain('joined')
  })

  test('a snapshot that is torn, corrupt or another cluster’s is set aside in one line, and the node is found by others', async () => {
    const setups = await five()
    const before = await startAll(setups, true)
    await saved(setups)
    await kill(...before.slice(0, 3))
    const [torn, corrupt, foreign] = setups.slice(0, 3).map(({ data }) => join(data, 'members.snapshot'))
    await truncate(torn!, 40)
    const bytes = await readFile(corrupt!)
    for (let at = 20; at < bytes.length; at += 7) bytes[at]! ^= 0x55
    await writeFile(corrupt!, bytes)
    const apart = join(folder, 'apart')
    const other = await start(['--name', 'x', '--cluster', 'other', '--port', '0', '--data-dir', apart])
    other.signal('SIGTERM')
    expect(await other.exited, other.stderr()).toBe(0)
    await writeFile(foreign!, await readFile(join(apart, 'members.snapshot')))

    const after = await Promise.all(setups.slice(0, 3).map(({ flags, runtime }) => start(flags, runtime)))
    await agree([...after, ...before.slice(3)], alive(...setups.map(({ name }) => name)), 60_000)
    for (const [i, node] of after.entries()) {
      const lines = said(node, 'the snapshot cannot be used')
      expect(lines).toHaveLength(1)
      const aside = (await readdir(setups[i]!.data)).filter((entry) => entry.includes('unusable'))
      expect(aside).toHaveLength(1)
      expect(lines[0]).toContain(aside[0])
    }
  })

  test.each(runtimes)(
    '%s refuses a folder that another process has, in one line that names it',
    async (runtime) => {
      const data = join(folder, 'data')
      const holder = await start(['--name', 'holder', '--port', '0', '--data-dir', data], runtime)
      const flags = ['start', '--bind', '127.0.0.1', '--port', '0', '--data-dir', data]
      const refused = await swim(flags, runtime)
      expect([refused.code, refused.stdout, refused.stderr.trim().split('\n').length]).toEqual([2, '', 1])
      expect(refused.stderr).toContain(`the process ${holder.ready.pid} has it`)
      await kill(holder)
      const next = await start(['--name', 'next', '--port', '0', '--data-dir', data], runtime)
      next.signal('SIGTERM')
      expect(await next.exited, next.stderr()).toBe(0)
      expect(await readdir(data)).toEqual(['members.snapshot'])
    },
  )
})
