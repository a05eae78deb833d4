import { type IncomingMessage, request } from 'node:http'
import { formatAddress } from '@swimkit/core'
import { parseControl } from '../config/control-address.ts'
import { CliError, codeOf, reasonOf } from '../errors.ts'

/** How to reach a node's control API. */
export interface ControlTarget {
  /** `http://host:port` */
  readonly url: string
  readonly token: string | undefined
  /** Wait for an answer, milliseconds. */
  readonly timeout: number
}

/** Where a node on this machine is found unless it was told otherwise. */
export const defaultControl = 'http://127.0.0.1:17946'

/** The URL of a control API from `host:port` or a URL. Throws a {@link CliError} with exit code 2. */
export function controlUrl(label: string, text: string): string {
  const address = parseControl(text)
  if (!address) {
    throw new CliError(
      2,
      `${label}: ${JSON.stringify(text)} is not allowed: must be host:port or an http:// URL without a path`,
    )
  }
  return `http://${formatAddress({ host: address.host, port: address.port ?? 17_946 })}`
}

/** The node answered, and refused. */
export class RefusedError extends CliError {
  readonly status: number
  readonly code: string
  constructor(status: number, code: string, message: string) {
    super(1, message)
    this.status = status
    this.code = code
  }
}

const silences: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ConnectionRefused: 'nothing listens there',
  ECONNRESET: 'the connection was cut',
  ENOTFOUND: 'there is no such host',
  EHOSTUNREACH: 'there is no way to that host',
  ETIMEDOUT: 'no answer',
}

export interface Answer {
  readonly status: number
  readonly response: IncomingMessage
}

export interface AskOptions {
  readonly method?: 'GET' | 'POST'
  readonly body?: object
  readonly headers?: Readonly<Record<string, string>>
  readonly signal: AbortSignal
}

/**
 * Sends one request; resolves when the answer's head is there. Over node:http rather than fetch: it loads faster, and
 * neither Bun's nor Deno's sends it through a proxy that the environment names, which would have no way to this host.
 */
export function ask(target: ControlTarget, path: string, options: AskOptions): Promise<Answer> {
  const { method = 'GET', body, headers, signal } = options
  const payload = body === undefined ? undefined : JSON.stringify(body)
  return new Promise<Answer>((resolve, reject) => {
    const silent = (why: string, cause?: unknown) =>
      reject(
        new CliError(
          1,
          `no node answers at ${target.url}: ${why}; start one with swim-cli start, or name it with --control`,
          { cause },
        ),
      )
    const call = request(new URL(path, target.url), {
      method,
      agent: false,
      signal,
      headers: {
        accept: 'application/json',
        ...(payload === undefined
          ? {}
          : { 'content-type': 'application/json', 'content-length': String(Buffer.byteLength(payload)) }),
        ...(method === 'POST' && payload === undefined ? { 'content-length': '0' } : {}),
        ...(target.token === undefined ? {} : { authorization: `Bearer ${target.token}` }),
        ...headers,
      },
    })
    const timer = setTimeout(() => {
      silent(`no answer in ${target.timeout / 1_000} s`)
      call.destroy()
    }, target.timeout)
    call.on('response', (response) => {
      clearTimeout(timer)
      resolve({ status: response.statusCode ?? 0, response })
    })
    call.on('error', (error) => {
      clearTimeout(timer)
      if (signal.aborted) reject(new CliError(1, 'interrupted'))
      else silent(silences[codeOf(error) ?? ''] ?? reasonOf(error), error)
    })
    call.end(payload)
  })
}

/** The whole body of an answer, as text. */
export async function bodyOf(response: IncomingMessage): Promise<string> {
  response.setEncoding('utf8')
  let text = ''
  for await (const chunk of response) text += chunk
  return text
}

/** Turns an answer that is an error into one that can be thrown. */
export function refusal(target: ControlTarget, status: number, body: string): RefusedError {
  let code = 'http'
  let message = `it answered with status ${status}`
  try {
    const { error } = JSON.parse(body) as { error?: { code?: unknown; message?: unknown } }
    if (typeof error?.code === 'string') code = error.code
    if (typeof error?.message === 'string') message = error.message
  } catch {
    // Not this API's error: the status has to do.
  }
  const hint = status === 401 ? '; give --control-token-file or SWIM_CONTROL_TOKEN' : ''
  return new RefusedError(status, code, `the node at ${target.url} refused: ${message}${hint}`)
}

/** Asks and reads the JSON answer. Throws a {@link CliError} with exit code 1 if none comes, or a {@link RefusedError}. */
export async function askJson<T>(target: ControlTarget, path: string, options: AskOptions): Promise<T> {
  const { status, response } = await ask(target, path, options)
  const text = await bodyOf(response)
  if (status < 200 || status > 299) throw refusal(target, status, text)
  try {
    return JSON.parse(text) as T // the shapes of the contract; another server's answer would not parse or lack the path
  } catch (error) {
    throw new CliError(1, `the answer from ${target.url} is not JSON: is that the control API of a node?`, {
      cause: error,
    })
  }
}
