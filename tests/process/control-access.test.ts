import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Asking, ask, responseTo } from './control-requests.ts'
import { eventually, runtimes, start, succeeded, swim } from './swim-process.ts'

const token = 'the-admin-token-of-this-test'
const readToken = 'the-reading-token-of-this-test'

let folder: string
let flags: readonly string[]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
  const [all, reading] = [join(folder, 'all'), join(folder, 'reading')]
  await Promise.all([writeFile(all, `${token}\n`), writeFile(reading, `${readToken}\n`)])
  flags = ['--name', 'a', '--port', '0', '--control-token-file', all, '--control-read-token-file', reading]
})
afterAll(() => rm(folder, { recursive: true }))

test.each(runtimes)('whom a node on %s answers, and whom it sends away', async (runtime) => {
  const node = await start(flags, runtime)
  const { control } = node.ready
  const outcome = async (path: string, asking: Asking = {}) => {
    const { code, status } = await ask(control, path, asking)
    return code === undefined ? status : `${status} ${code}`
  }
  const post = { method: 'POST' }

  expect([await outcome('/healthz'), await outcome('/readyz')]).toEqual([200, 200])
  for (const path of ['/v1/members', '/list_mem', '/v1/stats', '/v1/events', '/v1/nothing']) {
    expect([path, await outcome(path)]).toEqual([path, '401 token'])
  }
  expect(await outcome('/v1/members', { token: readToken })).toBe(200)
  expect(await outcome('/v1/members', { token })).toBe(200)
  expect(await outcome('/v1/stop', post)).toBe('401 token')
  expect(await outcome('/v1/stop', { ...post, token: readToken })).toBe('403 scope')
  expect(await outcome('/leave', { ...post, token: readToken })).toBe('403 scope')
  expect(await outcome('/healthz', { headers: { host: 'evil.example' } })).toBe('421 host')
  const page = { headers: { origin: 'http://evil.example' } }
  expect(await outcome('/v1/stop', { ...post, ...page, token })).toBe('403 origin')
  expect(await outcome('/v1/members', { ...page, token })).toBe('403 origin')
  const image = { headers: { 'sec-fetch-site': 'cross-site' } }
  expect(await outcome('/v1/members', { ...image, token })).toBe('403 origin')
  expect(await outcome('/healthz', image)).toBe(200)
  const own = { headers: { origin: control, 'sec-fetch-site': 'same-origin' } }
  expect(await outcome('/v1/members', { ...own, token })).toBe(200)

  const [reading, changing] = await Promise.all([
    swim(['members', '--control', control, '--control-token', readToken], runtime),
    swim(['tags', 'a=b', '--control', control, '--control-token', readToken], runtime),
  ])
  succeeded(reading)
  expect([changing.code, changing.stderr]).toEqual([1, expect.stringContaining('needs the admin token')])

  for (let i = 0; i < 10; i++) expect(await outcome('/v1/members', { token: `guess-${i}` })).toBe('401 token')
  const late = await ask(control, '/v1/members', { token: 'guess-10' })
  expect([late.status, late.code, late.headers['retry-after']]).toEqual([429, 'guesses', '1'])
  expect(await outcome('/v1/members', { token })).toBe(200)
  expect(await outcome('/healthz')).toBe(200)

  const said = node.stderr()
  for (const why of [
    'no token',
    'a wrong token',
    'too many wrong tokens',
    'a read-only token',
    'Host',
    'another origin',
  ]) {
    expect(said).toMatch(new RegExp(`control request refused: .*${why}`))
  }
  expect(said.match(/refused: a wrong token/g)).toHaveLength(1)
  for (const secret of [token, readToken, 'guess-0']) expect(said).not.toContain(secret)
  node.signal('SIGTERM')
  expect(await node.exited, node.stderr()).toBe(0)
})

test.each(runtimes)(
  'a node on %s reads its tokens anew at a SIGHUP, and then hears nobody with an old one',
  async (runtime) => {
    const [all, reading] = [join(folder, `all-${runtime}`), join(folder, `reading-${runtime}`)]
    await Promise.all([writeFile(all, `${token}\n`), writeFile(reading, `${readToken}\n`)])
    const node = await start(
      ['--name', 'a', '--port', '0', '--control-token-file', all, '--control-read-token-file', reading],
      runtime,
    )
    const { control } = node.ready
    const statusOf = async (given: string) => (await ask(control, '/v1/members', { token: given })).status
    const followed = await responseTo(control, '/v1/events', { token: readToken })
    const ended = new Promise<void>((resolve) => followed.on('close', () => resolve()))
    followed.resume()

    // One that is wrong changes nothing.
    await writeFile(all, 'short\n')
    node.signal('SIGHUP')
    await eventually('it says what is wrong', 20_000, async () => {
      const seen = node.stderr().match(/the configuration was not taken over.*/)?.[0]
      return { ok: seen?.includes('8..1024 printable characters') === true, seen }
    })
    expect([await statusOf(token), await statusOf(readToken)]).toEqual([200, 200])

    const [newToken, newReadToken] = [`${token}-2`, `${readToken}-2`]
    await Promise.all([writeFile(all, `${newToken}\n`), writeFile(reading, `${newReadToken}\n`)])
    node.signal('SIGHUP')
    await eventually('the new token is taken', 20_000, async () => {
      const seen = await statusOf(newToken)
      return { ok: seen === 200, seen }
    })
    await ended
    const each = [newReadToken, token, readToken].map(statusOf)
    expect(await Promise.all(each)).toEqual([200, 401, 401])
    for (const secret of [token, readToken]) expect(node.stderr()).not.toContain(secret)
    node.signal('SIGTERM')
    expect(await node.exited, node.stderr()).toBe(0)
  },
)

test.each(runtimes)('what a node on %s does not start with', async (runtime) => {
  const refused = async (...more: string[]) => {
    const { code, stderr, stdout } = await swim(
      ['start', '--bind', '127.0.0.1', '--port', '0', ...more],
      runtime,
    )
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^swim-cli: [^\n]+\n$/)
    return stderr
  }
  const [open, readOnly, folderless] = await Promise.all([
    refused('--control', '0.0.0.0:0'),
    refused('--control-read-token', readToken),
    refused('--control', `unix:${join(folder, 'no', 'such', 'folder')}`),
  ])
  expect(open).toContain('0.0.0.0 is open to others, so it needs a token')
  expect(readOnly).toContain('changes would be open to all')
  expect(folderless).toContain('cannot serve the control API at')
  expect(readOnly).not.toContain(readToken)
})
