import { once } from 'node:events'
import { lstat, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ask } from './control-requests.ts'
import { launch, runtimes, serving, succeeded, swim } from './swim-process.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
})
afterAll(() => rm(folder, { recursive: true }))

test.each(runtimes)(
  'a Unix socket of a node on %s: whose it is, who gets in, and how long it is there',
  async (runtime) => {
    const path = join(folder, `${runtime}.sock`)
    const control = `unix:${path}`
    const args = ['start', '--bind', '127.0.0.1', '--name', 'a', '--port', '0', '--control', control]
    const begin = () => launch(args, runtime)
    const node = await serving(begin())
    expect(node.ready.control).toBe(control)
    expect((await stat(path)).mode & 0o777).toBe(0o600)

    for (const client of runtimes) {
      const { code, stderr, stdout } = await swim(['members', '--control', control], client)
      expect([client, code, stderr]).toEqual([client, 0, ''])
      expect(stdout).toMatch(/^a /m)
    }
    expect((await ask(control, '/healthz', { headers: { host: 'evil.example' } })).code).toBe('host')

    const second = await swim(args.slice(), runtime)
    expect([second.code, second.stdout]).toEqual([2, ''])
    expect(second.stderr).toContain(`cannot serve the control API at ${path}: another process serves it\n`)
    expect((await ask(control, '/healthz')).status).toBe(200)

    node.signal('SIGKILL')
    await node.exited
    expect((await lstat(path)).isSocket()).toBe(true)
    const gone = await swim(['members', '--control', control], runtime)
    expect([gone.code, gone.stderr]).toEqual([
      1,
      expect.stringContaining(`no node answers at ${control}: nothing listens there`),
    ])

    const next = begin()
    const again = await serving(next)
    succeeded(await swim(['stop', '--control', control], runtime))
    expect(await again.exited, again.stderr()).toBe(0)
    await expect(lstat(path)).rejects.toThrow('ENOENT')
    const never = await swim(['members', '--control', control], runtime)
    expect([never.code, never.stderr]).toEqual([1, expect.stringContaining('there is no such socket')])
    if (next.exitCode === null) await once(next, 'exit')
  },
)
