import type { Resolver, Seed } from '@swimkit/bootstrap'
import { type Member, SendError, TooLargeError } from '@swimkit/core'
import type { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { controlApp } from '../testing/control-app.ts'
import { FakeNode, fakeEvent, fakeMember } from '../testing/fake-node.ts'
import type { ControlAppOptions } from './app.ts'
import { limits } from './limits.ts'
import type { ControlEnv } from './route.ts'
import type { TokenPair } from './tokens.ts'

const resolver: Resolver = {
  addresses: async (name) => {
    if (name === 'swim') return ['10.0.0.2', '10.0.0.3']
    throw new Error(`getaddrinfo ENOTFOUND ${name}`)
  },
  services: async () => [],
}

let node: FakeNode
let ended: string[]
let faults: unknown[]
let end: AbortController
let seeds: { seeds: readonly Seed[]; replace(wanted: readonly Seed[]): void }

const appWith = (more: Partial<ControlAppOptions> & TokenPair = {}): Hono<ControlEnv> =>
  controlApp(node, {
    resolver,
    seeds: () => seeds,
    onEnd: (how) => ended.push(how),
    onFault: (error) => faults.push(error),
    signal: end.signal,
    ...more,
  })

let app: Hono<ControlEnv>
beforeEach(() => {
  node = new FakeNode()
  ended = []
  faults = []
  end = new AbortController()
  seeds = {
    seeds: [],
    replace(wanted) {
      this.seeds = wanted
    },
  }
  app = appWith()
})

const call = (path: string, init: RequestInit = {}, host = '127.0.0.1:17946', on = app) =>
  on.request(`http://${host}${path}`, init, { source: '127.0.0.1' })
const post = (path: string, body?: unknown, headers: Record<string, string> = {}) =>
  call(path, {
    method: 'POST',
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    headers: { 'content-type': 'application/json', ...headers },
  })

async function errorOf(response: Response | Promise<Response>) {
  const { status, headers } = await response
  const body = (await (await response).json()) as { error: { code: string; message: string } }
  expect(body).toEqual({ error: { code: expect.any(String), message: expect.any(String) } })
  return { status, code: body.error.code, message: body.error.message, headers }
}

const ada = {
  name: 'ada',
  address: '127.0.0.1:7946',
  status: 'alive',
  leaving: false,
  incarnation: 7,
  boot: '00000000000000ff',
  since: '2026-01-02T03:04:05.678Z',
  tags: {},
  services: [],
  payload: '',
}

describe('reads', () => {
  it.each(['/list_mem', '/v1/members'])('%s lists the members and counts them', async (path) => {
    node.list.push(fakeMember('bob', { status: 'failed', services: [{ name: 'http', port: 80 }] }))
    const response = await call(path)
    expect(response.status).toBe(200)
    expect(await response.json()).toEqual({
      members: [ada, { ...ada, name: 'bob', status: 'failed', services: [{ name: 'http', port: 80 }] }],
      counts: { alive: 1, suspect: 0, failed: 1, left: 0 },
    })
  })

  it.each<[string, Partial<Member>, object]>([
    ['text', { payload: new TextEncoder().encode('é') }, { payload: 'é' }],
    ['bytes', { payload: new Uint8Array([0xff, 0]) }, { payloadBase64: '/wA=' }],
    ['512 bytes', { payload: new Uint8Array(512).fill(97) }, { payload: 'a'.repeat(512) }],
    [
      '513 bytes',
      { payload: new Uint8Array(513).fill(97) },
      { payloadBytes: 513, payloadHash: '02425c0f5b0dabf3d2b9115f3f7723a02ad8bcfb1534a0d231614fd42b8188f6' },
    ],
  ])('a payload of %s', async (_, member, shape) => {
    node.self = fakeMember('ada', member)
    const { members } = (await (await call('/v1/members')).json()) as { members: unknown[] }
    const { payload: _none, ...others } = ada
    expect(members[0]).toEqual({ ...others, ...shape })
  })

  it('a payload that is too large for a record is described, and fetched for who asks for its member', async () => {
    const largePayload = { bytes: 60_000, hash: 'ab'.repeat(32), here: false }
    node.list.push(fakeMember('big', { largePayload }))
    const described = { payloadBytes: 60_000, payloadHash: largePayload.hash }
    const { members } = (await (await call('/v1/members')).json()) as { members: { name: string }[] }
    expect(members.find(({ name }) => name === 'big')).toMatchObject(described)
    expect(await (await call('/v1/members/big')).json()).toMatchObject({
      payload: 'all of the payload of big',
    })
    node.refusal = new Error('unreachable')
    expect(await (await call('/v1/members/big')).json()).toMatchObject(described)
    node.refusal = undefined
    node.list.push(
      fakeMember('here', {
        largePayload: { ...largePayload, here: true },
        payload: new Uint8Array(60_000).fill(97),
      }),
    )
    expect(await (await call('/v1/members/here')).json()).toMatchObject({ payload: 'a'.repeat(60_000) })
    const again = (await (await call('/v1/members')).json()) as { members: { name: string }[] }
    expect(again.members.find(({ name }) => name === 'here')).toMatchObject(described)
  })

  it('one member comes with its whole payload', async () => {
    node.list.push(fakeMember('b/ö b', { payload: new Uint8Array(2_000).fill(97) }))
    const response = await call(`/v1/members/${encodeURIComponent('b/ö b')}`)
    expect(await response.json()).toMatchObject({ payload: 'a'.repeat(2_000) })
  })

  it.each(['/v1/members/zoe', '/v1/members/zoe/explain', '/v1/nothing', '/'])(
    '%s is not there',
    async (path) => {
      expect((await errorOf(call(path))).status).toBe(404)
    },
  )

  it.each(['/list_self', '/v1/self'])('%s is the node itself', async (path) => {
    expect(await (await call(path)).json()).toMatchObject({
      ...ada,
      cluster: 'default',
      detector: 'pingack',
      transport: 'udp',
      codec: 'swim',
      health: 1,
      digest: '0123456789abcdef',
      runtime: 'node 20.0.0',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
    })
  })

  it.each(['/display_suspects', '/v1/suspects'])('%s lists suspicions', async (path) => {
    expect(await (await call(path)).json()).toEqual({
      suspects: [
        {
          name: 'bob',
          incarnation: 4,
          since: '2026-01-02T03:04:05.000Z',
          deadline: '2026-01-02T03:04:15.000Z',
          accusers: ['cid'],
        },
      ],
    })
  })

  it.each(['/display_protocol', '/v1/protocol'])('%s gives the settings, times in seconds', async (path) => {
    expect(await (await call(path)).json()).toMatchObject({
      detector: 'pingack',
      epoch: 3,
      suspicion: true,
      profile: 'lan',
      probeInterval: 1,
      probeTimeout: 0.5,
      failedRetention: 3_600,
      gossipToFailed: 30,
      suspicionMult: 4,
      packetBytes: 1_400,
    })
  })

  it('explains a status', async () => {
    expect(await (await call('/v1/members/ada/explain')).json()).toEqual({
      name: 'ada',
      status: 'alive',
      flaps: 2,
      flapping: false,
      evidence: [
        { at: '2026-01-02T03:04:05.000Z', by: 'cid', path: 'indirect', outcome: 'timeout', incarnation: 4 },
      ],
    })
  })

  it('says whether it lives and is ready', async () => {
    expect((await call('/healthz')).status).toBe(200)
    expect((await call('/readyz')).status).toBe(200)
    app = appWith({ readiness: () => ({ ready: false, reason: 'searching for a seed' }) })
    const response = await call('/readyz')
    expect(response.status).toBe(503)
    expect(await response.json()).toEqual({ ready: false, reason: 'searching for a seed' })
    node.state = 'stopped'
    expect((await call('/healthz')).status).toBe(503)
  })
})

describe('changes', () => {
  it.each([
    ['/join?introducer=10.0.0.2:7946', undefined],
    ['/v1/join', { seeds: ['10.0.0.2:7946'] }],
  ])('%s %j joins', async (path, body) => {
    node.joinResult = { joined: ['10.0.0.2:7946'], failed: [] }
    expect(await (await post(path, body)).json()).toEqual({ joined: ['10.0.0.2:7946'], failed: [] })
    expect(node.joins).toEqual([['10.0.0.2:7946']])
  })

  it('answers by seed as it was written: one address of a name is enough', async () => {
    node.joinResult = {
      joined: ['10.0.0.3:5'],
      failed: [
        { seed: '10.0.0.2:5', code: 'refused', message: 'nobody there' },
        { seed: '10.0.0.9:5', code: 'timeout', message: 'no answer' },
      ],
    }
    const response = await post('/v1/join', { seeds: ['swim:5', '10.0.0.9:5', 'gone:5', '127.0.0.1:7946'] })
    expect(await response.json()).toEqual({
      joined: ['swim:5'],
      failed: [
        { seed: '10.0.0.9:5', code: 'timeout', message: 'no answer' },
        { seed: 'gone:5', code: 'unresolved', message: 'getaddrinfo ENOTFOUND gone' },
        { seed: '127.0.0.1:7946', code: 'self', message: expect.any(String) },
      ],
    })
  })

  it('drains for as long as it is told, or else as the node was started', async () => {
    const drained = () =>
      node.departures.map(({ drain, drainTimeout }) => [drain !== undefined, drainTimeout])
    await post('/v1/leave')
    await post('/v1/leave', { drain: 2.5 })
    const [slow] = [appWith({ drain: 4_000 })]
    await call('/v1/leave', { method: 'POST' }, undefined, slow)
    await call(
      '/v1/leave',
      { method: 'POST', body: '{"drain":0}', headers: { 'content-type': 'application/json' } },
      undefined,
      slow,
    )
    expect(drained()).toEqual([
      [false, undefined],
      [true, 3_500],
      [true, 5_000],
      [false, undefined],
    ])
    for (const body of [{ drain: -1 }, { drain: 3_601 }, { drain: '1s' }, { other: 1 }]) {
      expect((await post('/v1/leave', body)).status).toBe(400)
    }
    await expect.poll(() => ended).toEqual(Array.from({ length: 4 }, () => 'left'))
  })

  it.each(['/leave', '/v1/leave'])('%s leaves, answers, and then ends', async (path) => {
    const response = await post(path)
    expect(await response.json()).toEqual({ left: true, acknowledgedBy: ['bob'] })
    await expect.poll(() => ended).toEqual(['left'])
  })

  it('stop answers and then ends, without leaving', async () => {
    expect(await (await post('/v1/stop')).json()).toEqual({ stopped: true })
    await expect.poll(() => ended).toEqual(['stopped'])
    expect(node.state).toBe('running')
  })

  it.each([
    [{ tags: { a: 'b' } }, { a: 'b' }],
    [{ a: 'b' }, { a: 'b' }],
    [{ tags: 'x' }, { tags: 'x' }],
    [{ tags: {} }, {}],
  ])('tags %j', async (body, tags) => {
    expect(await (await post('/v1/tags', body)).json()).toEqual({ ...ada, tags })
  })

  it.each([
    [{ payload: 'é' }, { payload: 'é' }],
    [{ payloadBase64: '/wA=' }, { payloadBase64: '/wA=' }],
  ])('payload %j', async (body, shape) => {
    expect(await (await post('/v1/payload', body)).json()).toMatchObject(shape)
  })

  it('refuses data that is too large with what is allowed', async () => {
    node.refusal = Object.assign(new Error('tags would take 600 bytes: at most 512'), {
      name: 'TooLargeError',
    })
    expect(await errorOf(post('/v1/tags', { a: 'b' }))).toMatchObject({ status: 413, code: 'too-large' })
  })

  it('shows the seeds, and replaces them all', async () => {
    expect(await (await call('/v1/seeds')).json()).toEqual({ seeds: [] })
    const wanted = ['10.0.0.2:7946', 'dns+swim:7946']
    expect(await (await post('/v1/seeds', { seeds: wanted })).json()).toEqual({ seeds: wanted })
    expect(seeds.seeds.map(({ kind }) => kind)).toEqual(['address', 'dns'])
    for (const body of [{}, { seeds: ['x y'] }, { seeds: 'a' }, { seeds: [], more: 1 }]) {
      expect((await post('/v1/seeds', body)).status).toBe(400)
    }
    expect(await (await call('/v1/seeds')).json()).toEqual({ seeds: wanted })
    expect(await (await post('/v1/seeds', { seeds: [] })).json()).toEqual({ seeds: [] })
  })

  it('tells all of something, and says what is wrong with what it is given', async () => {
    expect(await (await post('/v1/broadcast', { name: 'deploy', payload: 'v2' })).json()).toEqual({
      name: 'deploy',
      sent: true,
    })
    await post('/v1/broadcast', { name: 'raw', payloadBase64: 'aGk=' })
    await post('/v1/broadcast', { name: 'bare' })
    expect(node.said.map(({ body, name, what }) => `${what} ${name} ${body}`)).toEqual([
      'broadcast deploy v2',
      'broadcast raw hi',
      'broadcast bare ',
    ])
    for (const body of [
      {},
      { name: 'a b' },
      { name: 'x', payload: 'y', payloadBase64: 'eQ==' },
      { name: 'x', z: 1 },
    ]) {
      expect((await post('/v1/broadcast', body)).status).toBe(400)
    }
    expect(node.said.length).toBe(3)
    node.refusal = new TooLargeError('a broadcast', 600, 512)
    expect(await errorOf(post('/v1/broadcast', { name: 'big' }))).toMatchObject({
      status: 413,
      code: 'too-large',
    })
  })

  it('asks members, and gives what they answer as text or base64', async () => {
    const at = new Date('2026-01-02T03:04:05.678Z')
    node.queryResult = {
      answers: [
        { member: 'ada', body: new TextEncoder().encode('é'), at },
        { member: 'bob', body: Uint8Array.of(255), at },
      ],
      silent: ['eve'],
      unfinished: ['mallory'],
    }
    const asked = await post('/v1/query', {
      name: 'who',
      members: ['ada'],
      tags: { zone: 'a' },
      timeout: 0.5,
    })
    expect(await asked.json()).toEqual({
      answers: [
        { member: 'ada', payload: 'é', at: at.toISOString() },
        { member: 'bob', payloadBase64: '/w==', at: at.toISOString() },
      ],
      silent: ['eve'],
      unfinished: ['mallory'],
    })
    expect(node.said).toEqual([
      {
        what: 'query',
        name: 'who',
        body: '',
        options: { members: ['ada'], tags: { zone: 'a' }, timeout: 500 },
      },
    ])
    for (const more of [{ timeout: 0.009 }, { members: 'ada' }, { tags: { a: 1 } }, { payloadBase64: '?' }]) {
      expect((await post('/v1/query', { name: 'who', ...more })).status).toBe(400)
    }
  })

  it('lists services, one of them, and those of suspects', async () => {
    const web = { name: 'web', port: 80 }
    node.self = fakeMember('ada', { services: [web, { name: '__proto__' }] })
    node.list.push(fakeMember('bob', { services: [web], status: 'suspect' }))
    const ofAda = { member: 'ada', address: '127.0.0.1:7946', status: 'alive', tags: {} }
    const webOfAda = { ...ofAda, port: 80, endpoint: '127.0.0.1:80' }
    const all = (await (await call('/v1/services')).json()) as { readonly services: object }
    expect(Object.entries(all.services)).toEqual([
      ['__proto__', [ofAda]],
      ['web', [webOfAda]],
    ])
    expect(await (await call('/v1/services?name=web&suspects=true')).json()).toMatchObject({
      services: { web: [{ member: 'ada' }, { member: 'bob', status: 'suspect' }] },
    })
    expect(await (await call('/v1/services?name=none')).json()).toEqual({ services: { none: [] } })
    expect(await errorOf(call('/v1/services?suspects=1'))).toMatchObject({ status: 400, code: 'invalid' })
  })

  it('sets services as a whole', async () => {
    const services = [{ name: 'web', port: 80 }, { name: 'db' }]
    expect(await (await post('/v1/services', { services })).json()).toMatchObject({ services })
    for (const wrong of [
      {},
      { services: 'web' },
      { services: [{ name: 'a b' }] },
      { services: [{ name: 'a', port: 0 }] },
    ]) {
      expect(await errorOf(post('/v1/services', wrong))).toMatchObject({ status: 400, code: 'invalid' })
    }
  })

  it('forces a member out', async () => {
    node.list.push(fakeMember('bob', { status: 'failed' }))
    expect(await (await post('/v1/members/bob/force-leave')).json()).toEqual({
      name: 'bob',
      forced: true,
      pruned: false,
    })
    expect(node.member('bob')?.status).toBe('left')
    expect(await (await post('/v1/members/bob/force-leave', { prune: true })).json()).toMatchObject({
      pruned: true,
    })
    expect(await errorOf(post('/v1/members/bob/force-leave'))).toMatchObject({
      status: 404,
      code: 'unknown-member',
    })
    expect(await errorOf(post('/v1/members/ada/force-leave'))).toMatchObject({ status: 409, code: 'self' })
    expect(await errorOf(post('/v1/members/ada/force-leave', { prune: 1 }))).toMatchObject({
      status: 400,
      code: 'invalid',
    })
  })

  it('reads and sets the drop rate', async () => {
    expect(await (await post('/v1/drop-rate', { dropRate: 0.5 })).json()).toEqual({ dropRate: 0.5 })
    expect(await (await call('/v1/drop-rate')).json()).toEqual({ dropRate: 0.5 })
  })

  it('pings', async () => {
    expect(await (await post('/v1/members/ada/ping')).json()).toEqual({
      name: 'ada',
      rttMs: 1.5,
      path: 'direct',
    })
    expect(await errorOf(post('/v1/members/zoe/ping'))).toMatchObject({ status: 404, code: 'unknown-member' })
  })

  it('switches detectors and the suspicion phase, by body and by query', async () => {
    expect(await (await post('/v1/switch', { detector: 'gossip' })).json()).toEqual({
      detector: 'gossip',
      epoch: 4,
      suspicion: true,
    })
    expect(await (await post('/v1/switch', { suspicion: false })).json()).toEqual({
      detector: 'gossip',
      epoch: 5,
      suspicion: false,
    })
    expect(await (await post('/switch?detector=pingack')).json()).toMatchObject({
      detector: 'pingack',
      epoch: 6,
    })
  })

  it('names the members that could not follow a switch', async () => {
    const members = ['bob', 'cid']
    node.refusal = Object.assign(new Error('bob, cid do not have it'), {
      name: 'SwitchError',
      code: 'detector-missing',
      members,
    })
    const refused = await post('/v1/switch', { detector: 'gossip' })
    expect([refused.status, await refused.json()]).toEqual([
      409,
      { error: { code: 'detector-missing', message: 'bob, cid do not have it', members } },
    ])
    node.refusal = Object.assign(new Error('no such detector'), {
      name: 'SwitchError',
      code: 'unknown-detector',
    })
    expect(await errorOf(post('/v1/switch', { detector: 'x' }))).toMatchObject({
      status: 400,
      code: 'unknown-detector',
    })
  })

  it('tells the round trip between two members', async () => {
    node.list.push(fakeMember('bob'), fakeMember('cid', { status: 'failed' }))
    expect(await (await call('/v1/rtt?a=bob')).json()).toEqual({
      a: 'bob',
      b: 'ada',
      rttMs: 12.34,
      source: 'measured',
    })
    expect(await (await call('/v1/rtt?a=ada&b=bob')).json()).toMatchObject({ a: 'ada', b: 'bob' })
    expect(await errorOf(call('/v1/rtt?a=bob&b=zoe'))).toMatchObject({ status: 404, code: 'unknown-member' })
    expect(await errorOf(call('/v1/rtt?a=cid&b=bob'))).toMatchObject({ status: 409, code: 'no-coordinate' })
    for (const path of ['/v1/rtt', '/v1/rtt?b=bob', '/v1/rtt?a=']) {
      expect(await errorOf(call(path))).toMatchObject({ status: 400, code: 'invalid' })
    }
  })

  it('maps what a node refuses', async () => {
    node.joinResult = Object.assign(new Error('the node has left'), { name: 'NodeStateError' })
    expect(await errorOf(post('/v1/join', { seeds: ['h:1'.replace('h', '10.0.0.1')] }))).toMatchObject({
      status: 409,
      code: 'state',
    })
  })

  it('says when to come back where a node asks as much as it may', async () => {
    node.refusal = new SendError('busy', 'cannot ask "q": busy')
    const { code, headers, status } = await errorOf(post('/v1/query', { name: 'q' }))
    expect([status, code, headers.get('retry-after')]).toEqual([503, 'busy', '1'])
  })

  it('hides a fault of ours, and reports it', async () => {
    node.joinResult = new Error('secret path')
    const { status, message } = await errorOf(post('/v1/join', { seeds: ['10.0.0.1:1'] }))
    expect(status).toBe(500)
    expect(message).not.toContain('secret')
    expect(faults).toEqual([node.joinResult])
  })

  it.each([
    ['/v1/join', {}],
    ['/v1/join', { seeds: [] }],
    ['/v1/join', { seeds: ['10.0.0.1:70000'] }],
    ['/v1/join', { seeds: 'h:1' }],
    ['/v1/join', []],
    ['/join?introducer=nonsense:x', undefined],
    ['/join', undefined],
    ['/v1/tags', { tags: { a: 1 } }],
    ['/v1/tags', { 'a b': 'c' }],
    ['/v1/tags', 'x'],
    ['/v1/payload', { payload: 5 }],
    ['/v1/payload', { payloadBase64: '!' }],
    ['/v1/drop-rate', { dropRate: 2 }],
    ['/v1/drop-rate', { dropRate: '0.5' }],
    ['/v1/drop-rate', undefined],
    ['/v1/switch', {}],
    ['/v1/switch', undefined],
    ['/v1/switch', { detector: '' }],
    ['/v1/switch', { detector: 'gossip', suspicion: 'off' }],
  ])('%s refuses %j', async (path, body) => {
    expect(await errorOf(post(path, body))).toMatchObject({ status: 400, code: 'invalid' })
  })
})

describe('who may call', () => {
  it.each([
    '127.0.0.1',
    '[::1]:17946',
    'localhost:17946',
    'LOCALHOST',
    '10.0.0.5:80',
    'swim.local:1',
    'SWIM.local',
  ])('Host %s', async (host) => {
    expect((await call('/v1/members', { headers: { host } })).status).toBe(200)
  })

  it.each([
    'evil.example',
    'localhost.evil.example',
    '127.0.0.1.evil.example',
    'swim.local.evil',
    '',
    'a b',
    'u@127.0.0.1',
  ])('not Host %j', async (host) => {
    expect(await errorOf(call('/v1/members', { headers: { host } }))).toMatchObject({
      status: 421,
      code: 'host',
    })
  })

  it('not even to the probes', async () => {
    expect((await call('/healthz', { headers: { host: 'evil.example' } })).status).toBe(421)
  })

  it.each([
    ['http://127.0.0.1:17946', 200],
    ['http://127.0.0.1', 403],
    ['http://localhost:17946', 403],
    ['https://127.0.0.1:17946', 403],
    ['http://evil.example', 403],
    ['null', 403],
  ])('Origin %s: %d', async (origin, status) => {
    const response = await call('/v1/members', { headers: { host: '127.0.0.1:17946', origin } })
    expect(response.status).toBe(status)
  })

  it.each([
    [undefined, 401],
    ['Bearer wrong-token', 401],
    ['Basic correct-token', 401],
    ['Bearer', 401],
    ['Bearer correct-token', 200],
    ['bearer correct-token', 200],
  ])('with a token set, authorization %s: %d', async (authorization, status) => {
    app = appWith({ token: 'correct-token' })
    const response = await call(
      '/v1/members',
      authorization === undefined ? {} : { headers: { authorization } },
    )
    expect(response.status).toBe(status)
    if (status === 401) {
      expect(response.headers.get('www-authenticate')).toBe('Bearer')
      expect((await errorOf(response)).code).toBe('token')
    }
  })

  it('a token is needed for what does not exist as well, and not for the probes', async () => {
    app = appWith({ token: 'correct-token' })
    expect((await call('/v1/nothing')).status).toBe(401)
    expect((await call('/v1/leave', { method: 'POST' })).status).toBe(401)
    expect(node.state).toBe('running')
    expect((await call('/healthz')).status).toBe(200)
    expect((await call('/readyz')).status).toBe(200)
  })
})

describe('how to call', () => {
  it.each([
    ['POST', '/v1/members', 'GET, HEAD'],
    ['DELETE', '/v1/members/ada', 'GET, HEAD'],
    ['GET', '/v1/leave', 'POST'],
    ['GET', '/leave', 'POST'],
    ['GET', '/join?introducer=10.0.0.1:1', 'POST'],
    ['PUT', '/v1/drop-rate', 'GET, HEAD, POST'],
    ['OPTIONS', '/v1/stop', 'POST'],
  ])('%s %s is not allowed', async (method, path, allow) => {
    const { status, headers } = await errorOf(call(path, { method }))
    expect(status).toBe(405)
    expect(headers.get('allow')).toBe(allow)
    expect(node.state).toBe('running')
    expect(node.joins).toEqual([])
  })

  it('HEAD is GET without the body', async () => {
    const response = await call('/v1/members', { method: 'HEAD' })
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('')
  })

  it('only JSON', async () => {
    const form = {
      method: 'POST',
      body: 'a=b',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    }
    expect(await errorOf(call('/v1/tags', form))).toMatchObject({ status: 415, code: 'media-type' })
    expect(await errorOf(call('/v1/tags', { method: 'POST', body: '{"a":"b"}' }))).toMatchObject({
      status: 415,
    })
    const bad = { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } }
    expect(await errorOf(call('/v1/tags', bad))).toMatchObject({ status: 400, code: 'malformed' })
  })

  it('a body up to its limit, announced or not', async () => {
    const fits = JSON.stringify({ payload: '' }).length
    const big = { payload: 'a'.repeat(limits.bodyBytes - fits + 1) }
    expect(await errorOf(post('/v1/payload', big))).toMatchObject({ status: 413, code: 'too-large' })
    const length = { 'content-length': String(limits.bodyBytes + 1) }
    expect((await post('/v1/payload', { payload: '' }, length)).status).toBe(413)
    expect((await post('/v1/payload', { payload: 'a'.repeat(limits.bodyBytes - fits) })).status).toBe(200)
  })

  const seedTexts = (count: number) => Array.from({ length: count }, (_, i) => `10.0.${i >> 8}.${i & 255}:1`)
  const names = (count: number) => Array.from({ length: count }, (_, i) => `n${i}`)
  it.each<[string, string, number, (count: number) => object]>([
    ['/v1/seeds', 'seeds', 256, (n) => ({ seeds: seedTexts(n) })],
    ['/v1/join', 'seeds', 256, (n) => ({ seeds: seedTexts(n) })],
    ['/v1/query', 'members', 64, (n) => ({ name: 'q', members: names(n) })],
    ['/v1/query', 'seconds', 600, (n) => ({ name: 'q', timeout: n })],
    ['/v1/services', 'services', 64, (n) => ({ services: names(n).map((name) => ({ name })) })],
    ['/v1/leave', 'seconds', 3_600, (n) => ({ drain: n })],
  ])('%s takes %s up to %i', async (path, _, most, body) => {
    expect((await post(path, body(most))).status).toBe(200)
    expect(await errorOf(post(path, body(most + 1)))).toMatchObject({ status: 400, code: 'invalid' })
  })

  it('every answer carries the security headers', async () => {
    for (const path of ['/v1/members', '/v1/nothing', '/healthz']) {
      const { headers } = await call(path)
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
      expect(headers.get('x-frame-options')).toBe('DENY')
      expect(headers.get('cache-control')).toBe('no-store')
    }
  })
})

describe('the event stream', () => {
  /** Reads until `count` messages have come (the opening comment not counted). */
  async function read(response: Response, count: number): Promise<string[]> {
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    while (text.split('\n\n').length <= count + 1) {
      const { value, done } = await reader.read()
      if (done) break
      text += value
    }
    await reader.cancel()
    return text.split('\n\n').slice(1, count + 1)
  }

  const memberMessage = (id: number) =>
    `id: ${id}\nevent: member\ndata: ${JSON.stringify({
      id,
      type: 'join',
      member: { ...ada, name: 'bob' },
      at: '2026-01-02T03:04:06.000Z',
    })}`

  it('sends members with their ids', async () => {
    const response = await call('/v1/events')
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    node.emit(fakeEvent(1))
    node.emit(fakeEvent(2))
    expect(await read(response, 2)).toEqual([memberMessage(1), memberMessage(2)])
    expect(node.followed[0]?.after).toBeUndefined()
  })

  it('resumes after the last id', async () => {
    node.emit(fakeEvent(5))
    node.queue = []
    const response = await call('/v1/events', { headers: { 'last-event-id': '4' } })
    node.emit(fakeEvent(5))
    expect(await read(response, 1)).toEqual([memberMessage(5)])
    expect(node.followed[0]).toMatchObject({ after: 4, buffer: 1_024 })
  })

  it('says so where events are missing', async () => {
    node.emit(fakeEvent(9))
    node.queue = []
    const response = await call('/v1/events?after=2')
    node.queue.push({ type: 'gap', missed: 3, nextId: 6, members: [], asOf: 5 })
    node.emit(fakeEvent(6))
    node.emit(fakeEvent(8))
    expect(await read(response, 4)).toEqual([
      'event: gap\ndata: {"missed":3,"nextId":6}',
      memberMessage(6),
      'event: gap\ndata: {"missed":1,"nextId":8}',
      memberMessage(8),
    ])
  })

  it('has what members tell all where that is wanted', async () => {
    const toldAt = new Date('2026-01-02T03:04:07Z')
    const broadcast = { type: 'broadcast', name: 'deploy', from: 'bob', time: 4, toldAt } as const
    node.told = [
      { ...broadcast, body: new TextEncoder().encode('v2') },
      { ...broadcast, time: 5, body: Uint8Array.of(0xff) },
      { type: 'gap', missed: 7 },
    ]
    const response = await call('/v1/events?broadcasts=true')
    node.emit(fakeEvent(1))
    const read4 = await read(response, 4)
    const at = toldAt.toISOString()
    expect(read4.toSorted()).toEqual(
      [
        `event: broadcast\ndata: ${JSON.stringify({ name: 'deploy', from: 'bob', time: 4, toldAt: at, payload: 'v2' })}`,
        `event: broadcast\ndata: ${JSON.stringify({ name: 'deploy', from: 'bob', time: 5, toldAt: at, payloadBase64: '/w==' })}`,
        'event: broadcast-gap\ndata: {"missed":7}',
        memberMessage(1),
      ].toSorted(),
    )
    expect((await call('/v1/events?broadcasts=perhaps')).status).toBe(400)
  })

  it('starts anew for an id of an earlier run, and says so', async () => {
    const response = await call('/v1/events', { headers: { 'last-event-id': '500' } })
    node.emit(fakeEvent(1))
    expect(await read(response, 2)).toEqual([
      'event: gap\ndata: {"missed":null,"nextId":1}',
      memberMessage(1),
    ])
    expect(node.followed[0]?.after).toBe(0)
  })

  it('refuses an id that is none', async () => {
    expect((await errorOf(call('/v1/events', { headers: { 'last-event-id': 'x' } }))).status).toBe(400)
  })

  it('sends a comment when it is quiet, and no event is lost to that', async () => {
    app = appWith({ heartbeat: 10 })
    const response = await call('/v1/events')
    setTimeout(() => node.emit(fakeEvent(1)), 25)
    const messages = await read(response, 8)
    expect(messages[0]).toBe(': still here')
    expect(messages.filter((message) => message.startsWith('id'))).toEqual([memberMessage(1)])
  })

  it('takes no more from the node than its consumer takes from it', async () => {
    const response = await call('/v1/events')
    for (let id = 1; id <= 100; id++) node.emit(fakeEvent(id))
    await new Promise((resolve) => setTimeout(resolve, 20))
    expect(node.queue.length).toBeGreaterThan(95)
    await response.body?.cancel()
    expect(node.followed[0]?.signal?.aborted).toBe(true)
  })

  it('drops a consumer that takes nothing for two heartbeats', async () => {
    app = appWith({ heartbeat: 10 })
    const response = await call('/v1/events')
    const reader = response.body!.getReader()
    await reader.read()
    await expect.poll(() => node.followed[0]?.signal?.aborted).toBe(true)
    expect((await reader.read()).done).toBe(true)
  })

  it('ends when the API is closed', async () => {
    const response = await call('/v1/events')
    const reader = response.body!.getReader()
    await reader.read()
    const next = reader.read()
    end.abort()
    expect((await next).done).toBe(true)
  })
})
