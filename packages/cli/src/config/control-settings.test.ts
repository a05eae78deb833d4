import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type TestCertificate, type TestCertificates, testCertificates } from '../testing/certificates.ts'
import { startSettings } from './start-settings.ts'

type Flags = Record<string, string>

let certificates: TestCertificates
let own: TestCertificate
let folder: string
beforeAll(async () => {
  certificates = await testCertificates()
  own = await certificates.issue('own')
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
  await writeFile(join(folder, 'read'), 'read-token\n')
})
afterAll(() => Promise.all([certificates.remove(), rm(folder, { recursive: true })]))

const control = async (flags: Flags, env: Record<string, string> = {}) =>
  (await startSettings(flags, env)).control
const complaint = (flags: Flags, env: Record<string, string> = {}): Promise<string> =>
  startSettings(flags, env).then(
    () => 'nothing was wrong',
    (error: Error & { exitCode: number }) => {
      expect(error.exitCode).toBe(2)
      return error.message
    },
  )
const admin = { 'control-token': 'admin-token' }
const certificate = () => ({ 'control-cert': own.certFile, 'control-key': own.keyFile })

describe('where the control API is served', () => {
  it.each([
    ['unix:/run/swim.sock', '/run/swim.sock'],
    ['unix:///run/swim.sock', '/run/swim.sock'],
    ['unix:./swim.sock', join(process.cwd(), 'swim.sock')],
    ['unix:../swim.sock', join(process.cwd(), '..', 'swim.sock')],
  ])('%s is a socket', async (given, socketPath) => {
    expect(await control({ control: given })).toMatchObject({ socketPath, port: undefined })
  })

  it('a host that is called unix is one', async () => {
    expect(await control({ control: 'unix:80', ...admin })).toMatchObject({
      host: 'unix',
      port: 80,
      socketPath: undefined,
    })
  })

  it('over TLS, where there is a certificate', async () => {
    for (const given of ['127.0.0.1:9000', 'https://127.0.0.1:9000']) {
      expect(await control({ control: given, ...certificate() })).toMatchObject({
        host: '127.0.0.1',
        port: 9_000,
        certificate: { cert: own.cert, key: own.key },
      })
    }
    const fromEnvironment = { SWIM_CONTROL_CERT: own.certFile, SWIM_CONTROL_KEY: own.keyFile }
    expect((await control({}, fromEnvironment)).certificate).toEqual({ cert: own.cert, key: own.key })
  })

  it.each<[string, () => Flags, string]>([
    [
      'https without a certificate',
      () => ({ control: 'https://127.0.0.1:1' }),
      '--control: https:// needs --control-cert and --control-key',
    ],
    [
      'http with one',
      () => ({ control: 'http://127.0.0.1:1', ...certificate() }),
      '--control: must be https://, as there is a certificate',
    ],
    [
      'a certificate alone',
      () => ({ 'control-cert': own.certFile }),
      '--control-cert: --control-key is needed with it',
    ],
    [
      'a key alone',
      () => ({ 'control-key': own.keyFile }),
      '--control-key: --control-cert is needed with it',
    ],
    [
      'a socket with a port',
      () => ({ control: 'unix:/s', 'control-port': '1' }),
      '--control-port: --control names a Unix socket, which has no port',
    ],
    [
      'a socket with a certificate',
      () => ({ control: 'unix:/s', ...certificate() }),
      '--control-cert: --control names a Unix socket, which is never served over TLS',
    ],
    [
      'a socket without a path',
      () => ({ control: 'unix:' }),
      '--control: "unix:" is not allowed: must be host:port, an http:// or https:// URL without a path, or unix:/path',
    ],
    [
      'a name with a port',
      () => ({ 'control-name': 'swim:80' }),
      '--control-name: "swim:80" is not allowed: must be a host name without a port',
    ],
    [
      'a rate below 0',
      () => ({ 'control-rate-limit': '-1' }),
      '--control-rate-limit: "-1" is not allowed: must be a number 0..100000',
    ],
  ])('%s is refused', async (_, flags, message) => {
    expect(await complaint(flags())).toBe(message)
  })

  it('a port of the environment stands for nothing beside a socket of the command line', async () => {
    const settings = await control({ control: 'unix:/s' }, { SWIM_CONTROL_PORT: '9000' })
    expect(settings).toMatchObject({ socketPath: '/s', port: undefined })
  })

  it('under the names that are given, and the one that it listens at', async () => {
    expect((await control({ 'control-name': 'swim.local,swim' })).names).toEqual(['swim.local', 'swim'])
    expect((await control({ control: 'node-1:80', ...admin })).names).toEqual(['node-1'])
    expect((await control({ control: '127.0.0.2:80' })).names).toEqual([])
  })
})

describe('its tokens', () => {
  it('are taken as text, from a file, or from the environment', async () => {
    const read = { readToken: 'read-token' }
    expect(await control({ ...admin, 'control-read-token': 'read-token' })).toMatchObject(read)
    expect(await control({ ...admin, 'control-read-token-file': join(folder, 'read') })).toMatchObject(read)
    expect(await control(admin, { SWIM_CONTROL_READ_TOKEN: 'read-token' })).toMatchObject(read)
    expect(await control(admin, { SWIM_CONTROL_READ_TOKEN_FILE: join(folder, 'read') })).toMatchObject(read)
  })

  it('that show in the process list are warned of', async () => {
    const { warnings } = await startSettings(
      { 'control-read-token': 'read-token' },
      { SWIM_CONTROL_TOKEN: 'admin-token' },
    )
    expect(warnings).toEqual([
      '--control-read-token shows in the process list: prefer --control-read-token-file or SWIM_CONTROL_READ_TOKEN',
    ])
  })

  it.each<[string, Flags, string]>([
    [
      'none off loopback',
      { control: '0.0.0.0:1' },
      '--control: 0.0.0.0 is open to others, so it needs a token: give --control-token-file',
    ],
    [
      'one that only reads, off loopback',
      { control: '10.0.0.1:1', 'control-read-token': 'read-token' },
      '--control: 10.0.0.1 is open to others, so it needs a token: give --control-token-file',
    ],
    [
      'one that only reads, alone',
      { 'control-read-token': 'read-token' },
      '--control-read-token: changes would be open to all: give --control-token-file as well',
    ],
    [
      'the same for both',
      { ...admin, 'control-read-token': 'admin-token' },
      '--control-read-token: must not be the same as the token for changes',
    ],
    [
      'one that is too short',
      { ...admin, 'control-read-token': 'abc' },
      '--control-read-token: must be 8..1024 printable characters without spaces',
    ],
  ])('%s: refused', async (_, flags, message) => {
    expect(await complaint(flags)).toBe(message)
  })

  it('that are refused are named where they were given, as is an address that is open to others', async () => {
    expect(await complaint({}, { SWIM_CONTROL: '0.0.0.0:1' })).toContain('SWIM_CONTROL: 0.0.0.0 is open')
    const file = { 'control-read-token-file': join(folder, 'read') }
    const env = { SWIM_CONTROL_READ_TOKEN: 'another-token' }
    expect(await complaint(file, env)).toContain('--control-read-token-file: changes would be open to all')
  })

  it('may be left out for a socket', async () => {
    expect(await control({ control: 'unix:/s' })).toMatchObject({ token: undefined, readToken: undefined })
  })
})

describe('off loopback', () => {
  const warningsOf = async (flags: Flags) =>
    (await startSettings({ ...flags }, { SWIM_CONTROL_TOKEN: 'admin-token' })).warnings

  it('without TLS it is said that tokens can be read on the way', async () => {
    expect(await warningsOf({ control: '0.0.0.0:1' })).toEqual([
      expect.stringMatching(
        /^the control API at 0\.0\.0\.0 is not encrypted: its tokens can be read on the way/,
      ),
    ])
  })

  it('nothing is said with TLS, on loopback, or of a socket', async () => {
    for (const flags of [
      { control: '0.0.0.0:1', ...certificate() },
      { control: '127.0.0.1:1' },
      { control: 'unix:/s' },
    ]) {
      expect(await warningsOf(flags)).toEqual([])
    }
  })
})
