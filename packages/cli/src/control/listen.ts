import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { formatAddress } from '@swimkit/core'
import { CliError, codeOf, reasonOf } from '../errors.ts'
import { type Caller, callerAt } from './caller.ts'
import { Connections } from './connections.ts'
import { limits } from './limits.ts'
import type { Refusals } from './refusals.ts'
import { securityHeaders } from './security-headers.ts'
import type { Throttle } from './throttle.ts'
import { clearSocket, forOwnerAlone } from './unix-socket.ts'

export type WebHandler = (request: Request, caller: Caller) => Response | Promise<Response>

/** Where to listen: a port, or a Unix socket. */
export type ControlPlace =
  | { readonly kind: 'port'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }

/** A certificate, with those between it and its authority, and its private key; all in PEM. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

export interface ListenOptions {
  readonly place: ControlPlace
  /** Serves HTTPS. */
  readonly certificate?: Certificate | undefined
  readonly handler: WebHandler
  /** What is answered instead, if anything, before a request is looked at any further. */
  readonly shed: Throttle
  readonly refusals: Refusals
}

/** A server that takes requests. */
export interface Listening {
  /** 0 for a Unix socket. */
  readonly port: number
  /** Shows another certificate to whoever connects from now on; connections that are open stay as they are. */
  renew(certificate: Certificate): Promise<void>
  /** Takes no further requests, lets those under way end for at most `grace` milliseconds, and frees the port. */
  close(grace: number): Promise<void>
}

const serverOptions: ServerOptions = {
  maxHeaderSize: limits.headerBytes,
  headersTimeout: limits.headersTimeout,
  requestTimeout: limits.requestTimeout,
  keepAliveTimeout: limits.idleTimeout,
  connectionsCheckingInterval: limits.checkInterval,
}

function after(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}

/**
 * Ends a connection whose answer is there and not taken, for which node:http would wait for ever. An answer that is still being made
 * may be as quiet as it likes: an event stream ends by itself when it is not read, and only what is left of it is expected
 * to be taken.
 */
function expectTaken(response: ServerResponse, socket: Socket): void {
  response.setTimeout(limits.answerTimeout, () => {
    // A later request on the same connection may be the one that is waited for.
    if (response.writableFinished) return
    if (response.writableEnded) socket.destroy()
    else socket.setTimeout(limits.answerTimeout)
  })
}

/** What is answered where the app is not even asked, in its shape. */
const errorAnswer = (status: number, code: string, message: string): Response =>
  Response.json({ error: { code, message } }, { status, headers: securityHeaders })

/** Turns requests into those of the web. What cannot be one, as no URL can be made of its Host and path, is refused. */
function requestListener(
  { handler, refusals, shed }: Pick<ListenOptions, 'handler' | 'refusals' | 'shed'>,
  callerOf: (remote: string | undefined) => Caller,
) {
  // Loading the adapter loads the runtime's own fetch as well, and neither is needed to open the port.
  const adapter = async () => {
    const { getRequestListener, RequestError } = await import('@hono/node-server')
    return (incoming: IncomingMessage, response: ServerResponse) => {
      const caller = callerOf(incoming.socket.remoteAddress)
      const errorHandler = (error: unknown): Response => {
        if (!(error instanceof RequestError)) return errorAnswer(500, 'internal', 'an internal fault')
        refusals.note('malformed', caller.source)
        return errorAnswer(400, 'malformed', 'Host or path is malformed')
      }
      const options = { overrideGlobalObjects: false, errorHandler }
      return getRequestListener((request) => handler(request, caller), options)(incoming, response)
    }
  }
  let listener: ReturnType<typeof adapter> | undefined
  const load = () => {
    listener ??= adapter()
    return listener
  }
  const handle: RequestListener = (request, response) => {
    expectTaken(response, request.socket)
    const refused = shed(request.url ?? '', callerOf(request.socket.remoteAddress).source)
    if (refused !== undefined) {
      response.writeHead(refused.status, refused.headers).end(refused.body)
      return
    }
    load()
      .then((answer) => answer(request, response))
      .catch((error) => response.destroy(error))
  }
  return { handle, load }
}

/** Older versions of TLS are broken (RFC 8996). */
const secure = (certificate: Certificate) => ({ ...certificate, minVersion: 'TLSv1.2' as const })

async function serverFor(handle: RequestListener, certificate: Certificate | undefined): Promise<Server> {
  if (certificate === undefined) return createServer(serverOptions, handle)
  const https = await import('node:https')
  const handshake = { handshakeTimeout: limits.headersTimeout }
  return https.createServer({ ...serverOptions, ...handshake, ...secure(certificate) }, handle)
}

async function opened(server: Server, place: ControlPlace): Promise<void> {
  if (place.kind === 'unix') await clearSocket(place.path)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    const listening = () => {
      server.off('error', reject)
      resolve()
    }
    if (place.kind === 'unix') forOwnerAlone(() => server.listen(place.path, listening))
    else server.listen({ host: place.host, port: place.port }, listening)
  })
}

/**
 * Serves on node:http, which all three runtimes have, and which alone bounds headers, times and connections on each of
 * them. Rejects with a {@link CliError} with exit code 2 when it cannot listen there.
 */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { certificate, place, refusals } = options
  const callerOf = place.kind === 'unix' ? () => ({ source: 'unix' }) : callerAt
  const { handle, load } = requestListener(options, callerOf)
  const perSource = place.kind === 'unix' ? limits.connections : limits.connectionsPerSource
  const connections = new Connections(perSource, refusals)
  const make = async (shown: Certificate | undefined): Promise<Server> => {
    const made = await serverFor(handle, shown)
    connections.watch(made, (remote) => callerOf(remote).source)
    return made
  }

  let server: Server
  let showing = certificate
  try {
    server = await make(certificate)
    await opened(server, place)
  } catch (error) {
    const at = place.kind === 'unix' ? place.path : formatAddress(place)
    const why = failureOf(error, place) ?? reasonOf(error)
    throw new CliError(2, `cannot serve the control API at ${at}: ${why}`, { cause: error })
  }
  setTimeout(() => void load().catch(() => {}), 0) // the request that needs it fails by itself
  const port = place.kind === 'unix' ? 0 : (server.address() as AddressInfo).port // an address is text for a Unix socket alone
  /** Those that a renewal has left, with the connections that they still have. */
  const former = new Set<Server>()

  return {
    port,
    async renew(shown) {
      if (hasContext(server)) {
        server.setSecureContext(secure(shown))
        return
      }
      // Bun's server keeps its certificate for life, so another one takes over the port. The first one goes on with
      // what it has; whoever comes in the instant between the two is refused.
      // What is wrong with the certificate shows before the port is given up, or has it back.
      const next = await make(shown)
      const at = place.kind === 'unix' ? place : { ...place, port }
      const old = server
      former.add(old)
      old.close(() => former.delete(old))
      old.closeIdleConnections()
      try {
        await opened(next, at)
        server = next
        showing = shown
      } catch (error) {
        const again = await make(showing)
        await opened(again, at)
        server = again
        throw error
      }
    },
    async close(grace) {
      const all = [server, ...former]
      const closed = Promise.all(
        all.map((each) => new Promise<void>((resolve) => each.close(() => resolve()))),
      )
      for (const each of all) each.closeIdleConnections()
      await Promise.race([closed, after(grace)])
      for (const each of all) each.closeAllConnections()
      connections.end()
      await closed
    },
  }
}

const hasContext = (server: object): server is { setSecureContext(certificate: Certificate): void } =>
  'setSecureContext' in server && typeof server.setSecureContext === 'function'

/** Why it cannot listen, in words. */
function failureOf(error: unknown, place: ControlPlace): string | undefined {
  switch (codeOf(error)) {
    case 'EADDRINUSE':
      return place.kind === 'unix' ? 'the socket is in use' : 'the port is in use'
    case 'EADDRNOTAVAIL':
      return "the address is not this machine's"
    case 'EACCES':
    case 'EPERM':
      return 'not allowed to listen there'
    default:
      return undefined
  }
}

/** The port is taken by someone else. */
export const isInUse = (error: unknown): boolean =>
  error instanceof CliError && error.message.includes('is in use')
