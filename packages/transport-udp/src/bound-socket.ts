import { createSocket, type RemoteInfo, type Socket, type SocketOptions } from 'node:dgram'
import { isIP, isIPv4, isIPv6 } from 'node:net'
import process from 'node:process'
import {
  type Address,
  BindError,
  bindError,
  formatAddress,
  mapIpv4,
  type TransportHandlers,
  unmapIpv4,
} from '@swimkit/core'
import type { UdpCounters } from './counters.ts'
import { LARGEST, type UdpSettings } from './options.ts'

/**
 * How often a send is repeated on Bun. Bun hands the ICMP answer to an earlier packet ("port unreachable") to the next
 * send of the socket, whoever that is for, and drops its packet: of 200 packets sent in turns to a live and to a closed
 * port, none of the 100 for the live one arrived. The error is gone with that report, so one more try is enough unless
 * another answer came in between.
 */
const RESENDS = process.versions.bun === undefined ? 0 : 2

/** One bound UDP socket. */
export class BoundSocket {
  readonly address: Address
  readonly #socket: Socket
  readonly #settings: UdpSettings
  readonly #counters: UdpCounters
  readonly #handlers: TransportHandlers
  readonly #family: 4 | 6
  #inFlight = 0
  #closed: Promise<void> | undefined

  constructor(
    socket: Socket,
    address: Address,
    settings: UdpSettings,
    counters: UdpCounters,
    handlers: TransportHandlers,
  ) {
    this.#socket = socket
    this.address = address
    this.#settings = settings
    this.#counters = counters
    this.#handlers = handlers
    this.#family = isIPv6(address.host) ? 6 : 4
    socket.on('message', this.#received)
    socket.on('error', this.#failed)
    socket.on('close', this.#lost)
  }

  send(to: Address, packet: Uint8Array): void {
    const host = this.#reach(to)
    if (host === undefined) this.#counters.badAddresses++
    else if (packet.byteLength > this.#settings.maxPacketBytes) this.#counters.oversized++
    else if (this.#inFlight >= this.#settings.maxInFlight) this.#counters.overflows++
    else {
      this.#inFlight++
      this.#transmit(packet, to.port, host, RESENDS)
    }
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(() => resolve()))
    return this.#closed
  }

  /** The host as this socket's family spells it; undefined when it can't be reached from here by its form alone. */
  #reach({ host, port }: Address): string | undefined {
    if (!Number.isInteger(port) || port < 1 || port > 65_535) return undefined
    if (this.#family === 4) return isIPv4(host) ? host : undefined
    if (isIPv6(host)) return host
    return isIPv4(host) && !this.#settings.ipv6Only ? mapIpv4(host) : undefined
  }

  #transmit(packet: Uint8Array, port: number, host: string, resends: number): void {
    // One function for all packets where nothing has to be remembered of each.
    const done = resends === 0 ? this.#sent : this.#sentOrAgain(packet, port, host, resends)
    try {
      this.#socket.send(packet, port, host, done)
    } catch (error) {
      // A throw is a failed send like any other; the report waits, for the caller is in the middle of something.
      queueMicrotask(() => done(error as Error, 0)) // node:dgram throws nothing but errors
    }
  }

  readonly #sent = (error: Error | null, bytes: number): void => {
    this.#inFlight--
    if (error === null || error === undefined) {
      this.#counters.packetsSent++
      this.#counters.bytesSent += bytes
    } else if (this.#closed === undefined) {
      this.#counters.sendErrors++
      this.#handlers.fault(error, false)
    }
  }

  #sentOrAgain(packet: Uint8Array, port: number, host: string, resends: number) {
    return (error: Error | null, bytes: number): void => {
      if (error && this.#closed === undefined && mayBeAnothers(error)) {
        this.#counters.resends++
        this.#transmit(packet, port, host, resends - 1)
      } else this.#sent(error, bytes)
    }
  }

  readonly #received = (packet: Uint8Array, from: RemoteInfo): void => {
    if (this.#closed !== undefined) return
    this.#counters.packetsReceived++
    this.#counters.bytesReceived += packet.byteLength
    if (packet.byteLength > this.#settings.maxPacketBytes) {
      this.#counters.oversizedReceived++
      return
    }
    this.#handlers.packet({ host: unmapIpv4(from.address), port: from.port }, packet)
  }

  readonly #failed = (error: Error): void => {
    if (this.#closed !== undefined) return
    this.#counters.socketErrors++
    this.#handlers.fault(error, false)
  }

  readonly #lost = (): void => {
    if (this.#closed !== undefined) return
    this.#closed = Promise.resolve()
    this.#handlers.fault(
      new Error(`the UDP socket on ${formatAddress(this.address)} was closed by the system`),
      true,
    )
  }
}

/** Binds a socket. Rejects with a {@link BindError}. */
export async function bindSocket(
  bind: Address,
  settings: UdpSettings,
  counters: UdpCounters,
  handlers: TransportHandlers,
): Promise<BoundSocket> {
  const family = isIP(bind.host)
  if (family === 0)
    throw new BindError('other', `cannot bind ${formatAddress(bind)} (UDP): the host must be an IP address`)
  if (!Number.isInteger(bind.port) || bind.port < 0 || bind.port > 65_535) {
    throw new BindError('other', `cannot bind ${formatAddress(bind)} (UDP): the port must be 0..65535`)
  }
  try {
    const socket = createSocket(socketOptions(family, settings))
    await listening(socket, bind)
    const { address, port } = socket.address()
    return new BoundSocket(socket, { host: address, port }, settings, counters, handlers)
  } catch (error) {
    throw bindError(bind, 'UDP', error as Error) // node:dgram throws nothing but errors
  }
}

/**
 * The system's buffers keep their sizes. Deno (2.9.6) does not set them, and takes the size that the receive buffer was to have for the buffer of each
 * packet. There it is as large as the largest packet, and one byte more to tell what was cut off: of 50,000 packets a second a process took in 17,400 with 64 KiB for each,
 * in 180 to 290 MiB, and 28,000 with 9,001 bytes, in 125 MiB.
 */
function socketOptions(family: number, { ipv6Only, maxPacketBytes }: UdpSettings): SocketOptions {
  const packetBuffer =
    process.versions.deno !== undefined && maxPacketBytes < LARGEST
      ? { recvBufferSize: maxPacketBytes + 1 }
      : {}
  return { type: family === 6 ? 'udp6' : 'udp4', ipv6Only, lookup: literal, ...packetBuffer }
}

/**
 * What `dns.lookup` says of an IP literal, said at once. The default says it a turn later, and the packet is read from
 * its buffer only then. All three runtimes take the option; on Node it also saves about 4 % of a send's CPU time.
 */
const literal: NonNullable<SocketOptions['lookup']> = (host, _options, callback) => {
  // Whoever asks has checked that it is an address.
  callback(null, host, host.includes(':') ? 6 : 4)
}

function listening(socket: Socket, bind: Address): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error): void => {
      socket.close()
      reject(error)
    }
    socket.on('error', failed)
    socket.once('listening', () => {
      socket.off('error', failed)
      resolve()
    })
    // exclusive: in a worker of node:cluster the port would otherwise be shared with the other workers
    socket.bind({ address: bind.host, port: bind.port, exclusive: true })
  })
}

/** Errors that an ICMP message or a route can cause, and so may be about an earlier packet. */
function mayBeAnothers({ code }: Error & { code?: string }): boolean {
  return (
    code === 'ECONNREFUSED' ||
    code === 'EHOSTUNREACH' ||
    code === 'ENETUNREACH' ||
    code === 'EACCES' ||
    code === 'EPERM'
  )
}
