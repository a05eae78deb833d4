import { type IncomingHttpHeaders, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { connect, type Socket } from 'node:net'

export interface Answered {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** The code of the error, if the answer is one. */
  readonly code: string | undefined
}

export interface Asking {
  readonly method?: string
  readonly token?: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Buffer
  readonly ca?: string
}

function codeIn(body: string): string | undefined {
  try {
    return (JSON.parse(body) as { error?: { code?: string } }).error?.code
  } catch {
    return undefined
  }
}

/** One request to a control API, over a connection of its own: fetch sets Host and Origin as it likes. */
export async function ask(control: string, path: string, asking: Asking = {}): Promise<Answered> {
  const response = await responseTo(control, path, asking)
  response.setEncoding('utf8')
  let body = ''
  for await (const chunk of response) body += chunk
  return { status: response.statusCode ?? 0, headers: response.headers, body, code: codeIn(body) }
}

/** Resolves with the head of the answer. */
export function responseTo(control: string, path: string, asking: Asking = {}): Promise<IncomingMessage> {
  const { body, ca, headers = {}, method = 'GET', token } = asking
  const bearer: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const type: Record<string, string> = body === undefined ? {} : { 'content-type': 'application/json' }
  const options: RequestOptions = { method, agent: false, headers: { ...bearer, ...type, ...headers } }
  return new Promise((resolve, reject) => {
    const [, socketPath] = /^unix:(.*)$/.exec(control) ?? []
    const call =
      socketPath !== undefined
        ? request(new URL(path, 'http://localhost'), { ...options, socketPath })
        : control.startsWith('https:')
          ? secureRequest(new URL(path, control), { ...options, ...(ca === undefined ? {} : { ca }) })
          : request(new URL(path, control), options)
    call.on('response', resolve).on('error', reject).end(body)
  })
}

/** A bare connection to a control API, and what comes over it. */
export interface Wire {
  readonly socket: Socket
  /** Resolves with all that came, once the other side has closed. */
  readonly closed: Promise<string>
  /** Resolves once something has come, or it was closed. */
  readonly answered: Promise<string>
}

export function wireTo(control: string, first: string, localAddress = '127.0.0.1'): Wire {
  const { hostname, port } = new URL(control)
  const socket = connect({ port: Number(port), host: hostname, localAddress })
  let said = ''
  socket.setEncoding('utf8')
  socket.on('connect', () => socket.write(first))
  socket.on('error', () => undefined) // a connection that is refused is reset on some systems
  const closed = new Promise<string>((resolve) => socket.once('close', () => resolve(said)))
  const answered = new Promise<string>((resolve) => {
    socket.on('data', (chunk: string) => {
      said += chunk
      resolve(said)
    })
    socket.once('close', () => resolve(said))
  })
  return { socket, closed, answered }
}
