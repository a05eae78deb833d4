import { describe, expect, test } from 'vitest'
import { freePort } from '../free-port.ts'
import {
  agree,
  allRuntimes,
  eventually,
  follow,
  inTurns,
  launch,
  type SwimProcess,
  start,
  succeeded,
  swim,
} from './swim-process.ts'

/** One node on each runtime, in one cluster; that on Bun where it is to be, if anywhere. */
async function trio(
  flags: readonly string[],
  bunPort = '0',
): Promise<Record<'node' | 'bun' | 'deno', SwimProcess>> {
  const node = await start(['--name', 'on-node', '--port', '0', ...flags], 'node')
  const [bun, deno] = await Promise.all(
    (['bun', 'deno'] as const).map((runtime) => {
      const port = runtime === 'bun' ? bunPort : '0'
      const own = ['--name', `on-${runtime}`, '--port', port]
      return start([...own, '--seed', node.ready.address, ...flags], runtime)
    }),
  )
  const cluster = { node, bun: bun!, deno: deno! }
  await agree(Object.values(cluster), { 'on-node': 'alive', 'on-bun': 'alive', 'on-deno': 'alive' })
  return cluster
}

describe.each([
  ['udp', []],
  ['tcp', ['--transport', 'tcp']],
  ['udp, JSON on the wire', ['--codec', 'json']],
] as const)('a cluster of Node, Bun and Deno over %s', (_, flags) => {
  test.concurrent.each(['node', 'bun', 'deno'] as const)(
    'sees the %s process killed, explains it, and takes it back',
    async (victim) => {
      const cluster = await trio(flags)
      const name = `on-${victim}`
      const observers = (['node', 'bun', 'deno'] as const)
        .filter((runtime) => runtime !== victim)
        .map((runtime) => cluster[runtime])
      const followed = await Promise.all(observers.map(follow))
      const control = ['--control', observers[0]!.ready.control]
      const command = launch(['events', '--json', ...control], victim === 'node' ? 'bun' : 'node')
      let printed = ''
      command.stdout!.on('data', (chunk) => {
        printed += chunk
      })
      // What happens before a stream is there is not told on it.
      await eventually('the command follows', 30_000, async () => {
        const { control } = await observers[0]!.get<{ control: { streams: number } }>('/v1/stats')
        return { ok: control.streams === 2, seen: control.streams }
      })

      cluster[victim].signal('SIGKILL')
      await cluster[victim].exited
      await eventually(`all hold ${name} failed`, 30_000, async () => {
        const seen = await Promise.all(observers.map((observer) => observer.statuses()))
        return { ok: seen.every((each) => each[name] === 'failed'), seen }
      })
      // Told, not held: with a port that refuses, a suspicion is over within tenths of a second.
      const [suspected, failed] = [`suspect ${name}`, `failed ${name}`]
      for (const { events } of followed) {
        await eventually('both events are told, in this order', 20_000, async () => {
          const first = events.indexOf(suspected)
          return { ok: first >= 0 && first < events.indexOf(failed), seen: events }
        })
      }
      const told = followed[0]!.events.filter((event) => event === suspected || event === failed)
      await eventually('the command prints what its node tells', 20_000, async () => {
        const seen = printed
          .split('\n')
          .slice(0, -1)
          .map((line) => JSON.parse(line) as { type: string; member?: { name: string } })
          .filter(({ member, type }) => member?.name === name && ['suspect', 'failed'].includes(type))
          .map(({ type }) => `${type} ${name}`)
        return { ok: seen.join() === told.join(), seen }
      })

      // Whoever looked says how, and what came back.
      const { stdout } = await swim(['explain', name, ...control])
      expect(stdout).toMatch(/is failed/)
      expect(stdout).toMatch(/direct|gossip/)
      const explained = await Promise.all(
        observers.map((observer) =>
          observer.get<{ evidence: { by: string; path: string; outcome: string }[] }>(
            `/v1/members/${name}/explain`,
          ),
        ),
      )
      const all = explained.flatMap(({ evidence }) => evidence)
      expect(all.map(({ path, outcome }) => `${path} ${outcome}`)).toEqual(
        expect.arrayContaining(['direct timeout', 'stream refused']),
      )
      for (const { by } of all) expect(['on-node', 'on-bun', 'on-deno', 'unknown']).toContain(by)

      // It comes back under its name at another port.
      const again = await start(
        ['--name', name, '--port', String(await freePort()), '--seed', observers[0]!.ready.address, ...flags],
        victim,
      )
      const everyone = { 'on-node': 'alive', 'on-bun': 'alive', 'on-deno': 'alive' }
      await agree([...observers, again], everyone)

      again.signal('SIGTERM')
      expect(await again.exited, again.stderr()).toBe(0)
      await agree(observers, { ...everyone, [name]: 'left' })
      for (const { events, stop } of followed) {
        expect(events.slice(events.indexOf(`join ${name}`))).not.toContain(`failed ${name}`)
        stop()
      }
    },
  )
})

test('a node that starts again at its own port before anybody noticed takes its place within 3 s', async () => {
  const port = String(await freePort())
  const cluster = await trio([], port)
  cluster.bun.signal('SIGKILL')
  await cluster.bun.exited
  const again = await start(['--name', 'on-bun', '--port', port, '--seed', cluster.node.ready.address], 'bun')
  await eventually('the new process is known', 20_000, async () => {
    const seen = await Promise.all(
      [cluster.node, cluster.deno].map(async (observer) =>
        (await observer.members()).find(({ name }) => name === 'on-bun'),
      ),
    )
    const own = (await again.members()).find(({ name }) => name === 'on-bun')
    return {
      ok: seen.every((each) => each?.status === 'alive' && each.incarnation === own?.incarnation),
      seen,
    }
  })
})

test('the client commands tell what the API tells, on each runtime', async () => {
  const cluster = await trio([])
  const control = ['--control', cluster.node.ready.control]
  const shown = ['list_mem', 'list_self', 'display_suspects', 'display_protocol', 'members', 'self']
  const checks = allRuntimes.flatMap((runtime) => [
    async () => {
      const members = succeeded(await swim(['members', '--json', ...control], runtime))
      const parsed = JSON.parse(members.stdout) as {
        members: { name: string }[]
        counts: Record<string, number>
      }
      expect(parsed.counts).toEqual({ alive: 3, suspect: 0, failed: 0, left: 0 })
      expect(parsed.members.map(({ name }) => name).sort()).toEqual(['on-bun', 'on-deno', 'on-node'])
    },
    ...shown.map((command) => async () => {
      const { code, stderr } = await swim([command, ...control], runtime)
      expect([runtime, command, code, stderr]).toEqual([runtime, command, 0, ''])
    }),
    async () => {
      const ping = await swim(['ping', 'on-deno', '--json', ...control], runtime)
      expect([runtime, ping.code]).toEqual([runtime, 0])
    },
    async () => {
      const nobody = await swim(['ping', 'nobody', ...control], runtime)
      expect([runtime, nobody.code]).toEqual([runtime, 1])
      expect(nobody.stderr.trim().split('\n')).toHaveLength(1)
    },
  ])
  await inTurns(3, checks, (check) => check())
})

test.concurrent.each([
  ['udp', []],
  ['tcp and JSON', ['--transport', 'tcp', '--codec', 'json']],
] as const)('the third knows the round trip between the two others, over %s', async (_, flags) => {
  const cluster = await trio(flags)
  const rtt = (...names: readonly string[]) =>
    swim(['rtt', ...names, '--json', '--control', cluster.node.ready.control])
  await eventually('both have been pinged', 30_000, async () => {
    const seen = await rtt('on-bun', 'on-deno')
    return { ok: seen.code === 0, seen }
  })
  const between = JSON.parse((await rtt('on-bun', 'on-deno')).stdout)
  expect(between).toMatchObject({ a: 'on-bun', b: 'on-deno', source: 'estimated' })
  expect(between.rttMs).toBeGreaterThan(0)
  expect(JSON.parse((await rtt('on-bun')).stdout)).toMatchObject({ b: 'on-node', source: 'measured' })
  expect((await rtt('nobody')).stderr.trim().split('\n')).toHaveLength(1)
})

test.concurrent('the newest Node joins them, and is missed when it is killed', async () => {
  const cluster = await trio([])
  const newest = await start(
    ['--name', 'on-newest', '--port', '0', '--seed', cluster.bun.ready.address],
    'newest',
  )
  const three = { 'on-node': 'alive', 'on-bun': 'alive', 'on-deno': 'alive' }
  await agree([...Object.values(cluster), newest], { ...three, 'on-newest': 'alive' })
  newest.signal('SIGKILL')
  await agree(Object.values(cluster), { ...three, 'on-newest': 'failed' }, 30_000)
})
