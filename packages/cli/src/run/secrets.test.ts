import { randomBytes } from 'node:crypto'
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli } from '../cli.ts'
import { ask, bodyOf, type ControlTarget } from '../client/control-client.ts'
import { type TestCertificates, testCertificates } from '../testing/certificates.ts'
import { controlApp } from '../testing/control-app.ts'
import { type FakeIo, fakeIo } from '../testing/fake-io.ts'
import { FakeNode } from '../testing/fake-node.ts'

const key = randomBytes(32).toString('base64')
const nextKey = randomBytes(32).toString('base64')
const token = `admin-${randomBytes(12).toString('hex')}`
const readToken = `read-${randomBytes(12).toString('hex')}`

let folder: string
let certificates: TestCertificates
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
  certificates = await testCertificates()
})
afterAll(() => Promise.all([rm(folder, { recursive: true }), certificates.remove()]))

async function secretFile(name: string, text: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, `${text}\n`)
  await chmod(path, 0o600)
  return path
}

/** How a secret could show: as it is, or as the bytes that it stands for, in what bytes are written in. */
function forms(secret: string): string[] {
  const bytes = [Buffer.from(secret), Buffer.from(secret, 'base64')]
  return [
    secret,
    ...bytes.flatMap((each) => [
      each.toString('base64').replace(/=+$/, ''),
      each.toString('base64url'),
      each.toString('hex'),
      [...each].join(','),
    ]),
  ].filter((form) => form.length >= 16)
}

/** All that the control API serves, with the method. */
function routes(): readonly (readonly ['GET' | 'POST', string])[] {
  const app = controlApp(new FakeNode())
  return app.routes
    .filter(({ method, path }) => (method === 'GET' || method === 'POST') && path !== '/*')
    .map(({ method, path }) => [method as 'GET' | 'POST', path.replace(':name', 'a')])
}

/** For a machine that is busy. */
const patience = { timeout: 30_000 }
const endings = ['/leave', '/v1/leave', '/v1/stop']

it('no answer, header, error or log line shows a key or a token, whoever asks and whatever goes wrong', async () => {
  const own = await certificates.issue('own')
  const io: FakeIo = fakeIo({ SWIM_CONTROL_TOKEN: token })
  const flags = [
    ...['--name', 'a', '--bind', '127.0.0.1', '--port', '0', '--log-level', 'debug'],
    ...['--key-file', await secretFile('keys', key)],
    ...['--control', '127.0.0.1:0', '--control-cert', own.certFile, '--control-key', own.keyFile],
    ...['--control-read-token-file', await secretFile('read', readToken)],
  ]
  const running = runCli(['start', ...flags], io)
  await expect.poll(() => io.stdout(), patience).toContain('ready ')
  const { control: url } = JSON.parse(io.stdout().slice('ready '.length)) as { control: string }

  const heard: string[] = []
  const until = new AbortController()
  async function hear(method: 'GET' | 'POST', path: string, given: string | undefined, body?: object) {
    const target: ControlTarget = { url, token: given, ca: certificates.authority.cert, timeout: 20_000 }
    const { response, status } = await ask(target, path, {
      method,
      signal: until.signal,
      ...(body === undefined ? {} : { body }),
    })
    const stream = String(response.headers['content-type']).startsWith('text/event-stream')
    if (stream) response.destroy()
    heard.push(
      `${method} ${path} ${status} ${response.rawHeaders.join(' ')} ${stream ? '' : await bodyOf(response)}`,
    )
    return status
  }

  const all = routes()
  expect(all.length).toBeGreaterThan(30)
  // Fewer wrong ones than would have this address not heard any more.
  const strangers = [undefined, `${token}x`]
  for (const [i, [method, path]] of all.entries()) {
    await hear(method, path, i < 5 ? strangers[i % 2] : undefined)
    await hear(method, path, readToken)
    if (endings.includes(path)) continue
    await hear(method, path, token)
    if (method === 'POST') await hear(method, path, token, { key: 'not a key', x: [token] })
  }
  expect(await hear('POST', '/v1/keys/install', token, { key: nextKey })).toBe(200)
  expect(await hear('POST', '/v1/keys/install', token, { key: nextKey.slice(2) })).toBe(400)
  expect(await hear('GET', '/v1/keys', readToken)).toBe(200)
  expect(await readFile(join(folder, 'keys'), 'utf8')).toContain(nextKey)
  io.hangUp()
  await expect.poll(() => io.stderr(), patience).toContain('was read anew')

  const asks = fakeIo({ SWIM_CONTROL: url, SWIM_CONTROL_CA: certificates.authority.certFile })
  for (const argv of [
    ['members', '--control-token', `${token}x`],
    ['members', '--control-token', token, '--control-token-file', join(folder, 'read')],
    ['members', '--control-token-file', join(folder, 'keys')],
    ['tags', 'a=b', '--control-token-file', join(folder, 'read')],
    ['start', '--key', `${key}x`],
    ['start', '--control-token', `${token} x`],
    ['start', '--control-token', token, '--control-read-token', token],
    ['start', '--control-cert', own.keyFile, '--control-key', own.keyFile],
  ]) {
    expect([argv[0], await runCli(argv, asks)]).toEqual([argv[0], expect.toSatisfy((code) => code !== 0)])
  }
  expect(await hear('POST', '/v1/leave', token)).toBe(200)
  expect(await running).toBe(0)

  const said = [...heard, io.stdout(), io.stderr(), asks.stdout(), asks.stderr()].join('\n')
  expect(said).toContain('control request refused: a wrong token')
  const privateKey = own.key.split('\n').filter((line) => line !== '' && !line.startsWith('-'))
  for (const secret of [key, nextKey, token, readToken, ...privateKey]) {
    for (const form of forms(secret)) expect(said).not.toContain(form)
  }
})
