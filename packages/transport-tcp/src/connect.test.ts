import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { isReachable, isSelfConnected } from './connect.ts'

const opened: { destroy(): unknown }[] = []
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy()
})

async function connected(port: number, localPort?: number): Promise<Socket> {
  const socket = connect({ host: '127.0.0.1', port, ...(localPort !== undefined && { localPort }) })
  opened.push(socket)
  await once(socket, 'connect')
  return socket
}

it('a socket that met itself on a port where nobody listens is seen through', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listening on TCP it has one
  const ordinary = await connected(port)
  expect(isSelfConnected(ordinary)).toBe(false)
  ordinary.destroy()
  server.close()
  await once(server, 'close')
  expect(isSelfConnected(await connected(port, port))).toBe(true)
})

it.each([
  ['127.0.0.1', 1, true],
  ['::1', 65_535, true],
  ['127.0.0.1', 0, false],
  ['127.0.0.1', 65_536, false],
  ['127.0.0.1', 1.5, false],
  ['127.0.0.1', Number.NaN, false],
  ['localhost', 80, false],
  ['', 80, false],
  ['[::1]', 80, false],
])('%s port %d: reachable by its form %s', (host, port, reachable) => {
  expect(isReachable({ host, port })).toBe(reachable)
})
