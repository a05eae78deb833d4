import { expect, test } from 'vitest'
import { agree, eventually, runtimes, type SwimProcess, start, succeeded, swim } from './swim-process.ts'

/** Endpoints of a service, as a node has them. */
async function endpoints({ ready }: SwimProcess, service: string): Promise<string[]> {
  const { stdout } = await swim(['services', service, '--json', '--control', ready.control])
  const { services } = JSON.parse(stdout) as { services: Record<string, { endpoint: string }[]> }
  return services[service]!.map(({ endpoint }) => endpoint.replace(/^.*:/, ''))
}

test('services follow what Node, Bun and Deno offer, a kill and a force-leave', async () => {
  const first = await start(['--name', 'node', '--port', '0', '--service', 'web:8001'], 'node')
  const rest = await Promise.all(
    runtimes
      .filter((runtime) => runtime !== 'node')
      .map((runtime, i) =>
        start(
          ['--name', runtime, '--port', '0', '--service', `web:${8_002 + i}`, '--seed', first.ready.address],
          runtime,
        ),
      ),
  )
  const all = [first, ...rest]
  await agree(all, Object.fromEntries(all.map(({ ready }) => [ready.name, 'alive'])))
  const lists = (wanted: string[], nodes: readonly SwimProcess[]): Promise<number> =>
    eventually(`the list is ${wanted}`, 20_000, async () => {
      const seen = await Promise.all(nodes.map((node) => endpoints(node, 'web')))
      return { ok: seen.every((list) => `${list}` === `${wanted}`), seen }
    })
  // In the order of the members' names: bun, deno, node.
  await lists(['8002', '8003', '8001'], all)

  const control = rest[0]!.ready.control
  const changed = await swim(['services', '--add', 'web:9002', '--add', 'db:5432', '--control', control])
  expect([changed.code, changed.stdout]).toEqual([0, 'web:9002 db:5432\n'])
  await lists(['9002', '8003', '8001'], all)

  const gone = rest[1]!
  gone.signal('SIGKILL')
  await gone.exited
  const left = all.filter((node) => node !== gone)
  console.log(`without the killed one after ${(await lists(['9002', '8001'], left)).toFixed(0)} ms`)

  const forced = await swim(['force-leave', 'deno', '--prune', '--control', first.ready.control])
  expect([forced.code, forced.stdout]).toEqual([0, 'deno was told to have left, and is forgotten\n'])
  await eventually('nobody lists it', 20_000, async () => {
    const seen = await Promise.all(left.map((node) => node.members()))
    return { ok: seen.every((members) => members.every(({ name }) => name !== 'deno')), seen }
  })

  // One that lives stays.
  succeeded(await swim(['force-leave', 'bun', '--control', first.ready.control]))
  await eventually('it has refuted', 20_000, async () => {
    const members = await first.members()
    return { ok: members.some(({ name, status }) => name === 'bun' && status === 'alive'), seen: members }
  })
})
