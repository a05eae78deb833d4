import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ControlClient } from './control-client.ts'

/** A client of a server that answers so. */
async function clientOf(
  handle: RequestListener,
  idle?: number,
): Promise<{ client: ControlClient; server: Server }> {
  const server = createServer(handle)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Its shape is Node's, for a TCP server.
  const { port } = server.address() as AddressInfo
  const client = new ControlClient(new URL(`http://127.0.0.1:${port}`), 'token', idle)
  onTestFinished(() => {
    client.close()
    server.close()
  })
  return { client, server }
}

test('what is refused is not taken for what stands there', async () => {
  const { client } = await clientOf((request, response) => {
    response.statusCode = request.url === '/v1/self' ? 200 : 429
    response.end(JSON.stringify({ name: 'a' }))
  })
  expect(await client.read('/v1/self')).toEqual({ name: 'a' })
  await expect(client.read('/v1/members')).rejects.toThrow('GET /v1/members: 429 {"name":"a"}')
})

test('a request that is cut off says which it was', async () => {
  const { client } = await clientOf((request) => request.socket.destroy())
  await expect(client.get('/v1/stats')).rejects.toThrow('GET /v1/stats: socket hang up')
})

test('a connection is kept for the next request, and closed before the server would', async () => {
  const { client, server } = await clientOf((_, response) => void response.end('{}'), 200)
  let opened = 0
  server.on('connection', () => opened++)
  const closed = new Promise((resolve) => server.once('connection', (socket) => socket.once('end', resolve)))
  await client.get('/')
  await client.get('/')
  expect(opened).toBe(1)
  await closed
  await client.get('/')
  expect(opened).toBe(2)
})
