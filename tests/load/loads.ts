import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Life } from '../faults/life.ts'
import { runtimes } from '../transports/runtimes.ts'
import { addressOf } from './group.ts'
import type { JunkKind } from './junk.ts'

/** Beside this, where the command is bundled to. */
const flooder = fileURLToPath(new URL('swimkit-load-flood.mjs', import.meta.url))

/** Junk at a node's port, from a process of its own. Resolves with how many datagrams were sent. */
export async function flood(
  victim: Life,
  kind: JunkKind,
  key: string,
  rate: number,
  seconds: number,
): Promise<number> {
  const { host, port } = split(await addressOf(victim))
  const { args, command } = runtimes.find(({ name }) => name === 'bun')!
  const child = spawn(command, [...args, flooder, host, port, String(rate), String(seconds), kind, key], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  let stdout = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code) =>
      code === 0 ? resolve(Number(stdout)) : reject(new Error(`the flood ended with ${code}`)),
    )
  })
}

/** Opens streams that say nothing, or begin to: as many as asked for at a time, and again when they are cut off, for so long. Resolves with how many in all. */
export async function halfOpen(victim: Life, streams: number, seconds: number): Promise<number> {
  const { host, port } = split(await addressOf(victim))
  const open = new Set<Socket>()
  let opened = 0
  let over = false
  const one = (number: number): void => {
    const socket = connect(Number(port), host)
    open.add(socket)
    socket.on('connect', () => {
      opened++
      // A third says nothing, a third the first byte of a stream, and a third begins and then ends its side.
      if (number % 3 === 1) socket.write(Uint8Array.of(0xd2))
      if (number % 3 === 2) socket.end(Uint8Array.of(0xd2, 0x01))
    })
    socket.on('error', () => undefined) // 'close' follows
    socket.on('close', () => {
      open.delete(socket)
      if (!over) setTimeout(() => !over && one(number), 250)
    })
    socket.resume()
  }
  for (let i = 0; i < streams; i++) one(i)
  await sleep(1_000 * seconds)
  over = true
  for (const socket of open) socket.destroy()
  return opened
}

/** A client that asks for all events and reads none. Returns how to end it. */
export function readNothing(victim: Life, token: string): () => void {
  const { hostname, port } = victim.client.url
  const socket = connect(Number(port), hostname)
  socket.on('error', () => undefined) // that it is cut off is what is wanted
  socket.pause()
  socket.write(
    `GET /v1/events?broadcasts=true&after=0 HTTP/1.1\r\nHost: ${hostname}:${port}\r\nAuthorization: Bearer ${token}\r\n\r\n`,
  )
  return () => socket.destroy()
}

export interface Answers {
  /** How often each status came, or what came in place of one. */
  readonly statuses: ReadonlyMap<string, number>
  /** Requests that were served with what the node knows: not `/healthz`, which says little. */
  readonly served: number
}

/** So many requests to the control API, `atOnce` at a time. Resolves with what they came to. */
export async function ask(victim: Life, token: string, requests: number, atOnce: number): Promise<Answers> {
  const statuses = new Map<string, number>()
  let served = 0
  const paths = ['/v1/members', '/v1/self', '/healthz', '/v1/stats', '/v1/members/m0/explain']
  let next = 0
  const worker = async (): Promise<void> => {
    for (let i = next++; i < requests; i = next++) {
      const path = paths[i % paths.length]!
      let outcome: string
      try {
        const response = await fetch(new URL(path, victim.client.url), {
          headers: { authorization: `Bearer ${token}` },
          signal: AbortSignal.timeout(30_000),
        })
        await response.arrayBuffer()
        outcome = String(response.status)
        if (response.ok && path.startsWith('/v1/')) served++
      } catch (error) {
        outcome = String((error as Error).name)
      }
      statuses.set(outcome, (statuses.get(outcome) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  return { statuses, served }
}

/** Asks `/healthz` four times a second until it is told to end; says how many did not answer in 5 s, and the longest that an answer took. */
export function watchHealth(
  victim: Life,
): () => Promise<{ readonly unanswered: number; readonly longest: number; readonly asked: number }> {
  let over = false
  const seen = { unanswered: 0, longest: 0, asked: 0 }
  const watching = (async () => {
    while (!over) {
      const began = performance.now()
      seen.asked++
      try {
        const { status } = await victim.client.get('/healthz', 5_000)
        if (status !== 200 && status !== 429) seen.unanswered++
      } catch {
        seen.unanswered++
      }
      seen.longest = Math.max(seen.longest, performance.now() - began)
      await sleep(250)
    }
  })()
  return async () => {
    over = true
    await watching
    return seen
  }
}

function split(address: string): { host: string; port: string } {
  const { hostname, port } = new URL(`http://${address}`)
  return { host: hostname, port }
}
