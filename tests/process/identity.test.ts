import { expect, test } from 'vitest'
import { freePort } from '../free-port.ts'
import { agree, eventually, follow, hold, type SwimProcess, same, start, swim } from './swim-process.ts'

const three = ['node', 'bun', 'deno'] as const

/** `on-node`, `on-bun` and `on-deno`, in one cluster with timings for one machine; that on Bun where it is to be, if anywhere. */
async function trio(bunPort = '0'): Promise<Record<(typeof three)[number], SwimProcess>> {
  const node = await start([...named('on-node')], 'node')
  const [bun, deno] = await Promise.all([
    start([...named('on-bun', bunPort), '--seed', node.ready.address], 'bun'),
    start([...named('on-deno'), '--seed', node.ready.address], 'deno'),
  ])
  await agree([node, bun, deno], everyone)
  return { node, bun, deno }
}

const named = (name: string, port = '0') => [
  ...['--name', name, '--port', port],
  ...['--control-port', '0', '--profile', 'local'],
]
const everyone = { 'on-node': 'alive', 'on-bun': 'alive', 'on-deno': 'alive' }

async function kill(node: SwimProcess): Promise<void> {
  node.signal('SIGKILL')
  await node.exited
}

/** Until each of the observers holds a name alive at this address. */
function heldAt(observers: readonly SwimProcess[], name: string, address: string, limit: number) {
  return eventually(`${name} is alive at ${address}`, limit, async () => {
    const seen = await Promise.all(
      observers.map(async (observer) => (await observer.members()).find((member) => member.name === name)),
    )
    return { ok: seen.every((member) => member?.status === 'alive' && member.address === address), seen }
  })
}

test.concurrent.each(three)(
  'a process that is killed on %s and starts again at another port, before anybody noticed, has its name there within 3 s',
  async (runtime) => {
    const cluster = await trio()
    const old = cluster[runtime]
    const others = Object.values(cluster).filter((node) => node !== old)
    const { name } = old.ready
    const followed = await Promise.all(others.map(follow))
    await kill(old)
    const again = await start([...named(name), '--seed', others[0]!.ready.address], runtime)
    expect(again.ready.address).not.toBe(old.ready.address)
    await heldAt(others, name, again.ready.address, 3_000)
    await agree([...others, again], everyone)
    for (const { events, stop } of followed) {
      // The one that is gone may be found so before; nobody else is doubted.
      expect(events.filter((event) => !event.endsWith(` ${name}`))).toEqual([])
      stop()
    }
  },
)

test.concurrent.each(three)(
  'a second process on %s under a name that lives ends with exit code 1 and one line that names both addresses',
  async (runtime) => {
    const cluster = await trio()
    const holder = runtime === 'node' ? cluster.bun : cluster.node
    const observers = Object.values(cluster)
    const followed = await Promise.all(observers.map(follow))
    const { name } = holder.ready
    const flags = [...named(name), '--seed', cluster.deno.ready.address, '--bind', '127.0.0.1']
    const { code, stderr, stdout } = await swim(['start', ...flags], runtime)
    expect(code).toBe(1)
    const { address } = JSON.parse(/^ready (.*)$/m.exec(stdout)![1]!) as { address: string }
    const said = stderr.split('\n').filter((line) => line.startsWith('swim-cli: '))
    expect(said).toHaveLength(1)
    expect(said[0]).toContain(
      `the name "${name}" belongs to a live process at ${holder.ready.address}, so this one at ${address} ends`,
    )
    expect(await Promise.all(observers.map((observer) => observer.statuses()))).toEqual(
      observers.map(() => everyone),
    )
    for (const { events, stop } of followed) {
      expect(events).toEqual([])
      stop()
    }
  },
)

test.concurrent('of two that start at once under one name, by different seeds, one ends and the other is held by all', async () => {
  const cluster = await trio()
  const observers = Object.values(cluster)
  const twins = await Promise.all(
    [cluster.node, cluster.bun].map(({ ready }) =>
      start([...named('twin'), '--seed', ready.address], 'deno'),
    ),
  )
  const [code, ended] = await Promise.race(twins.map(async (twin) => [await twin.exited, twin] as const))
  const keeper = twins.find((twin) => twin !== ended)!
  expect(code).toBe(1)
  expect(ended.stderr()).toContain(`a live process at ${keeper.ready.address}`)
  await agree([...observers, keeper], { ...everyone, twin: 'alive' })
  await heldAt([...observers, keeper], 'twin', keeper.ready.address, 5_000)
  expect(keeper.child.exitCode).toBe(null)
})

test.concurrent('another name at the port of a dead one: the dead one fails all the same, and the other is alive', async () => {
  const port = String(await freePort())
  const { bun: dead, deno, node } = await trio(port)
  await kill(dead)
  const heir = await start([...named('heir', port), '--seed', node.ready.address], 'bun')
  expect(heir.ready.address).toBe(dead.ready.address)
  const followed = await follow(deno)
  await agree([node, deno], { ...everyone, 'on-bun': 'failed', heir: 'alive' }, 30_000)
  await eventually('the heir knows all, and the dead one if it had not failed yet', 20_000, async () => {
    const { 'on-bun': former = 'failed', ...living } = await heir.statuses()
    const ok = former === 'failed' && same(living, { 'on-node': 'alive', 'on-deno': 'alive', heir: 'alive' })
    return { ok, seen: { former, living } }
  })
  expect(followed.events.filter((event) => event.endsWith(' heir') && event !== 'join heir')).toEqual([])
  followed.stop()
  const { engine } = await heir.get<{ engine: Record<string, number> }>('/v1/stats')
  expect(engine.refutations).toBe(0)
})

test.concurrent('two clusters with labels, and a seed of the one that is the other’s by now: neither takes the other in, and each says why', async () => {
  const of = (cluster: string, name: string, port?: string) => [...named(name, port), '--cluster', cluster]
  const [a1, b1] = await Promise.all([start(of('a', 'a1'), 'node'), start(of('b', 'b1'), 'bun')])
  const port = String(await freePort())
  const a2 = await start([...of('a', 'a2', port), '--seed', a1.ready.address], 'deno')
  await agree([a1, a2], { a1: 'alive', a2: 'alive' })
  const recycled = a2.ready.address
  await kill(a2)
  const b2 = await start([...of('b', 'b2', port), '--seed', b1.ready.address], 'deno')
  expect(b2.ready.address).toBe(recycled)

  // Whoever comes by the old address is told, and so is whoever comes the other way round.
  const [a3, b3] = await Promise.all([
    start([...of('a', 'a3'), '--seed', recycled], 'bun'),
    start([...of('b', 'b3'), '--seed', a1.ready.address], 'node'),
  ])
  for (const lost of [a3, b3]) {
    await eventually('it says of which cluster the seed is', 20_000, () => {
      const seen = lost
        .stderr()
        .split('\n')
        .filter((line) => line.includes('cluster-mismatch'))
      return Promise.resolve({ ok: seen.length === 1 && seen[0]!.includes('check --cluster on both'), seen })
    })
  }
  await agree([b1, b2], { b1: 'alive', b2: 'alive' })
  await agree([a1], { a1: 'alive', a2: 'failed' }, 30_000)
  await hold([a3], { a3: 'alive' })
  await hold([b3], { b3: 'alive' })
  for (const refusing of [a1, b2]) {
    const { engine } = await refusing.get<{ engine: Record<string, number> }>('/v1/stats')
    expect(engine['fault:cluster']).toBeGreaterThan(0)
  }

  // Seeds are mended while it runs.
  await a3.post('/v1/seeds', { seeds: [a1.ready.address] })
  await agree([a1], { a1: 'alive', a2: 'failed', a3: 'alive' })
  // Of one that failed before it came, a newcomer learns nothing.
  await agree([a3], { a1: 'alive', a3: 'alive' })
})
