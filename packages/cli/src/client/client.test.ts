import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { type AddressInfo, createServer } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { runCli } from '../cli.ts'
import { type Control, type ControlOptions, startControl } from '../control/start-control.ts'
import { type TestCertificates, testCertificates } from '../testing/certificates.ts'
import { type FakeIo, fakeIo } from '../testing/fake-io.ts'
import { FakeNode, fakeEvent, fakeMember } from '../testing/fake-node.ts'
import { distrustOf } from './control-client.ts'

let certificates: TestCertificates
beforeAll(async () => {
  certificates = await testCertificates()
})
afterAll(() => certificates.remove())

let node: FakeNode
let control: Control
let ended: string[]

async function serve(more: ControlOptions = {}): Promise<void> {
  control = await startControl(node, { port: 0, onEnd: (how) => ended.push(how), ...more })
}
beforeEach(async () => {
  node = new FakeNode()
  ended = []
  await serve()
})
afterEach(() => control.close())

async function run(argv: string[], env: Record<string, string> = {}) {
  const io = fakeIo({ SWIM_CONTROL: control.url, ...env })
  const code = await runCli(argv, io)
  return { code, out: io.stdout(), err: io.stderr() }
}

describe('members', () => {
  beforeEach(() => {
    node.list.push(
      fakeMember('bob', { tags: { role: 'web', zone: 'a' }, services: [{ name: 'http', port: 80 }] }),
      fakeMember('cid', { status: 'suspect', tags: { role: 'webmaster' } }),
      fakeMember('x\u001b[31m', { status: 'failed', tags: { k: 'v\u202e' } }),
    )
  })
  const names = async (...flags: string[]) => {
    const { out } = await run(['members', '--json', ...flags])
    return JSON.parse(out).members.map(({ name }: { name: string }) => name)
  }

  it('lists a table, with text from the network escaped', async () => {
    const { code, out } = await run(['members'])
    expect(code).toBe(0)
    expect(out.split('\n').map((line) => line.replace(/\d+d/, 'Nd').replace(/ {2,}/g, '  '))).toEqual([
      'NAME  ADDRESS  STATUS  FOR  INCARNATION  TAGS  SERVICES',
      expect.stringMatching(/^ada {2}127\.0\.0\.1:7946 {2}alive/),
      expect.stringMatching(/^bob .*role=web zone=a {2}http:80$/),
      expect.stringMatching(/^cid .*suspect/),
      expect.stringMatching(/^x\\u\{1b\}\[31m .*failed.* k=v\\u\{202e\}$/),
      '',
    ])
  })

  it('list_mem is the same', async () => {
    expect((await run(['list_mem', '--json'])).out).toBe((await run(['members', '--json'])).out)
  })

  it.each([
    [['--status', 'suspect'], ['cid']],
    [
      ['--status', 'suspect', '--status', 'alive'],
      ['ada', 'bob', 'cid'],
    ],
    [
      ['--status', 'suspect,alive'],
      ['ada', 'bob', 'cid'],
    ],
    [['--tag', 'role=web'], ['bob']],
    [
      ['--tag', 'role=web.*'],
      ['bob', 'cid'],
    ],
    [['--tag', 'role=.*', '--tag', 'zone=a|b'], ['bob']],
    [['--tag', 'toString=.*'], []],
    [['--service', 'http'], ['bob']],
    [['--service', 'ftp'], []],
  ])('%j: %j', async (flags, found) => {
    expect(await names(...flags)).toEqual(found)
  })

  it('counts the whole cluster, whatever the filter', async () => {
    const { out } = await run(['members', '--json', '--service', 'ftp'])
    expect(JSON.parse(out).counts).toEqual({ alive: 2, suspect: 1, failed: 1, left: 0 })
  })
})

describe('the other commands', () => {
  it.each([
    ['self', /^name +ada\n.*address +127\.0\.0\.1:7946 \(the bound address\)/],
    ['suspects', /^NAME.*\nbob +4 .* cid\n$/],
    ['protocol', /detector +pingack\n[\s\S]*probeTimeout +500ms\n/],
    ['explain ada', /^ada is alive, and has come back 2 times\nAT.*\n.* cid +indirect +timeout +4\n$/],
    ['ping ada', /^ada answered in 1\.50 ms over a packet\n$/],
    ['switch gossip', /^the cluster runs gossip, as of epoch 4\n$/],
    ['switch --no-suspicion', /^the cluster runs pingack, without suspicion, as of epoch 4\n$/],
    ['switch gossip --suspicion', /^the cluster runs gossip, as of epoch 4\n$/],
    ['rtt ada', /^ada ada 0\.00 ms \(estimated\)\n$/],
    ['services', /^no services\n$/],
    ['services web', /^nobody offers web\n$/],
    ['services --add web:80 --add db', /^web:80 db\n$/],
    ['services --remove web', /^no services\n$/],
    ['drop-rate', /^0\n$/],
    ['drop-rate 0.25', /^0\.25\n$/],
    ['tags', /^no tags\n$/],
    ['tags a=b c=d', /^a=b c=d\n$/],
    ['payload', /^no payload\n$/],
    ['payload hello', /^hello\n$/],
    ['payload --of ada', /^no payload\n$/],
    ['leave', /^left, confirmed by bob\n$/],
    ['stop', /^stopped without a word/],
  ])('%s', async (line, out) => {
    expect(await run(line.split(' '))).toEqual({ code: 0, out: expect.stringMatching(out), err: '' })
  })

  it.each([
    'self',
    'suspects',
    'protocol',
    'explain ada',
    'ping ada',
    'switch gossip',
    'services',
    'services --add web:80',
    'drop-rate',
    'tags',
    'payload',
    'leave',
    'stop',
  ])('%s --json is one object on one line', async (line) => {
    const { out } = await run([...line.split(' '), '--json'])
    expect(out.match(/\n/g)).toHaveLength(1)
    expect(JSON.parse(out)).toBeTypeOf('object')
  })

  it('switch names who could not follow, and asks for something to switch', async () => {
    node.refusal = Object.assign(new Error('cannot switch to "gossip": bob does not have it'), {
      name: 'SwitchError',
      code: 'detector-missing',
      members: ['bob'],
    })
    expect(await run(['switch', 'gossip'])).toMatchObject({
      code: 1,
      out: '',
      err: expect.stringContaining('cannot switch to "gossip": bob does not have it'),
    })
    expect(await run(['switch'])).toMatchObject({ code: 2, err: expect.stringContaining('name a detector') })
  })

  it('tags are added to, taken off and replaced', async () => {
    node.self = fakeMember('ada', { tags: { a: '1', b: '2' } })
    expect((await run(['tags', 'c=3', '--remove', 'a'])).out).toBe('b=2 c=3\n')
    expect((await run(['tags', 'd=4', '--replace'])).out).toBe('d=4\n')
  })

  it('services lists who offers what, those under suspicion if asked, and changes what the node offers', async () => {
    const web = { name: 'web', port: 80 }
    node.self = fakeMember('ada', { services: [web, { name: 'db' }] })
    node.list.push(fakeMember('bob', { services: [web], status: 'suspect', tags: { v: '2' } }))
    expect((await run(['services'])).out).toMatch(
      /^SERVICE.*\ndb +ada +127\.0\.0\.1:7946 +alive *\nweb +ada +127\.0\.0\.1:80 +alive *\n$/,
    )
    expect((await run(['services', 'web', '--suspects'])).out).toMatch(
      /web +bob +127\.0\.0\.1:80 +suspect +v=2\n$/,
    )
    expect(JSON.parse((await run(['services', 'web', '--json'])).out)).toEqual({
      services: {
        web: [
          {
            member: 'ada',
            address: '127.0.0.1:7946',
            port: 80,
            endpoint: '127.0.0.1:80',
            status: 'alive',
            tags: {},
          },
        ],
      },
    })
    expect((await run(['services', '--add', 'web:81', '--remove', 'db'])).out).toBe('web:81\n')
    expect(await run(['services', '--add', 'web:0'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('name:port'),
    })
    expect(await run(['services', 'web', '--add', 'x'])).toMatchObject({
      code: 2,
      err: expect.stringContaining('either'),
    })
  })

  it('force-leave tells that a member is gone, or who it cannot be', async () => {
    node.list.push(fakeMember('bob', { status: 'failed' }), fakeMember('cid'))
    expect((await run(['force-leave', 'bob'])).out).toBe('bob was told to have left\n')
    expect(node.member('bob')?.status).toBe('left')
    expect((await run(['force-leave', 'bob', '--prune'])).out).toBe(
      'bob was told to have left, and is forgotten\n',
    )
    expect(node.member('bob')).toBeUndefined()
    expect(JSON.parse((await run(['force-leave', 'cid', '--json'])).out)).toEqual({
      name: 'cid',
      forced: true,
      pruned: false,
    })
    for (const [name, reason] of [
      ['zoe', 'no member zoe'],
      ['ada', 'ada has to leave'],
    ] as const) {
      expect(await run(['force-leave', name])).toMatchObject({
        code: 1,
        out: '',
        err: expect.stringContaining(reason),
      })
    }
    expect((await run(['force-leave'])).code).toBe(2)
  })

  it('join tells who introduced it, and fails when nobody did', async () => {
    node.joinResult = {
      joined: ['10.0.0.1:1'],
      failed: [{ seed: '10.0.0.2:1', code: 'timeout', message: 'no answer' }],
    }
    expect(await run(['join', '10.0.0.1:1', '10.0.0.2:1'])).toEqual({
      code: 0,
      out: 'joined through 10.0.0.1:1\n',
      err: 'swim-cli: 10.0.0.2:1 did not introduce the node: timeout: no answer\n',
    })
    node.joinResult = { joined: [], failed: [] }
    expect((await run(['join', '10.0.0.1:1'])).code).toBe(1)
  })

  it('rtt tells the round trip between two, how it knows, or why it does not', async () => {
    node.list.push(fakeMember('bob'), fakeMember('cid', { status: 'failed' }))
    expect((await run(['rtt', 'bob'])).out).toBe('bob ada 12.3 ms (measured)\n')
    expect((await run(['rtt', 'ada', 'bob'])).out).toBe('ada bob 12.3 ms (estimated)\n')
    expect(JSON.parse((await run(['rtt', 'bob', '--json'])).out)).toEqual({
      a: 'bob',
      b: 'ada',
      rttMs: 12.34,
      source: 'measured',
    })
    for (const [name, reason] of [
      ['cid', 'no coordinate of cid'],
      ['zoe', 'no member zoe'],
    ] as const) {
      expect(await run(['rtt', name])).toEqual({
        code: 1,
        out: '',
        err: `swim-cli: the node at ${control.url} refused: ${reason}\n`,
      })
    }
  })

  it('a refusal is one line and exit code 1', async () => {
    expect(await run(['explain', 'zoe'])).toEqual({
      code: 1,
      out: '',
      err: `swim-cli: the node at ${control.url} refused: no member is called "zoe"\n`,
    })
  })

  it('leave and stop end the node after they were answered', async () => {
    await run(['leave'])
    await run(['stop'])
    await expect.poll(() => ended).toEqual(['left', 'stopped'])
  })
})

describe('a node with a token', () => {
  beforeEach(async () => {
    await control.close()
    await serve({ token: 'correct-horse' })
  })

  it('refuses who has none, with what to do', async () => {
    const { code, err } = await run(['members'])
    expect(code).toBe(1)
    expect(err).toContain('a token is needed; give --control-token-file or SWIM_CONTROL_TOKEN')
  })

  it('answers who has it', async () => {
    expect((await run(['members'], { SWIM_CONTROL_TOKEN: 'correct-horse' })).code).toBe(0)
    expect((await run(['members', '--control-token', 'correct-horse'])).code).toBe(0)
  })
})

describe('a node with a token for reading', () => {
  beforeEach(async () => {
    await control.close()
    await serve({ token: 'correct-horse', readToken: 'battery-staple' })
  })

  it('tells who has it what they may not', async () => {
    const reading = { SWIM_CONTROL_TOKEN: 'battery-staple' }
    expect((await run(['members'], reading)).code).toBe(0)
    expect(await run(['leave'], reading)).toEqual({
      code: 1,
      out: '',
      err: `swim-cli: the node at ${control.url} refused: this needs the admin token: the one that was given only reads\n`,
    })
    expect(node.state).toBe('running')
  })
})

describe('where the node is', () => {
  it.each([
    [
      'ftp://h:1',
      '--control: "ftp://h:1" is not allowed: must be host:port, an http:// or https:// URL without a path, or unix:/path',
    ],
    [
      'unix:',
      '--control: "unix:" is not allowed: must be host:port, an http:// or https:// URL without a path, or unix:/path',
    ],
  ])('--control %s is refused', async (given, message) => {
    expect(await run(['members', '--control', given])).toEqual({
      code: 2,
      out: '',
      err: `swim-cli: ${message}\n`,
    })
  })

  it('certificates to trust have to be some', async () => {
    for (const [file, message] of [
      ['/no/such/file', '--control-ca: cannot read "/no/such/file": there is no such file'],
      ['/dev/null', '--control-ca: "/dev/null" holds no certificate in PEM'],
    ] as const) {
      expect(await run(['members', '--control-ca', file])).toEqual({
        code: 2,
        out: '',
        err: `swim-cli: ${message}\n`,
      })
    }
    const { err } = await run(['members'], { SWIM_CONTROL_CA: '/no/such/file' })
    expect(err).toContain('SWIM_CONTROL_CA: cannot read')
    const broken = join(certificates.folder, 'broken.crt')
    await writeFile(broken, certificates.authority.cert.replace(/\n-----END/, 'x\n-----END'))
    expect((await run(['members', '--control-ca', broken])).err).toContain(
      `--control-ca: ${JSON.stringify(broken)} holds no certificate that can be read`,
    )
  })

  it('who says whom to trust is asked for over TLS alone, and sends no token in plain text', async () => {
    const trust = ['--control-ca', certificates.authority.certFile, '--control-token', 'correct-horse']
    const place = control.url.slice('http://'.length)
    const heard: string[] = []
    const wire = createServer((socket) => {
      socket.setEncoding('latin1').on('data', (chunk) => {
        heard.push(String(chunk))
        socket.destroy()
      })
    })
    await once(wire.listen(0, '127.0.0.1'), 'listening')
    const { port } = wire.address() as AddressInfo // it listens at a port
    const { code, err } = await run(['members', '--control', `127.0.0.1:${port}`, ...trust])
    wire.close()
    expect([code, err]).toEqual([
      1,
      expect.stringContaining(`no node answers at https://127.0.0.1:${port}: `),
    ])
    expect(heard.join()).not.toContain('correct-horse')

    const given = (text: string, ca = '--control-ca') =>
      `${JSON.stringify(text)} is not asked over TLS, and ${ca} says whom to trust there: give https://, or leave out ${ca}\n`
    for (const plain of [`http://${place}`, 'unix:/run/swim.sock']) {
      expect(await run(['tags', 'a=b', '--control', plain, ...trust])).toEqual({
        code: 2,
        out: '',
        err: `swim-cli: --control: ${given(plain)}`,
      })
    }
    const fromEnvironment = await run(['members'], { SWIM_CONTROL_CA: certificates.authority.certFile })
    expect(fromEnvironment.err).toBe(`swim-cli: SWIM_CONTROL: ${given(control.url, 'SWIM_CONTROL_CA')}`)
    expect(node.self.tags).toEqual({})
  })

  it.each([
    [
      'ERR_TLS_CERT_ALTNAME_INVALID',
      'Host: expired.example. is not in the altnames',
      'it is for another name',
    ],
    ['CERT_HAS_EXPIRED', 'certificate has expired', 'it has expired'],
    [undefined, 'invalid peer certificate: Expired', 'it has expired'],
    ['ECONNREFUSED', 'connect', undefined],
  ])(
    'a certificate is not accepted for what its code %s says, and else its message',
    (code, message, why) => {
      const said = distrustOf(Object.assign(new Error(message), code === undefined ? {} : { code }))
      expect(said).toEqual(why === undefined ? undefined : expect.stringContaining(why))
    },
  )
})

describe('startControl', () => {
  it.each<[ControlOptions, string]>([
    [{ host: '0.0.0.0' }, 'off loopback it needs a token'],
    [{ host: '0.0.0.0', readToken: 'battery-staple' }, 'off loopback it needs a token'],
    [{ readToken: 'battery-staple' }, 'a token that only reads would leave changes open to all'],
    [{ token: 'correct-horse', readToken: 'correct-horse' }, 'must differ'],
  ])('refuses %j', async (options, message) => {
    await expect(startControl(node, { port: 0, ...options })).rejects.toThrow(message)
  })

  it('has no certificate to renew where it has none', async () => {
    await expect(control.renew({ cert: '', key: '' })).rejects.toThrow('served without TLS')
  })

  it('refuses a port in use, and names it', async () => {
    const port = Number(new URL(control.url).port)
    await expect(startControl(node, { port })).rejects.toThrow(
      `cannot serve the control API at 127.0.0.1:${port}: the port is in use`,
    )
    node.address = { host: '127.0.0.1', port: port - 10_000 }
    await expect(startControl(node)).rejects.toThrow('the port is in use')
    const other = await startControl(node, { anyPort: true })
    await other.close()
  })

  it('takes a free port where the default would exceed 65535', async () => {
    node.address = { host: '127.0.0.1', port: 60_000 }
    const other = await startControl(node)
    expect(Number(new URL(other.url).port)).toBeGreaterThan(0)
    await other.close()
  })

  it('closes while somebody follows', async () => {
    const io = fakeIo({ SWIM_CONTROL: control.url })
    const following = runCli(['events'], io)
    await expect.poll(() => node.followed.length).toBe(1)
    await control.close()
    io.interrupt()
    await following
  })
})

describe('events', () => {
  function follow(...flags: string[]): { io: FakeIo; done: Promise<number> } {
    const io = fakeIo({ SWIM_CONTROL: control.url })
    return { io, done: runCli(['events', ...flags], io) }
  }

  it('prints one JSON object per line, gaps among them, and ends after a count', async () => {
    const { io, done } = follow('--json', '--count', '2')
    await expect.poll(() => node.followed.length).toBe(1)
    node.emit(fakeEvent(1))
    node.queue.push({ type: 'gap', missed: 2, nextId: 4, members: [], asOf: 3 })
    node.emit(fakeEvent(4, { type: 'failed' }))
    expect(await done).toBe(0)
    expect(
      io
        .stdout()
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toMatchObject([
      { id: 1, type: 'join', member: { name: 'bob' } },
      { type: 'gap', missed: 2, nextId: 4 },
      { id: 4, type: 'failed' },
    ])
  })

  it('prints lines for people, escaped', async () => {
    const { io, done } = follow('--count', '1')
    await expect.poll(() => node.followed.length).toBe(1)
    node.emit(fakeEvent(1, { type: 'conflict', member: fakeMember('e\u001b[2Jve'), detail: 'two\nlines' }))
    await done
    expect(io.stdout()).toMatch(
      /^\d\d:\d\d:\d\d\.\d{3} {2}conflict {2}e\\u\{1b\}\[2Jve {2}127\.0\.0\.1:7946 incarnation 7 two\\nlines\n$/,
    )
  })

  it('comes back after the last event it had when the connection is lost', async () => {
    const { io, done } = follow('--json', '--count', '2')
    await expect.poll(() => node.followed.length).toBe(1)
    node.emit(fakeEvent(7))
    await expect.poll(() => io.stdout()).toContain('"id":7')
    const port = Number(new URL(control.url).port)
    await control.close()
    await expect.poll(() => io.stderr()).toContain('connection lost')
    await serve({ port })
    node.emit(fakeEvent(8))
    expect(await done).toBe(0)
    expect(io.stdout()).toContain('"id":8')
    // To the second server every id is of an earlier run, so it replays; to one that knows them it would go on after 7.
    expect(node.followed).toHaveLength(2)
  })

  it('ends quietly when interrupted', async () => {
    const { io, done } = follow()
    await expect.poll(() => node.followed.length).toBe(1)
    io.interrupt()
    expect(await done).toBe(0)
    expect(io.stderr()).toBe('')
  })
})

describe('leave', () => {
  it('says how long to drain', async () => {
    expect(await run(['leave', '--drain', '1.5s'])).toMatchObject({
      code: 0,
      out: 'left, confirmed by bob\n',
    })
    expect(node.departures[0]!.drainTimeout).toBe(2_500)
    expect(await run(['leave', '--drain', '2h'])).toMatchObject({ code: 2 })
  })
})

describe('seeds', () => {
  it('shows them, replaces them and takes them away', async () => {
    expect(await run(['seeds'])).toMatchObject({ code: 0, out: 'no seeds\n' })
    expect((await run(['seeds', '10.0.0.2:7946,10.0.0.3:7946', '10.0.0.4'])).out).toBe(
      '10.0.0.2:7946\n10.0.0.3:7946\n10.0.0.4\n',
    )
    expect(node.seeds.at(-1)).toEqual(['10.0.0.2:7946', '10.0.0.3:7946', '10.0.0.4:7946'])
    expect(JSON.parse((await run(['seeds', '--json'])).out)).toEqual({
      seeds: ['10.0.0.2:7946', '10.0.0.3:7946', '10.0.0.4'],
    })
    expect(await run(['seeds', '--none'])).toMatchObject({ code: 0, out: 'no seeds\n' })
    expect(await run(['seeds', '--none', '10.0.0.2'])).toMatchObject({ code: 2 })
    expect((await run(['seeds', 'x y'])).err).toMatch(/must be host:port/)
  })
})

describe('broadcast', () => {
  it('tells the node what to tell', async () => {
    expect(await run(['broadcast', 'deploy', 'v2'])).toMatchObject({
      code: 0,
      out: 'all are told of deploy\n',
    })
    expect(JSON.parse((await run(['broadcast', 'bare', '--json'])).out)).toEqual({ name: 'bare', sent: true })
    expect(node.said.map(({ body, name }) => [name, body])).toEqual([
      ['deploy', 'v2'],
      ['bare', ''],
    ])
    expect(await run(['broadcast', 'two words'])).toMatchObject({ code: 1 })
  })
})

describe('query', () => {
  const at = new Date(0)
  it('shows what was answered and who was not heard', async () => {
    node.queryResult = {
      answers: [
        { member: 'ada', body: new TextEncoder().encode('1.0\u001b'), at },
        { member: 'bob', body: Uint8Array.of(255), at },
      ],
      silent: ['cid', 'dan'],
      unfinished: ['eve'],
    }
    const { code, out } = await run([
      'query',
      'version',
      '--member',
      'ada',
      '--tag',
      'zone=a=b',
      '--within',
      '2s',
    ])
    expect([code, out.split('\n').map((line) => line.replace(/ {2,}/g, '  '))]).toEqual([
      1,
      [
        'MEMBER  ANSWER',
        'ada  1.0\\u{1b}',
        'bob  base64 /w==',
        'not heard: cid, dan',
        'not done in time: eve',
        '',
      ],
    ])
    expect(node.said.at(-1)).toEqual({
      what: 'query',
      name: 'version',
      body: '',
      options: { members: ['ada'], tags: { zone: 'a=b' }, timeout: 2_000 },
    })
  })

  it('of which nothing comes says so', async () => {
    expect(await run(['query', 'version', 'now'])).toMatchObject({ code: 0, out: 'no answers\n' })
    expect(node.said.at(-1)).toMatchObject({ body: 'now' })
  })

  it.each([
    [['--within', '5ms'], '--within: "5ms" is not allowed: must be 10ms to 10m'],
    [['--within', 'soon'], '--within: "soon" is not allowed'],
    [['--tag', 'zone'], '--tag: "zone" is not allowed: must be key=value'],
  ])('refuses %j', async (flags, said) => {
    const { code, err } = await run(['query', 'version', ...flags])
    expect([code, err.includes(said)]).toEqual([2, true])
  })
})
