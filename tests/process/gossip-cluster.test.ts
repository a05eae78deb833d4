import { expect, test } from 'vitest'
import { freePort } from '../free-port.ts'
import { agree, follow, runtimes, type SwimProcess, start } from './swim-process.ts'

const flags = ['--detector', 'gossip'] as const

test.concurrent.each(runtimes)(
  'a cluster of Node, Bun and Deno that gossips heartbeats sees the %s process killed, and takes it back',
  async (victim) => {
    const first = await start(['--name', 'on-node', '--port', '0', ...flags], 'node')
    const [bun, deno] = await Promise.all(
      (['bun', 'deno'] as const).map((runtime) =>
        start(['--name', `on-${runtime}`, '--port', '0', '--seed', first.ready.address, ...flags], runtime),
      ),
    )
    const cluster: Record<string, SwimProcess> = { node: first, bun: bun!, deno: deno! }
    const everyone = { 'on-node': 'alive', 'on-bun': 'alive', 'on-deno': 'alive' }
    await agree(Object.values(cluster), everyone)
    for (const { ready } of Object.values(cluster)) expect(ready.detector).toBe('gossip')

    const name = `on-${victim}`
    const { [victim]: killed, ...left } = cluster
    const observers = Object.values(left)
    const followed = await Promise.all(observers.map(follow))
    killed!.signal('SIGKILL')
    await killed!.exited
    // Longer than it takes until silence counts: the others have to be heard.
    await agree(observers, { ...everyone, [name]: 'failed' }, 45_000)
    for (const { events, stop } of followed) {
      expect(events.filter((event) => event.startsWith('suspect'))).toEqual([`suspect ${name}`])
      stop()
    }
    const explained = await Promise.all(
      observers.map((observer) =>
        observer.get<{ evidence: { path: string; outcome: string }[] }>(`/v1/members/${name}/explain`),
      ),
    )
    const ways = explained.flatMap(({ evidence }) =>
      evidence.map(({ outcome, path }) => `${path} ${outcome}`),
    )
    expect(ways).toContain('direct timeout')

    const port = String(await freePort())
    const again = await start(
      ['--name', name, '--port', port, '--seed', observers[0]!.ready.address, ...flags],
      victim,
    )
    await agree([...observers, again], everyone)
  },
)
