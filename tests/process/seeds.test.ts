import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { agree, eventually, runtimes, start, swim } from './swim-process.ts'

test.each(runtimes)('on %s seeds are replaced by command, and read anew at a SIGHUP', async (runtime) => {
  const folder = await mkdtemp(join(tmpdir(), 'swimkit-seeds-'))
  try {
    const file = join(folder, 'swim.yaml')
    const first = await start(['--name', 'first', '--port', '0'])
    await writeFile(file, 'name: moved\nport: 0\nlog-level: info\n')
    const moved = await start(['--config', file], runtime)
    expect((await swim(['seeds', '--control', moved.ready.control])).stdout).toBe('no seeds\n')

    await writeFile(file, `name: moved\nport: 0\nseeds: [${first.ready.address}]\n`)
    moved.signal('SIGHUP')
    await agree([first, moved], { first: 'alive', moved: 'alive' })
    const { seeds } = await moved.get<{ seeds: string[] }>('/v1/seeds')
    expect(seeds).toEqual([first.ready.address])

    // One that is wrong changes nothing, and says what is.
    await writeFile(file, 'name: moved\nport: 0\nseeds: ["not an address"]\n')
    moved.signal('SIGHUP')
    await eventually('it says what is wrong', 20_000, async () => {
      const seen = moved.stderr().match(/the configuration was not taken over.*/)?.[0]
      return { ok: seen?.includes('not an address') === true, seen }
    })
    expect(await moved.get('/v1/seeds')).toEqual({ seeds })

    const none = await swim(['seeds', '--none', '--control', moved.ready.control])
    expect([none.code, none.stdout]).toEqual([0, 'no seeds\n'])
    expect(await moved.statuses()).toEqual({ first: 'alive', moved: 'alive' })
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
})
