import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { agree, eventually, follow, runtimes, start, succeeded, swim } from './swim-process.ts'

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
})
afterAll(() => rm(folder, { recursive: true }))

const memberKeys = [
  'name',
  'address',
  'status',
  'leaving',
  'incarnation',
  'since',
  'tags',
  'services',
  'payload',
]

describe.each(runtimes)('the control API on %s', (runtime) => {
  test('answers as the contract says', async () => {
    const a = await start(
      ['--name', 'a', '--port', '0', '--tag', 'zone=x', '--service', 'web:8080', '--payload', 'hello'],
      runtime,
    )
    const b = await start(['--name', 'b', '--port', '0'])
    expect(Object.keys(a.ready)).toEqual(
      'name address control detector transport codec runtime pid'.split(' '),
    )
    expect(a.ready).toMatchObject({
      name: 'a',
      detector: 'pingack',
      transport: 'udp',
      codec: 'swim',
      pid: a.child.pid,
    })

    const joined = await b.post(`/join?introducer=${a.ready.address}`)
    expect(joined).toEqual({ joined: [a.ready.address], failed: [] })
    await agree([a, b], { a: 'alive', b: 'alive' })

    for (const path of ['/list_mem', '/v1/members']) {
      const { counts, members } = await b.get<{ counts: object; members: Record<string, unknown>[] }>(path)
      expect(counts).toEqual({ alive: 2, suspect: 0, failed: 0, left: 0 })
      const seen = members.find(({ name }) => name === 'a')!
      for (const key of memberKeys) expect(seen).toHaveProperty(key)
      expect(seen).toMatchObject({
        address: a.ready.address,
        status: 'alive',
        leaving: false,
        tags: { zone: 'x' },
        services: [{ name: 'web', port: 8080 }],
        payload: 'hello',
      })
      expect(new Date(String(seen.since)).toISOString()).toBe(seen.since)
    }
    expect(await b.get('/v1/members/a')).toMatchObject({ name: 'a', payload: 'hello' })
    for (const path of ['/list_self', '/v1/self']) {
      const self = await a.get<Record<string, unknown>>(path)
      for (const key of [
        ...memberKeys,
        'cluster',
        'detector',
        'transport',
        'codec',
        'health',
        'digest',
        'runtime',
        'version',
      ]) {
        expect(self).toHaveProperty(key)
      }
    }
    for (const path of ['/display_suspects', '/v1/suspects'])
      expect(await a.get(path)).toEqual({ suspects: [] })
    for (const path of ['/display_protocol', '/v1/protocol']) {
      expect(await a.get(path)).toMatchObject({
        detector: 'pingack',
        epoch: 0,
        suspicion: true,
        profile: 'lan',
        probeInterval: 1,
        probeTimeout: 0.5,
        indirectProbes: 3,
      })
    }
    expect(await a.get('/v1/members/b/explain')).toMatchObject({ name: 'b', status: 'alive' })
    expect(await a.get('/v1/drop-rate')).toEqual({ dropRate: 0 })
    expect(await a.post('/v1/drop-rate', { dropRate: 0.25 })).toEqual({ dropRate: 0.25 })
    for (const path of ['/healthz', '/readyz']) {
      expect((await fetch(new URL(path, a.ready.control))).status).toBe(200)
    }

    const followed = await follow(b)
    expect(await a.post('/v1/tags', { zone: 'y' })).toMatchObject({ name: 'a', tags: { zone: 'y' } })
    await eventually('the change is told', 20_000, () =>
      Promise.resolve({ ok: followed.events.includes('update a'), seen: followed.events }),
    )
    expect(await a.post('/leave')).toEqual({ left: true, acknowledgedBy: ['b'] })
    expect(await a.exited, a.stderr()).toBe(0)
    await agree([b], { a: 'left', b: 'alive' })
    expect(followed.events).not.toContain('failed a')
    followed.stop()
  })

  test('refuses what it should, with a code and a status', async () => {
    const node = await start(['--name', 'a', '--port', '0'], runtime)
    const ask = async (path: string, init?: RequestInit): Promise<[number, string]> => {
      const response = await fetch(new URL(path, node.ready.control), init)
      const { error } = (await response.json()) as { error: { code: string; message: string } }
      expect(error.message).not.toBe('')
      return [response.status, error.code]
    }
    expect((await ask('/v1/members/nobody'))[0]).toBe(404)
    expect((await ask('/v1/members/nobody/explain'))[0]).toBe(404)
    expect((await ask('/v1/nothing'))[0]).toBe(404)
    expect((await ask('/v1/leave'))[0]).toBe(405)
    expect((await ask('/v1/members', { method: 'POST' }))[0]).toBe(405)
    expect(
      (
        await ask('/v1/join', { method: 'POST', body: '{', headers: { 'content-type': 'application/json' } })
      )[0],
    ).toBe(400)
    expect((await ask('/v1/self', { headers: { origin: 'https://elsewhere.example' } }))[0]).toBe(403)
    expect(await node.statuses()).toEqual({ a: 'alive' })
  })
})

test.each(runtimes)(
  'start --detach leaves a node behind, with a pid file and a log file, on %s',
  async (runtime) => {
    const pidFile = join(folder, `${runtime}.pid`)
    const logFile = join(folder, `${runtime}.log`)
    const { stdout } = succeeded(
      await swim(
        [
          'start',
          '--bind',
          '127.0.0.1',
          '--port',
          '0',
          '--name',
          'behind',
          '--detach',
          '--pid-file',
          pidFile,
          '--log-file',
          logFile,
        ],
        runtime,
      ),
    )
    const { control, pid } = JSON.parse(stdout.replace(/^ready /, ''))
    expect(Number(await readFile(pidFile, 'utf8'))).toBe(pid)
    expect((await swim(['members', '--control', control])).stdout).toContain('behind')
    succeeded(await swim(['leave', '--control', control]))
    await eventually('it ends, and takes its pid file with it', 20_000, async () => {
      const left = await readFile(pidFile, 'utf8').catch(() => undefined)
      return { ok: left === undefined, seen: left }
    })
    expect(await readFile(logFile, 'utf8')).toContain('serving')
  },
)

test.each(runtimes)('the demo tells a whole story and ends by itself, on %s', async (runtime) => {
  const { stdout } = succeeded(await swim(['demo', '--json'], runtime, 40_000))
  const steps = stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { step: string }).step)
  for (const step of [
    'start',
    'formed',
    'crash',
    'suspect',
    'failed',
    'leave',
    'left',
    'return',
    'back',
    'end',
  ]) {
    expect(steps).toContain(step)
  }
})
