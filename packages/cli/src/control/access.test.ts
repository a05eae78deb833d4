import type { LogLevel } from '@swimkit/core'
import type { Hono } from 'hono'
import { beforeEach, describe, expect, it } from 'vitest'
import { controlApp } from '../testing/control-app.ts'
import { FakeNode } from '../testing/fake-node.ts'
import type { ControlAppOptions } from './app.ts'
import { limits } from './limits.ts'
import { Refusals } from './refusals.ts'
import type { ControlEnv } from './route.ts'
import { type TokenPair, Tokens } from './tokens.ts'

const adminToken = 'admin-token-of-the-test'
const readToken = 'read-token-of-the-test'

/** For a machine that is busy. */
const patience = { timeout: 30_000 }

let node: FakeNode
let lines: { level: LogLevel; message: string; fields: unknown }[]
let end: AbortController
let now: number

const appWith = (more: Partial<ControlAppOptions> & TokenPair = {}): Hono<ControlEnv> =>
  controlApp(node, {
    token: adminToken,
    readToken,
    refusals: new Refusals({
      enabled: () => true,
      log: (level, message, fields) => void lines.push({ level, message, fields }),
    }),
    signal: end.signal,
    now: () => now,
    ...more,
  })

let app: Hono<ControlEnv>
beforeEach(() => {
  node = new FakeNode()
  lines = []
  end = new AbortController()
  now = 0
  app = appWith()
})

interface Asked {
  readonly method?: string
  readonly token?: string
  readonly source?: string
  readonly headers?: Record<string, string>
  readonly on?: Hono<ControlEnv>
}

async function ask(path: string, asked: Asked = {}) {
  const { headers = {}, method = 'GET', on = app, source = '10.0.0.9', token } = asked
  const bearer: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const response = await on.request(
    `http://127.0.0.1:17946${path}`,
    { method, headers: { ...bearer, ...headers } },
    { source },
  )
  return response
}
async function refusal(response: Promise<Response>): Promise<[number, string, string | null]> {
  const { headers, status } = await response
  const { error } = (await (await response).json()) as { error: { code: string } }
  return [status, error.code, headers.get('retry-after')]
}

/** All that is served, with a name for each parameter. */
const served = (method: string): string[] =>
  app.routes
    .filter((route) => route.method === method && route.path !== '/*')
    .map(({ path }) => path.replace(':name', 'ada'))
const probes = ['/healthz', '/readyz']

describe('tokens', () => {
  it('every route that exists is walked by these tests', () => {
    expect(served('GET').length).toBeGreaterThan(15)
    expect(served('POST').length).toBeGreaterThan(15)
    expect(served('GET')).toEqual(expect.arrayContaining([...probes, '/v1/events', '/v1/stats']))
  })

  it('without one nothing answers but the probes', async () => {
    for (const path of served('GET').filter((each) => !probes.includes(each))) {
      expect([path, ...(await refusal(ask(path)))]).toEqual([path, 401, 'token', null])
    }
    for (const path of served('POST')) {
      expect([path, ...(await refusal(ask(path, { method: 'POST' })))]).toEqual([path, 401, 'token', null])
    }
    for (const path of probes) expect((await ask(path)).status).toBe(200)
  })

  it('the one that reads reads everything', async () => {
    for (const path of served('GET')) {
      const { body, status } = await ask(path, { token: readToken })
      await body?.cancel()
      // That one asks for a name, and this node seals nothing.
      const otherwise: Record<string, number> = { '/v1/rtt': 400, '/v1/keys': 409 }
      expect([path, status]).toEqual([path, otherwise[path] ?? 200])
    }
  })

  it('the one that reads changes nothing', async () => {
    for (const path of served('POST')) {
      const refused = await refusal(ask(path, { method: 'POST', token: readToken }))
      expect([path, ...refused]).toEqual([path, 403, 'scope', null])
    }
    expect([node.state, node.joins, node.said, node.departures]).toEqual(['running', [], [], []])
  })

  it('the other one does both', async () => {
    expect((await ask('/v1/members', { token: adminToken })).status).toBe(200)
    expect((await ask('/v1/leave', { method: 'POST', token: adminToken })).status).toBe(200)
    expect(node.state).toBe('left')
  })

  it('a part of one, one with more to it, or both together are none', async () => {
    for (const token of [
      adminToken.slice(1),
      `${adminToken}x`,
      `${adminToken},${readToken}`,
      `${adminToken} x`,
    ]) {
      expect((await ask('/v1/members', { token })).status).toBe(401)
    }
    for (const authorization of [adminToken, `Basic ${adminToken}`, 'Bearer', `Bearer: ${adminToken}`]) {
      expect((await ask('/v1/members', { headers: { authorization } })).status).toBe(401)
    }
  })

  it('no other way of writing a path gets past them', async () => {
    for (const path of [
      '/healthz/../v1/members',
      '/v1/members/',
      '//v1/members',
      '/V1/MEMBERS',
      '/v1/%6dembers',
    ]) {
      expect([path, (await ask(path)).status]).toEqual([path, 401])
    }
  })
})

describe('who guesses tokens', () => {
  const guess = (i: number, more: Asked = {}) => refusal(ask('/v1/members', { token: `guess-${i}`, ...more }))

  it('is not heard after so many, and locks nobody out who has the right one', async () => {
    for (let i = 0; i < limits.guesses; i++) expect(await guess(i)).toEqual([401, 'token', null])
    for (let i = 0; i < 3; i++) expect(await guess(i)).toEqual([429, 'guesses', '1'])
    for (const token of [adminToken, readToken])
      expect((await ask('/v1/members', { token })).status).toBe(200)
    expect((await ask('/healthz')).status).toBe(200)
    now = 1_000
    expect([await guess(0), await guess(1)]).toEqual([
      [401, 'token', null],
      [429, 'guesses', '1'],
    ])
  })

  it('learns nothing of one that is short enough to be found', async () => {
    const [short, long] = ['x'.repeat(limits.guessable - 1), 'y'.repeat(limits.guessable)]
    const on = appWith({ token: short, readToken: long })
    const members = async (token: string, source?: string) =>
      (await ask('/v1/members', { on, token, ...(source && { source }) })).status
    for (let i = 1; i < limits.guesses; i++) await guess(i, { on })
    expect([await members(short), await members(long)]).toEqual([200, 200])
    await guess(0, { on })
    expect(await refusal(ask('/v1/members', { on, token: short }))).toEqual([429, 'guesses', '1'])
    expect(await guess(0, { on })).toEqual([429, 'guesses', '1'])
    expect([await members(long), await members(short, '10.0.0.8')]).toEqual([200, 200])
  })

  it('is not who has no token at all, or a good one', async () => {
    for (let i = 0; i <= 2 * limits.guesses; i++) {
      expect((await ask('/v1/members')).status).toBe(401)
      expect((await ask('/v1/members', { token: readToken })).status).toBe(200)
    }
  })
})

it('tokens that are replaced let nobody in any more, and end the event streams that they opened', async () => {
  const tokens = new Tokens({ token: adminToken, readToken })
  const on = appWith({ tokens })
  const status = async (token: string) => (await ask('/v1/members', { on, token })).status
  const { body } = await ask('/v1/events', { on, token: readToken })
  const reader = body!.getReader()
  expect((await reader.read()).done).toBe(false)
  tokens.replace({ token: 'another-admin-token', readToken: 'another-read-token' })
  await expect.poll(async () => (await reader.read()).done, patience).toBe(true)
  expect([await status(adminToken), await status(readToken)]).toEqual([401, 401])
  expect([await status('another-admin-token'), await status('another-read-token')]).toEqual([200, 200])
  expect((await ask('/v1/events', { on, method: 'HEAD', token: 'another-read-token' })).status).toBe(200)
})

describe('bounds', () => {
  it('so many requests at the same time, and no more; probes come through', async () => {
    const answers: (() => void)[] = []
    node.ping = () =>
      new Promise((resolve) =>
        answers.push(() => resolve({ name: 'ada', rtt: 1, path: 'direct', payload: undefined })),
      )
    const ping = () => ask('/v1/members/ada/ping', { method: 'POST', token: adminToken })
    const underWay = Array.from({ length: limits.requests }, ping)
    await expect.poll(() => answers.length, patience).toBe(limits.requests)
    expect(await refusal(ping())).toEqual([503, 'busy', '1'])
    expect((await ask('/healthz')).status).toBe(200)
    for (const answer of answers) answer()
    for (const each of underWay) expect((await each).status).toBe(200)
    expect((await ask('/v1/members', { token: adminToken })).status).toBe(200)
  })

  it('so many event streams, and no more; one that ends makes room', async () => {
    const follow = () => ask('/v1/events', { token: readToken })
    const streams = await Promise.all(Array.from({ length: limits.streams }, follow))
    expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200))
    expect(await refusal(follow())).toEqual([503, 'streams', '5'])
    expect((await ask('/v1/members', { token: readToken })).status).toBe(200)
    await streams[0]!.body!.cancel()
    expect((await follow()).status).toBe(200)
    expect((await follow()).status).toBe(503)
    end.abort()
  })

  it('HEAD of the event stream opens none: each one used to stay open for ever', async () => {
    for (let i = 0; i <= limits.streams; i++) {
      const { headers, status } = await ask('/v1/events', { method: 'HEAD', token: readToken })
      expect([status, headers.get('content-type')]).toEqual([200, 'text/event-stream; charset=utf-8'])
    }
    expect(node.followed).toEqual([])
  })

  it('a stream that nobody ever reads ends', async () => {
    const on = { on: appWith({ heartbeat: 5 }), token: readToken }
    await ask('/v1/events', on)
    await expect.poll(() => node.followed[0]?.signal?.aborted, patience).toBe(true)
  })
})

describe('Origin, by the scheme that is served', () => {
  it.each([
    ['http', 'http://127.0.0.1:17946', 200],
    ['http', 'https://127.0.0.1:17946', 403],
    ['https', 'https://127.0.0.1:17946', 200],
    ['https', 'http://127.0.0.1:17946', 403],
  ] as const)('%s, %s: %i', async (scheme, origin, status) => {
    const on = appWith({ scheme })
    expect((await ask('/healthz', { on, headers: { origin } })).status).toBe(status)
  })

  it('a page may not post across, whatever it knows', async () => {
    const headers = { origin: 'http://evil.example' }
    expect(await refusal(ask('/v1/leave', { method: 'POST', token: adminToken, headers }))).toEqual([
      403,
      'origin',
      null,
    ])
    expect(node.state).toBe('running')
  })
})

describe('Sec-Fetch-Site: a page may send some requests across without an Origin', () => {
  it.each([
    ['same-origin', 200],
    ['none', 200],
    ['same-site', 403],
    ['cross-site', 403],
    ['', 403],
    ['none, cross-site', 403],
  ])('%j: %i, and a probe is answered', async (site, status) => {
    const headers = { 'sec-fetch-site': site }
    expect((await ask('/v1/members', { token: readToken, headers })).status).toBe(status)
    for (const path of probes) expect((await ask(path, { headers })).status).toBe(200)
  })

  it('refuses without having done anything, and says what is allowed', async () => {
    const on = appWith({ token: undefined, readToken: undefined })
    const headers = { 'sec-fetch-site': 'cross-site' }
    for (const path of served('GET').filter((each) => !probes.includes(each))) {
      expect([path, ...(await refusal(ask(path, { on, headers })))]).toEqual([path, 403, 'origin', null])
    }
    expect(node.followed).toEqual([])
    expect(await (await ask('/v1/keys', { on, headers })).text()).toContain('same-origin or none')
  })
})

describe('strict transport security', () => {
  it.each([
    ['https', 'swim.local', 'max-age=31536000'],
    ['https', 'localhost', null],
    ['https', '127.0.0.1', null],
    ['https', '[::1]', null],
    ['http', 'swim.local', null],
  ] as const)('%s, %s: %s', async (scheme, host, expected) => {
    const on = appWith({ scheme })
    const response = await on.request(`${scheme}://${host}/healthz`, {}, { source: '127.0.0.1' })
    expect(response.headers.get('strict-transport-security')).toBe(expected)
  })
})

describe('what is told of refusals', () => {
  it('counts each by its reason', async () => {
    await ask('/v1/members')
    await ask('/v1/members', { token: 'wrong-token' })
    await ask('/v1/members', { token: 'wrong-token-2' })
    await ask('/v1/stop', { method: 'POST', token: readToken })
    await ask('/healthz', { headers: { host: 'evil.example' } })
    await ask('/healthz', { headers: { origin: 'null' } })
    const { control } = (await (await ask('/v1/stats', { token: readToken })).json()) as { control: object }
    expect(control).toEqual({
      streams: 0,
      'refused:malformed': 0,
      'refused:host': 1,
      'refused:origin': 1,
      'refused:no-token': 1,
      'refused:wrong-token': 2,
      'refused:guesses': 0,
      'refused:scope': 1,
      'refused:rate': 0,
      'refused:busy': 0,
      'refused:streams': 0,
      'refused:connections': 0,
    })
  })

  it('logs one line for each source and reason in a while, and never a token', async () => {
    for (let i = 0; i < 5; i++) await ask('/v1/members', { token: 'a-wrong-token' })
    await ask('/v1/members', { token: 'a-wrong-token', source: '10.0.0.8' })
    await ask('/v1/stop', { method: 'POST', token: readToken })
    const wrong = 'control request refused: a wrong token'
    expect(lines).toEqual([
      { level: 'warn', message: wrong, fields: { from: '10.0.0.9' } },
      { level: 'warn', message: wrong, fields: { from: '10.0.0.8' } },
      {
        level: 'warn',
        message: 'control request refused: a read-only token, for a change',
        fields: { from: '10.0.0.9' },
      },
    ])
  })
})
