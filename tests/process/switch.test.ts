import { expect, test } from 'vitest'
import { agree, eventually, follow, hold, runtimes, type SwimProcess, start, swim } from './swim-process.ts'

interface Protocol {
  readonly detector: string
  readonly epoch: number
  readonly suspicion: boolean
}

const protocolOf = (node: SwimProcess): Promise<Protocol> => node.get('/v1/protocol')

/** Until all run what is wanted; returns the milliseconds it took. */
function allRun(nodes: readonly SwimProcess[], wanted: Protocol): Promise<number> {
  return eventually(`all run ${JSON.stringify(wanted)}`, 20_000, async () => {
    const seen = await Promise.all(nodes.map(protocolOf))
    const ok = seen.every(({ detector, epoch, suspicion }) => {
      return detector === wanted.detector && epoch === wanted.epoch && suspicion === wanted.suspicion
    })
    return { ok, seen: seen.map(({ detector, epoch, suspicion }) => ({ detector, epoch, suspicion })) }
  })
}

/** Two of each runtime. */
async function cluster(): Promise<SwimProcess[]> {
  const first = await start(['--name', 'node-0', '--port', '0'], 'node')
  const rest = await Promise.all(
    ['node-1', 'bun-0', 'bun-1', 'deno-0', 'deno-1'].map((name) =>
      start(
        ['--name', name, '--port', '0', '--seed', first.ready.address],
        runtimes.find((runtime) => name.startsWith(runtime)),
      ),
    ),
  )
  const all = [first, ...rest]
  await agree(all, aliveAll(all))
  return all
}

const aliveAll = (all: readonly SwimProcess[]): Record<string, string> =>
  Object.fromEntries(all.map(({ ready }) => [ready.name, 'alive']))

test.concurrent('Node, Bun and Deno are switched to gossip and back, at any of them, and nobody that lives is failed', async () => {
  const all = await cluster()
  const followed = await Promise.all(all.map(follow))
  let epoch = 0
  for (const [i, detector] of ['gossip', 'pingack', 'gossip', 'pingack', 'gossip'].entries()) {
    const control = all[i]!.ready.control
    const { code, stdout, stderr } = await swim(['switch', detector, '--control', control])
    expect([code, stdout, stderr]).toEqual([0, `the cluster runs ${detector}, as of epoch ${++epoch}\n`, ''])
    const took = await allRun(all, { detector, epoch, suspicion: true })
    console.log(`switched to ${detector} everywhere within ${took.toFixed(0)} ms`)
    await new Promise((resolve) => setTimeout(resolve, 3_000))
  }
  // Longer than the grace of the one that runs now, and than a suspicion.
  await new Promise((resolve) => setTimeout(resolve, 15_000))
  await hold(all, aliveAll(all))
  for (const { events } of followed) {
    expect(events.filter((event) => /^(suspect|failed|leave)/.test(event))).toEqual([])
  }

  const again = await swim(['switch', '--no-suspicion', '--control', all[3]!.ready.control])
  expect(again.stdout).toBe('the cluster runs gossip, without suspicion, as of epoch 6\n')
  await allRun(all, { detector: 'gossip', epoch: 6, suspicion: false })

  // One that was started otherwise takes what the cluster runs, and does not flip it.
  const late = await start(['--name', 'late', '--port', '0', '--seed', all[0]!.ready.address], 'node')
  await allRun([...all, late], { detector: 'gossip', epoch: 6, suspicion: false })
  await agree([...all, late], aliveAll([...all, late]))
  for (const { events, stop } of followed) {
    expect(events.filter((event) => /^(suspect|failed|leave)/.test(event))).toEqual([])
    stop()
  }
})

test.concurrent('a detector that this node does not have is refused, and nothing changes', async () => {
  const node = await start(['--name', 'alone', '--port', '0'])
  const { code, stdout, stderr } = await swim(['switch', 'nonesuch', '--control', node.ready.control])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toContain('cannot switch to "nonesuch": this node was started with pingack, gossip')
  expect(await protocolOf(node)).toMatchObject({ detector: 'pingack', epoch: 0 })
})

async function killOneOfEach(detector: string): Promise<void> {
  const all = await cluster()
  if (detector === 'gossip') {
    await swim(['switch', 'gossip', '--control', all[0]!.ready.control])
    await allRun(all, { detector, epoch: 1, suspicion: true })
    // Until heartbeats have a rhythm.
    await new Promise((resolve) => setTimeout(resolve, 15_000))
  }
  const expected = aliveAll(all)
  let left = all
  for (const name of ['node-1', 'bun-1', 'deno-1']) {
    const victim = left.find(({ ready }) => ready.name === name)!
    left = left.filter((node) => node !== victim)
    const killed = performance.now()
    victim.signal('SIGKILL')
    expected[name] = 'failed'
    const times = await Promise.all(
      left.map(async (node) => {
        await eventually(`${node.ready.name} holds ${name} failed`, 40_000, async () => {
          const { [name]: seen } = await node.statuses()
          return { ok: seen === 'failed', seen }
        })
        return `${node.ready.name} ${((performance.now() - killed) / 1_000).toFixed(2)} s`
      }),
    )
    console.log(`${detector}: kill -9 of ${name}, until failed: ${times.join(', ')}`)
  }
  await agree(left, expected)
}

// Beside the first, and the next after it: two clusters of six are enough at once.
test.concurrent('with gossip a killed process of each runtime is failed at every survivor', () =>
  killOneOfEach('gossip'))

test('with pingack a killed process of each runtime is failed at every survivor', () =>
  killOneOfEach('pingack'))
