import { once } from 'node:events'
import type * as https from 'node:https'
import type { Server } from 'node:https'
import { connect } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { type TestCertificates, testCertificates } from '../testing/certificates.ts'
import { FakeNode } from '../testing/fake-node.ts'
import type * as limitsModule from './limits.ts'
import { type Certificate, type Listening, listen } from './listen.ts'
import { Refusals } from './refusals.ts'
import { securityHeaders } from './security-headers.ts'
import { type Control, startControl } from './start-control.ts'

/** As Bun's servers are, which keep their certificate for life, where a test says so; and one that cannot listen. */
const like = vi.hoisted(() => ({ bun: false, deaf: 0 }))
vi.mock('node:https', async (load) => {
  const original = await load<typeof https>()
  const createServer = (...given: Parameters<typeof https.createServer>): Server => {
    const server = original.createServer(...given)
    if (like.bun) Object.defineProperty(server, 'setSecureContext', { value: undefined })
    if (like.bun && like.deaf-- > 0) {
      server.listen = () => {
        queueMicrotask(() => server.emit('error', new Error('deaf')))
        return server
      }
    }
    return server
  }
  return { ...original, createServer }
})

/** For ever: nothing here is to end by waiting. */
vi.mock('./limits.ts', async (load) => {
  const { limits, ...others } = await load<typeof limitsModule>()
  return { ...others, limits: { ...limits, headersTimeout: 1e9, requestTimeout: 1e9 } }
})

/** For a machine that is busy. */
const patience = { timeout: 30_000 }

let certificates: TestCertificates
let ca: string
beforeAll(async () => {
  certificates = await testCertificates()
  ca = certificates.authority.cert
})
afterAll(() => certificates.remove())

let refusals: Refusals
let server: Listening
beforeEach(() => {
  refusals = new Refusals(undefined)
  Object.assign(like, { bun: false, deaf: 0 })
})
afterEach(async () => {
  vi.restoreAllMocks()
  await server?.close(0)
})

async function serve(certificate?: Certificate): Promise<Listening> {
  server = await listen({
    place: { kind: 'port', host: '127.0.0.1', port: 0 },
    certificate,
    handler: () => new Response('served'),
    shed: () => undefined,
    refusals,
  })
  return server
}

/** Whose certificate is shown. */
async function shown(): Promise<string> {
  const socket = connectSecurely({ port: server.port, host: '127.0.0.1', ca, servername: 'localhost' })
  await once(socket, 'secureConnect')
  const { CN } = socket.getPeerCertificate().subject
  socket.destroy()
  return String(CN)
}

/** All that is answered to these bytes, until the connection ends. */
async function answerTo(port: number, bytes: string): Promise<string> {
  const socket = connect({ port, host: '127.0.0.1' })
  socket.write(bytes)
  let said = ''
  for await (const part of socket.setEncoding('utf8')) said += part
  return said
}

describe('a renewed certificate', () => {
  it('is shown, also by a server that keeps its own for life', async () => {
    for (const bun of [false, true]) {
      like.bun = bun
      await serve(await certificates.issue('first'))
      await server.renew(await certificates.issue('second'))
      expect([bun, await shown()]).toEqual([bun, 'second'])
      await server.close(0)
    }
  })

  it('that cannot be served leaves the one before, on such a server as on others', async () => {
    for (const bun of [false, true]) {
      like.bun = bun
      await serve(await certificates.issue('first'))
      await expect(server.renew({ cert: 'none', key: 'none' })).rejects.toThrow()
      expect([bun, await shown()]).toEqual([bun, 'first'])
      await server.close(0)
    }
  })

  it('with which listening again fails leaves the one before', async () => {
    like.bun = true
    await serve(await certificates.issue('first'))
    like.deaf = 1
    await expect(server.renew(await certificates.issue('second'))).rejects.toThrow('deaf')
    expect(await shown()).toBe('first')
    await server.renew(await certificates.issue('third'))
    expect(await shown()).toBe('third')
  })
})

it('closing over TLS does not wait for who has begun a handshake', async () => {
  await serve(await certificates.issue('own'))
  const silent = connect({ port: server.port, host: '127.0.0.1' })
  silent.on('error', () => undefined)
  await once(silent, 'connect')
  // Another one who came later is served: the silent one has been taken by then.
  await shown()
  const closed = once(silent, 'close')
  await server.close(0)
  await closed
})

it.each([
  ['a Host that is none', '/healthz', 'a b'],
  ['a Host with a path', '/healthz', 'localhost/x'],
  ['a Host with a port that is none', '/healthz', 'localhost:x'],
  ['a path with a backslash', '/a\\b', '[::1]'],
])('%s is refused as all is, and counted', async (_, path, host) => {
  await serve()
  const request = `GET ${path} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
  const [head = '', body = ''] = (await answerTo(server.port, request)).split('\r\n\r\n')
  expect(head).toMatch(/^HTTP\/1\.1 400 /)
  for (const [name, value] of Object.entries({ ...securityHeaders, 'content-type': 'application/json' })) {
    expect(head.toLowerCase()).toContain(`${name}: ${value}`.toLowerCase())
  }
  expect(JSON.parse(body)).toEqual({ error: { code: 'malformed', message: 'Host or path is malformed' } })
  expect(refusals.counts()['refused:malformed']).toBe(1)
})

it('who cuts a request in its body is no fault of the control API', async () => {
  const lines: string[] = []
  const node = new FakeNode()
  const control: Control = await startControl(node, {
    port: 0,
    logger: { enabled: () => true, log: (level, message) => void lines.push(`${level} ${message}`) },
  })
  const read = vi.spyOn(ReadableStreamDefaultReader.prototype, 'read')
  const port = Number(new URL(control.url).port)
  const socket = connect({ port, host: '127.0.0.1' })
  const head = 'POST /v1/tags HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n'
  socket.write(`${head}Content-Length: 100\r\n\r\n{"tags":`)
  await expect.poll(() => read.mock.calls.length, patience).toBeGreaterThan(0)
  socket.destroy()
  await expect.poll(() => read.mock.settledResults.map(({ type }) => type), patience).toContain('rejected')
  await control.close()
  expect(lines).toEqual([])
})
