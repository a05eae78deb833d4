import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, it } from 'vitest'
import { follow } from './follow.ts'

let server: Server | undefined

afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

/** A server of one stream of events. */
async function serve(): Promise<{ readonly url: string; readonly stream: Promise<ServerResponse> }> {
  server = createServer()
  const stream = once(server, 'request').then(([, response]: ServerResponse[]) => {
    response!.writeHead(200, { 'content-type': 'text/event-stream' })
    return response!
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stream }
}

it('reads no further while what it is for stands still', async () => {
  const { stream, url } = await serve()
  const seen: string[] = []
  let goOn = () => {}
  const end = new AbortController()
  const following = follow(
    { url, token: undefined, ca: undefined, timeout: 5_000 },
    {
      signal: end.signal,
      patience: 0,
      onLost: () => undefined,
      onEvent: ({ data }) => void seen.push(data),
      caughtUp: () => new Promise((resolve) => (goOn = resolve)),
    },
  )
  const response = await stream
  response.write('data: first\n\n')
  await expect.poll(() => seen).toEqual(['first'])
  // More than a socket and its reader take in: the rest waits where it comes from.
  const more = 16 * 1_048_576
  response.write(`data: ${'x'.repeat(more)}\n\n`)
  await new Promise((resolve) => setTimeout(resolve, 300))
  expect(response.writableLength).toBeGreaterThan(more / 2)
  expect(seen).toEqual(['first'])
  while (seen.length < 2) {
    goOn()
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(seen[1]).toHaveLength(more)
  end.abort()
  goOn()
  await following
})
