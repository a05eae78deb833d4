import { ok } from 'node:assert/strict'
import { connect, createServer, type Socket } from 'node:net'
import type { Address, Connection, Transport } from '@swimkit/core'

/** One check, for any runner: it passes by returning. What it opened, the scope closes. */
export interface Case {
  readonly name: string
  run(scope: Scope): Promise<void>
}

export const V4: Address = { host: '127.0.0.1', port: 0 }
export const V6: Address = { host: '::1', port: 0 }
export const ANY: Address = { host: '::', port: 0 }

/** No case needs near as long; whatever does hangs. */
const PATIENCE = 15_000

/** What a case opened, closed in reverse when it is over. */
export class Scope {
  readonly #closers: (() => unknown)[] = []

  onEnd(close: () => unknown): void {
    this.#closers.push(close)
  }

  async end(): Promise<void> {
    for (const close of this.#closers.splice(0).reverse()) await close()
  }

  /** A transport, open, and what it has heard. */
  async open(transport: Transport, bind: Address = V4): Promise<Station> {
    const station = new Station(transport)
    this.onEnd(() => transport.close())
    station.address = await transport.open(bind, station)
    return station
  }

  /** A plain socket, connected. */
  async socket(to: Address): Promise<Socket> {
    const socket = connect({ host: to.host, port: to.port })
    this.onEnd(() => socket.destroy())
    socket.on('error', () => {})
    await within(new Promise((resolve) => socket.once('connect', resolve)), 'connect')
    return socket
  }

  /** A plain listener. */
  async listener(onSocket: (socket: Socket) => void, bind: Address = V4): Promise<Address> {
    const sockets = new Set<Socket>()
    const server = createServer((socket) => {
      sockets.add(socket)
      socket.on('error', () => {})
      onSocket(socket)
    })
    await within(new Promise<void>((resolve) => server.listen({ ...bind }, resolve)), 'listen')
    this.onEnd(() => {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    })
    const bound = server.address()
    ok(bound !== null && typeof bound === 'object')
    return { host: bound.address, port: bound.port }
  }
}

/** An open transport as a node would hold it: the handlers, and ways to wait for what they hear. */
export class Station {
  address: Address = V4
  readonly transport: Transport
  readonly packets: { from: Address; bytes: Uint8Array }[] = []
  readonly connections: Connection[] = []
  readonly faults: { error: Error; fatal: boolean }[] = []
  #look: () => void = () => {}

  constructor(transport: Transport) {
    this.transport = transport
  }

  packet(from: Address, bytes: Uint8Array): void {
    this.packets.push({ from, bytes: new Uint8Array(bytes) })
    this.#look()
  }

  connection(connection: Connection): void {
    this.connections.push(connection)
    this.#look()
  }

  fault(error: Error, fatal: boolean): void {
    this.faults.push({ error, fatal })
    this.#look()
  }

  send(to: Station, bytes: Uint8Array): void {
    this.transport.send(to.address, bytes)
  }

  dial(to: Address, signal: AbortSignal = new AbortController().signal): Promise<Connection> {
    return within(this.transport.dial(to, signal), 'dial')
  }

  stat(counter: string): number {
    const value = this.transport.stats()[counter]
    ok(value !== undefined, `there is no counter ${counter}`)
    return value
  }

  /** When so many packets have come. */
  async heard(count: number): Promise<void> {
    await this.#until(() => this.packets.length >= count, `${count} packets`)
  }

  /** The n-th connection from now back to the start, once it has come. */
  async accepted(count = 1): Promise<Connection> {
    await this.#until(() => this.connections.length >= count, `${count} connections`)
    return this.connections[count - 1]!
  }

  #until(condition: () => boolean, what: string): Promise<void> {
    const met = new Promise<void>((resolve) => {
      this.#look = () => {
        if (condition()) resolve()
      }
    })
    this.#look()
    return within(met, what)
  }
}

/** Rejects when what is waited for takes too long, and says what it was. */
export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE} ms for: ${what}`)), PATIENCE)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

/** For what tells nobody, such as a counter: looks again and again. */
export async function eventually(condition: () => boolean, what: string): Promise<void> {
  const end = performance.now() + PATIENCE
  while (!condition()) {
    ok(performance.now() < end, `waited ${PATIENCE} ms for: ${what}`)
    await pause(5)
  }
}

export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

/** Resolves with what the promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  const outcome = await within(
    promise.then(
      () => ({ rejected: false as const }),
      (error: unknown) => ({ rejected: true as const, error }),
    ),
    'a rejection',
  )
  ok(outcome.rejected, 'it was to be rejected, and was not')
  return outcome.error
}

/** Bytes that differ from seed to seed and from place to place. */
export function pattern(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length)
  let state = (seed * 2_654_435_761) >>> 0
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    bytes[at] = state >>> 24
  }
  return bytes
}

export function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes)
}

export function utf8(string: string): Uint8Array {
  return new TextEncoder().encode(string)
}

/** Everything until the other end's end. */
export async function readAll(connection: Connection): Promise<Uint8Array> {
  const chunks: Uint8Array[] = []
  for (;;) {
    const chunk = await within(connection.read(), 'a chunk')
    if (chunk === undefined) return joined(chunks)
    chunks.push(chunk)
  }
}

export function joined(chunks: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0))
  let at = 0
  for (const chunk of chunks) {
    all.set(chunk, at)
    at += chunk.byteLength
  }
  return all
}

/** An address on loopback where nobody listens, by TCP or UDP. */
export async function deadAddress(scope: Scope, transport: Transport, bind: Address = V4): Promise<Address> {
  const station = await scope.open(transport, bind)
  await station.transport.close()
  return station.address
}
