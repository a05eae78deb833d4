import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { FakeNode } from '../testing/fake-node.ts'
import { listen } from './listen.ts'
import { Refusals } from './refusals.ts'
import { type Control, type ControlOptions, startControl } from './start-control.ts'
import { isSame, maxSocketPath } from './unix-socket.ts'

let folder: string
let socketPath: string
let open: Control[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
})
afterAll(() => rm(folder, { recursive: true }))
beforeEach(() => {
  socketPath = join(folder, 'control.sock')
  open = []
})
afterEach(async () => {
  await Promise.all(open.map((each) => each.close()))
  await rm(socketPath, { force: true })
})

async function serve(more: ControlOptions = {}): Promise<Control> {
  const control = await startControl(new FakeNode(), { socketPath, ...more })
  open.push(control)
  return control
}
const exists = (path: string) =>
  lstat(path).then(
    () => true,
    () => false,
  )
function get(path: string, headers: Record<string, string> = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    request({ socketPath, path, headers: { host: 'localhost', ...headers }, agent: false }, (response) => {
      response.resume()
      resolve(response.statusCode ?? 0)
    })
      .on('error', reject)
      .end()
  })
}

describe('a Unix socket', () => {
  it('is its owner’s alone, answers without a token, and goes with the API', async () => {
    const control = await serve()
    expect(control.url).toBe(`unix:${socketPath}`)
    expect((await stat(socketPath)).mode & 0o777).toBe(0o600)
    expect(await get('/v1/members')).toBe(200)
    await control.close()
    expect(await exists(socketPath)).toBe(false)
  })

  it('leaves the mask of this process as it was', async () => {
    const mask = process.umask()
    await serve()
    await expect(startControl(new FakeNode(), { socketPath: join(folder, 'no', 'such') })).rejects.toThrow()
    expect(process.umask()).toBe(mask)
  })

  it('asks for a token where one is set, and minds Host as elsewhere', async () => {
    await serve({ token: 'correct-horse' })
    expect(await get('/v1/members')).toBe(401)
    expect(await get('/healthz')).toBe(200)
    expect(await get('/v1/members', { authorization: 'Bearer correct-horse' })).toBe(200)
    expect(await get('/healthz', { host: 'evil.example' })).toBe(421)
  })

  it('that a process has left behind is taken over', async () => {
    const script = `require('node:net').createServer().listen(${JSON.stringify(socketPath)}, () => console.log('up'))`
    const child = spawn(process.execPath, ['-e', script])
    await once(child.stdout, 'data')
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(await exists(socketPath)).toBe(true)
    await serve()
    expect(await get('/healthz')).toBe(200)
  })

  it('that a live process serves is left to it', async () => {
    await serve()
    await expect(serve()).rejects.toThrow(
      `cannot serve the control API at ${socketPath}: another process serves it`,
    )
    expect(await get('/healthz')).toBe(200)
  })

  it('never takes the place of a file that is none, nor of what a link points to', async () => {
    await writeFile(socketPath, 'precious')
    await expect(serve()).rejects.toThrow('there is a file that is no socket')
    await rm(socketPath)
    const real = join(folder, 'real')
    await writeFile(real, 'precious')
    await symlink(real, socketPath)
    await expect(serve()).rejects.toThrow('there is a file that is no socket')
    expect(await exists(real)).toBe(true)
  })

  it('is refused in a folder that is none, with a path that is too long, and over TLS', async () => {
    const file = join(folder, 'no-folder')
    await writeFile(file, '')
    for (const nowhere of [join(folder, 'no', 'such'), join(file, 'socket'), join(file, 'no', 'such')]) {
      await expect(startControl(new FakeNode(), { socketPath: nowhere })).rejects.toMatchObject({
        exitCode: 2,
        message: `cannot serve the control API at ${nowhere}: there is no such folder`,
      })
    }
    const fits = join(folder, 'x'.repeat(maxSocketPath - folder.length - 1))
    await (await startControl(new FakeNode(), { socketPath: fits })).close()
    await expect(startControl(new FakeNode(), { socketPath: `${fits}x` })).rejects.toThrow(
      `the path of a Unix socket must be at most ${maxSocketPath} bytes`,
    )
    const certificate = { cert: 'any', key: 'any' }
    await expect(startControl(new FakeNode(), { socketPath, certificate })).rejects.toThrow(
      'never served over TLS',
    )
  })

  it('counts all who come through it as one', async () => {
    const asked: string[] = []
    const listening = await listen({
      place: { kind: 'unix', path: socketPath },
      handler: (_, { source }) => new Response(asked.push(source) > 0 ? source : ''),
      shed: (url, source) => void asked.push(`${url} ${source}`),
      refusals: new Refusals(undefined),
    })
    expect(await get('/x')).toBe(200)
    await listening.close(0)
    expect(asked).toEqual(['/x unix', 'unix'])
  })

  it('that another process has put there meanwhile is none that was left behind, though it has its inode', async () => {
    await serve()
    const found = await lstat(socketPath, { bigint: true })
    expect(isSame(await lstat(socketPath, { bigint: true }), found)).toBe(true)
    for (const field of ['dev', 'ino', 'ctimeNs', 'birthtimeNs'] as const) {
      expect([
        field,
        isSame(Object.assign(Object.create(found), { [field]: found[field] + 1n }), found),
      ]).toEqual([field, false])
    }
  })
})
