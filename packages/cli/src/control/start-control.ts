import { type Resolver, readSeeds, resolveSeeds, type SeedControl, systemResolver } from '@swimkit/bootstrap'
import { formatAddress, type Logger, type Node } from '@swimkit/core'
import type { ClusterKeys } from '@swimkit/security'
import { isOwnMachine } from '../config/bind.ts'
import { CliError, reasonOf } from '../errors.ts'
import type { Readiness } from './app.ts'
import { defaultRateLimit } from './limits.ts'
import {
  type Certificate,
  type ControlPlace,
  isInUse,
  type Listening,
  listen,
  type WebHandler,
} from './listen.ts'
import { Refusals } from './refusals.ts'
import { throttle } from './throttle.ts'
import { type TokenPair, Tokens } from './tokens.ts'
import { maxSocketPath } from './unix-socket.ts'

export interface ControlOptions {
  /** Where to listen. Default `127.0.0.1`; anything but loopback needs a token. */
  readonly host?: string
  /** Default: the node's port + 10000, or a free one where that exceeds 65535. 0 picks a free one. */
  readonly port?: number
  /** Where the default port is taken, pick a free one instead of refusing. Default false. */
  readonly anyPort?: boolean
  /** Listen on a Unix socket at this path instead, which only this user can connect to. */
  readonly socketPath?: string
  /** What callers send as `Authorization: Bearer …`, on all paths but `/healthz` and `/readyz`: 16 random characters or more, as whoever guesses at a shorter one locks others of the same address out. */
  readonly token?: string
  /** A second one, which only reads. Needs `token` beside it, as otherwise changes would be open to all. */
  readonly readToken?: string
  /** Serve HTTPS. */
  readonly certificate?: Certificate
  /** Requests a second of one address in the long run, twice that at once; 0: as many as it likes. Default 200. */
  readonly rateLimit?: number
  /** Names, besides IP literals and `localhost`, that may stand in `Host`. */
  readonly hostNames?: readonly string[]
  /** What `/readyz` answers. Default: ready while the node is running. */
  readonly readiness?: () => Readiness
  /** `leave` or `stop` was asked for and answered; ending the node and the process is up to you. Default: `node.stop()`. */
  readonly onEnd?: (how: 'left' | 'stopped') => void
  readonly logger?: Logger
  /** For the seeds of `join`. Default: the system's. */
  readonly resolver?: Resolver
  /**
   * What `/v1/seeds` shows and changes. Default: `node.setSeeds`, with what the names that are given stand for at that time.
   */
  readonly seeds?: () => SeedControl
  /** What `/v1/keys` shows and changes, from `@swimkit/security`. Default: none, as of a node that seals nothing. */
  readonly keys?: ClusterKeys
  /** How long `leave` goes on as a member that nobody picks any more, milliseconds, unless it is told otherwise. Default 0. */
  readonly drain?: number
  /** Milliseconds between comments on a quiet event stream; twice that drops a consumer that takes nothing. Default 15,000. */
  readonly heartbeat?: number
}

/** A control API that serves. */
export interface Control {
  /** `http://host:port` or `https://host:port`, as to be connected to: loopback where it listens everywhere; `unix:/path` for a socket. */
  readonly url: string
  /** Shows another certificate from now on; rejects where there was none before. */
  renew(certificate: Certificate): Promise<void>
  /**
   * Expects these tokens from now on, and ends event streams, which may be asked for again with one of them; gives whether they are others than before.
   * Throws a {@link CliError} and keeps those that it had where `token` is left out and there was one, where `readToken` stands alone, and where both are the same.
   */
  setTokens(tokens: TokenPair): boolean
  /** Ends event streams, lets requests under way end, and frees the port. */
  close(): Promise<void>
}

/** How long requests under way may take to end, milliseconds. */
const drain = 1_000

const wildcard: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** What must not be served like that. */
function checkAccess({ host = '127.0.0.1', certificate, socketPath, token }: ControlOptions): void {
  if (socketPath === undefined && !isOwnMachine(host) && token === undefined) {
    throw new CliError(2, `the control API at ${host} would be open to others: off loopback it needs a token`)
  }
  if (socketPath !== undefined && certificate !== undefined) {
    throw new CliError(2, 'a Unix socket is never served over TLS: leave out the certificate')
  }
  if (socketPath !== undefined && Buffer.byteLength(socketPath) > maxSocketPath) {
    throw new CliError(2, `the path of a Unix socket must be at most ${maxSocketPath} bytes: ${socketPath}`)
  }
}

/**
 * Serves the control API of a started node. Rejects with an error that says what is wrong where it cannot listen, or
 * would listen off loopback without a token.
 */
export async function startControl(node: Node, options: ControlOptions = {}): Promise<Control> {
  checkAccess(options)
  const tokens = new Tokens(options)
  const { host = '127.0.0.1', certificate, logger, socketPath } = options
  const scheme = certificate === undefined ? 'http' : 'https'
  const end = new AbortController()
  const resolver = options.resolver ?? systemResolver
  const refusals = new Refusals(logger)
  const shed = throttle(options.rateLimit ?? defaultRateLimit, refusals)
  const own = seedsOf(node, resolver, end.signal)
  const makeApp = async () =>
    (await import('./app.ts')).createControlApp(node, {
      scheme,
      hostNames: options.hostNames ?? [],
      tokens,
      refusals,
      resolver,
      seeds: options.seeds ?? (() => own),
      keys: options.keys,
      drain: options.drain ?? 0,
      readiness: options.readiness ?? (() => ({ ready: node.state === 'running', reason: node.state })),
      onEnd: options.onEnd ?? (() => void node.stop()),
      onFault: (error) => logger?.log('error', 'control API fault', { reason: reasonOf(error) }),
      signal: end.signal,
      heartbeat: options.heartbeat ?? 15_000,
    })
  // The router loads once the port is open, not before: a node that nobody asks anything yet need not wait for it.
  let app: ReturnType<typeof makeApp> | undefined
  const load = () => {
    app ??= makeApp()
    return app
  }
  const handler: WebHandler = async (request, caller) => (await load()).fetch(request, caller)
  const listenAt = (place: ControlPlace) => listen({ place, certificate, handler, shed, refusals })

  const byDefault = (node.address?.port ?? 0) + 10_000
  const wanted = options.port ?? (byDefault > 65_535 ? 0 : byDefault)
  let server: Listening
  try {
    server = await listenAt(
      socketPath === undefined ? { kind: 'port', host, port: wanted } : { kind: 'unix', path: socketPath },
    )
  } catch (error) {
    if (!(options.anyPort && options.port === undefined && socketPath === undefined && isInUse(error))) {
      end.abort()
      throw error
    }
    server = await listenAt({ kind: 'port', host, port: 0 })
  }
  setTimeout(() => void load().catch(() => {}), 0) // the request that needs it says what is wrong
  let closing: Promise<void> | undefined
  let renewing: Promise<void> = Promise.resolve()
  return {
    url:
      socketPath === undefined
        ? `${scheme}://${formatAddress({ host: wildcard[host] ?? host, port: server.port })}`
        : `unix:${socketPath}`,
    setTokens: (pair) => tokens.replace(pair),
    async renew(shown) {
      if (certificate === undefined) throw new CliError(1, 'the control API is served without TLS')
      // One after the other.
      const turn = renewing.then(() => (closing === undefined ? server.renew(shown) : undefined))
      renewing = turn.catch(() => undefined)
      await turn
    },
    close() {
      closing ??= (async () => {
        end.abort()
        await renewing
        await server.close(drain)
      })()
      return closing
    },
  }
}

/** The seeds of a node that nobody else looks after. */
function seedsOf(node: Node, resolver: Resolver, signal: AbortSignal): SeedControl {
  let seeds: SeedControl['seeds'] = []
  return {
    get seeds() {
      return seeds
    },
    replace(given) {
      const wanted = readSeeds(given)
      seeds = wanted
      void resolveSeeds(wanted, resolver, signal).then((resolved) => {
        if (seeds === wanted && node.state !== 'stopped')
          node.setSeeds(resolved.flatMap(({ addresses }) => addresses))
      })
    },
  }
}
