import { createServer, isIP, type Server, type Socket } from 'node:net'
import {
  type Address,
  BindError,
  bindError,
  type Connection,
  formatAddress,
  type TransportHandlers,
  unmapIpv4,
} from '@swimkit/core'
import { Admission } from './admission.ts'
import { connect } from './connect.ts'
import type { TcpCounters } from './counters.ts'
import type { TcpSettings } from './options.ts'
import { PREFACE } from './packets/frame.ts'
import { Lanes } from './packets/lanes.ts'
import { receivePackets } from './packets/receive.ts'
import { Stream } from './stream.ts'
import { Watchdog } from './watchdog.ts'

/** One listening port, and every socket that belongs to it: what comes in, what was dialled, what packets go out on. */
export class Endpoint {
  readonly address: Address
  readonly #server: Server
  readonly #settings: TcpSettings
  readonly #counters: TcpCounters
  readonly #handlers: TransportHandlers
  readonly #admission: Admission<Socket>
  readonly #lanes: Lanes
  readonly #sockets = new Set<Socket>()
  #closed: Promise<void> | undefined

  constructor(
    server: Server,
    address: Address,
    settings: TcpSettings,
    counters: TcpCounters,
    handlers: TransportHandlers,
  ) {
    this.address = address
    this.#server = server
    this.#settings = settings
    this.#counters = counters
    this.#handlers = handlers
    this.#admission = new Admission(settings.maxConnections)
    this.#lanes = new Lanes(settings, counters, (to, timeout, signal) =>
      connect(to, timeout, signal, this.#track),
    )
    server.on('connection', (socket) => this.#accept(socket))
    server.on('error', (error) => this.#failed(error))
    server.on('close', () => this.#lost())
  }

  send(to: Address, packet: Uint8Array): void {
    if (this.#closed === undefined) this.#lanes.send(to, packet)
  }

  async dial(to: Address, signal: AbortSignal): Promise<Connection> {
    try {
      const socket = await connect(to, this.#settings.connectTimeout, signal, this.#track)
      this.#counters.streamsDialled++
      return new Stream(socket, to, this.#settings, { timedOut: this.#timedOut })
    } catch (error) {
      this.#counters.dialFailures++
      throw error
    }
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => {
      this.#server.close(() => resolve())
      for (const socket of this.#sockets) socket.destroy()
    })
    return this.#closed
  }

  #accept(socket: Socket): void {
    const remote = remoteOf(socket)
    if (remote === undefined || this.#closed !== undefined || this.#isForeign(socket)) {
      socket.destroy()
      return
    }
    this.#track(socket)
    socket.setNoDelay()
    const outcome = this.#admission.admit(socket)
    if (outcome === 'evicted') this.#counters.connectionsEvicted++
    if (outcome === 'refused') {
      this.#counters.connectionsRefused++
      return
    }
    socket.on('close', () => this.#admission.leave(socket))
    if (this.#settings.packets) this.#tellApart(socket, remote)
    else this.#acceptStream(socket, remote)
  }

  /** An IPv4 connection on a listener for IPv6 only, which Deno (seen in 2.9.6) lets in all the same. */
  #isForeign(socket: Socket): boolean {
    return this.#settings.ipv6Only && socket.remoteAddress !== unmapIpv4(socket.remoteAddress ?? '')
  }

  #tellApart(socket: Socket, remote: Address): void {
    const watchdog = new Watchdog(this.#settings.idleTimeout, Number.POSITIVE_INFINITY, () =>
      socket.destroy(),
    )
    const quit = (): void => void socket.destroy()
    socket.once('end', quit)
    socket.once('close', () => watchdog.stop())
    socket.once('data', (first: Uint8Array) => {
      watchdog.stop()
      socket.off('end', quit)
      if (first[0] === PREFACE[0]) this.#acceptPackets(socket, remote, first)
      else this.#acceptStream(socket, remote, first)
    })
  }

  #acceptPackets(socket: Socket, remote: Address, first: Uint8Array): void {
    receivePackets(socket, remote, first, this.#settings, this.#counters, {
      packet: (from, bytes) => this.#handlers.packet(from, bytes),
      settled: () => this.#admission.settle(socket),
    })
  }

  #acceptStream(socket: Socket, remote: Address, first?: Uint8Array): void {
    this.#counters.streamsAccepted++
    const stream = new Stream(socket, remote, this.#settings, {
      settled: () => this.#admission.settle(socket),
      timedOut: this.#timedOut,
    })
    if (first !== undefined) stream.unshift(first)
    this.#handlers.connection(stream)
  }

  readonly #timedOut = (): void => {
    this.#counters.streamTimeouts++
  }

  /** Every socket goes through here, for `close` has to end them all, and none may throw for want of a listener. */
  readonly #track = (socket: Socket): void => {
    this.#sockets.add(socket)
    socket.on('error', ignore) // who uses the socket listens too
    socket.on('close', () => this.#sockets.delete(socket))
    if (this.#closed !== undefined) socket.destroy()
  }

  #failed(error: Error): void {
    if (this.#closed !== undefined) return
    this.#counters.socketErrors++
    this.#handlers.fault(error, false)
  }

  #lost(): void {
    if (this.#closed !== undefined) return
    this.#closed = Promise.resolve()
    this.#handlers.fault(
      new Error(`the TCP listener on ${formatAddress(this.address)} was closed by the system`),
      true,
    )
  }
}

/** Listens. Rejects with a BindError. */
export async function listen(
  bind: Address,
  settings: TcpSettings,
  counters: TcpCounters,
  handlers: TransportHandlers,
): Promise<Endpoint> {
  if (isIP(bind.host) === 0) {
    throw new BindError('other', `cannot bind ${formatAddress(bind)} (TCP): the host must be an IP address`)
  }
  if (!Number.isInteger(bind.port) || bind.port < 0 || bind.port > 65_535) {
    throw new BindError('other', `cannot bind ${formatAddress(bind)} (TCP): the port must be 0..65535`)
  }
  const server = createServer({ allowHalfOpen: true })
  try {
    await listening(server, bind, settings.ipv6Only)
  } catch (error) {
    throw bindError(bind, 'TCP', error as Error) // node:net throws nothing but errors
  }
  return new Endpoint(server, boundTo(server, bind), settings, counters, handlers)
}

function listening(server: Server, bind: Address, ipv6Only: boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    server.on('error', reject)
    server.once('listening', () => {
      server.off('error', reject)
      resolve()
    })
    // exclusive: in a worker of node:cluster the port would otherwise be shared with the other workers
    server.listen({ host: bind.host, port: bind.port, ipv6Only, exclusive: true })
  })
}

function boundTo(server: Server, bind: Address): Address {
  const bound = server.address()
  return bound === null || typeof bound === 'string' ? bind : { host: bound.address, port: bound.port }
}

/** Undefined when the other end was gone before anybody looked. */
function remoteOf(socket: Socket): Address | undefined {
  const { remoteAddress, remotePort } = socket
  if (remoteAddress === undefined || remotePort === undefined) return undefined
  return { host: unmapIpv4(remoteAddress), port: remotePort }
}

function ignore(): void {}
