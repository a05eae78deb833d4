import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { generateKey } from '@swimkit/security'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CliError } from '../errors.ts'
import { type StartSettings, startSettings } from './start-settings.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swim-cli-'))
})
afterAll(() => rm(folder, { recursive: true }))

async function file(name: string, content: string): Promise<string> {
  const path = join(folder, name)
  await writeFile(path, content)
  return path
}

async function complaint(flags: Record<string, unknown>, env: Record<string, string> = {}): Promise<string> {
  try {
    await startSettings(flags, env)
  } catch (error) {
    if (!(error instanceof CliError)) throw error
    expect(error.exitCode).toBe(2)
    expect(error.message).not.toContain('\n')
    return error.message
  }
  throw new Error('nothing was wrong')
}

describe('the settings of start', () => {
  it('have the defaults of the contract', async () => {
    expect(await startSettings({}, {})).toEqual({
      name: `${hostname()}:7946`,
      cluster: 'default',
      bind: '0.0.0.0',
      port: 7_946,
      advertise: undefined,
      seeds: [],
      dataDir: undefined,
      lanPort: undefined,
      configFile: undefined,
      detector: 'pingack',
      transport: 'udp',
      codec: 'swim',
      profile: 'lan',
      timings: {},
      control: {
        host: '127.0.0.1',
        port: undefined,
        socketPath: undefined,
        token: undefined,
        readToken: undefined,
        tokensInFiles: false,
        certificateFiles: undefined,
        certificate: undefined,
        names: [],
        rateLimit: undefined,
      },
      keys: [],
      keyFile: undefined,
      verifyOutgoing: true,
      verifyIncoming: true,
      allow: [],
      services: [],
      tags: {},
      answers: {},
      payload: undefined,
      dropRate: 0,
      drain: 0,
      detach: false,
      pidFile: undefined,
      logFile: undefined,
      statusInterval: undefined,
      logLevel: 'info',
      logFormat: 'text',
      warnings: [],
    } satisfies StartSettings)
  })

  it('name the node for the port that is picked', async () => {
    const { name } = await startSettings({ port: '0' }, {})
    expect(typeof name === 'function' && name({ host: '127.0.0.1', port: 41_234 })).toBe(
      `${hostname()}:41234`,
    )
  })

  it.each<[flag: string | undefined, env: string | undefined, inFile: string | undefined, port: number]>([
    [undefined, undefined, undefined, 7_946],
    [undefined, undefined, '3', 3],
    [undefined, '2', undefined, 2],
    [undefined, '2', '3', 2],
    ['1', undefined, undefined, 1],
    ['1', undefined, '3', 1],
    ['1', '2', undefined, 1],
    ['1', '2', '3', 1],
    [undefined, '', '3', 3],
  ])('flag %s over environment %s over file %s: %d', async (flag, env, inFile, port) => {
    const config = inFile === undefined ? undefined : await file('p.yaml', `port: ${inFile}\n`)
    const settings = await startSettings({ port: flag, config }, env === undefined ? {} : { SWIM_PORT: env })
    expect(settings.port).toBe(port)
  })

  it('take every key from a file, in kebab or camel case', async () => {
    const token = await file('token', 'correct-horse\n')
    const config = await file(
      'all.yaml',
      `
name: ada
cluster: prod
bind: eth0
port: 7000
advertise: 10.0.0.5
seeds: [10.0.0.1:7946, dns+swim.local:7946, dnssrv+_swim._udp.local]
dataDir: /var/lib/swim
lanPort: 7947
detector: gossip
transport: tcp
codec: json
profile: wan
probeInterval: 2
probe-timeout: 500ms
suspicionMult: 5
suspicion-quorum: 2
indirectProbes: 1
gossipInterval: 100ms
gossipFanout: 4
syncInterval: 1m
failedRetention: 2h
control: 127.0.0.1:9000
controlTokenFile: ${token}
service: [http:80, metrics]
tag: { role: web, zone: 3 }
payload: hello
dropRate: 0.25
statusInterval: 5s
logLevel: debug
logFormat: json
`,
    )
    expect(await startSettings({}, { SWIM_CONFIG: config })).toMatchObject({
      name: 'ada',
      cluster: 'prod',
      bind: 'eth0',
      port: 7_000,
      advertise: { host: '10.0.0.5', port: undefined },
      seeds: [
        { kind: 'address', host: '10.0.0.1', port: 7_946 },
        { kind: 'dns', host: 'swim.local', port: 7_946 },
        { kind: 'srv', host: '_swim._udp.local' },
      ],
      dataDir: '/var/lib/swim',
      lanPort: 7_947,
      detector: 'gossip',
      transport: 'tcp',
      codec: 'json',
      profile: 'wan',
      timings: {
        probeInterval: 2_000,
        probeTimeout: 500,
        suspicionMult: 5,
        suspicionQuorum: 2,
        indirectProbes: 1,
        gossipInterval: 100,
        gossipFanout: 4,
        syncInterval: 60_000,
        failedRetention: 7_200_000,
      },
      control: { host: '127.0.0.1', port: 9_000, token: 'correct-horse', tokensInFiles: true },
      services: [{ name: 'http', port: 80 }, { name: 'metrics' }],
      tags: { role: 'web', zone: '3' },
      payload: new TextEncoder().encode('hello'),
      dropRate: 0.25,
      statusInterval: 5_000,
      logLevel: 'debug',
      logFormat: 'json',
    })
  })

  it('take JSON as well', async () => {
    const config = await file('c.json', '{"port": 5, "tag": ["a=b,c"]}')
    expect(await startSettings({ config }, {})).toMatchObject({ port: 5, tags: { a: 'b,c' } })
  })

  it('take an empty file for none', async () => {
    expect((await startSettings({ config: await file('e.yaml', '# nothing\n') }, {})).port).toBe(7_946)
  })

  it('split variables at commas, and leave commas in the value of a tag flag alone', async () => {
    const env = { SWIM_SEEDS: '10.0.0.1:1, [::1]:2', SWIM_TAGS: 'a=1,b=2', SWIM_SERVICES: 'http:80,dns' }
    const settings = await startSettings({}, env)
    expect(settings.seeds.map(({ host, port }) => [host, port])).toEqual([
      ['10.0.0.1', 1],
      ['::1', 2],
    ])
    expect(settings.tags).toEqual({ a: '1', b: '2' })
    expect(settings.services).toEqual([{ name: 'http', port: 80 }, { name: 'dns' }])
    expect((await startSettings({ tag: ['a=1,2', 'b=x=y'] }, {})).tags).toEqual({ a: '1,2', b: 'x=y' })
    expect((await startSettings({ seed: ['h:1,i:2', 'j'] }, {})).seeds.map(({ text }) => text)).toEqual([
      'h:1',
      'i:2',
      'j',
    ])
  })

  it('take tags from one source only', async () => {
    const config = await file('t.yaml', 'tag: {a: one, b: one}')
    expect((await startSettings({ tag: ['a=two'], config }, {})).tags).toEqual({ a: 'two' })
  })

  it('shorten the probe timeout with the interval, so that one flag alone is no contradiction', async () => {
    const { timings } = await startSettings({ 'probe-interval': '200ms' }, {})
    expect(timings).toEqual({ probeInterval: 200, probeTimeout: 100 })
  })

  it.each([
    [{ control: '127.0.0.1:9000' }, { host: '127.0.0.1', port: 9_000 }],
    [{ control: 'http://127.0.0.1:9000' }, { host: '127.0.0.1', port: 9_000 }],
    [{ control: 'http://[::1]:9000/' }, { host: '::1', port: 9_000 }],
    [{ control: 'localhost' }, { host: 'localhost', port: undefined }],
    [{ 'control-port': '0' }, { host: '127.0.0.1', port: 0 }],
    [
      { control: '127.0.0.2', 'control-port': '5' },
      { host: '127.0.0.2', port: 5 },
    ],
  ])('%j serves the control API at %j', async (flags, control) => {
    expect((await startSettings(flags, {})).control).toMatchObject(control)
  })

  it('let a control port flag stand over an address from the environment', async () => {
    const { control } = await startSettings({ 'control-port': '5' }, { SWIM_CONTROL: '127.0.0.3:6' })
    expect(control).toMatchObject({ host: '127.0.0.3', port: 5 })
  })

  it('let a control address flag stand over a port from the environment', async () => {
    const { control } = await startSettings({ control: '127.0.0.3:6' }, { SWIM_CONTROL_PORT: '5' })
    expect(control).toMatchObject({ host: '127.0.0.3', port: 6 })
  })

  it('warn of a token on the command line, and only there', async () => {
    const [warning] = (await startSettings({ 'control-token': 'correct-horse' }, {})).warnings
    expect(warning).toContain('process list')
    expect((await startSettings({}, { SWIM_CONTROL_TOKEN: 'correct-horse' })).warnings).toEqual([])
  })

  it('take keys from a file, the first one being the primary, and warn where others may read it', async () => {
    const [a, b] = [generateKey(), generateKey(16)]
    const path = await file('keys', `# of orders\n${a}\n\n  ${b}\n`)
    const open = await startSettings({ 'key-file': path }, {})
    expect(open.keys).toEqual([a, b])
    expect(open.warnings).toEqual([
      `--key-file: others may read ${path}, which holds keys of the cluster: chmod 600 it`,
    ])
    await chmod(path, 0o600)
    expect((await startSettings({}, { SWIM_KEY_FILE: path })).warnings).toEqual([])
  })

  it('take keys as text, and warn of those in the process list alone', async () => {
    const [a, b] = [generateKey(), generateKey()]
    expect(await startSettings({}, { SWIM_KEY: `${a},${b}` })).toMatchObject({ keys: [a, b], warnings: [] })
    expect(await startSettings({ key: [a] }, {})).toMatchObject({
      keys: [a],
      warnings: ['--key shows in the process list: prefer --key-file or SWIM_KEY'],
    })
  })

  it('know where keys are from', async () => {
    const key = generateKey()
    const path = await file('kept', `${key}\n`)
    await chmod(path, 0o600)
    const from = async (flags: object, env = {}) => (await startSettings({ ...flags }, env)).keyFile
    expect(await from({}, { SWIM_KEY: key })).toBeUndefined()
    expect(await from({ 'key-file': path })).toEqual({ label: '--key-file', path })
    expect(await from({}, { SWIM_KEY_FILE: path })).toEqual({ label: 'SWIM_KEY_FILE', path })
  })

  it.each([
    ['--key', { key: [''] }, 'must hold a key: leave it out to seal nothing'],
    ['--key', { key: [' , '] }, 'must hold a key'],
    ['--key-file', { 'key-file': '' }, '"" is not allowed: must be the path of a file'],
    ['--allow', { allow: [''] }, 'must name an address or a network: leave it out to let in anybody'],
    ['--control-token', { 'control-token': '' }, 'must be 8..1024 printable characters'],
    ['keys', 'keys: []', 'key: must hold a key'],
    ['key', 'key: ""', 'key: must hold a key'],
    ['key', 'key:', 'key: must be 16, 24 or 32 bytes in base64'],
    ['keyFile', 'keyFile:', 'key-file: null is not allowed: must be the path of a file'],
    ['controlToken', 'controlToken:', 'control-token: must be 8..1024 printable characters'],
    ['controlToken', 'controlToken: ""', 'control-token: must be 8..1024 printable characters'],
    ['controlTokenFile', 'controlTokenFile:', 'control-token-file: null is not allowed: must be the path'],
    ['controlReadToken', 'controlReadToken:', 'control-read-token: must be 8..1024 printable'],
    ['controlReadTokenFile', 'controlReadTokenFile:', 'control-read-token-file: null is not allowed'],
    ['controlCert', 'controlCert:', 'control-cert: null is not allowed: must be the path'],
    ['controlKey', 'controlKey:', 'control-key: null is not allowed: must be the path'],
    ['allow', 'allow: []', 'allow: [] is not allowed: must name an address or a network'],
    ['allow', 'allow:', 'allow: null is not allowed: must be an IP address, or a network'],
  ])('%s of nothing does not let in everybody: %j', async (_, given, message) => {
    const flags = typeof given === 'string' ? { config: await file('nothing.yaml', `${given}\n`) } : given
    expect(await complaint(flags)).toContain(message)
  })

  it('leave out a variable that is empty, and not one that holds nothing but commas', async () => {
    const none = await startSettings({}, { SWIM_KEY: '', SWIM_ALLOW: '' })
    expect([none.keys, none.allow]).toEqual([[], []])
    expect(await complaint({}, { SWIM_ALLOW: ',' })).toContain('SWIM_ALLOW: [] is not allowed: must name')
  })

  it('bring a cluster to sealing in two steps, and say what makes no sense', async () => {
    const [SWIM_KEY] = [generateKey()]
    const modes = async (flags: object) => {
      const { verifyIncoming, verifyOutgoing } = await startSettings({ ...flags }, { SWIM_KEY })
      return [verifyOutgoing, verifyIncoming]
    }
    expect(await modes({})).toEqual([true, true])
    expect(await modes({ 'verify-incoming': 'false' })).toEqual([true, false])
    expect(await modes({ 'verify-incoming': 'false', 'verify-outgoing': 'false' })).toEqual([false, false])
    expect(await complaint({ 'verify-outgoing': 'false' }, { SWIM_KEY })).toContain(
      '--verify-outgoing: nobody who is set up like this node would take in what it sends: give --verify-incoming false as well',
    )
    expect(await complaint({ 'verify-incoming': 'false' })).toContain(
      '--verify-incoming: says how to seal, and there is no key',
    )
    expect(await complaint({ 'verify-incoming': 'no' }, { SWIM_KEY })).toContain('must be true or false')
  })

  it('allow networks and addresses', async () => {
    expect((await startSettings({ allow: ['10.0.0.0/8,fd00::/8', '192.0.2.7'] }, {})).allow).toEqual([
      '10.0.0.0/8',
      'fd00::/8',
      '192.0.2.7',
    ])
    for (const wrong of ['10.0.0.5/8', 'example.org', '10.0.0.0/33']) {
      expect(await complaint({ allow: [wrong] })).toContain(
        'must be an IP address, or a network as 10.0.0.0/8 or 2001:db8::/32',
      )
    }
  })

  it('show nothing of a key that is wrong', async () => {
    const wrong = 'c2VjcmV0IGJ1dCB0b28gc2hvcnQ='
    const path = await file('wrong', `${generateKey()}\n${wrong}\n`)
    for (const said of [
      await complaint({ 'key-file': path }),
      await complaint({ 'key-file': await file('empty', '# none\n') }),
      await complaint({ key: [wrong] }),
      await complaint({}, { SWIM_KEY: wrong }),
    ]) {
      expect(said).toContain('must be 16, 24 or 32 bytes in base64, as swim-cli keygen prints them')
      expect(said).not.toContain(wrong.slice(0, 8))
    }
    expect(await complaint({ 'key-file': path })).toContain(`line 2 of ${JSON.stringify(path)} holds no key`)
  })

  it('take a payload from a file as it is', async () => {
    expect((await startSettings({ 'payload-file': await file('b', '\u0000é\n') }, {})).payload).toEqual(
      new Uint8Array([0, 0xc3, 0xa9, 10]),
    )
  })
})

describe('a wrong setting is one line that names the source, the value and what is allowed', () => {
  it.each<[Record<string, unknown>, Record<string, string>, string]>([
    [{ port: '70000' }, {}, '--port: 70000 is not allowed: must be a whole number 0..65535'],
    [{ port: '1.5' }, {}, '--port: 1.5 is not allowed: must be a whole number 0..65535'],
    [{ port: '-1' }, {}, '--port: "-1" is not allowed: must be a whole number 0..65535'],
    [{ port: '0x1f' }, {}, '--port: "0x1f" is not allowed: must be a whole number 0..65535'],
    [{}, { SWIM_PORT: 'http' }, 'SWIM_PORT: "http" is not allowed: must be a whole number 0..65535'],
    [
      { name: 'a b' },
      {},
      '--name: "a b" is not allowed: must be 1..128 bytes without spaces or control characters',
    ],
    [{ name: '' }, {}, '--name: "" is not allowed: must be 1..128 bytes'],
    [{ name: 'a\u202eb' }, {}, '--name: "a\u202eb" is not allowed'],
    [{ name: 'é'.repeat(65) }, {}, 'must be 1..128 bytes'],
    [{ bind: 'a b' }, {}, '--bind: "a b" is not allowed: must be an IP address'],
    [{ advertise: 'h:0' }, {}, '--advertise: "h:0" is not allowed: must be host or host:port'],
    [{ advertise: '::1:70' + '000' }, {}, '--advertise: "::1:70000" is not allowed'],
    [
      { seed: ['10.0.0.5:79460'] },
      {},
      '--seed: "10.0.0.5:79460" is not allowed: must be host:port (IPv6 in brackets)',
    ],
    [{ seed: ['10.0.0.5:1,h:0'] }, {}, '--seed: "h:0" is not allowed'],
    [{ 'data-dir': '' }, {}, '--data-dir: "" is not allowed: must be the path of a folder'],
    [{ 'lan-port': '0' }, {}, '--lan-port: 0 is not allowed: must be a whole number 1..65535'],
    [{}, { SWIM_LAN_PORT: '7946' }, 'SWIM_LAN_PORT: 7946 is not allowed: it is the port of the node itself'],
    [{ seed: ['fe80::1:7946:'] }, {}, '--seed: "fe80::1:7946:" is not allowed'],
    [{ seed: ['dnssrv+name:5'] }, {}, '--seed: "dnssrv+name:5" is not allowed'],
    [{ seed: ['dns+10.0.0.1:5'] }, {}, '--seed: "dns+10.0.0.1:5" is not allowed'],
    [{ seed: ['http://x:1'] }, {}, '--seed: "http://x:1" is not allowed'],
    [{}, { SWIM_SEEDS: 'a:1,b:x' }, 'SWIM_SEEDS: "b:x" is not allowed'],
    [{ detector: './evil.js' }, {}, '--detector: "./evil.js" is not allowed: must be a built-in name'],
    [{ codec: 'data:text/javascript,1' }, {}, '--codec: "data:text/javascript,1" is not allowed'],
    [{ transport: 'https://x/y.js' }, {}, '--transport: "https://x/y.js" is not allowed'],
    [{ profile: 'fast' }, {}, '--profile: "fast" is not allowed: must be lan, wan or local'],
    [
      { 'probe-interval': '1ms' },
      {},
      '--probe-interval: "1ms" is not allowed: must be a duration 10ms..10m: seconds, or with a unit (500ms, 2m)',
    ],
    [{ 'probe-interval': 'soon' }, {}, '--probe-interval: "soon" is not allowed'],
    [
      { 'probe-timeout': '2s' },
      {},
      '--probe-timeout: 2s is not allowed: must be at most the probe interval, which is 1s',
    ],
    [{ 'suspicion-mult': '0' }, {}, '--suspicion-mult: 0 is not allowed: must be a number 1..100'],
    [{ 'suspicion-quorum': '17' }, {}, '--suspicion-quorum: 17 is not allowed: must be a whole number 0..16'],
    [{ 'indirect-probes': '1.5' }, {}, '--indirect-probes: 1.5 is not allowed: must be a whole number 0..16'],
    [{ 'gossip-fanout': '0' }, {}, '--gossip-fanout: 0 is not allowed: must be a whole number 1..16'],
    [{ 'gossip-interval': '0' }, {}, '--gossip-interval: "0" is not allowed: must be a duration 10ms..10m'],
    [{ 'sync-interval': '2d' }, {}, '--sync-interval: "2d" is not allowed: must be a duration 0..1d'],
    [{ 'failed-retention': '-1s' }, {}, '--failed-retention: "-1s" is not allowed'],
    [
      { control: 'ftp://h:1' },
      {},
      '--control: "ftp://h:1" is not allowed: must be host:port, an http:// or https:// URL without a path, or unix:/path',
    ],
    [{ control: 'http://h:1/x' }, {}, '--control: "http://h:1/x" is not allowed'],
    [{ control: 'http://u:p@h:1' }, {}, '--control: "http://u:p@h:1" is not allowed'],
    [{ 'control-port': '65536' }, {}, '--control-port: 65536 is not allowed'],
    [
      { control: 'h:1', 'control-port': '2' },
      {},
      '--control and --control-port name different ports: give one of them',
    ],
    [{ service: ['a b'] }, {}, '--service: "a b" is not allowed: must be name or name:port'],
    [{ service: ['http:0'] }, {}, '--service: "http:0" is not allowed'],
    [{ tag: ['novalue'] }, {}, '--tag: "novalue" is not allowed: must be key=value'],
    [{ tag: ['=x'] }, {}, '--tag: "=x" is not allowed'],
    [
      { payload: 'a', 'payload-file': 'b' },
      {},
      '--payload and --payload-file contradict each other: give one of them',
    ],
    [{ 'payload-file': '/no/such' }, {}, '--payload-file: cannot read "/no/such": there is no such file'],
    [{ 'drop-rate': '1.1' }, {}, '--drop-rate: 1.1 is not allowed: must be a number 0..1'],
    [
      { 'status-interval': '50ms' },
      {},
      '--status-interval: "50ms" is not allowed: must be 0 or a duration 100ms..1d',
    ],
    [{ 'log-level': 'loud' }, {}, '--log-level: "loud" is not allowed: must be debug, info, warn or error'],
    [{ 'log-format': 'xml' }, {}, '--log-format: "xml" is not allowed: must be text or json'],
    [{ config: '/no/such.yaml' }, {}, '--config: cannot read "/no/such.yaml": there is no such file'],
    [{}, { SWIM_CONFIG: '/no/such.yaml' }, 'SWIM_CONFIG: cannot read "/no/such.yaml"'],
  ])('%j %j', async (flags, env, message) => {
    expect(await complaint(flags, env)).toContain(message)
  })

  it('says what a Kubernetes service of the same name does to SWIM_PORT', async () => {
    expect(await complaint({}, { SWIM_PORT: 'tcp://10.96.0.12:7946' })).toContain('enableServiceLinks')
  })

  it('never prints a token', async () => {
    const message = await complaint({ 'control-token': 'abc def' })
    expect(message).toBe('--control-token: must be 8..1024 printable characters without spaces')
    const path = await file('bad-token', 'short')
    expect(await complaint({ 'control-token-file': path })).not.toContain('short')
  })

  it.each([
    ['port: many', /^file .*x\.yaml: port: "many" is not allowed/],
    ['ports: 1', /^file .*x\.yaml: unknown key "ports"/],
    ['config: y', /unknown key "config"/],
    ['probeInterval: 1\nprobe-interval: 2', /gives probe-interval twice, the second time as probe-interval/],
    ['- a\n- b', /must hold a map of settings/],
    ['a: [', /^file .*x\.yaml: is not valid YAML/],
    ['tag: {role: [a]}', /tag: .*must have text/],
    ['tag: {"a b": c}', /tag: "a b" is not allowed/],
    ['seed: [1]', /seed: \[1\] is not allowed: must be host:port/],
    ['detach: true', /unknown key "detach"/],
  ])('in a file: %j', async (content, message) => {
    expect(await complaint({ config: await file('x.yaml', content) })).toMatch(message)
  })

  it('in a file that is no JSON', async () => {
    expect(await complaint({ config: await file('x.json', '{"a":') })).toMatch(/x\.json: is not valid JSON/)
  })
})
