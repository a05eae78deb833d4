import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as after } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ask, responseTo, type Wire, wireTo } from './control-requests.ts'
import { eventually, runtimes, start, swim } from './swim-process.ts'

const [connections, ofOneAddress, streams, bodyBytes, headerBytes] = [256, 128, 64, 1_048_576, 16_384]
const free = ['--name', 'a', '--port', '0', '--control-rate-limit', '0']

let folder: string
let payload: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'swimkit-'))
  payload = join(folder, 'payload')
  await writeFile(payload, 'x'.repeat(60_000))
})
afterAll(() => rm(folder, { recursive: true }))

// It takes longest, and waits for most of it.
test.concurrent('who is slow with a request, or takes nothing of an answer, is let go; who waits for one, or follows quiet events, is not, on each runtime', async () => {
  // More than the buffers on the way take, and fewer than may be under way.
  const count = 200
  const request = 'GET /v1/self HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
  const answers = (said: string) => said.split('HTTP/1.1 200').length - 1
  await Promise.all(
    runtimes.map(async (runtime) => {
      const node = await start([...free, '--payload-file', payload], runtime)
      const { control } = node.ready
      const ended = new Set<string>()
      const noted = (what: string, wire: Wire): Wire => {
        void wire.closed.then(() => ended.add(what))
        return wire
      }
      const read = wireTo(control, request.repeat(count))
      expect([runtime, answers(await read.closed)]).toEqual([runtime, count])

      const unread = wireTo(control, request.repeat(count))
      unread.socket.pause()
      noted('followed', wireTo(control, request.replace('self', 'events')))
      noted('silent', wireTo(control, ''))
      noted('stuck', wireTo(control, 'GET /healthz HTTP/1.1\r\nHo'))
      noted('idle', wireTo(control, 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'))
      const { closed, socket } = noted('dripping', wireTo(control, 'GET /healthz HTTP/1.1\r\n'))
      const drip = setInterval(() => socket.write('a: b\r\n'), 500)
      void closed.then(() => clearInterval(drip))
      // It has been asked for longer than any connection may idle, or a request may take to arrive.
      const drained = swim(
        ['leave', '--drain', '50s', '--timeout', '90s', '--control', control],
        runtime,
        90_000,
      )
      await after(45_000)
      expect([runtime, [...ended].sort()]).toEqual([runtime, ['dripping', 'idle', 'silent', 'stuck']])
      unread.socket.resume()
      expect([runtime, answers(await unread.closed) < count]).toEqual([runtime, true])
      const { code, stderr } = await drained
      expect([runtime, code, stderr]).toEqual([runtime, 0, ''])
      expect(await node.exited, node.stderr()).toBe(0)
    }),
  )
})

describe.concurrent.each(runtimes)('the bounds of the control API on %s', (runtime) => {
  test('a body, headers, event streams and connections, at the limit and one past it', async () => {
    const node = await start(free, runtime)
    const { control } = node.ready
    const post = (bytes: number) => {
      const [head, tail] = ['{"dropRate":0,"x":"', '"}']
      const body = head + 'x'.repeat(bytes - head.length - tail.length) + tail
      return ask(control, '/v1/drop-rate', { method: 'POST', body })
    }
    expect((await post(bodyBytes)).status).toBe(200)
    expect(await post(bodyBytes + 1)).toMatchObject({ status: 413, code: 'too-large' })

    const headers = async (bytes: number) => {
      const head = `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nX-Long: `
      const filled = `${head}${'x'.repeat(bytes - head.length - 4)}\r\n\r\n`
      return (await wireTo(control, filled).closed).split('\r\n')[0]
    }
    expect(await headers(headerBytes - 256)).toBe('HTTP/1.1 200 OK')
    expect(await headers(headerBytes + 256)).toMatch(/^HTTP\/1\.1 431 /)

    const followed = await Promise.all(
      Array.from({ length: streams }, () => responseTo(control, '/v1/events')),
    )
    expect(followed.map(({ statusCode }) => statusCode)).toEqual(followed.map(() => 200))
    const refused = await ask(control, '/v1/events')
    expect([refused.status, refused.code, refused.headers['retry-after']]).toEqual([503, 'streams', '5'])
    for (const each of followed) each.destroy()
    await eventually('those that end make room', 20_000, async () => {
      const again = await responseTo(control, '/v1/events')
      again.destroy()
      return { ok: again.statusCode === 200, seen: again.statusCode }
    })

    const request = 'GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n'
    const opened: Wire[] = []
    /** How many of so many connections from an address are answered; the others are closed. */
    const served = async (from: string, count: number): Promise<number> => {
      const wires = Array.from({ length: count }, () => wireTo(control, request, from))
      opened.push(...wires)
      const answers = await Promise.all(wires.map(({ answered }) => answered))
      const answered = answers.filter((answer) => answer.startsWith('HTTP/1.1 200'))
      expect(answers.filter((answer) => answer === '').length).toBe(count - answered.length)
      return answered.length
    }
    expect(await served('127.0.0.3', ofOneAddress)).toBe(ofOneAddress)
    expect(await served('127.0.0.3', 1)).toBe(0)
    // Of the rest, this test has those that it keeps open for later.
    const rest = await served('127.0.0.4', ofOneAddress)
    expect(rest).toBeGreaterThan(connections - ofOneAddress - 16)
    expect(await served('127.0.0.6', 8)).toBe(0)
    for (const { socket } of opened) socket.destroy()
    await eventually('those that end make room', 20_000, async () => {
      const answered = await served('127.0.0.3', 1)
      return { ok: answered === 1, seen: answered }
    })
    for (const source of ['127.0.0.3', '127.0.0.6']) {
      expect(node.stderr()).toContain(`refused: too many connections from=${source}`)
    }
    expect(await node.statuses()).toEqual({ a: 'alive' })
  })

  test('who asks too often is told when to come back, and the probes still answer', async () => {
    const limited = [...free.slice(0, -2), '--control-rate-limit', '20']
    const node = await start(limited, runtime)
    const { control } = node.ready
    const wave = () => Promise.all(Array.from({ length: 100 }, () => ask(control, '/v1/members')))
    const begin = performance.now()
    const answers = [...(await wave()), ...(await wave())]
    const seconds = (performance.now() - begin) / 1_000
    const refused = answers.filter(({ status }) => status !== 200)
    const answered = answers.length - refused.length
    expect(refused.length).toBeGreaterThan(0)
    expect(answered).toBeGreaterThanOrEqual(40)
    // Forty at once, and twenty more each second that they took.
    expect(answered).toBeLessThanOrEqual(40 + Math.ceil(20 * seconds))
    for (const { code, headers, status } of refused) {
      expect([status, code, headers['retry-after']]).toEqual([429, 'rate', '1'])
    }
    expect((await ask(control, '/healthz')).status).toBe(200)
  })
})
