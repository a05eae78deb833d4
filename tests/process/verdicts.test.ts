import { expect, test } from 'vitest'
import { freePort } from '../free-port.ts'
import { agree, eventually, follow, hold, runtimes, type SwimProcess, start } from './swim-process.ts'

async function cluster(n: number, flags: readonly string[] = []): Promise<SwimProcess[]> {
  const first = await start(['--name', 'm0', '--port', '0', ...flags], runtimes[0])
  const rest = await Promise.all(
    Array.from({ length: n - 1 }, (_, i) =>
      start(
        ['--name', `m${i + 1}`, '--port', '0', '--seed', first.ready.address, ...flags],
        runtimes[(i + 1) % runtimes.length],
      ),
    ),
  )
  const all = [first, ...rest]
  await agree(all, Object.fromEntries(all.map(({ ready }) => [ready.name, 'alive'])))
  return all
}

// The longest begins first; most of the time it is one process.
test.concurrent.each([5, 2])('down from %i to one and up again', async (n) => {
  const all = await cluster(n, ['--profile', 'lan'])
  const [survivor, ...victims] = all
  for (const victim of victims) victim.signal('SIGKILL')
  await Promise.all(victims.map(({ exited }) => exited))
  const failed = Object.fromEntries(victims.map(({ ready }) => [ready.name, 'failed']))
  // With nobody to help, health goes to its worst and periods grow to 9 s. Of five, the last victim is looked at after 7 looks
  // at the most (2n − 1 of 4), 1 + 4 + 7 + 4 × 9 s, and its suspicion takes 24 s unconfirmed: 72 s.
  const took = await agree([survivor!], { m0: 'alive', ...failed }, 90_000)
  console.log(`the survivor of ${n} failed the others after ${(took / 1_000).toFixed(1)} s`)
  const back = await Promise.all(
    victims.map(({ ready }, i) =>
      start(
        ['--name', ready.name, '--port', '0', '--seed', survivor!.ready.address],
        runtimes[(i + 1) % runtimes.length],
      ),
    ),
  )
  await agree([survivor!, ...back], Object.fromEntries(all.map(({ ready }) => [ready.name, 'alive'])))
})

test.concurrent.each([0, 1, 2])(
  'a process that stands still for 3 s (member %i: Node, Bun, Deno) is never failed, and fails nobody',
  async (index) => {
    const all = await cluster(3)
    const followed = await Promise.all(all.map(follow))
    const paused = all[index]!
    paused.signal('SIGSTOP')
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    paused.signal('SIGCONT')
    // Longer than a suspicion takes to become a failure: 4 s at three members.
    await new Promise((resolve) => setTimeout(resolve, 6_000))
    await agree(all, { m0: 'alive', m1: 'alive', m2: 'alive' })
    for (const { events, stop } of followed) {
      expect(events.filter((event) => event.startsWith('failed'))).toEqual([])
      stop()
    }
  },
)

test.concurrent('of two processes with one name the earlier keeps it, the later ends with a clear error, and nobody flaps', async () => {
  const [first, second, third] = await cluster(3)
  const followed = await follow(first!)
  const later = await start(['--name', 'm1', '--port', '0', '--seed', first!.ready.address])
  expect(await later.exited).toBe(1)
  expect(later.stderr()).toContain(second!.ready.address)
  expect(later.stderr()).toMatch(/name "m1"/)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await hold([first!, second!, third!], { m0: 'alive', m1: 'alive', m2: 'alive' })
  const members = await first!.members()
  expect(members.find(({ name }) => name === 'm1')!.address).toBe(second!.ready.address)
  expect(followed.events.filter((event) => /suspect|failed|update|leave/.test(event))).toEqual([])
  followed.stop()
})

test.concurrent('a wrong advertised address is an error at the newcomer, and the cluster never hears of it', async () => {
  const [first, second] = await cluster(2)
  const followed = await follow(second!)
  const port = await freePort()
  const newcomer = await start([
    '--name',
    'lost',
    '--port',
    '0',
    '--advertise',
    `127.0.0.1:${port}`,
    '--seed',
    first!.ready.address,
  ])
  await eventually('the error is told', 20_000, () =>
    Promise.resolve({
      ok: newcomer.stderr().includes(`127.0.0.1:${port}`) && /reach/.test(newcomer.stderr()),
      seen: newcomer.stderr(),
    }),
  )
  expect((await second!.members()).map(({ name }) => name)).not.toContain('lost')
  expect(followed.events).toEqual([])
  followed.stop()
})

// They have the machine for themselves.
test('25 processes started at once with one another as seeds become one cluster', async () => {
  const ports = await Promise.all(Array.from({ length: 25 }, freePort))
  const seeds = ports.map((port) => `127.0.0.1:${port}`).join(',')
  const all = await Promise.all(
    ports.map((port, i) =>
      start(['--name', `p${i}`, '--port', String(port), '--control-port', '0', '--seed', seeds]),
    ),
  )
  const everyone = Object.fromEntries(all.map(({ ready }) => [ready.name, 'alive']))
  const took = await agree(all, everyone, 60_000)
  console.log(`25 processes agreed ${(took / 1_000).toFixed(1)} s after the last was ready`)
  await new Promise((resolve) => setTimeout(resolve, 3_000))
  await agree(all, everyone)
})
