import { Agent, request } from 'node:http'

/** What a node answered, or why it did not. */
export interface Answer<T> {
  readonly status: number
  readonly body: T
}

/** Requests to one node's control API, over connections that are kept: one that has no descriptors left still answers on these. */
export class ControlClient {
  readonly url: URL
  readonly #agent: Agent
  readonly #token: string

  /** `idle`: how long a connection is kept without a request, milliseconds; less than a node does, which otherwise may close it as a request is under way. */
  constructor(url: URL, token: string, idle = 5_000) {
    this.url = url
    this.#agent = new Agent({ keepAlive: true, maxSockets: 2, timeout: idle })
    this.#token = token
  }

  get<T>(path: string, timeout = 5_000): Promise<Answer<T>> {
    return this.#ask('GET', path, undefined, timeout)
  }

  /** What stands there: rejects where it is not served. */
  async read<T>(path: string, timeout?: number): Promise<T> {
    const { body, status } = await this.get<T>(path, timeout)
    if (status !== 200) throw new Error(`GET ${path}: ${status} ${JSON.stringify(body)}`)
    return body
  }

  post<T>(path: string, body: unknown = {}, timeout = 15_000): Promise<Answer<T>> {
    return this.#ask('POST', path, JSON.stringify(body), timeout)
  }

  close(): void {
    this.#agent.destroy()
  }

  #ask<T>(method: string, path: string, body: string | undefined, timeout: number): Promise<Answer<T>> {
    return new Promise((resolve, reject) => {
      const outgoing = request(
        new URL(path, this.url),
        {
          method,
          agent: this.#agent,
          signal: AbortSignal.timeout(timeout),
          headers: {
            authorization: `Bearer ${this.#token}`,
            ...(body === undefined
              ? {}
              : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }),
          },
        },
        (incoming) => {
          const chunks: Buffer[] = []
          incoming.on('data', (chunk: Buffer) => chunks.push(chunk))
          incoming.on('error', reject)
          incoming.on('end', () => {
            const text = Buffer.concat(chunks).toString()
            try {
              // The shape is the caller's claim about the contract.
              resolve({ status: incoming.statusCode ?? 0, body: JSON.parse(text) as T })
            } catch {
              reject(
                new Error(`${method} ${path}: ${incoming.statusCode} and no JSON: ${text.slice(0, 200)}`),
              )
            }
          })
        },
      )
      outgoing.on('error', (cause) => reject(new Error(`${method} ${path}: ${cause.message}`, { cause })))
      outgoing.end(body)
    })
  }
}
