import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { ControlClient } from './control-client.ts'

test('what is refused is not taken for what stands there', async () => {
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/v1/self' ? 200 : 429
    response.end(JSON.stringify({ name: 'a' }))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // Its shape is Node's, for a TCP server.
  const { port } = server.address() as AddressInfo
  const client = new ControlClient(new URL(`http://127.0.0.1:${port}`), 'token')
  onTestFinished(() => {
    client.close()
    server.close()
  })
  expect(await client.read('/v1/self')).toEqual({ name: 'a' })
  await expect(client.read('/v1/members')).rejects.toThrow('GET /v1/members: 429 {"name":"a"}')
})
