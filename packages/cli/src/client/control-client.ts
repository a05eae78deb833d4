import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { formatAddress } from '@swimkit/core'
import { controlAllowed, parseControl } from '../config/control-address.ts'
import { CliError, codeOf, reasonOf } from '../errors.ts'

/** Where a node's control API is. */
export interface ControlUrl {
  /** `http://host:port`, `https://host:port` or `unix:/path` */
  readonly url: string
  readonly socketPath?: string
}

/** How to reach a node's control API. */
export interface ControlTarget extends ControlUrl {
  readonly token: string | undefined
  /** Certificates of the authorities that are trusted, in PEM; undefined: those of the runtime. */
  readonly ca: string | undefined
  /** Wait for an answer, milliseconds. */
  readonly timeout: number
}

/** Where a node on this machine is found unless it was told otherwise. */
export const defaultControl = '127.0.0.1:17946'

/**
 * Where a control API is, from `host:port`, a URL or `unix:/path`. `trust` is what names certificates to trust, if anything does: who
 * looks at them expects TLS, so that a token never goes out in plain text. Throws a {@link CliError} with exit code 2.
 */
export function controlUrl(label: string, text: string, trust?: string): ControlUrl {
  const address = parseControl(text)
  if (!address) {
    throw new CliError(2, `${label}: ${JSON.stringify(text)} is not allowed: ${controlAllowed}`)
  }
  if (trust !== undefined && (address.kind === 'unix' || address.scheme === 'http')) {
    throw new CliError(
      2,
      `${label}: ${JSON.stringify(text)} is not asked over TLS, and ${trust} says whom to trust there: give https://, or leave out ${trust}`,
    )
  }
  if (address.kind === 'unix') return { url: `unix:${address.path}`, socketPath: address.path }
  const { host, port = 17_946, scheme = trust === undefined ? 'http' : 'https' } = address
  return { url: `${scheme}://${formatAddress({ host, port })}` }
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
  ENOENT: 'there is no such socket',
  EACCES: 'not allowed to use it',
  ENOTFOUND: 'there is no such host',
  EHOSTUNREACH: 'there is no way to that host',
  ETIMEDOUT: 'no answer',
}

/** Why a certificate was not taken, as the three runtimes spell it; matched against the code first, as names may stand in the message. */
const distrust: readonly (readonly [RegExp, string])[] = [
  [
    /SELF_SIGNED|UNABLE_TO_(VERIFY|GET_ISSUER)|CERT_UNTRUSTED|UnknownIssuer|CaUsedAsEndEntity|unable to verify/i,
    'nobody who is trusted here has signed it; give the certificate of its authority, or its own, with --control-ca',
  ],
  [/EXPIRED/i, 'it has expired'],
  [/NOT_YET_VALID|NotValidYet/i, 'it is not valid yet'],
  [/ALTNAME|HOSTNAME_MISMATCH|NotValidForName/i, 'it is for another name than the one in --control'],
]

/** Why the certificate of who answers was not taken; undefined where that is not what is wrong. */
export function distrustOf(error: unknown): string | undefined {
  const code = codeOf(error) ?? ''
  const find = (text: string) => distrust.find(([pattern]) => pattern.test(text))
  const [, why] = find(code) ?? find(reasonOf(error)) ?? []
  // Deno says the same of both.
  const also = 'Deno' in globalThis && code === 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' ? '; or it has expired' : ''
  return why === undefined ? undefined : why + also
}

/** Why there is no answer, in words. */
function silenceOf(error: unknown, secure: boolean): string {
  const code = codeOf(error) ?? ''
  if (secure) {
    const plain = /wrong.version.number|packet.length.too.long|InvalidContentType/i
    return plain.test(`${code} ${reasonOf(error)}`)
      ? 'it does not speak TLS; try http://'
      : (silences[code] ?? reasonOf(error))
  }
  // A server that speaks TLS cuts the connection, or answers with an alert that no parser of HTTP takes.
  if (code === 'ECONNRESET') return 'the connection was cut; if it speaks TLS, try https://'
  if (code.startsWith('HPE_')) return 'it does not speak HTTP; if it speaks TLS, try https://'
  return silences[code] ?? reasonOf(error)
}

/** What opens a request there. node:https is loaded only where it is needed. */
async function openerTo({
  ca,
  socketPath,
  url,
}: ControlTarget): Promise<(path: string, options: RequestOptions) => ClientRequest> {
  if (socketPath !== undefined) {
    return (path, options) => request(new URL(path, 'http://localhost'), { ...options, socketPath })
  }
  if (!url.startsWith('https:')) return (path, options) => request(new URL(path, url), options)
  const https = await import('node:https')
  const trust = ca === undefined ? {} : { ca }
  return (path, options) => https.request(new URL(path, url), { ...options, ...trust })
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
export async function ask(target: ControlTarget, path: string, options: AskOptions): Promise<Answer> {
  const { method = 'GET', body, headers, signal } = options
  const payload = body === undefined ? undefined : JSON.stringify(body)
  const open = await openerTo(target)
  const requestOptions: RequestOptions = {
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
  }
  return new Promise<Answer>((resolve, reject) => {
    const silent = (why: string, cause?: unknown) =>
      reject(
        new CliError(
          1,
          `no node answers at ${target.url}: ${why}; start one with swim-cli start, or name it with --control`,
          { cause },
        ),
      )
    // Opened only here, where its errors are heard from the first.
    const call = open(path, requestOptions)
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
      else {
        const secure = target.url.startsWith('https:')
        const distrusted = secure ? distrustOf(error) : undefined
        if (distrusted === undefined) silent(silenceOf(error, secure), error)
        else {
          const message = `the node at ${target.url} is not trusted: its certificate is not accepted: ${distrusted}`
          reject(new CliError(1, message, { cause: error }))
        }
      }
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

/** What to do about a refusal, by its code. */
const hints: Readonly<Record<string, string>> = {
  token: '; give --control-token-file or SWIM_CONTROL_TOKEN',
  host: '; start it with --control-name to let it be called so',
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
  const hint = hints[code] ?? ''
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
