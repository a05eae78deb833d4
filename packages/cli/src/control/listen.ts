import { formatAddress } from '@swimkit/core'
import { CliError, codeOf, reasonOf } from '../errors.ts'

export type WebHandler = (request: Request) => Response | Promise<Response>

/** A server that takes requests. */
export interface Listening {
  readonly port: number
  /** Takes no further requests, lets those under way end for at most `grace` milliseconds, and frees the port. */
  close(grace: number): Promise<void>
}

/** The little of Bun's and Deno's globals that is used. Types only: nothing of another runtime is ever imported. */
interface BunLike {
  serve(options: { hostname: string; port: number; idleTimeout: number; fetch: WebHandler }): {
    readonly port: number
    stop(closeActive?: boolean): Promise<void>
  }
}
interface DenoLike {
  serve(
    options: { hostname: string; port: number; onListen(): void; signal: AbortSignal },
    handler: WebHandler,
  ): { readonly addr: { readonly port: number }; readonly finished: Promise<void>; shutdown(): Promise<void> }
}

/** Seconds without a byte until Bun drops a connection; above the heartbeat of an event stream. */
const bunIdleSeconds = 60

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

function onBun(bun: BunLike, host: string, port: number, fetch: WebHandler): Listening {
  const server = bun.serve({ hostname: host, port, idleTimeout: bunIdleSeconds, fetch })
  return {
    port: server.port,
    async close(grace) {
      await Promise.race([server.stop(), after(grace)])
      await Promise.race([server.stop(true), after(grace)])
    },
  }
}

function onDeno(deno: DenoLike, host: string, port: number, fetch: WebHandler): Listening {
  const abort = new AbortController()
  const server = deno.serve({ hostname: host, port, onListen: () => {}, signal: abort.signal }, (request) =>
    fetch(request),
  )
  return {
    port: server.addr.port,
    async close(grace) {
      const drained = await Promise.race([server.shutdown().then(() => true), after(grace)])
      if (drained) return // aborting a server that has ended is an error on Deno
      abort.abort()
      await Promise.race([server.finished, after(grace)])
    },
  }
}

async function onNode(host: string, port: number, fetch: WebHandler): Promise<Listening> {
  const { createServer } = await import('node:http')
  // Loading the adapter loads Node's own fetch as well, and neither is needed to open the port.
  const adapter = async () =>
    (await import('@hono/node-server')).getRequestListener(fetch, { overrideGlobalObjects: false })
  let listener: ReturnType<typeof adapter> | undefined
  const load = () => {
    listener ??= adapter()
    return listener
  }
  const server = createServer((request, response) => {
    load()
      .then((handle) => handle(request, response))
      .catch((error) => response.destroy(error))
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ host, port }, () => {
      server.off('error', reject)
      resolve()
    })
  })
  setTimeout(() => void load().catch(() => {}), 0) // the request that needs it fails by itself
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    async close(grace) {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()))
      server.closeIdleConnections()
      await Promise.race([closed, after(grace)])
      server.closeAllConnections()
      await closed
    },
  }
}

/** Bind failures, as the three runtimes spell them. */
function failureOf(error: unknown): string | undefined {
  const name = error instanceof Error ? error.name : ''
  const code = codeOf(error)
  if (code === 'EADDRINUSE' || name === 'AddrInUse') return 'the port is in use'
  if (code === 'EADDRNOTAVAIL' || name === 'AddrNotAvailable') return "the address is not this machine's"
  if (code === 'EACCES' || code === 'EPERM' || name === 'PermissionDenied')
    return 'not allowed to listen there'
  return undefined
}

/** The port is taken by someone else. */
export const isInUse = (error: unknown): boolean =>
  error instanceof CliError && error.message.includes('is in use')

/**
 * Serves on the runtime's own server. Rejects with a {@link CliError} with exit code 2 when it cannot listen there.
 */
export async function listen(host: string, port: number, fetch: WebHandler): Promise<Listening> {
  const { Bun, Deno } = globalThis as { Bun?: BunLike; Deno?: DenoLike } // absent on Node
  try {
    if (Bun) return onBun(Bun, host, port, fetch)
    if (Deno) return onDeno(Deno, host, port, fetch)
    return await onNode(host, port, fetch)
  } catch (error) {
    const why = failureOf(error) ?? reasonOf(error)
    throw new CliError(2, `cannot serve the control API at ${formatAddress({ host, port })}: ${why}`, {
      cause: error,
    })
  }
}
